"""What a campaign's plan comes to: outcomes, prices and zones, counted from its rows once and then kept.

After the planning a row only gets its message or is left out at its turn; neither changes what is counted here. Figures are of
one plan: those of an earlier one are not taken for those of the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from recontact.models import Campaign, CampaignPlanFigures, CampaignRecipient

#: Rows that are alike in all of it. An example is a row whose person is still known, where there is one.
_GROUPS = """
    SELECT outcome, code, coalesce(params ->> 'variable', ''), market, currency, estimate::text, time_zone, count(*),
           coalesce(min(row_number) FILTER (WHERE dropped = ''), min(row_number))
    FROM recontact_campaignrecipient WHERE campaign_id = %s GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Rows that are alike: how many, and the first of them. `variable` is the key of the one at fault, or empty."""

    outcome: str
    code: str
    variable: str
    market: str
    currency: str
    estimate: Decimal | None
    time_zone: str
    count: int
    row_number: int

    @property
    def is_sendable(self) -> bool:
        return self.outcome in CampaignRecipient.SENDABLE


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """A plan in groups. Their counts sum to its rows."""

    groups: list[PlanGroup]

    def count(self, *outcomes: str) -> int:
        """How many rows have one of these outcomes."""
        return sum(group.count for group in self.groups if group.outcome in outcomes)

    @property
    def sendable(self) -> list[PlanGroup]:
        return [group for group in self.groups if group.is_sendable]

    @property
    def reasons(self) -> dict[tuple[str, str, str], int]:
        """How many rows by (outcome, code, variable)."""
        found: Counter[tuple[str, str, str]] = Counter()
        for group in self.groups:
            found[(group.outcome, group.code, group.variable)] += group.count
        return found

    @property
    def zones(self) -> dict[str, int]:
        """How many rows that are sent to by time zone; "" is those whose zone is not known."""
        found: Counter[str] = Counter()
        for group in self.sendable:
            found[group.time_zone] += group.count
        return found


def plan_figures(campaign: Campaign) -> PlanFigures:
    """The figures of the campaign's plan: those that are kept of it, else counted from its rows, and kept if it is complete."""
    if campaign.planned_at is None:
        return _figures(_counted(campaign.pk))
    kept = CampaignPlanFigures.objects.filter(pk=campaign.pk, planned_at=campaign.planned_at).first()
    return _figures(kept.groups) if kept is not None else plan_figures_keep(campaign.pk, campaign.planned_at)


def plan_figures_keep(campaign_id: int, planned_at: datetime) -> PlanFigures:
    """Count the rows of the complete plan of that moment, and keep what they come to."""
    groups = _counted(campaign_id)
    CampaignPlanFigures.objects.update_or_create(
        campaign_id=campaign_id, defaults={"planned_at": planned_at, "groups": groups}
    )
    return _figures(groups)


def plan_figures_forget(campaign_ids: Iterable[int]) -> None:
    """Rows of these plans changed in what is counted: whoever looks next counts them anew."""
    CampaignPlanFigures.objects.filter(pk__in=list(campaign_ids)).delete()


def _counted(campaign_id: int) -> list[list[str | int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [campaign_id])
        return [list(row) for row in cursor.fetchall()]


def _figures(groups: Iterable[list[str | int | None]]) -> PlanFigures:
    return PlanFigures([_group(*group) for group in groups])  # type: ignore[arg-type]  # of the columns of _GROUPS


def _group(
    outcome: str,
    code: str,
    variable: str,
    market: str,
    currency: str,
    estimate: str | None,
    time_zone: str,
    count: int,
    row_number: int,
) -> PlanGroup:
    price = None if estimate is None else Decimal(estimate)
    return PlanGroup(outcome, code, variable, market, currency, price, time_zone, count, row_number)
