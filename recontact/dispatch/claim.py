"""Claim: the moment from which a message may have been sent (I2, step 1). One transaction for a batch of one number.

Lanes: agents first, then each running campaign in turn. Rows of paused or parked lanes are never scanned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from providers.contracts import MediaContent, OutboundMessage, Recipient, TemplateContent, TextContent
from recontact import ledger
from recontact.arrays import array_literal
from recontact.clock import ClockTimestamp
from recontact.dispatch.circuit import claimable
from recontact.dispatch.lease import Lease, number_sends_at
from recontact.dispatch.pair import pairs_wait
from recontact.dispatch.recheck import CAMPAIGN_WIDE, recheck
from recontact.dispatch.slots import slots_take
from recontact.dispatch.switch import halted_shared
from recontact.media.attachments import attachment_id, attachments_of, content_of
from recontact.models import Campaign, MediaFile, Message, Query
from recontact.plain_rows import rows_knowing
from recontact.states import MessageState
from templates_app.models import Template

#: A claimed message whose call has not begun after this many seconds is put back: certainly nothing was done.
CLAIM_DEADLINE_SECONDS = 8.0
#: What the claim's lease outlives the deadline and the call by.
LEASE_MARGIN_SECONDS = 15.0

# Who is written to just now is looked up once, as a list: joined, the whole queue might be read and sorted for each claim.
_CANDIDATES = """
    SELECT m.id, m.customer_id FROM recontact_message m
    WHERE m.sender_number_id = %s AND {lane} AND m.state = 'queued'
      AND m.due_at <= (SELECT clock_timestamp()) AND m.expires_at > clock_timestamp()
      AND m.customer_id <> ALL (ARRAY(SELECT f.customer_id FROM recontact_message f
                                      WHERE f.state = 'sending' AND f.sender_number_id = %s))
      {order_kept}
    ORDER BY m.due_at, m.id LIMIT %s FOR UPDATE OF m SKIP LOCKED
"""
# What an agent wrote first arrives first, even when it had to wait.
_AGENTS = _CANDIDATES.format(
    lane="m.campaign_id IS NULL",
    order_kept="""AND NOT EXISTS (SELECT 1 FROM recontact_message o WHERE o.customer_id = m.customer_id AND o.id < m.id
                  AND o.state = 'queued' AND o.sender_number_id = m.sender_number_id AND o.campaign_id IS NULL)""",
)
_CAMPAIGN = _CANDIDATES.format(lane="m.campaign_id = %s", order_kept="")
_AGENTS_WAIT = """
    SELECT n.id FROM unnest(%s::bigint[]) AS n(id)
    WHERE EXISTS (SELECT FROM recontact_message m WHERE m.sender_number_id = n.id AND m.campaign_id IS NULL
                  AND m.state = 'queued' AND m.due_at <= clock_timestamp() AND m.expires_at > clock_timestamp())
"""

_TAKE = """
    WITH taken AS (
        UPDATE recontact_message SET state = 'sending', attempt_number = attempt_number + 1,
               claimed_at = clock_timestamp(), lease_expires_at = clock_timestamp() + make_interval(secs => %s)
        WHERE id = ANY(%s::bigint[]) AND state = 'queued' RETURNING id, attempt_number, claimed_at
    ), attempts AS (
        INSERT INTO recontact_attempt (message_id, number, claimed_at, outcome, reason, provider_code, detail)
        SELECT id, attempt_number, claimed_at, 'claimed', '', '', '' FROM taken
    )
    SELECT id, attempt_number FROM taken
"""
#: What the steps of a claim read of a message: a third of the columns. Whoever reads another one names it
#: here, or each message asks for it.
_READ = (
    "reference", "account", "sender_number", "customer", "query", "campaign", "retry_of", "kind", "template",
    "template_name", "template_language", "template_hash", "category", "recipient_phone", "recipient_bsuid", "components",
    "body",
)  # fmt: skip


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

    What fails the second check is skipped with its reason, or parks its campaign; what would pass the pair's or the
    portfolio's limit waits. Raises LeaseLost. Empty while everything is halted, and while the number or its account is
    parked or switched off.
    """
    if halted_shared():
        return []
    _lease_still_ours(lease)
    most = claimable(number_id=lease.number_id, limit=limit + for_agents)
    ids = _candidates(lease.number_id, min(limit, most), turn, most, agents_alone)
    # Looked at after them: a record may put a message back and park its account in between, together.
    now = number_sends_at(lease.number_id) if ids else None
    if now is None:
        return []
    messages = _loaded(ids)
    reasons = recheck(messages, number_id=lease.number_id, now=now)
    _skip(messages, reasons)
    going = [message for message in messages if message.pk not in reasons]
    too_soon = pairs_wait(number_id=lease.number_id, messages=going)
    going = [message for message in going if message.pk not in too_soon]
    without_slot = slots_take(number_id=lease.number_id, messages=going, now=now)
    going = [message for message in going if message.pk not in without_slot]
    attempts = _to_sending([message.pk for message in going])
    files = attachments_of(going)
    return [_claim_of(message, lease, attempts[message.pk], files) for message in going if message.pk in attempts]


