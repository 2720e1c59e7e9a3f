"""The reference that a message carries to the provider and that comes back in its webhooks."""

from __future__ import annotations

import secrets
import time
import uuid


def new_reference() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562, 5.7): milliseconds, then 74 random bits.

    Those made together lie together in the index, so that storing a campaign touches few of its pages, however many messages
    there are. Nobody can guess one, and nothing is read from its time.
    """
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
