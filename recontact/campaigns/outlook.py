"""What will become of each query if it is recontacted now: told before the click, in a few queries however many there are.

It predicts with the same rules as the outbox, which decides again, under locks, when the click comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from recontact.budgets.forecast import Forecast
from recontact.budgets.scope import Facts
from recontact.campaigns.mapping import Filling, values_for
from recontact.clock import database_now
from recontact.costs.estimate import Estimate, Estimator, NoRate
from recontact.eligibility import number_refusals, template_refusals
from recontact.entry_points import entry_points_of
from recontact.models import Campaign, Incident, OptOut, Query, Recontact, ServiceWindow
from recontact.refusals import Code
from templates_app.models import Template
from templates_app.rendering import Rendered, RenderError, render
from templates_app.selectors import template_parsed


@dataclass(frozen=True, slots=True)
class Fate:
    """One query: why not (empty = it will be sent), what the customer will see, and the price."""

    query: Query
    code: str
    rendered: Rendered | None = None
    estimate: Estimate | None = None
    problems: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """All of them, with the sums that stand on the screen."""

    fates: list[Fate]

    @property
    def sent(self) -> list[Fate]:
        return [fate for fate in self.fates if not fate.code]

    @property
    def refused(self) -> list[tuple[str, int]]:
        """Reasons with their counts, most frequent first."""
        return Counter(fate.code for fate in self.fates if fate.code).most_common()

    @property
    def totals(self) -> dict[str, Decimal]:
        """The price by currency."""
        sums: dict[str, Decimal] = {}
        for fate in self.sent:
            if fate.estimate is not None:
                sums[fate.estimate.currency] = sums.get(fate.estimate.currency, Decimal(0)) + fate.estimate.amount
        return sums


class _Facts:
    """What the rules need, loaded for all queries at once."""

    def __init__(self, queries: Sequence[Query], template: Template) -> None:
        ids = [query.pk for query in queries]
        customers = {query.customer_id for query in queries}
        self.template = template
        self.parsed = template_parsed(template)
        self.now = database_now()
        standing = Recontact.objects.filter(query__in=ids).exclude(state=Recontact.State.RELEASED)
        self.used = set(standing.values_list("query_id", flat=True))
        open_incidents = Incident.objects.filter(message__recontact__query__in=ids, closed_at__isnull=True)
        self.incidents = set(open_incidents.values_list("message__recontact__query_id", flat=True))
        windows = ServiceWindow.objects.filter(customer__in=customers, expires_at__gt=self.now)
        self.open_windows = set(windows.values_list("customer_id", "sender_number_id"))
        opt_outs = OptOut.objects.filter(customer__in=customers, revoked_at__isnull=True)
        self.opt_outs = set(opt_outs.values_list("customer_id", "scope"))
        self.budgets = Forecast()
        self._entry_points = entry_points_of((query.customer_id, query.sender_number_id) for query in queries)
        self._numbers: dict[int, str] = {}
        self._prices = Estimator()

    def number_code(self, query: Query) -> str:
        number = query.sender_number
        if number.pk not in self._numbers:
            refusals = number_refusals(number) or template_refusals(self.template, number)
            self._numbers[number.pk] = refusals[0].code if refusals else ""
        return self._numbers[number.pk]

    def price(self, query: Query) -> Estimate | NoRate:
        return self._prices.take(
            account_id=query.sender_number.account_id,
            phone=query.customer.phone or "",
            bsuid=query.customer.bsuid or "",
            category=self.template.category,
            number_id=query.sender_number_id,
            entry_point_at=self._entry_points.get((query.customer_id, query.sender_number_id)),
        )


def outlook(*, queries: Sequence[Query], template: Template, mapping: Mapping[str, Filling], user: Any) -> Outlook:
    """The fate of each query (customer, agent, number and account loaded) with `template` and `mapping`."""
    facts = _Facts(queries, template)
    return Outlook([_fate(query, facts, mapping, user) for query in queries])


def _fate(query: Query, facts: _Facts, mapping: Mapping[str, Filling], user: Any) -> Fate:
    code = _query_code(query, facts) or facts.number_code(query) or _customer_code(query, facts)
    if code:
        return Fate(query, code)
    estimate = facts.price(query)
    if isinstance(estimate, NoRate):
        return Fate(query, Code.PRICE_UNKNOWN)
    try:
        rendered = render(facts.parsed, values_for(query, mapping, user))
    except RenderError as error:
        return Fate(query, Code.INVALID_VARIABLES, problems=" ".join(str(found.message) for found in error.problems))
    counted = Facts(query.sender_number.account_id, query.team_id, Campaign.Source.QUERIES)
    code = facts.budgets.code(counted, estimate)
    return Fate(query, code) if code else Fate(query, "", rendered, estimate)


def _query_code(query: Query, facts: _Facts) -> str:
    if query.pk in facts.used:
        return Code.ALREADY_RECONTACTED
    if query.pk in facts.incidents:
        return Code.RECONTACT_INCIDENT
    if not query.is_open:
        return Code.QUERY_CLOSED
    if (query.customer_id, query.sender_number_id) in facts.open_windows:
        return Code.WINDOW_OPEN
    return ""


def _customer_code(query: Query, facts: _Facts) -> str:
    if query.customer.erased_at is not None:
        return Code.CUSTOMER_ERASED
    if (query.customer_id, OptOut.Scope.ALL) in facts.opt_outs:
        return Code.OPTED_OUT
    marketing = facts.template.category == Template.Category.MARKETING
    if marketing and (query.customer_id, OptOut.Scope.MARKETING) in facts.opt_outs:
        return Code.OPTED_OUT_MARKETING
    if facts.template.category == Template.Category.AUTHENTICATION and not query.customer.phone:
        return Code.TEMPLATE_NEEDS_PHONE
    return ""
