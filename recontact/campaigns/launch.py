"""From the recipients of running campaigns to messages: a little ahead of the sending, in short transactions, each once.

A batch locks the campaign, then its customers and its recipients, passing over whatever another transaction holds: it waits
for nobody, so nobody can wait for it in a circle. A recipient gets its message in the transaction that makes the message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max, Q, QuerySet

from recontact.advisory_locks import AdvisoryLock
from recontact.arrays import array_literal
from recontact.campaigns.ahead import Room, pace_ahead
from recontact.campaigns.batch import Batch, Decided, batch_decide
from recontact.campaigns.hours import has_hours, hours_await, queued_postpone, recipients_in_hours
from recontact.campaigns.people import recipients_identify
from recontact.campaigns.recipients import CANNOT_MAKE, SAME_PERSON, Turn, still_unlaunched
from recontact.campaigns.rights import queries_lock, rights_reserve
from recontact.campaigns.storing import estimates_insert, messages_copy
from recontact.campaigns.turns import rows_locked, turns_next
from recontact.clock import ClockTimestamp, database_now
from recontact.dispatch.recheck import template_reason
from recontact.dispatch.wake import wake_on_commit
from recontact.eligibility import number_refusals
from recontact.models import Campaign, CampaignRecipient, Message
from recontact.prepared import Prepared
from recontact.states import MessageState

log = structlog.get_logger(__name__)

#: The database is away, or another transaction was in the way: the same batch works when it is tried again.
PASSING = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
#: One call launches no longer than this: beat comes again at once.
SLICE_SECONDS = 20.0


def campaigns_launch() -> int:
    """Top up the queues of all running campaigns, in turns. Returns how many recipients were decided on.

    0 while another launcher is at it: it is faster than any number sends, and more of them would only take the workers that
    others wait for.
    """
    with _only_launcher() as is_only:
        return launch_in_turns() if is_only else 0


@contextmanager
def _only_launcher() -> Iterator[bool]:
    """Whether nobody else launches meanwhile. The lock is the connection's, and goes with it when the worker dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [AdvisoryLock.LAUNCH])
        is_only = bool(cursor.fetchone()[0])
    try:
        yield is_only
    finally:
        if is_only:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.LAUNCH])


def launch_in_turns() -> int:
    """The same, whoever else is at it: each recipient still gets one message only."""
    campaigns_begin()
    launched, ends = 0, time.monotonic() + SLICE_SECONDS
    going = list(_running().order_by("pk").values_list("pk", flat=True))
    rooms = {campaign_id: Room() for campaign_id in going}
    while going and time.monotonic() < ends:
        made = {campaign_id: batch_launch(campaign_id=campaign_id, room=rooms[campaign_id]) for campaign_id in going}
        launched += sum(made.values())
        going = [campaign_id for campaign_id in going if made[campaign_id]]
    return launched


def campaigns_begin() -> int:
    """Let the scheduled campaigns run whose time has come. Returns how many."""
    due = Q(starts_at=None) | Q(starts_at__lte=ClockTimestamp())
    rows = Campaign.objects.filter(due, state=Campaign.State.SCHEDULED)
    return rows.update(state=Campaign.State.RUNNING, state_reason="", launched_at=ClockTimestamp())


def _running() -> QuerySet[Campaign]:
    return Campaign.objects.filter(state=Campaign.State.RUNNING).exclude(source=Campaign.Source.QUERIES)


# Of the models, all columns: what is left out would be asked for in a statement of its own.
_CAMPAIGN = Prepared(lambda campaign: _running().select_related("sender_number").filter(pk=campaign))


def batch_launch(*, campaign_id: int, room: Room | None = None) -> int:
    """Make the next messages of the campaign. Returns how many recipients got one, were left out or put off; 0 when its queue has
    no room for a batch, nobody's turn has come, it does not run (any more), or another launcher is at it.

    `room`: as the batches before this one left it; None: to be counted."""
    campaign = next(iter(_CAMPAIGN(campaign=campaign_id)), None)
    if campaign is None or campaign.sender_number is None:
        return 0
    now = database_now()
    if has_hours(campaign):
        with transaction.atomic():
            queued_postpone(campaign, now)
    room = room or Room()
    limit = room.batch(campaign, campaign.sender_number, lambda: _queued(campaign), now)
    recipients = turns_next(campaign, limit, now) if limit else []
    if not recipients:
        if limit and has_hours(campaign):
            hours_await(campaign, now)
        return 0
    count = len(recipients)
    if has_hours(campaign):
        recipients = recipients_in_hours(campaign, recipients, now)
    put_off = count - len(recipients)
    if not recipients:
        return put_off
    try:
        launched = _turns_launch(campaign_id, recipients)
    except PASSING:
        raise
    except Exception:
        log.exception("campaign_batch_failed", campaign=campaign_id, recipients=len(recipients))
        launched = _launch_singly(campaign_id, recipients)
    room.taken(launched)
    return put_off + launched


def _turns_launch(campaign_id: int, recipients: Sequence[Turn]) -> int:
    recipients_identify(recipients)
    identified = {each.pk: each.customer_id for each in recipients if each.customer_id is not None and not each.dropped}
    return _launch(campaign_id, identified)


