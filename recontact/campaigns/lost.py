"""The lost messages of a campaign: which of them may be tried again because a person asks, and why the others may not.

Lost is the last message of its chain when it is FAILED, REJECTED or EXPIRED. One rule, in SQL, is asked before the click and
again, under locks, when the new messages are made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db.models import Case, CharField, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from providers.errors import Reason
from providers.policy import Action, late_action
from recontact.campaigns.outcome_words import code_words
from recontact.campaigns.recent import RECENT_CAMPAIGN, written_lately
from recontact.campaigns.recipients import SAME_PERSON
from recontact.clock import ClockTimestamp, database_now
from recontact.costs.estimate import Estimate, Estimator
from recontact.dispatch.recheck import TEMPLATE_CHANGED
from recontact.models import Campaign, CampaignRecipient, Incident, Message, OptOut, ServiceWindow
from recontact.reasons import ABSENT, reason_words
from recontact.refusals import Code
from recontact.states import ALIVE, MessageState

LOST = (MessageState.FAILED, MessageState.REJECTED, MessageState.EXPIRED)
#: How often one recipient is tried in all when people ask; by itself the portal stops earlier (retries.MAX_TRIES).
MOST_TRIES = 6

#: Why a lost message is not tried again, beside the codes of recontact.refusals.
OF_QUERY = "of_query"
TRIED_OFTEN = "tried_often"
POINTLESS = "pointless"
PROVEN = "proven"

_SALT = "recontact.campaigns.lost"
_PASSING = {Action.WAIT, Action.TOMORROW, Action.RETRY, Action.PARK_TEMPLATE, Action.PARK_NUMBER, Action.PARK_ACCOUNT}
#: Reasons that may have passed since.
PASSING = sorted({reason.value for reason in Reason if late_action(reason) in _PASSING} | {ABSENT})
_THERE = (*ALIVE, MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.READ)


def lost_messages(campaign: Campaign) -> QuerySet[Message]:
    """The last messages of their chains that did not arrive and will not by themselves."""
    return Message.objects.filter(campaign=campaign, state__in=LOST, retry__isnull=True)


def with_verdict(rows: QuerySet[Message], campaign: Campaign) -> QuerySet[Any]:
    """Lost messages with `why` one may not be tried again (empty = it may), and the `planned_market` that its price is of."""
    template = campaign.template
    same = Q(template_hash=template.content_hash, category=template.category) if template is not None else Q(pk__in=[])
    wishes = OptOut.objects.filter(customer=OuterRef("customer"), revoked_at__isnull=True)
    there = Message.objects.filter(campaign=campaign, customer=OuterRef("customer"), state__in=_THERE)
    proof = Incident.objects.filter(message=OuterRef("pk"), kind=Incident.Kind.PROOF_AGAINST_UNSENT)
    windows = ServiceWindow.objects.filter(
        customer=OuterRef("customer"), sender_number=OuterRef("sender_number"), expires_at__gt=ClockTimestamp()
    )
    recipients = CampaignRecipient.objects.filter(
        campaign=campaign, customer=OuterRef("customer"), outcome__in=CampaignRecipient.SENDABLE
    )
    # What expired has for a reason what kept it waiting. Rejected without one: settled as not sent by a person.
    waited = Q(state=MessageState.EXPIRED) | Q(reason="", state=MessageState.REJECTED)
    others = written_lately(campaign=campaign, now=database_now()).filter(customer=OuterRef("customer"))
    rules: list[tuple[Q, str]] = [
        (Q(query__isnull=False), OF_QUERY),
        (~Q(reason__in=PASSING) & ~waited, POINTLESS),
        (Q(try_number__gte=MOST_TRIES), TRIED_OFTEN),
        (~same, TEMPLATE_CHANGED),
        (Q(customer__erased_at__isnull=False), Code.CUSTOMER_ERASED),
        (Q(Exists(wishes.filter(scope=OptOut.Scope.ALL))), Code.OPTED_OUT),
        (Q(Exists(wishes), category="marketing"), Code.OPTED_OUT_MARKETING),
        (Q(Exists(there)), SAME_PERSON),
        (Q(Exists(proof)), PROVEN),
        (Q(Exists(windows)), Code.WINDOW_OPEN),
        (Q(Exists(others)), RECENT_CAMPAIGN),
    ]
    why = Case(
        *(When(rule, then=Value(str(code))) for rule, code in rules), default=Value(""), output_field=CharField()
    )
    market = Coalesce(Subquery(recipients.values("market")[:1]), Value(""))
    return rows.annotate(why=why, planned_market=market)


@dataclass(frozen=True, slots=True)
class Price:
    """What the messages of one market cost now."""

    count: int
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What trying again would do: how many at what price by market, and the others by reason (words, count)."""

    prices: dict[str, Price] = field(default_factory=dict)
    refused: list[tuple[str, int]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(price.count for price in self.prices.values())

    @property
    def totals(self) -> dict[str, Decimal]:
        """The price of all by currency."""
        sums: dict[str, Decimal] = {}
        for price in self.prices.values():
            sums[price.currency] = sums.get(price.currency, Decimal(0)) + price.amount * price.count
        return sums

    @property
    def token(self) -> str:
        """What was shown, for the form: no more is made than that, and none at a higher price (`prospect_shown`)."""
        shown = {market: [price.count, str(price.amount), price.currency] for market, price in self.prices.items()}
        return signing.dumps(shown, salt=_SALT)


def prospect_shown(token: str) -> Prospect | None:
    """What a token says was shown; None when it is not ours."""
    try:
        shown = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    prices = {market: Price(count, Decimal(amount), currency) for market, (count, amount, currency) in shown.items()}
    return Prospect(prices)


def retry_prospect(campaign: Campaign) -> Prospect:
    """What trying the campaign's lost messages again would do now. One query, and one price for each market."""
    rows = with_verdict(lost_messages(campaign), campaign).order_by()
    groups = rows.values("why", "planned_market", told=Case(When(why=POINTLESS, then=F("reason")), default=Value("")))
    counted = groups.annotate(
        count=Count("pk"), phone=Min("recipient_phone"), bsuid=Min("recipient_bsuid"), account=Min("account_id")
    )
    prices: dict[str, Price] = {}
    prices_now = Estimator()
    refused: Counter[str] = Counter()
    for group in counted.order_by("planned_market"):
        estimate = None
        if not group["why"]:
            estimate = prices_now.estimate(
                account_id=group["account"],
                phone=group["phone"],
                bsuid=group["bsuid"],
                category=campaign_category(campaign),
            )
        if isinstance(estimate, Estimate):
            prices[group["planned_market"]] = Price(group["count"], estimate.amount, estimate.currency)
        else:
            refused[why_words(group["why"] or Code.PRICE_UNKNOWN, group["told"])] += group["count"]
    return Prospect(prices, refused.most_common())


def campaign_category(campaign: Campaign) -> str:
    """What the campaign's messages are priced as now."""
    return campaign.template.category if campaign.template is not None else campaign.category


def why_words(why: str, reason: str = "") -> str:
    """Why a lost message is not tried again, in words; `reason` is what it failed for."""
    words = {
        OF_QUERY: _(
            "The recontact of a query: recontact it from the query or by a new campaign, once its right is back"
        ),
        TRIED_OFTEN: _("Tried %(count)s times already") % {"count": MOST_TRIES},
        POINTLESS: reason_words(reason) or _("The provider did not say why: it may fail again"),
        TEMPLATE_CHANGED: _("The template changed since"),
        PROVEN: _("The provider reports that it arrived"),
    }
    return words[why] if why in words else code_words(why)
