"""Volume tiers inside a campaign: its plan walks through them, and what is launched keeps the sum of the plan."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Portfolio, Rate, RateCard, SenderNumber
from providers.rates.publishing import card_publish
from recontact.campaigns.launch import batch_launch, campaigns_launch
from recontact.campaigns.pricing import campaign_reprice
from recontact.costs.estimate import Estimator
from recontact.costs.volume import charged_in_month, month_of, used_in_month, volumes_count
from recontact.models import Campaign, CampaignRecipient, CostEntry, Message, MonthlyVolume
from tests.factories import campaign_make, message_make, query_make, recipients_make, sender_number_make, template_make
from tests.recontact.campaigns.audiences import csv_bytes, planned

pytestmark = pytest.mark.django_db

#: Beyond 100 messages charged in the month 0.02, beyond 103 0.01, else 0.03.
TIERS = ((0, 100, "0.03"), (100, 103, "0.02"), (103, None, "0.01"))


def tiered(number: SenderNumber) -> RateCard:
    card = RateCard.objects.create(
        account=number.account, name="T", currency="USD", valid_from=timezone.now() - timedelta(days=40)
    )
    for start, end, price in TIERS:
        Rate.objects.create(
            card=card, market="AR", category="utility", tier_from=start, tier_to=end, price=Decimal(price)
        )
    card_publish(card.pk)
    return card


def charged_already(number: SenderNumber, count: int) -> None:
    month = month_of(timezone.now(), number.account.zone)
    MonthlyVolume.objects.create(sender_number=number, month=month, market="AR", category="utility", charged=count)


def plan_of(number: SenderNumber, recipients: int) -> Campaign:
    rows = [(f"+54911555500{row:02d}", "Carla", "100") for row in range(recipients)]
    return planned(csv_bytes(("telefono", "nombre", "cuota"), *rows), number=number)


def estimates(campaign: Campaign) -> list[str]:
    rows = CampaignRecipient.objects.filter(campaign=campaign).order_by("row_number")
    return [f"{row.estimate:.2f}" for row in rows if row.estimate is not None]


def test_the_plan_of_a_campaign_walks_through_the_tiers() -> None:
    """98 were charged: two more at 0.03, three at 0.02, the rest at 0.01. 0.06 + 0.06 + 0.02 = 0.14."""
    number = sender_number_make()
    tiered(number)
    charged_already(number, 98)
    campaign = plan_of(number, 7)
    assert estimates(campaign) == ["0.03", "0.03", "0.02", "0.02", "0.02", "0.01", "0.01"]


def test_what_is_launched_costs_what_was_planned_in_whatever_order_it_goes() -> None:
    number = sender_number_make()
    card = tiered(number)
    charged_already(number, 98)
    campaign = campaign_make(sender_number=number, state=Campaign.State.RUNNING)
    for price in ("0.01", "0.03", "0.02"):
        recipients_make(campaign=campaign, count=1, estimate=Decimal(price), currency="USD", market="AR")
    assert campaigns_launch() == 3
    assert campaign.state_reason == ""
    messages = Message.objects.filter(campaign=campaign).order_by("pk")
    assert [message.estimate for message in messages] == [Decimal("0.01"), Decimal("0.03"), Decimal("0.02")]
    # Each entry names the rate of its tier.
    entries = CostEntry.objects.order_by("message_id").select_related("rate")
    assert [(entry.amount, entry.rate.price, entry.rate.card_id) for entry in entries if entry.rate] == [
        (price, price, card.pk) for price in (Decimal("0.01"), Decimal("0.03"), Decimal("0.02"))
    ]


def test_a_new_plan_walks_through_them_too() -> None:
    number = sender_number_make()
    tiered(number)
    charged_already(number, 99)
    campaign = campaign_make(sender_number=number)
    recipients_make(campaign=campaign, count=6, estimate=Decimal("0.5"), currency="USD", market="AR")
    campaign_reprice(campaign)
    assert estimates(campaign) == ["0.03", "0.02", "0.02", "0.02", "0.01", "0.01"]


def test_the_numbers_of_a_portfolio_count_together_across_its_accounts() -> None:
    portfolio = Portfolio.objects.create(name="Grupo")
    mine, other, stranger = (
        sender_number_make(portfolio=portfolio),
        sender_number_make(portfolio=portfolio),
        sender_number_make(),
    )
    for number in (mine, other, stranger):
        charged_already(number, 60)
    month = month_of(timezone.now(), mine.account.zone)
    counted = {
        number.pk: charged_in_month(account_id=number.account_id, market="AR", category="utility", month=month)
        for number in (mine, other, stranger)
    }
    assert counted == {mine.pk: 120, other.pk: 120, stranger.pk: 60}


def test_volumes_are_counted_from_delivered_messages_and_again_to_the_same() -> None:
    number = sender_number_make()
    tiered(number)
    now, template = timezone.now(), template_make(account=number.account)
    for billed in (True, None, False):
        message = message_make(query=query_make(sender_number=number), template=template)
        Message.objects.filter(pk=message.pk).update(state="accepted")
        Message.objects.filter(pk=message.pk).update(state="delivered", delivered_at=now, billed=billed)
    message_make(query=query_make(sender_number=number), template=template)
    assert volumes_count() == 1
    assert volumes_count() == 0
    [row] = MonthlyVolume.objects.all()
    assert (row.sender_number, row.market, row.category, row.charged, row.free) == (number, "AR", "utility", 2, 1)
    assert used_in_month(number_id=number.pk, category="utility", month=row.month) == 3


def test_a_batch_asks_for_prices_by_market_and_never_by_message() -> None:
    number = sender_number_make()
    tiered(number)
    template = template_make(account=number.account)
    small, large = (
        campaign_make(sender_number=number, template=template, state=Campaign.State.RUNNING) for _campaign in range(2)
    )
    recipients_make(campaign=small, count=2, estimate=Decimal("0.03"), currency="USD", market="AR")
    recipients_make(campaign=large, count=40, estimate=Decimal("0.03"), currency="USD", market="AR")

    def price_queries(campaign: Campaign) -> int:
        with CaptureQueriesContext(connection) as found:
            assert batch_launch(campaign_id=campaign.pk) > 0
        words = ("providers_rate", "providers_pricingrule", "recontact_monthlyvolume")
        return sum(any(word in query["sql"] for word in words) for query in found.captured_queries)

    assert price_queries(small) == price_queries(large) <= 6


def test_an_estimator_asks_five_questions_however_many_messages_there_are() -> None:
    number = sender_number_make()
    tiered(number)
    prices = Estimator()
    with CaptureQueriesContext(connection) as found:
        for line in range(50):
            prices.take(account_id=number.account_id, phone=f"+54911555500{line:02d}", bsuid="", category="utility")
    assert len(found) <= 5
