"""The sweeps: what is due but asleep, sending past its lease, expired, completed, or reported before we knew the message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef

from recontact import ledger
from recontact.campaigns.recipients import unlaunched
from recontact.campaigns.waiting import campaigns_go_on, campaigns_waited
from recontact.cancelling import messages_cancel
from recontact.clock import ClockTimestamp, database_now
from recontact.costs.statements import prices_rematch
from recontact.delivery import events_rematch
from recontact.dispatch.lease import numbers_due
from recontact.dispatch.slots import slots_free
from recontact.dispatch.wake import wake_another
from recontact.models import Attempt, Campaign, CampaignRetry, Message
from recontact.states import MessageState

log = structlog.get_logger(__name__)

_BATCH = 1000
#: How long a record may still be on its way after its claim.
LATE_RECORD = timedelta(minutes=5)
#: How long after a campaign's cancellation something of its queue is looked for: longer than a message lives.
LATE_RETURN = timedelta(days=7)


def sweep() -> dict[str, int]:
    """Everything below, once; returns the counts. Safe to run twice at the same time.

    A step that fails keeps no other from being done: the error of the first is raised in the end.
    """
    steps: dict[str, Callable[[], int]] = {
        "uncertain": lost_to_uncertain,
        "lost": attempts_lost,
        "cancelled": returned_to_cancelled,
        "expired": queued_to_expired,
        "freed": slots_free,
        "going_on": lambda: campaigns_go_on() + campaigns_waited(),
        "completed": campaigns_complete,
        "matched": events_rematch,
        "priced": prices_rematch,
        "woken": _wake,
    }
    counts, failed = {}, []
    for name, step in steps.items():
        try:
            counts[name] = step()
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
                raise
            log.exception("dispatch_sweep_failed", step=name)
            failed.append(error)
    if failed:
        raise failed[0]
    return counts


def _wake() -> int:
    """Wake a dispatcher if anything waits to be sent: whoever is believed to be awake may have died, and an idle one may share
    what is to be done."""
    if not numbers_due():
        return 0
    wake_another()
    return 1


@transaction.atomic
def lost_to_uncertain() -> int:
    """`sending` past its lease: the pump died between claim and record, so the message may have been sent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_message SET state = 'uncertain', reason = 'no_answer', lease_expires_at = NULL
               WHERE id = ANY (ARRAY(SELECT id FROM recontact_message WHERE state = 'sending'
                                     AND lease_expires_at <= clock_timestamp() LIMIT %s FOR UPDATE SKIP LOCKED))
               RETURNING id, attempt_number""",
            [_BATCH],
        )
        lost = dict(cursor.fetchall())
    for message_id, number in lost.items():
        rows = Attempt.objects.filter(message_id=message_id, number=number, outcome=Attempt.Outcome.CLAIMED)
        rows.update(outcome=Attempt.Outcome.LOST, finished_at=ClockTimestamp())
    return len(lost)


def attempts_lost() -> int:
    """An attempt that nobody recorded, of a message that a webhook settled before the sweep came: it is under way no more."""
    rows = Attempt.objects.filter(outcome=Attempt.Outcome.CLAIMED).exclude(message__state=MessageState.SENDING)
    lost = rows.filter(claimed_at__lt=ClockTimestamp() - LATE_RECORD).order_by("claimed_at").values("pk")[:_BATCH]
    return Attempt.objects.filter(pk__in=lost).update(outcome=Attempt.Outcome.LOST, finished_at=ClockTimestamp())


def returned_to_cancelled() -> int:
    """`queued` in a campaign that was cancelled: its call was under way then and certainly did nothing (throttled, the provider
    away), or its request broke off after the cancellation. Nobody claims it any more, and its query's right comes back."""
    campaigns = Campaign.objects.filter(state=Campaign.State.CANCELLED, completed_at__gt=ClockTimestamp() - LATE_RETURN)
    return messages_cancel(Message.objects.filter(campaign__in=campaigns))


_EXPIRE = """
    UPDATE recontact_message m SET state = 'expired', settled_at = clock_timestamp(),
        reason = coalesce(nullif(m.reason, ''),
            (SELECT n.parked_reason FROM providers_sendernumber n WHERE n.id = m.sender_number_id
             AND n.parked_at IS NOT NULL AND (n.parked_until IS NULL OR n.parked_until > clock_timestamp())),
            (SELECT a.parked_reason FROM providers_provideraccount a WHERE a.id = m.account_id
             AND a.parked_at IS NOT NULL AND (a.parked_until IS NULL OR a.parked_until > clock_timestamp())), '')
    WHERE m.id = ANY(%s) AND m.state = 'queued'
"""


@transaction.atomic
def queued_to_expired() -> int:
    """`queued` past its expiry: certainly not sent, so a query's right comes back. What kept it waiting is its reason."""
    ids = list(
        Message.objects.select_for_update(skip_locked=True)
        .filter(state=MessageState.QUEUED, expires_at__lte=database_now())
        .order_by("expires_at")
        .values_list("pk", flat=True)[:_BATCH]
    )
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, [ids])
    ledger.settle(ids)
    return len(ids)


@transaction.atomic
def campaigns_complete() -> int:
    """A campaign all of whose recipients have their message or were left out, and none of whose messages is alive, is
    completed: computed from the rows, never set ahead. Not while a person's wish to try lost messages again is open.

    Also a parked or paused one, once all its messages expired; not one whose messages are still being queued.
    """
    alive = Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING])
    begun = [Campaign.State.RUNNING, Campaign.State.WAITING, Campaign.State.PARKED, Campaign.State.PAUSED]
    rows = Campaign.objects.filter(state__in=begun).exclude(state_reason=Campaign.PREPARING)
    rows = rows.exclude(pk__in=alive.values("campaign_id").exclude(campaign=None))
    rows = rows.exclude(Exists(unlaunched(OuterRef("pk"))))
    rows = rows.exclude(Exists(CampaignRetry.objects.filter(campaign=OuterRef("pk"), finished_at=None)))
    # Locked, and then looked at again: who queues a retry holds the campaign until its message can be seen.
    ids = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))
    return rows.filter(pk__in=ids).update(state=Campaign.State.COMPLETED, completed_at=ClockTimestamp()) if ids else 0
