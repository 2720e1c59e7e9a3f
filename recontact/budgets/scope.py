"""Which budgets count a message or a campaign, and at what rate its currency counts in theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from recontact.models import Budget, Campaign, ExchangeRate, Query


@dataclass(frozen=True, slots=True)
class Facts:
    """What the scopes of budgets ask: the account, the team, and the kind of campaign ("" for a single message)."""

    account_id: int
    team_id: int | None
    source: str = ""

    @property
    def by_campaign(self) -> bool:
        return bool(self.source)


def facts_of_query(query_id: int, *, campaign: Campaign | None) -> Facts:
    """Of a message in this query: its team counts, whoever writes."""
    rows = Query.objects.values_list("sender_number__account_id", "team_id")
    account_id, team_id = rows.get(pk=query_id)
    return Facts(account_id, team_id, "" if campaign is None else campaign.source)


def facts_of_user(*, account_id: int, user: Any) -> Facts:
    """Of a message outside any query: the first team of its sender counts."""
    return Facts(account_id, team_of(user))


def facts_of_campaign(campaign: Campaign) -> Facts:
    """Of a campaign (number and author loaded) from a file or from customers: the first team of its author counts."""
    account_id = campaign.sender_number.account_id if campaign.sender_number is not None else 0
    return Facts(account_id, team_of(campaign.created_by), campaign.source)


def team_of(user: Any) -> int | None:
    """The team that a user's messages outside any query count for."""
    return None if user is None else user.teams.values_list("pk", flat=True).first()


def budgets_for(facts: Facts) -> list[Budget]:
    """The active budgets that count it, in the order in which their rows are locked."""
    counted = Q(scope=Budget.Scope.EVERYTHING) | Q(scope=Budget.Scope.ACCOUNT, account=facts.account_id)
    if facts.team_id is not None:
        counted |= Q(scope=Budget.Scope.TEAM, team=facts.team_id)
    if facts.source:
        counted |= Q(scope=Budget.Scope.SOURCE, source=facts.source)
    return list(Budget.objects.filter(counted, is_active=True).order_by("pk"))


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit counts, and the row that says so; none between a currency and itself."""

    value: Decimal
    row: ExchangeRate | None = None


def rate_between(currency: str, budget_currency: str, at: datetime) -> Rate | None:
    """The rate in force on the portal's day of `at`; None: there is none, so nothing may be converted."""
    if currency == budget_currency:
        return Rate(Decimal(1))
    day = timezone.localtime(at, timezone.get_default_timezone()).date()
    rows = ExchangeRate.objects.filter(from_currency=currency, to_currency=budget_currency, valid_from__lte=day)
    row = rows.order_by("-valid_from").first()
    return None if row is None else Rate(row.rate, row)
