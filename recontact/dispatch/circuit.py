"""The circuit of a number: when most of its calls fail for nobody's sake, it stops for a while instead of spending messages.

The sample is a ring of counts in the database, written once per batch of records, so no crash and no change of pump loses it.
Closed: nothing is limited. Open: the number is parked with an end. After the end, or once a person releases it, a few calls
try it: when they go well it is closed, else it is parked again, twice as long.

What failed is not lost: certainly unsent messages went back to the queue, doubtful ones stay in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from psycopg.types.numeric import Int8

from providers.circuit_words import Sample, cause_of
from providers.contracts import Accepted
from providers.errors import Reason, SendError
from providers.models import SenderNumber
from providers.parking import park
from providers.policy import is_systemic, says_nothing
from recontact.arrays import array_literal
from recontact.clock import database_now
from recontact.models import CircuitTally, Message, NumberCircuit
from recontact.prepared import changed, fetched
from recontact.states import MessageState

log = structlog.get_logger(__name__)

#: So many calls decide whether a circuit closes again.
PROBES = 5
LONGEST_PAUSE = timedelta(minutes=15)
#: Calls are counted by stretches of so many seconds.
STRETCH_SECONDS = 2

_TALLY = """
    INSERT INTO recontact_circuittally AS t (sender_number_id, slot, cause, epoch, calls)
    SELECT v.number, e.epoch %% %s::bigint, v.cause, e.epoch, v.calls
    FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS v(number, cause, calls),
         (SELECT floor(extract(epoch FROM clock_timestamp()) / %s::bigint)::bigint AS epoch) e
    WHERE NOT EXISTS (SELECT 1 FROM providers_sendernumber n WHERE n.id = v.number
                      AND n.parked_reason = 'circuit' AND n.parked_until > clock_timestamp())
    ORDER BY v.number, v.cause
    ON CONFLICT (sender_number_id, slot, cause) DO UPDATE
    SET calls = EXCLUDED.calls + CASE WHEN t.epoch = EXCLUDED.epoch THEN t.calls ELSE 0 END, epoch = EXCLUDED.epoch
"""
_PROBING = (
    "SELECT sender_number_id FROM recontact_numbercircuit WHERE sender_number_id = ANY(%s::bigint[]) AND trips > 0"
)


@dataclass(frozen=True, slots=True)
class CircuitNow:
    """How the calls of a number went lately. `probing`: only a few may go, until they went well."""

    calls: int
    failures: int
    probing: bool


def circuit_tally(outcomes: Iterable[tuple[int, Accepted | SendError]]) -> None:
    """Count (number, outcome) of a batch, in the caller's transaction: one statement.

    Not what was not called, nor what comes in while the circuit is open: it was under way when that opened.
    """
    counts = Counter((number, cause) for number, outcome in outcomes if (cause := _cause(outcome)) is not None)
    if not counts or not settings.CIRCUIT_SHARE:
        return
    rows = [(number, cause, calls) for (number, cause), calls in counts.items()]
    changed(_TALLY, [Int8(_slots()), *map(array_literal, zip(*rows, strict=True)), Int8(STRETCH_SECONDS)])


def circuits_look(outcomes: Iterable[tuple[int, Accepted | SendError]]) -> None:
    """After the batch is recorded: open the circuits of the numbers whose sample says so, close those whose probes went well.

    One query while all is well. Opens and closes in transactions of its own.
    """
    if not settings.CIRCUIT_SHARE:
        return
    failed: dict[int, bool] = {}
    for number, outcome in outcomes:
        failed[number] = failed.get(number, False) or bool(_cause(outcome))
    due = {number for number, any_failed in failed.items() if any_failed}
    due |= {row[0] for row in fetched(_PROBING, [array_literal(failed)])}
    for number in sorted(due):
        _look(number)


def probes_left(*, number_id: int, limit: int) -> int:
    """How many messages of the number may be claimed of `limit` while its circuit is being tried out."""
    under_way = Message.objects.filter(sender_number=number_id, state=MessageState.SENDING).count()
    calls = sum(_sample(number_id, database_now()).values())
    return max(0, min(limit, PROBES - calls - under_way))


def circuit_now(number: SenderNumber) -> CircuitNow:
    """The circuit for a screen, of the last settings.CIRCUIT_WINDOW_SECONDS."""
    counts = _sample(number.pk, database_now())
    probing = NumberCircuit.objects.filter(pk=number.pk, trips__gt=0).exists()
    return CircuitNow(sum(counts.values()), _failures(counts), probing)


@transaction.atomic
def _look(number_id: int) -> None:
    NumberCircuit.objects.get_or_create(sender_number_id=number_id)
    circuit = NumberCircuit.objects.select_for_update(no_key=True).get(pk=number_id)
    number = SenderNumber.objects.get(pk=number_id)
    now = database_now()
    if number.parked_at is not None and (number.parked_until is None or number.parked_until > now):
        return
    counts = _sample(number_id, now)
    calls, failures = sum(counts.values()), _failures(counts)
    if calls < (PROBES if circuit.trips else settings.CIRCUIT_CALLS):
        return
    if failures >= calls * settings.CIRCUIT_SHARE:
        _open(circuit, number, counts, now)
    elif circuit.trips:
        NumberCircuit.objects.filter(pk=number_id).update(trips=0)
        log.info("circuit_closed", number_id=number_id, calls=calls, failures=failures)


def _open(circuit: NumberCircuit, number: SenderNumber, counts: Mapping[str, int], now: datetime) -> None:
    pause = timedelta(seconds=settings.CIRCUIT_PAUSE_SECONDS) * 2 ** min(circuit.trips, 10)
    until = now + min(pause, LONGEST_PAUSE)
    worst = Counter({cause: calls for cause, calls in counts.items() if cause}).most_common(1)
    sample = Sample(_failures(counts), sum(counts.values()), settings.CIRCUIT_WINDOW_SECONDS, worst[0][0])
    NumberCircuit.objects.filter(pk=circuit.pk).update(trips=circuit.trips + 1)
    # What tries it out begins a sample of its own.
    CircuitTally.objects.filter(sender_number=number).delete()
    park(number, reason=Reason.CIRCUIT, until=until, detail=sample.kept())
    log.warning("circuit_opened", number_id=number.pk, trips=circuit.trips + 1, sample=sample.kept())


def _sample(number_id: int, now: datetime) -> dict[str, int]:
    """Cause ("" = well) -> calls in the window before `now`."""
    since = now.timestamp() - settings.CIRCUIT_WINDOW_SECONDS
    rows = CircuitTally.objects.filter(sender_number=number_id, epoch__gte=int(since // STRETCH_SECONDS))
    counts: Counter[str] = Counter()
    for cause, calls in rows.values_list("cause", "calls"):
        counts[cause] += calls
    return dict(counts)


def _failures(counts: Mapping[str, int]) -> int:
    return sum(calls for cause, calls in counts.items() if cause)


def _cause(outcome: Accepted | SendError) -> str | None:
    """Why it counts against the number; "" = it went well; None = it counts for nothing."""
    if isinstance(outcome, Accepted):
        return ""
    if says_nothing(outcome):
        return None
    return cause_of(outcome.reason, outcome.provider_code)[:90] if is_systemic(outcome.reason) else ""


def _slots() -> int:
    """Stretches that the ring holds: the window, and one that is under way."""
    return int(settings.CIRCUIT_WINDOW_SECONDS // STRETCH_SECONDS) + 2
