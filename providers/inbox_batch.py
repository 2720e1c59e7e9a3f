"""Reading many waiting deliveries at once: what can be applied in bulk is, and everything else goes item by item.

A batch changes no promise of `providers.inbox`: a bulk that fails is undone as a whole and its items go one by one, so that
one bad item spoils nothing. A batch whose worker died, or lost its database, is read again in small batches; a delivery of which
that happened again is read alone from then on.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from providers.clock import ClockTimestamp
from providers.contracts import BadItem, Event, Provider
from providers.credentials import CredentialsError
from providers.events import BulkHandler, Handler, bulk_form_of, handlers_for
from providers.inbox import (
    LEASE,
    MOST_PROBLEMS,
    Run,
    connection_is_lost,
    delivery_claim,
    delivery_read,
    error_place,
    item_handle,
    items_of,
)
from providers.models import ProviderAccount, WebhookDelivery
from providers.registry import BadAdapter, UnknownProvider, adapter_for

log = structlog.get_logger(__name__)

#: Deliveries claimed at once, and the bytes of their bodies after which no more is claimed.
BATCH = 200
BATCH_BYTES = 1024 * 1024
#: As many when they were broken off once: one of them may be the reason, and the others with it wait for another lease.
BATCH_AGAIN = 20
#: Events applied in one transaction: what they lock is not kept from the dispatcher for long.
BULK = 1_000

_CLAIM = """
    WITH free AS (
        SELECT id, octet_length(body) AS size FROM providers_webhookdelivery
        WHERE state = 'received' AND runs = %s AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), chosen AS (
        SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM free) AS summed WHERE before < %s
    )
    UPDATE providers_webhookdelivery AS delivery
    SET runs = delivery.runs + 1, claimed_until = clock_timestamp() + make_interval(secs => %s)
    FROM chosen WHERE delivery.id = chosen.id
    RETURNING delivery.id, delivery.account_id, delivery.received_at, delivery.body, delivery.headers, delivery.query,
        delivery.state, delivery.runs
"""
_FINISH = """
    UPDATE providers_webhookdelivery AS delivery
    SET state = told.state, items = told.items, problems = told.problems, keys = string_to_array(told.keys, ','),
        processed_at = clock_timestamp(), claimed_until = NULL
    FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::jsonb[], %s::text[]) AS told (id, state, items, problems, keys)
    WHERE delivery.id = told.id AND delivery.runs = %s
"""

Items = list[Event | BadItem]


@dataclass(slots=True)
class _Reading:
    """One delivery of a batch: its items, and which handlers had which of them in bulk."""

    run: Run
    items: Items
    had: dict[int, list[Handler]] = field(default_factory=lambda: defaultdict(list))


def deliveries_process_waiting(limit: int = BATCH) -> int:
    """Read up to `limit` waiting deliveries, oldest first; returns how many. For workers and for beat."""
    broken_off = _broken_off()
    done = _read_alone(limit) if broken_off - {1} else 0
    if 1 in broken_off:
        done += _read_batches(limit - done, runs=1, size=BATCH_AGAIN)
    return done + _read_batches(limit - done, runs=0, size=BATCH)


def deliveries_wait() -> bool:
    """Whether there is a delivery that nobody reads."""
    return _waiting().exists()


def _waiting() -> QuerySet[WebhookDelivery]:
    free = Q(claimed_until=None) | Q(claimed_until__lte=ClockTimestamp())
    return WebhookDelivery.objects.filter(free, state=WebhookDelivery.State.RECEIVED).order_by()


def _broken_off() -> set[int]:
    """How often what waits to be read again was begun. One look at all that waits, for mostly there is none."""
    return set(_waiting().filter(runs__gt=0).values_list("runs", flat=True).distinct())


def _read_alone(limit: int) -> int:
    """Those that were broken off more than once: one of them may be the reason."""
    for done in range(limit):
        delivery = delivery_claim(Q(state=WebhookDelivery.State.RECEIVED, runs__gt=1))
        if delivery is None:
            return done
        delivery_read(delivery)
    return limit


def _read_batches(limit: int, *, runs: int, size: int) -> int:
    """Up to `limit` that were begun `runs` times, so many at a time; returns how many."""
    done = 0
    while done < limit:
        deliveries = _claim(min(size, limit - done), runs)
        if not deliveries:
            break
        _read(deliveries)
        done += len(deliveries)
    return done


def _claim(most: int, runs: int) -> list[WebhookDelivery]:
    """The oldest deliveries that nobody is reading and that were begun `runs` times, claimed and committed."""
    rows = WebhookDelivery.objects.raw(_CLAIM, [runs, most, BATCH_BYTES, LEASE.total_seconds()])
    return sorted(rows, key=lambda delivery: delivery.pk)


def _read(deliveries: Sequence[WebhookDelivery]) -> None:
    readings = _parsed(deliveries)
    _in_bulk(readings)
    lease = _Lease([reading.run for reading in readings])
    for reading in readings:
        for position, item in enumerate(reading.items):
            if not lease.holds(reading.run):
                break
            item_handle(reading.run, position, item, but=reading.had.get(position, ()))
    _finish([reading.run for reading in readings if lease.holds(reading.run)], begun=deliveries[0].runs)


def _parsed(deliveries: Sequence[WebhookDelivery]) -> list[_Reading]:
    accounts = ProviderAccount.objects.in_bulk({delivery.account_id for delivery in deliveries})
    adapters = {pk: _adapter(account) for pk, account in accounts.items()}
    readings = []
    for delivery in deliveries:
        delivery.account = accounts[delivery.account_id]
        run = Run(delivery)
        readings.append(_Reading(run, items_of(run, adapters[delivery.account_id])))
    return readings


def _adapter(account: ProviderAccount) -> Provider | None:
    """The account's adapter; None for one that cannot be used, which each of its deliveries tells by itself."""
    try:
        return adapter_for(account.config())
    except (CredentialsError, UnknownProvider, BadAdapter):
        return None


