"""Why an uploaded file cannot be read, in one sentence for a person."""

from __future__ import annotations


class SheetProblem(Exception):
    """The file cannot be used. The message says why, and what to do, to a person; nothing was stored."""
