"""The proof that a campaign's books balance (I8): everybody planned has exactly one fate, by one SQL query."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from recontact.models import Campaign
from recontact.models.budget_triggers import cost_class
from recontact.states import MessageState


@dataclass(frozen=True, slots=True)
class Books:
    """The counts of one campaign. A retry counts in place of the message it retries: the last of each chain.

    `planned` counts the recipients on their own, not as the sum of their fates: the messages of `by_state`, those left out
    when their turn came (`dropped`), and those whose turn is to come (`unlaunched`; of a cancelled campaign they count as
    cancelled). `estimate` sums, in `currency`, what is or may be charged: without what never left, failed, or is told to
    be free. The rows that the plan itself left out or found wrong (`left_out`, `errors`) are not planned.
    """

    planned: int
    by_state: dict[str, int]
    refused: int
    estimate: Decimal
    currency: str
    unlaunched: int = 0
    dropped: int = 0
    left_out: int = 0
    errors: int = 0

    @property
    def balance(self) -> bool:
        """Whether planned equals the sum of all fates."""
        return self.planned == sum(self.by_state.values()) + self.unlaunched + self.dropped

    def count(self, *states: MessageState) -> int:
        return sum(self.by_state.get(state.value, 0) for state in states)

    @property
    def waiting(self) -> int:
        """How many may still be sent."""
        return self.count(MessageState.QUEUED, MessageState.SENDING) + self.unlaunched

    @property
    def gone(self) -> int:
        """How many are no longer waiting."""
        return self.planned - self.waiting


_EMPTY = {state.value: 0 for state in MessageState}

# `planned` counts recipients, or of queries the chains by their first message; the states count chains by their last:
# different sets of rows, equal only when every recipient has one fate and every chain both ends.
_SQL = f"""
    SELECT c.id,
           CASE WHEN c.source = 'queries'
                THEN (SELECT count(*) FROM recontact_message m WHERE m.campaign_id = c.id AND m.retry_of_id IS NULL)
                ELSE r.planned END,
           (SELECT coalesce(jsonb_object_agg(s.state, s.number), '{{}}') FROM (
                SELECT m.state, count(*) AS number FROM recontact_message m
                WHERE m.campaign_id = c.id
                  AND NOT EXISTS (SELECT 1 FROM recontact_message r WHERE r.retry_of_id = m.id)
                GROUP BY m.state) s),
           (SELECT count(DISTINCT f.query_id) FROM recontact_campaignrefusal f WHERE f.campaign_id = c.id),
           (SELECT coalesce(sum(m.estimate), 0) FROM recontact_message m WHERE m.campaign_id = c.id
                AND {cost_class("m")} <> 'free'),
           (SELECT coalesce(max(m.currency), '') FROM recontact_message m WHERE m.campaign_id = c.id),
           r.unlaunched, r.dropped, r.left_out, r.errors, c.state
    FROM recontact_campaign c CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE outcome IN ('ready', 'corrected')) AS planned,
               count(*) FILTER (WHERE outcome IN ('ready', 'corrected') AND message_id IS NULL AND dropped = '')
                   AS unlaunched,
               count(*) FILTER (WHERE outcome IN ('ready', 'corrected') AND dropped <> '') AS dropped,
               count(*) FILTER (WHERE outcome = 'left_out') AS left_out,
               count(*) FILTER (WHERE outcome = 'error') AS errors
        FROM recontact_campaignrecipient WHERE campaign_id = c.id) r
    WHERE c.id = ANY(%s)
"""  # noqa: S608 -- only our own names go in


def campaigns_books(campaign_ids: Iterable[int]) -> dict[int, Books]:
    """The books of these campaigns by id, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(campaign_ids)])
        rows = cursor.fetchall()
    return {campaign_id: _books(*counts) for campaign_id, *counts in rows}


def _books(
    planned: int,
    states: str | dict[str, int],
    refused: int,
    estimate: Decimal,
    currency: str,
    unlaunched: int,
    dropped: int,
    left_out: int,
    errors: int,
    state: str,
) -> Books:
    by_state = {**_EMPTY, **counts_read(states)}
    if state == Campaign.State.CANCELLED:
        by_state[MessageState.CANCELLED.value] += unlaunched
        unlaunched = 0
    return Books(planned, by_state, refused, estimate, currency, unlaunched, dropped, left_out, errors)


def never_tried(campaign: Campaign) -> list[int]:
    """The queries asked for that have neither a message nor a refusal of this campaign: nothing was sent to them.

    Only of selected queries there are any."""
    if not campaign.asked:
        return []
    tried = set(campaign.messages.values_list("query_id", flat=True))
    tried.update(campaign.refusals.values_list("query_id", flat=True))
    return sorted(set(campaign.asked) - tried)


def counts_read(value: str | dict[str, int]) -> dict[str, int]:
    """Counts by name that a statement gave as jsonb; a raw cursor of Django gives it as text."""
    found: dict[str, int] = json.loads(value) if isinstance(value, str) else value
    return found


def campaign_books(campaign_id: int) -> Books:
    """The books of one campaign. Raises KeyError when there is none."""
    return campaigns_books([campaign_id])[campaign_id]
