"""What becomes of a batch of recipients now: a message each, or the reason why not any more. It reads, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from providers.models import SenderNumber
from providers.rates.markets import market_of
from recontact.arrays import array_literal
from recontact.budgets.scope import team_of
from recontact.campaigns.pricing import PRICE_CHANGED
from recontact.campaigns.recent import RECENT_CAMPAIGN, recently_written
from recontact.campaigns.recipients import SAME_PERSON, Launching, Person
from recontact.campaigns.rights import Rights
from recontact.copy_rows import JsonText
from recontact.costs.estimate import Estimate, Estimator, NoRate
from recontact.dispatch.recheck import customer_reason, opt_outs_of
from recontact.eligibility import parts_refusals
from recontact.models import Campaign, Message, Query, ServiceWindow
from recontact.models.references import new_reference
from recontact.plain_rows import row_like
from recontact.prepared import Prepared
from recontact.refusals import Code
from templates_app.many import ManyRenderer
from templates_app.models import Template
from templates_app.rendering import RenderError
from templates_app.selectors import template_parsed


@dataclass(frozen=True, slots=True)
class Batch:
    """Recipients of one campaign with their customers and queries, all locked, at the database's moment `now`."""

    campaign: Campaign
    number: SenderNumber
    template: Template
    recipients: Sequence[Launching]
    customers: dict[int, Person]
    now: datetime
    queries: dict[int, Query] = field(default_factory=dict)


@dataclass(slots=True)
class Decided:
    """Messages to make, by the place of their recipient, and the recipients left out, by code; `told` is what a code's
    sentence needs, where it needs something.

    `customers` are those of the recipients left out. `stop` is why the whole campaign must wait for a person; then there is
    nothing else.
    """

    recipients: list[Launching] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)
    told: dict[int, dict[str, Any]] = field(default_factory=dict)
    customers: dict[int, int] = field(default_factory=dict)
    stop: str = ""


def batch_decide(batch: Batch, due_from: datetime) -> Decided:
    """Decide on each recipient; the first message is due at `due_from` or at its own hour, the next by the campaign's pace."""
    decided, facts = Decided(), _Facts(batch)
    step = timedelta(seconds=1 / batch.campaign.pace) if batch.campaign.pace else timedelta(0)
    for recipient in batch.recipients:
        customer = batch.customers[recipient.customer_id or 0]
        code = facts.against_recontact(recipient) or facts.against(customer)
        market = market_of(phone=customer.phone or "", bsuid=customer.bsuid or "")
        estimate = facts.price(customer, recipient, market) if not code else None
        if isinstance(estimate, NoRate):
            code = Code.PRICE_UNKNOWN
        elif estimate is not None and _dearer(recipient, estimate):
            return Decided(stop=PRICE_CHANGED)
        due_at = max(due_from, recipient.not_before or due_from)
        message = None
        if isinstance(estimate, Estimate):
            message = _message(facts, recipient, customer, due_at=due_at, market=market, estimate=estimate)
        if message is None or not isinstance(estimate, Estimate):
            decided.dropped[recipient.pk] = code or Code.INVALID_VARIABLES
            decided.customers[recipient.pk] = customer.pk
            if code == RECENT_CAMPAIGN:
                decided.told[recipient.pk] = facts.recent[customer.pk]
            continue
        decided.recipients.append(recipient)
        decided.messages.append(message)
        decided.estimates.append(estimate)
        facts.written_to.add(customer.pk)
        due_from += step
    return decided


# Person by person, along the index of theirs: the planner knows too little of a campaign under way, and would read all that it
# wrote for each batch.
_WRITTEN_TO = """
    SELECT c.id FROM unnest(%s::bigint[]) AS c(id)
    CROSS JOIN LATERAL (SELECT 1 FROM recontact_message m
                        WHERE m.customer_id = c.id AND m.campaign_id + 0 = %s LIMIT 1) AS m
"""


