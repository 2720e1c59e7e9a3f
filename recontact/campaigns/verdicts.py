"""What becomes of each row of a campaign: sent to, corrected, left out, or an error, always with a reason. It stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from providers.models import SenderNumber
from providers.rates.markets import market_of
from recontact.campaigns.audience import FORMULA_EMPTY, Candidate
from recontact.campaigns.cells import CELL_ERRORS, FORMULA
from recontact.campaigns.columns import COLUMN, Person, mapping_read, recipient_values
from recontact.campaigns.known import DUPLICATE, Known
from recontact.campaigns.price_lines import planned_for
from recontact.costs.estimate import Estimator, NoRate
from recontact.eligibility import content_refusals
from recontact.models import Campaign, CampaignRecipient
from recontact.phones import phone_time_zone
from recontact.refusals import Code
from templates_app.models import Template
from templates_app.rendering import RenderError, RenderProblem, render
from templates_app.selectors import template_parsed

PHONE_REWRITTEN = "phone_rewritten"
CELL_ERROR = "cell_error"

Outcome = CampaignRecipient.Outcome


class Verdicts:
    """The template, the mapping and the prices of one campaign, read once for all its rows."""

    def __init__(self, campaign: Campaign, template: Template, number: SenderNumber) -> None:
        self.campaign, self.template, self.number = campaign, template, number
        self.parsed = template_parsed(template)
        self.mapping = mapping_read(campaign.mapping)
        self.labels = {variable.key: str(variable.label) for variable in self.parsed.variables}
        user = campaign.created_by
        self.me = str(getattr(user, "first_name", "") or user)
        self._prices = Estimator()
        #: Rows that were to be sent to, by which a person would get it twice, each with the row that is for him: what tells
        #: that two are one may come after both.
        self.same: dict[int, int] = {}
        self._linked: dict[str | int, int] = {}

    @cached_property
    def _sent_at(self) -> datetime | None:
        return planned_for(self.campaign)

    def judge(self, candidates: Sequence[Candidate], now: datetime) -> list[CampaignRecipient]:
        """One recipient for each candidate, in order, not stored yet. `now` is the database's moment."""
        known = Known(self.campaign, self.template.category, candidates, now, self._linked)
        return [self._judge(candidate, known) for candidate in candidates]

    def _judge(self, candidate: Candidate, known: Known) -> CampaignRecipient:
        recipient = CampaignRecipient(
            campaign=self.campaign,
            row_number=candidate.number,
            typed=candidate.typed,
            phone=candidate.phone,
            bsuid=candidate.bsuid,
            # His message may not say it, but as a customer he would be called so.
            name="" if candidate.name in CELL_ERRORS else candidate.name,
            customer_id=candidate.customer_id,
            query_id=candidate.query_id,
        )
        if candidate.problem:
            return _with(recipient, Outcome.ERROR, candidate.problem, {})
        reason = known.against(candidate)
        if reason is not None:
            if reason[0] == DUPLICATE:
                self.same |= known.link(candidate)
            return _with(recipient, Outcome.LEFT_OUT, *reason)
        error = self._fill(recipient, candidate) or self._price(recipient)
        if error is not None:
            return _with(recipient, Outcome.ERROR, *error)
        recipient.time_zone = phone_time_zone(recipient.phone)
        known.take(candidate)
        if candidate.is_rewritten:
            return _with(recipient, Outcome.CORRECTED, PHONE_REWRITTEN, {})
        return _with(recipient, Outcome.READY, "", {})

    def _fill(self, recipient: CampaignRecipient, candidate: Candidate) -> tuple[str, dict[str, Any]] | None:
        """Give the recipient his values, or say why they make no message."""
        person = Person(name=candidate.name, phone=candidate.phone, me=self.me)
        values = recipient_values(self.mapping, candidate.texts, person)
        for key, value in values.items():
            if value == FORMULA:
                return FORMULA_EMPTY, self._about(key)
            if value in CELL_ERRORS:
                return CELL_ERROR, self._about(key) | {"value": value}
        try:
            rendered = render(self.parsed, values)
        except RenderError as error:
            return self._problem(error.problems[0])
        refusals = content_refusals(rendered.components, self.number)
        if refusals:
            return str(refusals[0].code), dict(refusals[0].params)
        recipient.values = values
        return None

    def _problem(self, problem: RenderProblem) -> tuple[str, dict[str, Any]]:
        return problem.code, self._about(problem.key) | {"problem": str(problem.message)}

    def _about(self, key: str) -> dict[str, Any]:
        """The variable, and the column it is read from."""
        source = self.mapping.get(key)
        column = source.source.removeprefix(COLUMN) if source and source.source.startswith(COLUMN) else ""
        return {"variable": key, "label": self.labels.get(key, key), "column": column}

    def _price(self, recipient: CampaignRecipient) -> tuple[str, dict[str, Any]] | None:
        """Give the recipient his market and estimate, or say that no rate covers him."""
        price = self._prices.take(
            account_id=self.number.account_id,
            phone=recipient.phone,
            bsuid=recipient.bsuid,
            category=self.template.category,
            at=self._sent_at,
        )
        if isinstance(price, NoRate):
            return Code.PRICE_UNKNOWN, {"market": price.market, "category": price.category}
        recipient.market = market_of(phone=recipient.phone, bsuid=recipient.bsuid)
        recipient.estimate, recipient.currency = price.amount, price.currency
        return None


def _with(recipient: CampaignRecipient, outcome: str, code: str, params: dict[str, Any]) -> CampaignRecipient:
    recipient.outcome, recipient.code, recipient.params = outcome, code, params
    return recipient
