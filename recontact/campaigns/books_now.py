"""A campaign's books for a page that is looked at while it runs: as true as the proof, without reading its messages.

The proof (recontact.campaigns.proof) counts every row, which of a million takes a second or more. Here a large campaign's fates
are read from the sums that the database keeps of its messages in the transaction that moves them (recontact.costs.rollup),
its rows from the figures of its plan; only states that the sums do not tell apart, and who had no turn yet, are counted along
an index. All but the plan, which cannot change, is one statement, so of one moment. The sums are proven by `check_ledger`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from recontact.adding_up import zone
from recontact.campaigns.plan_figures import PlanFigures, plan_figures
from recontact.campaigns.proof import Books, campaign_books, campaigns_books, counts_read
from recontact.costs.rollup import amount
from recontact.models import Campaign, CampaignRecipient
from recontact.states import MessageState

#: Up to so many rows the proof itself is fast enough.
LARGE = 50_000
#: All who ask for the proof of a campaign within so many seconds get the same.
PROOF_SECONDS = 10

#: A campaign has one number. Its messages are younger than it is, so the months before are not looked through.
_SUMS = """
    SELECT superseded, currency, waiting, uncertain, on_its_way, delivered, read, failed, not_sent,
           ahead + awaiting + unreported + confirmed AS estimate
    FROM recontact_costmonth s
    WHERE s.day >= date_trunc('month', c.created_at AT TIME ZONE %(zone)s)::date AND s.account_id = n.account_id
      AND s.sender_number_id = c.sender_number_id AND s.campaign_id = c.id
    UNION ALL
    SELECT superseded, currency, waiting, uncertain, on_its_way, delivered, read, failed, not_sent,
           ahead + awaiting + unreported + confirmed
    FROM recontact_costchange s WHERE s.campaign_id = c.id
"""
_COUNTED_AS_LAST = ", ".join(
    f"coalesce(sum({name}) FILTER (WHERE NOT superseded), 0)::bigint AS {name}"
    for name in ("waiting", "uncertain", "on_its_way", "delivered", "read", "failed")
)
# `told_apart` are those of the fates that the sums do not tell apart; of these some may have been tried again, which only their
# rows say, and they are read only where there are any.
_SQL = f"""
    SELECT c.id, c.state, s.waiting, s.uncertain, s.on_its_way, s.delivered, s.read, s.failed, s.estimate, s.currency,
           (SELECT coalesce(jsonb_object_agg(t.state, t.number), '{{}}') FROM (
                SELECT m.state, count(*) AS number FROM recontact_message m
                WHERE m.campaign_id = c.id AND m.state IN ('sending', 'accepted', 'rejected', 'skipped', 'cancelled', 'expired')
                GROUP BY m.state) t) AS told_apart,
           (SELECT coalesce(jsonb_object_agg(t.state, t.number), '{{}}') FROM (
                SELECT m.state, count(*) AS number FROM recontact_message m
                WHERE m.campaign_id = c.id AND m.state IN ('rejected', 'cancelled', 'expired') AND m.superseded AND s.again > 0
                GROUP BY m.state) t) AS tried_again,
           (SELECT count(*) FROM recontact_campaignrecipient r WHERE r.campaign_id = c.id
                AND r.outcome IN ('ready', 'corrected') AND r.message_id IS NULL AND r.dropped = '') AS unlaunched,
           (SELECT count(*) FROM recontact_campaignrecipient r WHERE r.campaign_id = c.id AND r.dropped <> '') AS dropped
    FROM recontact_campaign c JOIN providers_sendernumber n ON n.id = c.sender_number_id
    CROSS JOIN LATERAL (
        SELECT {_COUNTED_AS_LAST}, coalesce(sum(not_sent) FILTER (WHERE superseded), 0) AS again,
               coalesce(sum(estimate), 0) AS estimate, coalesce(max(currency), '') AS currency
        FROM ({_SUMS}) of_campaign) s
    WHERE c.id = ANY(%(ids)s)
"""  # noqa: S608 -- only our own names go in


def campaign_books_now(campaign: Campaign) -> Books:
    """The books of one campaign."""
    return campaigns_books_now([campaign])[campaign.pk]


def campaigns_books_now(campaigns: Iterable[Campaign]) -> dict[int, Books]:
    """The books of these campaigns by id: the proof's, counted from all rows, of those up to LARGE rows. Two queries, and one
    more for each that is larger."""
    wanted = list(campaigns)
    large = [campaign for campaign in wanted if is_large(campaign)]
    small = [campaign.pk for campaign in wanted if campaign not in large]
    return (campaigns_books(small) if small else {}) | (books_summed(large) if large else {})


def is_large(campaign: Campaign) -> bool:
    """Whether its books are not counted from all rows at each look."""
    planned_for_one_number = campaign.source != Campaign.Source.QUERIES and campaign.sender_number_id is not None
    return planned_for_one_number and campaign.rows_total > LARGE


def proof_lately(campaign: Campaign) -> tuple[Books, datetime]:
    """The proof's books, counted from all rows up to PROOF_SECONDS ago by whoever asked first, and when that was."""
    key = f"campaign:proof:{campaign.pk}"
    with contextlib.suppress(Exception):
        kept = cache.get(key)
        if isinstance(kept, tuple):
            return kept
    found = (campaign_books(campaign.pk), timezone.now())
    with contextlib.suppress(Exception):
        cache.set(key, found, timeout=PROOF_SECONDS)
    return found


def books_summed(campaigns: Sequence[Campaign]) -> dict[int, Books]:
    """The books of planned campaigns, however large, by id."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"ids": [campaign.pk for campaign in campaigns], "zone": zone()})
        names = [column.name for column in cursor.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    return {campaign.pk: _books(plan_figures(campaign), rows[campaign.pk]) for campaign in campaigns}


def _books(plan: PlanFigures, row: Mapping[str, Any]) -> Books:
    by_state, unlaunched = _by_state(row), row["unlaunched"]
    if row["state"] == Campaign.State.CANCELLED:
        by_state[MessageState.CANCELLED.value] += unlaunched
        unlaunched = 0
    return Books(
        planned=plan.count(*CampaignRecipient.SENDABLE),
        by_state=by_state,
        refused=0,
        estimate=amount(row["estimate"]),
        currency=row["currency"],
        unlaunched=unlaunched,
        dropped=row["dropped"],
        left_out=plan.count(CampaignRecipient.Outcome.LEFT_OUT),
        errors=plan.count(CampaignRecipient.Outcome.ERROR),
    )


def _by_state(row: Mapping[str, Any]) -> dict[str, int]:
    """The fates of the sums, split where they are of several states: what is counted, and the rest of it."""
    found = {state.value: 0 for state in MessageState}
    for state, count in counts_read(row["told_apart"]).items():
        found[state] = count
    for state, count in counts_read(row["tried_again"]).items():
        found[state] -= count
    for fate in ("uncertain", "delivered", "read", "failed"):
        found[fate] = row[fate]
    found[MessageState.QUEUED.value] = row["waiting"] - found[MessageState.SENDING.value]
    found[MessageState.SENT.value] = row["on_its_way"] - found[MessageState.ACCEPTED.value]
    return found
