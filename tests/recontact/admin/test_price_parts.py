"""Where a price is shown, what it is made of is shown too."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from providers.models import Rate, RateCard, RateFee, SenderNumber
from providers.rates.publishing import card_publish
from recontact.models import Campaign
from tests.customer_service.agents import agent_make, browser, hsm_data
from tests.factories import (
    VALUES,
    campaign_make,
    message_make,
    query_make,
    rate_card_make,
    recipients_make,
    sender_number_make,
    template_make,
)


@pytest.fixture
def number(db: None) -> SenderNumber:
    """Meta takes 0.0260, the provider 0.005 for each message."""
    number = sender_number_make()
    card = rate_card_make(account=number.account, is_published=False)
    RateFee.objects.create(card=card, kind=RateFee.Kind.PER_MESSAGE, value=Decimal("0.005"))
    card_publish(card.pk)
    return number


def test_send_an_hsm_shows_metas_price_and_the_providers_fee_below_the_button(
    client: Client, number: SenderNumber
) -> None:
    fields = {"phone": "011 15 5555-0142", "sender_number": str(number.pk)}
    fields |= {"template": str(template_make(account=number.account).pk), "send_key": "k"}
    page = client.post("/manager/recontact/message/send/preview/", fields).content.decode()
    assert "US$ 0.0310" in page
    for words in ("Meta&#x27;s price", "US$ 0.0260", "Provider&#x27;s fee for each message", "US$ 0.0050"):
        assert words in page


def test_the_recontact_panel_shows_them_to_the_agent(number: SenderNumber) -> None:
    ana = agent_make()
    query = query_make(sender_number=number, assigned_to=ana, state="in_progress")
    data = hsm_data(template_make(account=number.account))
    page = browser(ana).post(f"/service/queries/{query.pk}/recontact/send/", data).content.decode()
    assert "US$ 0.0310" in page
    assert "Provider&#x27;s fee for each message" in page


def test_the_page_of_a_message_shows_them_beside_its_entry(client: Client, number: SenderNumber) -> None:
    message = message_make(query=query_make(sender_number=number))
    page = client.get(f"/manager/recontact/message/{message.pk}/change/").content.decode()
    assert "Provider&#x27;s fee for each message" in page


def test_the_review_of_a_campaign_shows_the_fee_beside_metas_price_and_both_add_up(
    client: Client, number: SenderNumber
) -> None:
    """2 x 0.0310 is 0.06."""
    campaign = campaign_make(sender_number=number, planned_at="2026-11-01T12:00Z")
    recipients_make(campaign=campaign, count=2, estimate=Decimal("0.0310"), currency="USD", market="AR", values=VALUES)
    Campaign.objects.filter(pk=campaign.pk).update(rows_total=2)
    page = client.get(f"/manager/recontact/campaign/{campaign.pk}/review/").content.decode()
    for words in ("What the price is made of", "US$ 0.0260", "US$ 0.0050", "US$ 0.0310", "US$ 0.06"):
        assert words in page


def test_the_review_names_the_volume_tier_that_a_campaign_crosses_into(client: Client) -> None:
    number = sender_number_make()
    card = RateCard.objects.create(account=number.account, name="T", currency="USD", valid_from="2026-01-01T00:00Z")
    for start, end, price in ((0, 100, "0.03"), (100, None, "0.02")):
        Rate.objects.create(
            card=card, market="AR", category="utility", tier_from=start, tier_to=end, price=Decimal(price)
        )
    card_publish(card.pk)
    campaign = campaign_make(sender_number=number, planned_at="2026-11-01T12:00Z")
    for price in ("0.03", "0.02"):
        recipients_make(campaign=campaign, count=1, estimate=Decimal(price), currency="USD", market="AR")
    page = client.get(f"/manager/recontact/campaign/{campaign.pk}/review/").content.decode()
    assert page.index("the month&#x27;s messages 1 to 100") < page.index("from the month&#x27;s message 101 on")
