"""What customer service keeps of a customer, erased: what he wrote and what agents noted."""

from __future__ import annotations

from collections.abc import Sequence

from customer_service.models import InboundFile, InboundMessage, Note
from recontact.audit_erasure import audit_erase
from recontact.erasure import erases, hashed
from recontact.media.files import files_erase
from recontact.models import Query


@erases
def conversations_erase(customer_ids: Sequence[int]) -> None:
    """Empty the inbound messages and notes of these customers; the rows stay, so that a replay brings nothing back."""
    for message in InboundMessage.objects.filter(customer__in=customer_ids).only(
        "pk", "provider_message_id", "context_message_id"
    ):
        InboundMessage.objects.filter(pk=message.pk).update(
            provider_message_id=hashed(message.provider_message_id),
            context_message_id=hashed(message.context_message_id),
            text="",
            button_payload="",
            payload={},
        )
        audit_erase(InboundMessage, [message.pk])
    # What is being fetched finds its row erased and keeps nothing; what came a moment ago is thrown away like the rest.
    InboundFile.objects.filter(message__customer__in=customer_ids).update(
        state=InboundFile.State.ERASED, pointer={}, due_at=None, detail=""
    )
    files_erase(Query.objects.filter(customer__in=customer_ids).values_list("pk", flat=True))
    notes = Note.objects.filter(query__customer__in=customer_ids)
    audit_erase(Note, notes.values_list("pk", flat=True))
    notes.update(text="")
