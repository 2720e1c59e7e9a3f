"""Budgets count what is charged: the provider's fees on messages that failed, or that Meta gave for free, too."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from providers.models import RateFee, SenderNumber
from providers.rates.publishing import card_publish
from recontact.books import differences
from recontact.budgets.counting import budget_open
from recontact.budgets.settle import changes_add_up
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.costs.rollup import amount, costs_add_up
from recontact.delivery import status_apply
from recontact.models import Budget, BudgetPeriod, CostCell, Message
from templates_app.models import Template
from tests.factories import (
    budget_make,
    campaign_make,
    message_make,
    query_make,
    rate_card_make,
    recipients_make,
    sender_number_make,
    template_make,
)

pytestmark = pytest.mark.django_db

PRICE, FEE, FAILED = Decimal("0.026"), Decimal("0.005"), Decimal("0.001")
NOTHING = Decimal(0)
FREE = PriceReport(billable=False, category="utility", pricing_type="free_customer_service")


@pytest.fixture
def number() -> SenderNumber:
    """[T] Twilio's: 0.005 for each message, 0.001 for one that failed, but not with error 63010."""
    number = sender_number_make()
    card = rate_card_make(account=number.account, is_published=False)
    RateFee.objects.create(card=card, kind=RateFee.Kind.PER_MESSAGE, value=FEE)
    RateFee.objects.create(card=card, kind=RateFee.Kind.FAILED, value=FAILED, exempt_codes=["63010"])
    card_publish(card.pk)
    return number


@pytest.fixture
def budget() -> Budget:
    return budget_make()


def sent(number: SenderNumber) -> Message:
    template = Template.objects.filter(account=number.account).first() or template_make(account=number.account)
    return message_make(query=query_make(sender_number=number), template=template)


def told(message: Message, status: str, *, price: PriceReport | None = None, code: str = "63016") -> None:
    status_apply(
        message.account_id,
        StatusEvent(
            provider_message_id=f"wamid.{message.pk}",
            reference=str(message.reference),
            status=DeliveryStatus(status),
            occurred_at=timezone.now(),
            error_code=code if status == "failed" else "",
            price=price,
        ),
    )


def sums() -> tuple[Decimal, Decimal]:
    """(reserved, spent) of the only period, proved from the rows; and spent is what the sums of costs say."""
    changes_add_up()
    costs_add_up()
    assert list(differences()) == []
    period = BudgetPeriod.objects.get()
    assert period.spent == sum((amount(cell.reported + cell.unreported) for cell in CostCell.objects.all()), NOTHING)
    return period.reserved, period.spent


def test_a_message_that_failed_costs_its_fee(budget: Budget, number: SenderNumber) -> None:
    message = sent(number)
    told(message, "sent")
    told(message, "failed")
    assert sums() == (NOTHING, FAILED)


def test_where_the_error_is_exempt_it_costs_nothing(budget: Budget, number: SenderNumber) -> None:
    told(sent(number), "failed", code="63010")
    assert sums() == (NOTHING, NOTHING)


def test_one_that_arrived_after_all_costs_its_price_and_no_fee_for_a_failure(
    budget: Budget, number: SenderNumber
) -> None:
    message = sent(number)
    told(message, "failed")
    told(message, "delivered")
    assert sums() == (NOTHING, PRICE + FEE)
    told(message, "read", price=PriceReport(billable=True, category="utility", amount=Decimal("0.03"), currency="USD"))
    assert sums() == (NOTHING, Decimal("0.03"))


def test_what_meta_gives_for_free_costs_the_providers_fee(budget: Budget, number: SenderNumber) -> None:
    """0.0260 + 0.005 were reserved; free, 0.005 are charged."""
    message = sent(number)
    assert sums() == (PRICE + FEE, NOTHING)
    told(message, "delivered", price=FREE)
    assert sums() == (NOTHING, FEE)


def test_a_campaign_gets_back_the_price_of_one_that_failed_and_is_charged_the_fee(
    budget: Budget, number: SenderNumber
) -> None:
    campaign = campaign_make(sender_number=number)
    recipients_make(campaign=campaign, count=2, estimate=PRICE + FEE, currency="USD", market="AR")
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    budget_open(budget)
    first, second = Message.objects.filter(campaign=campaign)
    told(first, "failed")
    told(second, "delivered")
    # The price stays with the campaign for a retry, while it lasts.
    assert sums() == (PRICE + FEE, PRICE + FEE + FAILED)


def test_a_budget_that_is_opened_later_counts_the_fees_too(number: SenderNumber) -> None:
    first, second = sent(number), sent(number)
    told(first, "failed")
    told(second, "delivered", price=FREE)
    budget_open(budget_make())
    assert sums() == (NOTHING, FAILED + FEE)
