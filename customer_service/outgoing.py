"""What customers wrote, as subscriptions are told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from customer_service.models import InboundMessage
from recontact.outgoing.bodies import reads_inbound


@reads_inbound
def inbound_words(ids: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """Kind, text and button of these messages; empty once their customer was erased."""
    rows = InboundMessage.objects.filter(pk__in=ids).values_list("pk", "kind", "text", "button_payload")
    return {pk: {"kind": kind, "text": text, "button": button} for pk, kind, text, button in rows}
