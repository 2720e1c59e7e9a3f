"""Record: what the calls came to (I2, step 3). Every UPDATE is guarded by id, state and attempt_number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson
from django.db import transaction

from providers.contracts import Accepted
from providers.errors import Park, Reason, SendError, Throttled
from providers.models import ProviderAccount, SenderNumber
from providers.parking import park
from providers.policy import Hold, hold_of, suppresses
from recontact import ledger
from recontact.arrays import array_literal
from recontact.clock import database_now
from recontact.delivery import acceptance_after_the_fact, events_match
from recontact.dispatch.circuit import circuit_tally, circuits_look
from recontact.dispatch.claim import Claim
from recontact.dispatch.hold import hold
from recontact.dispatch.refused import refusals_record, wait_bounded
from recontact.late_acceptances import acceptances_note
from recontact.models import Message
from recontact.prepared import changed, fetched
from recontact.wishes import suppress
from templates_app.models import Template


@dataclass(frozen=True, slots=True)
class Result:
    """What one call came to: an acceptance, or one of the four errors."""

    claim: Claim
    outcome: Accepted | SendError


def bare(result: Result) -> Result:
    """The result without what a provider may have put in its words that no column takes: the fate itself is never lost."""
    outcome = result.outcome
    if isinstance(outcome, Accepted):
        return Result(
            result.claim, replace(outcome, provider_message_id=_storable(outcome.provider_message_id), exchange=None)
        )
    plain = copy(outcome)
    plain.provider_code, plain.detail, plain.exchange = _storable(outcome.provider_code), "", None
    return Result(result.claim, plain)


def _storable(text: str) -> str:
    """`text` without NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def record(results: Sequence[Result]) -> None:
    """Write the results of a batch, settle the ledger, and match the webhooks that came before this record.

    May be called again with the same results, as a whole or in parts.
    """
    refused = [(result.claim, result.outcome) for result in results if isinstance(result.outcome, SendError)]
    # Before anything else is locked: the customer comes first everywhere.
    _suppressions(refused)
    _record(results, refused)
    circuits_look((result.claim.number_id, result.outcome) for result in results)


@transaction.atomic
def _record(results: Sequence[Result], refused: Sequence[tuple[Claim, SendError]]) -> None:
    # The attempts come first: what they came to is the proof without which nothing goes back to the queue.
    _attempts(results)
    accepted = [(result.claim, result.outcome) for result in results if isinstance(result.outcome, Accepted)]
    _accepted(accepted)
    refusals_record(refused)
    ledger.settle(result.claim.message_id for result in results)
    circuit_tally((result.claim.number_id, result.outcome) for result in results)
    _parks(refused)
    _waits(refused)
    # At the end, for a failure among them may lock a campaign.
    events_match([(claim.account_id, outcome.provider_message_id) for claim, outcome in accepted])


_ACCEPTED = """
    UPDATE recontact_message m
    SET state = 'accepted', provider_message_id = v.provider_id, held = v.held = 1, accepted_at = clock_timestamp(),
        lease_expires_at = NULL, reason = '', provider_code = '', provider_detail = ''
    FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::int[]) AS v(id, attempt, provider_id, held)
    WHERE m.id = v.id AND m.attempt_number = v.attempt AND m.state IN ('sending', 'uncertain')
    RETURNING m.id
"""


def _accepted(rows: list[tuple[Claim, Accepted]]) -> None:
    if not rows:
        return
    moved = fetched(
        _ACCEPTED,
        [
            array_literal(claim.message_id for claim, _ in rows),
            array_literal(claim.attempt_number for claim, _ in rows),
            array_literal(outcome.provider_message_id[:128] for _, outcome in rows),
            array_literal(int(outcome.held) for _, outcome in rows),
        ],
    )
    recorded = {row[0] for row in moved}
    overtaken = {
        claim.message_id: outcome.provider_message_id[:128]
        for claim, outcome in rows
        if claim.message_id not in recorded
    }
    if overtaken:
        recorded |= acceptances_note(overtaken)
    for claim, outcome in rows:
        if claim.message_id not in recorded:
            acceptance_after_the_fact(message_id=claim.message_id, provider_message_id=outcome.provider_message_id)