# --- in bulk ---------------------------------------------------------------------------------------------------------


def _in_bulk(readings: Sequence[_Reading]) -> None:
    """Have each handler that can apply many events at once do so, and note which it had."""
    work: dict[Handler, list[tuple[_Reading, int]]] = defaultdict(list)
    for reading in readings:
        for position, item in enumerate(reading.items):
            if not isinstance(item, BadItem):
                for handler in handlers_for(item):
                    work[handler].append((reading, position))
    for handler, places in work.items():
        bulk = bulk_form_of(handler)
        if bulk is not None:
            for first in range(0, len(places), BULK):
                _apply(handler, bulk, places[first : first + BULK])


def _apply(handler: Handler, bulk: BulkHandler, places: Sequence[tuple[_Reading, int]]) -> None:
    events = [(reading.run.delivery.account_id, reading.items[position]) for reading, position in places]
    try:
        with transaction.atomic():
            left = bulk(events)
    except Exception as error:
        if connection_is_lost(error):
            raise
        log.warning("webhook_bulk_undone", events=len(events), error=error_place(error))
        return
    for place, (reading, position) in enumerate(places):
        if place not in left:
            reading.had[position].append(handler)


# --- the lease -------------------------------------------------------------------------------------------------------


class _Lease:
    """The batch is claimed for as long as it is read; a delivery that somebody else took over is left to him.

    All of a batch were begun as often.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._held = {run.delivery.pk for run in runs}
        self._runs = runs[0].delivery.runs
        self._renewed = time.monotonic()

    def holds(self, run: Run) -> bool:
        """Whether the delivery is still ours; renews the lease of all of them when it is time to."""
        if time.monotonic() - self._renewed >= LEASE.total_seconds() / 4:
            self._renew()
        return run.delivery.pk in self._held

    def _renew(self) -> None:
        self._renewed = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE providers_webhookdelivery SET claimed_until = clock_timestamp() + make_interval(secs => %s)
                   WHERE id = ANY(%s) AND runs = %s RETURNING id""",
                [LEASE.total_seconds(), sorted(self._held), self._runs],
            )
            self._held = {row[0] for row in cursor.fetchall()}


def _finish(runs: Sequence[Run], *, begun: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _FINISH,
            [
                [run.delivery.pk for run in runs],
                [run.state for run in runs],
                [run.items for run in runs],
                [json.dumps(run.problems[:MOST_PROBLEMS]) for run in runs],
                [",".join(run.keys) for run in runs],
                begun,
            ],
        )
    for run in runs:
        run.tell()
