"""Sending again what the provider reported as failed: a new message of the same campaign, and only where no query's right is
used (I8). A query's recontact is given back by a person. What a person asks to be tried again: campaigns.again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db.models import Exists, OuterRef

from recontact.campaigns.hours import hours_awaited_no_longer
from recontact.campaigns.recent import written_lately
from recontact.clock import ClockTimestamp, database_now
from recontact.costs.estimate import Estimate, NoRate, estimate_append, estimate_for
from recontact.dispatch.wake import wake_on_commit
from recontact.models import Campaign, Incident, Message
from recontact.states import NEVER_SENT, MessageState

#: How often one recipient of a campaign is tried in all by itself.
MAX_TRIES = 3

#: The reason of a retry that was taken back because an earlier try arrived.
ARRIVED_AFTER_ALL = "arrived_after_all"
#: The reason of a queued message that was taken back to be made anew, in its template's new category, as the next try.
RENEWED = "renewed"

#: States in which nobody got the message.
_NOT_THERE = NEVER_SENT | {MessageState.FAILED}

_SAME = (
    "account_id", "sender_number_id", "customer_id", "campaign_id", "origin", "created_by_id", "kind", "template_id",
    "template_name", "template_language", "template_hash", "category", "recipient_phone", "recipient_bsuid",
    "components", "bubble", "body", "expires_at", "market", "team_id",
)  # fmt: skip


def retry_queue(*, message: Message, due_at: datetime) -> Message | None:
    """Queue the next try of a failed campaign message (its row locked by the caller), due at `due_at`.

    None: it uses a query's right, was tried often enough or again already, an earlier try arrived after all, its campaign
    was cancelled, its time is up before it is due, its customer was erased or written to by another campaign since, its
    template is no longer what it was made of, or its price is no longer known or rose: what failed gave back what the retry
    takes, and more was reserved at no budget. A person may still ask for it. A completed campaign runs again.
    """
    if message.campaign_id is None or message.query_id is not None or message.try_number >= MAX_TRIES:
        return None
    if due_at >= message.expires_at or message.customer.erased_at is not None or _template_changed(message):
        return None
    # Held until the commit, so that a person's cancellation either is seen here or finds the new message.
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=message.campaign_id)
    if campaign.state == Campaign.State.CANCELLED or Message.objects.filter(retry_of=message).exists():
        return None
    if arrived_before([message]) or _written_to_by_another(message, campaign):
        return None
    estimate = estimate_for(
        account_id=message.account_id,
        phone=message.recipient_phone,
        bsuid=message.recipient_bsuid,
        category=message.category,
    )
    if isinstance(estimate, NoRate) or _dearer(message, estimate):
        return None
    retry = message_again(message, due_at=due_at, estimate=estimate)
    retry.save()
    estimate_append(message=retry, estimate=estimate)
    if campaign.state == Campaign.State.COMPLETED:
        Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.RUNNING, state_reason="", completed_at=None)
    hours_awaited_no_longer(campaign, due_at)
    wake_on_commit()
    return retry


def message_again(message: Message, *, due_at: datetime, estimate: Estimate) -> Message:
    """The same message as the next try of its chain, not stored yet."""
    return Message(
        **{name: getattr(message, name) for name in _SAME},
        retry_of=message,
        try_number=message.try_number + 1,
        due_at=due_at,
        estimate=estimate.amount,
        currency=estimate.currency,
    )


def _written_to_by_another(message: Message, campaign: Campaign) -> bool:
    rows = written_lately(campaign=campaign, now=database_now())
    return rows.filter(customer=message.customer_id).exists()


def _dearer(message: Message, estimate: Estimate) -> bool:
    if message.estimate is None:
        return estimate.amount > 0
    return estimate.currency != message.currency or estimate.amount > message.estimate


def _template_changed(message: Message) -> bool:
    """Then the retry would park the whole campaign, which may be over."""
    template = message.template
    return template is None or (template.content_hash, template.category) != (message.template_hash, message.category)


class Tried(Protocol):
    """A message, of which only this is read: its id and that of the try before it."""

    @property
    def pk(self) -> int: ...
    @property
    def retry_of_id(self) -> int | None: ...


def arrived_before(messages: Iterable[Tried]) -> set[int]:
    """The ids of those whose person got an earlier try of theirs after all: it stands as that, or there is proof against its
    state. No query when none of them is a retry."""
    earlier_of = {message.pk: message.retry_of_id for message in messages if message.retry_of_id is not None}
    arrived: set[int] = set()
    while earlier_of:
        proof = Incident.objects.filter(message=OuterRef("pk"), kind=Incident.Kind.PROOF_AGAINST_UNSENT)
        rows = Message.objects.filter(pk__in=set(earlier_of.values())).annotate(proven=Exists(proof))
        tries = {
            pk: (state not in _NOT_THERE or proven, earlier)
            for pk, state, proven, earlier in rows.values_list("pk", "state", "proven", "retry_of_id")
        }
        arrived |= {pk for pk, earlier in earlier_of.items() if tries[earlier][0]}
        earlier_of = {pk: before for pk, earlier in earlier_of.items() if (before := tries[earlier][1]) is not None}
    return arrived


def retries_withdraw(*, message: Message) -> bool:
    """The failed or rejected message arrived after all: take back what is still queued of the tries after it.

    True: one of them may have gone out too, so the person may have got it twice.
    """
    later = Message.objects.select_for_update().filter(retry_of=message).first()
    while later is not None and later.state in _NOT_THERE:
        later = Message.objects.select_for_update().filter(retry_of=later).first()
    if later is None:
        return False
    withdrawn = Message.objects.filter(pk=later.pk, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, reason=ARRIVED_AFTER_ALL, settled_at=ClockTimestamp()
    )
    return not withdrawn