# As one JSON text, which both sides read and write faster than arrays of as many columns. `jsonb` is parsed once; of `json`
# what a call said would be parsed three times. An acceptance says no more than its exchange.
_ATTEMPTS = """
    UPDATE recontact_attempt a
    SET outcome = coalesce(v.outcome, 'accepted'), reason = coalesce(v.reason, ''), provider_code = coalesce(v.code, ''),
        detail = coalesce(v.detail, ''), http_status = v.status, duration_ms = v.ms, request = v.sent, response = v.got,
        finished_at = clock_timestamp()
    FROM jsonb_to_recordset(%s::jsonb) AS v(id bigint, n int, outcome text, reason text, code text, detail text,
                                            status int, ms int, sent jsonb, got jsonb)
    WHERE a.message_id = v.id AND a.number = v.n
"""


def _attempts(results: Sequence[Result]) -> None:
    changed(_ATTEMPTS, [orjson.dumps([_attempt(result) for result in results]).decode()])


def _attempt(result: Result) -> dict[str, object]:
    """The row of _ATTEMPTS for one result."""
    claim, outcome, exchange = result.claim, result.outcome, result.outcome.exchange
    row: dict[str, object] = {"id": claim.message_id, "n": claim.attempt_number}
    if exchange is not None:
        row["status"], row["ms"] = exchange.status, exchange.duration_ms
        row["sent"], row["got"] = exchange.request, exchange.response
    if isinstance(outcome, SendError):
        row |= {"outcome": outcome.kind, "reason": outcome.reason}
        row |= {"code": outcome.provider_code[:40], "detail": outcome.detail[:500]}
    return row


_PARKED: dict[Park, type[ProviderAccount | SenderNumber | Template]] = {
    Park.ACCOUNT: ProviderAccount,
    Park.NUMBER: SenderNumber,
    Park.TEMPLATE: Template,
}


def _parks(refused: Sequence[tuple[Claim, SendError]]) -> None:
    """The longest park of each, and in one order: two pumps may park the same rows at the same moment."""
    longest: dict[tuple[Park, int], SendError] = {}
    for claim, error in refused:
        ids = {Park.ACCOUNT: claim.account_id, Park.NUMBER: claim.number_id, Park.TEMPLATE: claim.template_id}
        row_id = ids.get(error.park)
        if row_id is not None:
            key = (error.park, row_id)
            longest[key] = max(longest.get(key, error), error, key=_park_ends)
    for (what, row_id), error in sorted(longest.items(), key=lambda item: item[0]):
        row = _PARKED[what]._default_manager.get(pk=row_id)
        park(row, reason=error.reason, until=error.park_until, detail=f"{error.provider_code} {error.detail}".strip())


def _park_ends(error: SendError) -> float:
    return math.inf if error.park_until is None else error.park_until.timestamp()


def _waits(refused: Sequence[tuple[Claim, SendError]]) -> None:
    """The longest wait of each number and template, kept where every pump looks."""
    waits: dict[tuple[Reason, int, int], float] = {}
    for claim, error in refused:
        if isinstance(error, Throttled) and hold_of(error.reason) is not Hold.MESSAGE:
            key = (error.reason, claim.number_id, claim.template_id or 0)
            waits[key] = max(waits.get(key, 0.0), wait_bounded(error.retry_after))
    for (reason, number_id, template_id), wait in sorted(waits.items()):
        until = database_now() + timedelta(seconds=wait)
        hold(reason=reason, number_id=number_id, template_id=template_id or None, until=until)


def _suppressions(refused: Sequence[tuple[Claim, SendError]]) -> None:
    """Who wants no more, as the refusals say. Each in a transaction of its own, for it locks its customer."""
    reasons = {claim.message_id: error.reason for claim, error in refused if suppresses(error.reason)}
    if not reasons:
        return
    for message in Message.objects.filter(pk__in=reasons).select_related("customer").order_by("customer_id"):
        suppress(customer=message.customer, reason=reasons[message.pk], at=message.claimed_at or message.created_at)
