"""Waits that a provider asks for, kept in the database: the number's or the account's with the numbers, a template's with its
queued messages. What waits alone has its own due time.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from providers.errors import Reason
from providers.policy import Hold, hold_of
from providers.throttling import number_throttle
from recontact.models import Message
from recontact.states import MessageState


def hold(*, reason: Reason, number_id: int, template_id: int | None, until: datetime) -> None:
    """Hold back until `until` whatever the reason's rule says."""
    what = hold_of(reason)
    if what in (Hold.NUMBER, Hold.ACCOUNT):
        number_throttle(number_id=number_id, until=until, whole_account=what is Hold.ACCOUNT)
    elif what is Hold.TEMPLATE and template_id is not None:
        template_postpone(template_id=template_id, until=until)


@transaction.atomic
def template_postpone(*, template_id: int, until: datetime) -> int:
    """None of the template's queued messages is due before `until`; those under way, or at their end by then, stay."""
    rows = Message.objects.filter(state=MessageState.QUEUED, template_id=template_id, expires_at__gt=until)
    # Passing over what others hold: a claim, a cancellation.
    free = rows.filter(due_at__lt=until).select_for_update(skip_locked=True, of=("self",))
    return rows.filter(pk__in=list(free.values_list("pk", flat=True))).update(due_at=until)
