"""The file of a message that we send: frozen in its content as one component, found again for screens and the dispatcher."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from providers.contracts import MediaContent
from recontact.media.links import file_link
from recontact.media.response import name_offered
from recontact.models import MediaFile, Message

TYPE = "attachment"


class Carrying(Protocol):
    """A message, of which only this is read."""

    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def components(self) -> Any: ...


def attachment_component(file: MediaFile) -> dict[str, Any]:
    """What the message keeps of its file."""
    return {"type": TYPE, "file": file.pk}


def attachment_id(message: Carrying) -> int:
    """The file's id; 0 without one, and after the message was erased."""
    return next((int(item["file"]) for item in message.components or () if item.get("type") == TYPE), 0)


def content_of(message: Carrying, file: MediaFile) -> MediaContent:
    """The file as an adapter gets it, with a link that opens it and a way to its bytes."""

    def read() -> bytes:
        with file.file.storage.open(str(file.file.name), "rb") as content:
            return bytes(content.read())

    return MediaContent(
        kind=file.kind,
        content_type=file.content_type,
        file_name=name_offered(file),
        size=file.size,
        link=file_link(file),
        read=read,
        caption=message.body,
    )


def attachments_of(messages: Iterable[Carrying]) -> dict[int, MediaFile]:
    """The files of these messages by id; one query, none when no message has any."""
    ids = {attachment_id(message) for message in messages if message.kind == Message.Kind.MEDIA} - {0}
    return MediaFile.objects.in_bulk(ids) if ids else {}
