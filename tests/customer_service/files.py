"""Files of conversations, as the tests of Customer Service need them."""

from __future__ import annotations

from django.core.files.base import ContentFile

from customer_service.models import InboundFile
from providers.simulator.media import SAMPLES
from providers.whatsapp.media import content_type_of
from recontact.media.files import file_keep, file_store
from recontact.models import MediaFile, Query
from tests.customer_service.agents import customer_writes

PICTURE = SAMPLES["image"][2]
PAGE = b"<html><script>alert(1)</script></html>"


def file_make(query: Query, content: bytes = PICTURE, *, name: str = "", kind: str = "image") -> MediaFile:
    """A kept file of a query."""
    file = file_store(
        query_id=query.pk,
        content=ContentFile(content),
        kind=kind,
        content_type=content_type_of(content, file_name=name),
        file_name=name,
        size=len(content),
    )
    file_keep(file.pk)
    file.refresh_from_db()
    return file


def inbound_file_make(
    query: Query, *, kind: str = "image", file: MediaFile | None = None, **fields: object
) -> InboundFile:
    """A customer's message with a file: `file` when it was fetched already, else one that waits."""
    message = customer_writes(query, "")
    type(message).objects.filter(pk=message.pk).update(kind=kind)
    state = InboundFile.State.STORED if file is not None else InboundFile.State.WAITING
    return InboundFile.objects.create(message=message, kind=kind, **{"state": state, "file": file, **fields})