def _written_to(campaign: Campaign, customers: Iterable[int]) -> set[int]:
    """Those of the customers who have a message of the campaign."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN_TO, [array_literal(customers), campaign.pk])
        return {row[0] for row in cursor.fetchall()}


_OPEN_WINDOWS = Prepared(
    lambda customers, number, now: ServiceWindow.objects.filter(
        customer__among=[customers], sender_number=number, expires_at__gt=now
    ).values_list("customer_id"),
    moments=["now"],
    kept=False,
)


class _Facts:
    """What the decisions need, loaded for all recipients at once."""

    def __init__(self, batch: Batch) -> None:
        customers = set(batch.customers)
        self.batch = batch
        self.renderer = ManyRenderer(template_parsed(batch.template))
        self.message = _message_of(batch)
        self.rights = Rights(batch.queries.values())
        self.opt_outs = opt_outs_of(customers)
        windows = _OPEN_WINDOWS(customers=list(customers), number=batch.number.pk, now=batch.now)
        self.open_windows = {customer_id for (customer_id,) in windows}
        self.written_to = _written_to(batch.campaign, customers)
        self.recent = recently_written(campaign=batch.campaign, customers=customers, now=batch.now)
        self._estimator = Estimator()
        #: By the parts of a message: whether the provider carries them all.
        self._carried: dict[tuple[str, ...], bool] = {}
        #: By all that a price depends on in a batch, which counts none of its messages.
        self._prices: dict[tuple[str, Decimal | None, str], Estimate | NoRate] = {}
        self._own_team = team_of(batch.campaign.created_by)

    def team(self, query_id: int | None) -> int | None:
        """The team that a message counts for: its query's, or else its author's."""
        return self._own_team if query_id is None else self.batch.queries[query_id].team_id

    def against(self, customer: Person) -> str:
        """Why nothing is sent to him any more; empty = it is."""
        category = self.batch.template.category
        if reason := customer_reason(category, customer.erased_at is not None, self.opt_outs.get(customer.pk, set())):
            return reason
        if customer.pk in self.written_to or customer.merged_into_id is not None:
            return SAME_PERSON
        if customer.pk in self.open_windows:
            return Code.WINDOW_OPEN
        if customer.pk in self.recent:
            return RECENT_CAMPAIGN
        if category == Template.Category.AUTHENTICATION and not customer.phone:
            return Code.TEMPLATE_NEEDS_PHONE
        return ""

    def against_recontact(self, recipient: Launching) -> str:
        """Why the query it takes up again is not recontacted any more; empty = it is, or it takes up none."""
        if recipient.query_id is None:
            return ""
        found = self.rights.against(recipient.query_id, planned_at=self.batch.campaign.planned_at)
        return found[0] if found is not None else ""

    def carries(self, parts: tuple[str, ...]) -> bool:
        """Whether the provider carries these parts of a message."""
        if parts not in self._carried:
            self._carried[parts] = not parts_refusals(parts, self.batch.number)
        return self._carried[parts]

    def price(self, customer: Person, recipient: Launching, market: str) -> Estimate | NoRate:
        """The planned one while its tier costs that: who goes first is not who was planned first, and the sum stays."""
        key = (market, recipient.estimate, recipient.currency)
        if key not in self._prices:
            self._prices[key] = self._price(customer, recipient)
        return self._prices[key]

    def _price(self, customer: Person, recipient: Launching) -> Estimate | NoRate:
        whose: dict[str, Any] = {
            "account_id": self.batch.number.account_id,
            "phone": customer.phone or "",
            "bsuid": customer.bsuid or "",
            "category": self.batch.template.category,
        }
        if recipient.estimate is None:
            return self._estimator.estimate(**whose)
        return self._estimator.at_price(recipient.estimate, recipient.currency, **whose)


def _dearer(recipient: Launching, estimate: Estimate) -> bool:
    if recipient.estimate is None:
        return False
    return estimate.currency != recipient.currency or estimate.amount > recipient.estimate


def _message(
    facts: _Facts, recipient: Launching, customer: Person, *, due_at: datetime, market: str, estimate: Estimate
) -> Message | None:
    """The message, not stored yet; None when the values make none, or one that the provider does not carry."""
    try:
        written = facts.renderer.render(orjson.loads(recipient.values_text))
    except RenderError:
        return None
    if not facts.carries(written.parts):
        return None
    return row_like(
        facts.message,
        reference=new_reference(),
        customer_id=customer.pk,
        query_id=recipient.query_id,
        origin=Message.Origin.MANAGER if recipient.query_id is None else Message.Origin.BULK,
        recipient_phone=customer.phone or "",
        recipient_bsuid=customer.bsuid or "",
        market=market,
        team_id=facts.team(recipient.query_id),
        components=JsonText(written.components),
        bubble=JsonText(written.bubble),
        body=written.text,
        due_at=due_at,
        expires_at=due_at + timedelta(seconds=settings.CAMPAIGN_MESSAGE_LIFETIME_SECONDS),
        estimate=estimate.amount,
        currency=estimate.currency,
    )


def _message_of(batch: Batch) -> Message:
    """What all messages of the batch have in common."""
    campaign, template = batch.campaign, batch.template
    return Message(
        account_id=batch.number.account_id,
        sender_number_id=batch.number.pk,
        campaign_id=campaign.pk,
        created_by_id=campaign.created_by_id,
        kind=Message.Kind.TEMPLATE,
        template_id=template.pk,
        template_name=template.name,
        template_language=template.language,
        template_hash=template.content_hash,
        category=template.category,
    )
