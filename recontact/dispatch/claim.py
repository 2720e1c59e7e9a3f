"""Claim: the moment from which a message may have been sent (I2, step 1). One transaction for a batch of one number.

Lanes: agents first, then each running campaign in turn. Rows of paused or parked lanes are never scanned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from providers.contracts import MediaContent, OutboundMessage, Recipient, TemplateContent, TextContent
from recontact import ledger
from recontact.arrays import array_literal
from recontact.clock import ClockTimestamp
from recontact.dispatch.candidates import Due, candidates, details_add
from recontact.dispatch.circuit import probes_left
from recontact.dispatch.gate import gate
from recontact.dispatch.hours import hours_wait
from recontact.dispatch.lease import Lease, number_sends
from recontact.dispatch.pair import pairs_wait
from recontact.dispatch.recheck import CAMPAIGN_WIDE, recheck
from recontact.dispatch.slots import slots_take
from recontact.media.attachments import attachment_id, attachments_of, content_of
from recontact.models import Campaign, MediaFile, Message
from recontact.prepared import fetched
from recontact.states import MessageState

#: A claimed message whose call has not begun after this many seconds is put back: certainly nothing was done.
CLAIM_DEADLINE_SECONDS = 8.0
#: What the claim's lease outlives the deadline and the call by.
LEASE_MARGIN_SECONDS = 15.0

# By their ids: as a plain condition the state would let the planner go through the queue's index for them.
_TAKE = """
    WITH taken AS (
        UPDATE recontact_message SET state = 'sending', attempt_number = attempt_number + 1,
               claimed_at = clock_timestamp(), lease_expires_at = clock_timestamp() + make_interval(secs => %s)
        WHERE id = ANY(%s::bigint[]) AND (state = 'queued') IS TRUE RETURNING id, attempt_number, claimed_at
    ), attempts AS (
        INSERT INTO recontact_attempt (message_id, number, claimed_at, outcome, reason, provider_code, detail)
        SELECT id, attempt_number, claimed_at, 'claimed', '', '', '' FROM taken
    )
    SELECT id, attempt_number FROM taken
"""


class LeaseLost(Exception):
    """The number belongs to another pump now: nothing was claimed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that only this pump may send now, as its `attempt_number`-th attempt."""

    message_id: int
    attempt_number: int
    account_id: int
    number_id: int
    template_id: int | None
    outbound: OutboundMessage
    of_agents: bool = False


@transaction.atomic
def claim(lease: Lease, limit: int, turn: int = 0, for_agents: int = 0, *, agents_alone: bool = False) -> list[Claim]:
    """Claim up to `limit` due messages of the leased number, and `for_agents` more if they are agents'; `turn` says whose
    turn it is among the campaigns. `agents_alone`: where agents' are due, only those, which a few steps are enough for.

    What fails the second check is skipped with its reason, or parks its campaign; whose person's hours are over, and what would
    pass the pair's or the portfolio's limit, waits. Raises LeaseLost. Empty while everything is halted, and while the number or
    its account is parked or switched off.
    """
    stands = gate(lease)
    if stands.halted:
        return []
    if not stands.is_ours:
        raise LeaseLost
    most = limit + for_agents
    if stands.is_probing:
        most = probes_left(number_id=lease.number_id, limit=most)
    messages = candidates(
        number_id=lease.number_id,
        campaigns=stands.campaigns,
        paces=dict(stands.paces),
        limit=min(limit, most),
        turn=turn,
        most=most,
        agents_alone=agents_alone,
    )
    # Looked at after them: a record may put a message back and park its account in between, together.
    number = number_sends(lease.number_id) if messages else None
    if number is None:
        return []
    details_add(messages)
    reasons = recheck(messages, number_id=lease.number_id, now=number.now)
    _skip(messages, reasons)
    going = [message for message in messages if message.pk not in reasons]
    too_late = hours_wait(messages=going, campaigns=stands.with_hours, now=number.now)
    going = [message for message in going if message.pk not in too_late]
    too_soon = pairs_wait(number_id=lease.number_id, messages=going)
    going = [message for message in going if message.pk not in too_soon]
    without_slot = slots_take(number=number, messages=going)
    going = [message for message in going if message.pk not in without_slot]
    attempts = _to_sending([message.pk for message in going])
    files = attachments_of(going)
    return [_claim_of(message, lease, attempts[message.pk], files) for message in going if message.pk in attempts]


def _skip(messages: list[Due], reasons: dict[int, str]) -> None:
    for message in messages:
        reason = reasons.get(message.pk)
        if reason is None:
            continue
        if message.campaign_id is not None and reason in CAMPAIGN_WIDE:
            Campaign.objects.filter(pk=message.campaign_id, state=Campaign.State.RUNNING).update(
                state=Campaign.State.PARKED, state_reason=reason
            )
        else:
            Message.objects.filter(pk=message.pk, state=MessageState.QUEUED).update(
                state=MessageState.SKIPPED, reason=reason, settled_at=ClockTimestamp()
            )
    ledger.settle(reasons)


def _to_sending(ids: list[int]) -> dict[int, int]:
    """Move those of them that are still queued, each with its attempt. Returns their attempts' numbers."""
    lease_seconds = CLAIM_DEADLINE_SECONDS + settings.PROVIDER_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
    return dict(fetched(_TAKE, [float(lease_seconds), array_literal(ids)]))


def _claim_of(message: Due, lease: Lease, attempt_number: int, files: Mapping[int, MediaFile]) -> Claim:
    return Claim(
        message_id=message.pk,
        attempt_number=attempt_number,
        account_id=message.account_id,
        number_id=lease.number_id,
        template_id=message.template_id,
        of_agents=message.campaign_id is None,
        outbound=OutboundMessage(
            reference=message.reference,
            sender_external_id=lease.sender_external_id,
            sender_phone=lease.sender_phone,
            recipient=Recipient(message.recipient_phone, message.recipient_bsuid),
            content=_content_of(message, files),
        ),
    )


def _content_of(message: Due, files: Mapping[int, MediaFile]) -> TemplateContent | TextContent | MediaContent:
    if message.kind == Message.Kind.TEXT:
        return TextContent(message.body)
    if message.kind == Message.Kind.MEDIA:
        return content_of(message, files[attachment_id(message)])
    written = message.template_name, message.template_language, message.components, message.category
    template = message.template
    if template is None:
        return TemplateContent(*written)
    # How the provider knows it; the second check made sure that it is still what the message was made of.
    return TemplateContent(*written, template.external_id, template.namespace, template.components)
