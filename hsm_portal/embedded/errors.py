"""What goes wrong with an embedded service."""

from __future__ import annotations


class EmbeddedError(RuntimeError):
    """An embedded service could not be had; the message says why, with the end of its log."""
