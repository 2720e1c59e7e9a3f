"""What is due for whom: a subscription's lease, the events that may be told next, and what became of them.

Times are the database's. Of each subject only the first waiting event may be told, so they stay in order.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from providers.redaction import MASK, words_redacted
from recontact.clock import ClockTimestamp, database_now
from recontact.models import Customer, OutgoingAttempt, OutgoingEvent, Subscription
from recontact.outgoing.call import Told

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60
#: Pauses before an event's next tries, seconds; the last one again and again.
PAUSES = (10, 60, 300, 900, 3600, 10_800)
#: Between two tries of an address that does not answer at all: from the first to the longest, twice as long each time.
FIRST_WAIT, LONGEST_WAIT = 5, 300
#: Before one is looked at again whose due events all wait for an earlier one of their subjects.
BLOCKED_WAIT = 2
#: After a fault of our own.
FAULT_WAIT = 30
#: The answers that blame the event and not the address: others may still be told.
EVENT_AT_FAULT = frozenset({400, 409, 413, 415, 422})

# Chosen once, as a list (recontact/look_ups.py says why).
_LEASE = """
    UPDATE recontact_subscription SET lease = %s, leased_until = clock_timestamp() + make_interval(secs => %s)
    WHERE id = ANY (ARRAY(
        SELECT s.id FROM recontact_subscription s
        WHERE s.state = 'active' AND coalesce(s.leased_until, '-infinity') < clock_timestamp()
            AND coalesce(s.retry_at, '-infinity') <= clock_timestamp()
            AND EXISTS (SELECT FROM recontact_outgoingevent e WHERE e.subscription_id = s.id
                        AND e.standing = 'waiting' AND e.due_at <= clock_timestamp())
        ORDER BY s.retry_at NULLS FIRST, s.id FOR UPDATE SKIP LOCKED LIMIT %s))
    RETURNING id
"""
_FIRST_OF_THEIR_SUBJECTS = """
    SELECT e.id FROM recontact_outgoingevent e
    WHERE e.subscription_id = %s AND e.standing = 'waiting' AND e.due_at <= clock_timestamp()
        AND NOT EXISTS (SELECT FROM recontact_outgoingevent b WHERE b.subscription_id = e.subscription_id
                        AND b.standing = 'waiting' AND b.subject = e.subject AND b.id < e.id)
    ORDER BY e.due_at, e.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Lane:
    """A subscription that this worker tells, for as long as `token` is its lease."""

    subscription_id: int
    token: uuid.UUID


def lanes_lease(limit: int) -> list[Lane]:
    """Lease up to `limit` subscriptions that have something due and that nobody else tells."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, [token, LEASE_SECONDS, limit])
        return [Lane(row[0], token) for row in cursor.fetchall()]


def lane_renew(lane: Lane) -> Subscription | None:
    """The subscription with its lease made longer; None: it is another's, or no longer to be told."""
    rows = Subscription.objects.filter(pk=lane.subscription_id, lease=lane.token, state=Subscription.State.ACTIVE)
    rows.update(leased_until=ClockTimestamp() + timedelta(seconds=LEASE_SECONDS))
    return rows.first()


def lane_release(lane: Lane) -> None:
    """Let others lease it."""
    Subscription.objects.filter(pk=lane.subscription_id, lease=lane.token).update(lease=None, leased_until=None)


def lane_rest(lane: Lane, seconds: float) -> None:
    """Nobody leases it for so long: nothing of it can be told, though something is due."""
    rest = ClockTimestamp() + timedelta(seconds=seconds)
    Subscription.objects.filter(pk=lane.subscription_id, lease=lane.token).update(retry_at=rest)


