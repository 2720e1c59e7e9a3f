"""How many read the webhook inbox at once: few, so that launching and sweeping keep workers, and the dispatcher its processor.

A reader and his database take turns, so two of them use what one leaves idle; on two cores more only get into each other's way.
A place is a key in Valkey that passes by itself. Nothing depends on it but how much is done side by side: what each reader takes
is his by the database (`providers.inbox`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import structlog
from django.conf import settings
from django.core.cache import cache

log = structlog.get_logger(__name__)

#: A place that a dead worker holds is free after so long. A reader who takes longer may be joined by a third one.
PLACE_SECONDS = 5


@contextlib.contextmanager
def reader_place() -> Iterator[bool]:
    """Whether there is a place for one more reader (of settings.INBOX_READERS), who holds it inside the block. Always while
    Valkey is away."""
    places = (f"inbox:reader:{number}" for number in range(settings.INBOX_READERS))
    try:
        taken = next((place for place in places if cache.add(place, "1", timeout=PLACE_SECONDS)), None)
    except Exception as error:
        log.warning("inbox_places_unknown", error=type(error).__name__)
        yield True
        return
    try:
        yield taken is not None
    finally:
        if taken is not None:
            with contextlib.suppress(Exception):
                cache.delete(taken)
