"""Messages as a claim has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from recontact.dispatch.candidates import Due, details_add
from recontact.models import Message

_ADDED = {"template", "query_is_open"}


def due_of(messages: Iterable[Message]) -> list[Due]:
    """What a claim would have read of these messages, whatever their state."""
    names = [field.name for field in fields(Due) if field.name not in _ADDED]
    due = [Due(**{name: _read(message, name) for name in names}) for message in messages]
    details_add(due)
    return due


def _read(message: Message, name: str) -> Any:
    if name == "reference":
        return str(message.reference)
    return message.due_at.timestamp() if name == "due_at" else getattr(message, name)