def events_due(subscription_id: int, limit: int) -> list[OutgoingEvent]:
    """The events that may be told now, each the first of its subject, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_OF_THEIR_SUBJECTS, [subscription_id, limit])
        ids = [row[0] for row in cursor.fetchall()]
    found = OutgoingEvent.objects.select_related("actor").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


@transaction.atomic
def told_record(tried: Sequence[tuple[OutgoingEvent, Told]]) -> None:
    """Keep what became of each event's try, and when the next one is due."""
    now = database_now()
    _delivered([event for event, told in tried if told.ok], now)
    for event, told in tried:
        if not told.ok:
            _failed(event, told, now)
    OutgoingAttempt.objects.bulk_create(_attempts(tried, now))


def _delivered(events: Sequence[OutgoingEvent], now: datetime) -> None:
    OutgoingEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        standing=OutgoingEvent.Standing.DELIVERED,
        settled_at=now,
        tries=F("tries") + 1,
        first_tried_at=Coalesce("first_tried_at", now),
    )


def _failed(event: OutgoingEvent, told: Told, now: datetime) -> None:
    """Put the event off, with what follows it; or give it up once its time is over.

    Nothing changes when another worker, who took the lease over, told it meanwhile: taken by him it would be told once more,
    after what follows it.
    """
    first = event.first_tried_at or now
    row = OutgoingEvent.objects.filter(pk=event.pk, standing=event.standing, tries=event.tries)
    if now - first >= timedelta(hours=settings.OUTGOING_RETRY_HOURS):
        row.update(standing=OutgoingEvent.Standing.FAILED, tries=F("tries") + 1, first_tried_at=first, settled_at=now)
        return
    due = now + timedelta(seconds=PAUSES[min(event.tries, len(PAUSES) - 1)])
    if row.update(due_at=due, tries=F("tries") + 1, first_tried_at=first):
        # What follows it waits with it, and is not looked at in vain.
        followers = OutgoingEvent.objects.filter(subscription=event.subscription_id, subject=event.subject)
        followers.filter(standing=event.standing, due_at__lt=due).update(due_at=due)


def _attempts(tried: Sequence[tuple[OutgoingEvent, Told]], now: datetime) -> Iterator[OutgoingAttempt]:
    told_of = {event.customer_id for event, told in tried if told.excerpt and event.customer_id is not None}
    people = Customer.objects.in_bulk(told_of) if told_of else {}
    for event, told in tried:
        yield OutgoingAttempt(
            event=event,
            at=now,
            status=told.status,
            duration_ms=told.duration_ms,
            error=told.error[:300],
            excerpt=_kept(told.excerpt, people.get(event.customer_id or 0)),
        )


def _kept(excerpt: str, customer: Customer | None) -> str:
    """What may be kept of an answer, which may repeat what it was told: nothing of the person."""
    if not excerpt:
        return ""
    words = words_redacted(
        excerpt, phone=(customer.phone or "") if customer else "", bsuid=(customer.bsuid or "") if customer else ""
    )
    return (words.replace(customer.name, MASK) if customer is not None and customer.name else words)[:500]


def address_went_well(lane: Lane) -> None:
    """The address took something: it does not fail."""
    rows = Subscription.objects.filter(pk=lane.subscription_id, lease=lane.token).exclude(failures=0)
    rows.update(failures=0, failing_since=None, retry_at=None)


@transaction.atomic
def address_failed(lane: Lane) -> None:
    """The address took nothing of a round: it is left alone for a while, and paused when that lasts."""
    rows = Subscription.objects.select_for_update().filter(pk=lane.subscription_id, lease=lane.token)
    subscription = rows.filter(state=Subscription.State.ACTIVE).first()
    if subscription is None:
        return
    now = database_now()
    wait = min(FIRST_WAIT * 2 ** min(subscription.failures, 10), LONGEST_WAIT)
    subscription.failures = F("failures") + 1
    subscription.failing_since = subscription.failing_since or now
    subscription.retry_at = now + timedelta(seconds=wait)
    if now - subscription.failing_since >= timedelta(hours=settings.OUTGOING_PAUSE_HOURS):
        subscription.state, subscription.paused_at = Subscription.State.FAILING, now
        log.warning("subscription_paused", subscription=subscription.pk)
    subscription.save(update_fields=["failures", "failing_since", "retry_at", "state", "paused_at"])
