"""The file of a message that we send: frozen in its content as one component, found again for screens and the dispatcher."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recontact.models import MediaFile, Message

TYPE = "attachment"


def attachment_component(file: MediaFile) -> dict[str, Any]:
    """What the message keeps of its file."""
    return {"type": TYPE, "file": file.pk}


def attachment_id(message: Message) -> int:
    """The file's id; 0 without one, and after the message was erased."""
    return next((int(item["file"]) for item in message.components or () if item.get("type") == TYPE), 0)


def attachments_of(messages: Iterable[Message]) -> dict[int, MediaFile]:
    """The files of these messages by id; one query, none when no message has any."""
    ids = {attachment_id(message) for message in messages if message.kind == Message.Kind.MEDIA} - {0}
    return MediaFile.objects.in_bulk(ids) if ids else {}