def _launch_singly(campaign_id: int, recipients: Sequence[Turn]) -> int:
    """One by one, so that a row of which no message can be made keeps nobody else from his: it is left out. Where not one can be
    made it is not the rows' fault: the campaign is parked, and nobody is left out."""
    launched, failed = 0, []
    for recipient in recipients:
        try:
            launched += _turns_launch(campaign_id, [recipient])
        except PASSING:
            raise
        except Exception as error:
            log.error("campaign_recipient_failed", recipient=recipient.pk, error=type(error).__name__)
            failed.append(recipient.pk)
    if launched:
        rows = still_unlaunched(CampaignRecipient.objects.filter(pk__in=failed))
        return launched + rows.update(dropped=CANNOT_MAKE)
    if len(failed) == len(recipients):
        _running().filter(pk=campaign_id).update(state=Campaign.State.PARKED, state_reason=CANNOT_MAKE)
    return 0


def _queued(campaign: Campaign) -> QuerySet[Message]:
    return Message.objects.filter(campaign=campaign, sender_number=campaign.sender_number_id, state=MessageState.QUEUED)


# Passed over when it is locked: by another launcher, or by whoever ends or stops it just now.
_CAMPAIGN_LOCKED = Prepared(
    lambda campaign: (
        _running()
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("template", "sender_number__account", "created_by")
        .filter(pk=campaign)
    )
)


@transaction.atomic
def _launch(campaign_id: int, identified: dict[int, int]) -> int:
    """One batch, all or nothing: recipients with their customers."""
    campaign = next(iter(_CAMPAIGN_LOCKED(campaign=campaign_id)), None)
    if campaign is None or campaign.template is None or campaign.sender_number is None:
        return 0
    now = database_now()
    refusals = number_refusals(campaign.sender_number)
    stop = template_reason(campaign.template, campaign.template_hash, campaign.category, now)
    stop = stop or (refusals[0].code if refusals else "")
    if stop:
        _park(campaign, stop)
        return 0
    recipients, customers = rows_locked(identified)
    queries = queries_lock({recipient.query_id for recipient in recipients if recipient.query_id is not None})
    recipients = [each for each in recipients if each.query_id is None or each.query_id in queries]
    batch = Batch(campaign, campaign.sender_number, campaign.template, recipients, customers, now, queries)
    decided = batch_decide(batch, _due_from(campaign, now))
    if decided.stop:
        _park(campaign, decided.stop)
        return 0
    _store(campaign, decided)
    wake_on_commit()
    return len(decided.messages) + len(decided.dropped)


def _park(campaign: Campaign, reason: str) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.PARKED, state_reason=reason)


def _due_from(campaign: Campaign, now: datetime) -> datetime:
    """When the next message is due: behind those that wait by the campaign's pace, else now."""
    if not campaign.pace:
        return now
    waiting = _queued(campaign).filter(due_at__lte=now + pace_ahead(campaign.pace))
    last: datetime | None = waiting.aggregate(last=Max("due_at"))["last"]
    return now if last is None else max(now, last + timedelta(seconds=1 / campaign.pace))


# The ids are said once more, or the whole table may be read for the join. What a row must be is said as a case: the planner knows
# nothing yet of rows that were planned just now, would take all of this to leave one row, and compare each row with each.
_LAUNCHED = """
    UPDATE recontact_campaignrecipient r SET message_id = v.message, customer_id = v.customer
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS v(id, message, customer)
    WHERE r.id = v.id AND r.id = ANY(%s::bigint[])
      AND CASE WHEN r.message_id IS NULL AND r.dropped = '' THEN true ELSE false END
"""


def _store(campaign: Campaign, decided: Decided) -> None:
    messages = decided.messages
    messages_copy(messages)
    rights_reserve(messages, user=campaign.created_by)
    estimates_insert(messages, decided.estimates)
    ids = [recipient.pk for recipient in decided.recipients]
    with connection.cursor() as cursor:
        cursor.execute(
            _LAUNCHED,
            [
                array_literal(ids),
                array_literal(message.id for message in messages),
                array_literal(recipient.customer_id for recipient in decided.recipients),
                array_literal(ids),
            ],
        )
        if cursor.rowcount != len(ids):
            raise RuntimeError("a recipient was launched twice")
    if decided.dropped:
        _leave_out(decided)


def _leave_out(decided: Decided) -> None:
    """What is left out keeps its customer too, unless another row is for the same person."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_campaignrecipient r
               SET dropped = v.code, params = r.params || v.told, customer_id = coalesce(v.customer, r.customer_id)
               FROM unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::bigint[]) AS v(id, code, told, customer)
               WHERE r.id = v.id AND r.message_id IS NULL AND r.dropped = ''""",
            [
                array_literal(decided.dropped),
                array_literal(str(code) for code in decided.dropped.values()),
                array_literal(json.dumps(decided.told.get(recipient_id, {})) for recipient_id in decided.dropped),
                array_literal(
                    None if code == SAME_PERSON else decided.customers[recipient_id]
                    for recipient_id, code in decided.dropped.items()
                ),
            ],
        )
