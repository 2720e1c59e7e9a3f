"""The adapter's one call, for one message or for several in one request: whatever it does, each message has an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TypeGuard

import structlog
from django.conf import settings

from providers.abilities import SendsInBulk
from providers.contracts import Accepted, OutboundMessage, Provider, TemplateContent
from providers.errors import Reason, SendError, Throttled, Uncertain
from providers.redaction import words_redacted
from providers.time_limit import time_limit
from recontact.dispatch.claim import Claim

log = structlog.get_logger(__name__)

Outcome = Accepted | SendError

#: What the adapter's own limit on a call may be late by.
LATE_SECONDS = 5


def groups(claims: Sequence[Claim], adapter: Provider) -> list[list[Claim]]:
    """The claims as they go out: templates of one lane together as far as the adapter takes them, everything else alone."""
    limit = adapter.capabilities.bulk_limit if isinstance(adapter, SendsInBulk) else 1
    if limit <= 1:
        return [[each] for each in claims]
    templates = [each for each in claims if isinstance(each.outbound.content, TemplateContent)]
    alone = [[each] for each in claims if not isinstance(each.outbound.content, TemplateContent)]
    # Agents' first, and not in one request with a campaign's: they wait for no turn of those.
    lanes = [[each for each in templates if each.of_agents is of_agents] for of_agents in (True, False)]
    return alone + [lane[start : start + limit] for lane in lanes for start in range(0, len(lane), limit)]


async def call(adapter: Provider, claims: Sequence[Claim]) -> list[Outcome]:
    """Exactly one call; one outcome per claim, in their order. Never raises but when it is cancelled.

    The provider's words about a refusal name nobody: they are shown to people who may see no phone.
    """
    outcomes = await _outcomes(adapter, claims)
    for each, outcome in zip(claims, outcomes, strict=True):
        if isinstance(outcome, SendError):
            person = each.outbound.recipient
            outcome.detail = words_redacted(outcome.detail, phone=person.phone, bsuid=person.bsuid)
    return outcomes


async def _outcomes(adapter: Provider, claims: Sequence[Claim]) -> list[Outcome]:
    messages = [each.outbound for each in claims]
    try:
        with time_limit(settings.PROVIDER_TIMEOUT_SECONDS + LATE_SECONDS):
            if len(messages) == 1:
                return _each([await _one(adapter, messages[0])], 1)
            return _each(await _several(adapter, messages), len(messages))
    except Exception as error:
        # Whatever an adapter did wrong, it may have sent.
        log.exception("dispatch_adapter_failed", message_ids=[each.message_id for each in claims])
        return [Uncertain(Reason.NO_ANSWER, detail=type(error).__name__) for _ in claims]


async def _one(adapter: Provider, message: OutboundMessage) -> object:
    try:
        return await adapter.send(message)
    except SendError as error:
        return error


async def _several(adapter: Provider, messages: Sequence[OutboundMessage]) -> list[Outcome]:
    if not isinstance(adapter, SendsInBulk):
        raise TypeError("several messages for an adapter that sends one at a time")
    return await adapter.send_many(messages)


def _each(outcomes: object, count: int) -> list[Outcome]:
    """What the adapter returned, message by message; where it says nothing sound, the message may have been sent."""
    found = outcomes if isinstance(outcomes, list) and len(outcomes) == count else [None] * count
    return [outcome if _is_sound(outcome) else Uncertain(Reason.UNREADABLE_ANSWER) for outcome in found]


def _is_sound(outcome: object) -> TypeGuard[Outcome]:
    """Whether it is an outcome that can be written down: an adapter may come from an outside package."""
    if isinstance(outcome, Accepted):
        return isinstance(outcome.provider_message_id, str)
    if not isinstance(outcome, SendError):
        return False
    told: list[tuple[object, type]] = [(outcome.reason, Reason), (outcome.provider_code, str), (outcome.detail, str)]
    if isinstance(outcome, Throttled):
        told.append((outcome.retry_after, Real))
    return all(isinstance(value, kind) for value, kind in told)
