"""The price of a send as the button and the words beside it say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.models import SenderNumber
from recontact.costs.breakdown import PricePart, price_parts
from recontact.costs.estimate import Estimate, NoRate, estimate_for
from recontact.costs.money import money_text
from recontact.entry_points import entry_point_of
from recontact.models import Customer
from recontact.places import place_name
from recontact.refusals import Code, Refusal
from templates_app.models import Template


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` with its currency, or empty when it is not known; `explanation` says what it is for, or why there is none,
    and `parts` what it is made of, where there is more to say than that."""

    amount: str
    explanation: str
    estimate: Estimate | None = None
    parts: Sequence[PricePart] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.amount)


def price_of(
    template: Template, *, number: SenderNumber, customer: Customer | None, phone: str, bsuid: str = ""
) -> Price:
    """The estimate of sending `template` through the number to a phone (E.164) or BSUID, of `customer` if he is known."""
    since = entry_point_of(customer_id=customer.pk, sender_number_id=number.pk) if customer is not None else None
    found = estimate_for(
        account_id=number.account_id,
        phone=phone,
        bsuid=bsuid,
        category=template.category,
        number_id=number.pk,
        entry_point_at=since,
    )
    category = Template.Category(found.category).label if found.category in Template.Category else found.category
    if isinstance(found, NoRate):
        names = {"market": place_name(found.market), "category": str(category).lower()}
        return Price("", Refusal(Code.PRICE_UNKNOWN, names).sentence)
    names = {"market": place_name(found.market), "category": str(category).lower()}
    explanation = _("Estimated for %(market)s, %(category)s. Charged when it is delivered.") % names
    return Price(money_text(found.amount, found.currency), explanation, found, price_parts(found))