def agents_wait(number_ids: Sequence[int]) -> set[int]:
    """Those of the numbers for which an agent's message is due."""
    with connection.cursor() as cursor:
        cursor.execute(_AGENTS_WAIT, [array_literal(number_ids)])
        return {row[0] for row in cursor.fetchall()}


def _lease_still_ours(lease: Lease) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT FROM recontact_numberlease
               WHERE sender_number_id = %s AND token = %s AND expires_at > clock_timestamp() FOR SHARE""",
            [lease.number_id, lease.token],
        )
        if not cursor.rowcount:
            raise LeaseLost


def _candidates(number_id: int, limit: int, turn: int, most: int, agents_alone: bool) -> list[int]:
    """Ids to claim: the agents' lane first, up to `most`, then the running campaigns from `turn` on, up to `limit` in all; one
    message per customer. `agents_alone`: not both."""
    chosen: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_AGENTS, [number_id, number_id, most])
        _add(chosen, cursor.fetchall())
        if len(chosen) >= limit or (chosen and agents_alone):
            return list(chosen.values())
        # Without a number of its own is one of selected queries, each of which has its number.
        here = Q(sender_number=number_id) | Q(sender_number=None)
        running = Campaign.objects.filter(here, state=Campaign.State.RUNNING)
        campaigns = list(running.order_by("pk").values_list("pk", flat=True))
        first = turn % len(campaigns) if campaigns else 0
        for campaign_id in campaigns[first:] + campaigns[:first]:
            if len(chosen) >= limit:
                break
            cursor.execute(_CAMPAIGN, [number_id, campaign_id, number_id, limit - len(chosen)])
            _add(chosen, cursor.fetchall())
    return list(chosen.values())


def _add(chosen: dict[int, int], rows: list[tuple[int, int]]) -> None:
    for message_id, customer_id in rows:
        chosen.setdefault(customer_id, message_id)


def _skip(messages: list[Message], reasons: dict[int, str]) -> None:
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


def _loaded(ids: list[int]) -> list[Message]:
    """The messages with their queries and their templates, which most of a batch share."""
    messages = rows_knowing(Message.objects.filter(pk__among=ids).order_by("due_at", "pk"), *_READ)
    queries = Query.objects.in_bulk({each.query_id for each in messages if each.query_id is not None})
    templates = Template.objects.in_bulk({each.template_id for each in messages if each.template_id is not None})
    for message in messages:
        if message.template_id is not None:
            message.template = templates[message.template_id]
        if message.query_id is not None:
            message.query = queries[message.query_id]
    return messages


def _to_sending(ids: list[int]) -> dict[int, int]:
    """Move those of them that are still queued, each with its attempt. Returns their attempts' numbers."""
    lease_seconds = CLAIM_DEADLINE_SECONDS + settings.PROVIDER_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [lease_seconds, array_literal(ids)])
        return dict(cursor.fetchall())


def _at_the_provider(template: Template | None) -> dict[str, Any]:
    """How the provider knows the template; the second check made sure that it is still what the message was made of."""
    if template is None:
        return {}
    return {
        "external_id": template.external_id,
        "namespace": template.namespace,
        "definition": template.components,
    }


def _claim_of(message: Message, lease: Lease, attempt_number: int, files: Mapping[int, MediaFile]) -> Claim:
    content: TemplateContent | TextContent | MediaContent
    if message.kind == Message.Kind.TEXT:
        content = TextContent(message.body)
    elif message.kind == Message.Kind.MEDIA:
        content = content_of(message, files[attachment_id(message)])
    else:
        content = TemplateContent(
            message.template_name,
            message.template_language,
            message.components,
            message.category,
            **_at_the_provider(message.template),
        )
    return Claim(
        message_id=message.pk,
        attempt_number=attempt_number,
        account_id=message.account_id,
        number_id=message.sender_number_id,
        template_id=message.template_id,
        of_agents=message.campaign_id is None,
        outbound=OutboundMessage(
            reference=str(message.reference),
            sender_external_id=lease.sender_external_id,
            sender_phone=lease.sender_phone,
            recipient=Recipient(message.recipient_phone, message.recipient_bsuid),
            content=content,
        ),
    )
