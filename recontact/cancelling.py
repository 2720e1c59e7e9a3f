"""Taking back messages that have not left: only `queued` ones, under their row locks, with the ledger in step."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from recontact import ledger
from recontact.clock import ClockTimestamp
from recontact.models import Message
from recontact.states import MessageState


@transaction.atomic
def messages_cancel(rows: QuerySet[Message]) -> int:
    """Cancel those of `rows` that are still queued, and give their queries' right back. Returns how many.

    What a worker claims at the same moment is not cancelled: it is on its way.
    """
    queued = rows.filter(state=MessageState.QUEUED).order_by("pk")
    ids = list(queued.select_for_update(of=("self",)).values_list("pk", flat=True))
    cancelled = Message.objects.filter(pk__in=ids, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, settled_at=ClockTimestamp()
    )
    ledger.settle(ids)
    return cancelled


def message_cancel(*, message_id: int) -> bool:
    """Cancel one message. False: it had left the queue already."""
    return bool(messages_cancel(Message.objects.filter(pk=message_id)))
