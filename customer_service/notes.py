"""Notes: what agents write for each other on a query. The customer never sees them."""

from __future__ import annotations

from typing import Any

from customer_service.models import Note
from recontact.models import Query

NOTE_LIMIT = 4000


def note_add(*, query: Query, user: Any, text: str) -> Note | None:
    """Keep the note; None when there was nothing to keep. The text is cut at 4,000 characters."""
    words = text.replace("\x00", "").strip()[:NOTE_LIMIT]
    if not words:
        return None
    return Note.objects.create(query=query, author=user, text=words)
