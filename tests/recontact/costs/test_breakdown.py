"""The lines of a price in words: what an agent, a manager and the review of a campaign are told that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import SenderNumber
from providers.rates.contents import Contents, FeeRow, RateRow
from providers.rates.importing import NewCard, card_make
from providers.rates.publishing import card_publish
from recontact.campaigns.price_lines import price_lines
from recontact.costs.breakdown import PricePart, lines_read, lines_worded, price_parts
from recontact.costs.estimate import Estimate, estimate_for, lines_stored
from recontact.costs.volume import month_of
from recontact.models import MonthlyVolume
from tests.factories import campaign_make, recipients_make, sender_number_make, template_make

pytestmark = pytest.mark.django_db

FEES = [FeeRow("per_message", "", Decimal("0.001")), FeeRow("percent", "marketing", Decimal(6))]


def number_with(rates: Sequence[RateRow], fees: Sequence[FeeRow] = ()) -> SenderNumber:
    number = sender_number_make()
    contents = Contents("USD", [*rates], [*fees])
    card = card_make(NewCard(number.account, "C", timezone.now() - timedelta(days=40)), contents)
    card_publish(card.pk)
    return number


def parts(number: SenderNumber, category: str = "marketing") -> Sequence[PricePart]:
    found = estimate_for(account_id=number.account_id, phone="+5491155554321", bsuid="", category=category)
    assert isinstance(found, Estimate)
    return price_parts(found)


def test_metas_price_and_each_fee_are_lines_of_their_own() -> None:
    """Gupshup's: 0.0618, 6 % of it, and 0.001."""
    number = number_with([RateRow("AR", "marketing", Decimal("0.0618"))], FEES)
    assert [(part.words, part.note, part.amount) for part in parts(number)] == [
        ("Meta's price", "", Decimal("0.0618")),
        ("Provider's fee for each message", "", Decimal("0.001")),
        ("Provider's fee: 6 % of Meta's price", "", Decimal("0.003708")),
    ]


def test_where_metas_price_is_all_nothing_more_is_said() -> None:
    assert parts(number_with([RateRow("AR", "marketing", Decimal("0.0618"))])) == []


def test_a_volume_tier_is_named_by_the_months_messages_that_are_in_it() -> None:
    number = number_with(
        [RateRow("AR", "utility", Decimal("0.03"), 0, 100), RateRow("AR", "utility", Decimal("0.02"), 100, None)]
    )
    assert [part.note for part in parts(number, "utility")] == ["the month's messages 1 to 100"]
    month = month_of(timezone.now(), number.account.zone)
    MonthlyVolume.objects.create(sender_number=number, month=month, market="AR", category="utility", charged=100)
    assert [part.note for part in parts(number, "utility")] == ["from the month's message 101 on"]


def test_the_rule_that_makes_it_free_is_named() -> None:
    number = number_with([RateRow("AR", "utility", Decimal("0.026"))])
    found = estimate_for(
        account_id=number.account_id, phone="+5491155554321", bsuid="", category="service", number_id=number.pk
    )
    assert isinstance(found, Estimate)
    assert [part.note for part in price_parts(found)] == ["free: the month's first 1,000 of each number"]


def test_lines_are_read_as_they_were_kept() -> None:
    number = number_with([RateRow("AR", "marketing", Decimal("0.0618"))], FEES)
    found = estimate_for(account_id=number.account_id, phone="+5491155554321", bsuid="", category="marketing")
    assert isinstance(found, Estimate)
    assert lines_read(lines_stored(found.lines)) == found.lines


def test_a_campaigns_review_has_a_line_for_each_country_and_tier_with_the_fee_beside_metas_price() -> None:
    number = number_with(
        [
            RateRow("AR", "utility", Decimal("0.03"), 0, 100),
            RateRow("AR", "utility", Decimal("0.02"), 100, None),
            RateRow("BR", "utility", Decimal("0.01")),
        ],
        [FeeRow("per_message", "", Decimal("0.005"))],
    )
    campaign = campaign_make(sender_number=number)
    for count, market, price in ((2, "AR", "0.035"), (3, "AR", "0.025"), (1, "BR", "0.015"), (1, "BR", "0.9")):
        phone = {} if market == "AR" else {"phone": f"+55119555543{price[-2:]}"}
        recipients_make(campaign=campaign, count=count, estimate=Decimal(price), currency="USD", market=market, **phone)
    told = [(line.market, line.count, line.meta, line.fee, line.amount, line.note) for line in price_lines(campaign)]
    fee = Decimal("0.005")
    assert told == [
        ("AR", 2, Decimal("0.03"), fee, Decimal("0.070"), "the month's messages 1 to 100"),
        ("AR", 3, Decimal("0.02"), fee, Decimal("0.075"), "from the month's message 101 on"),
        # Of a price that the card no longer knows nobody can say what it was made of.
        ("BR", 1, None, None, Decimal("0.9"), ""),
        ("BR", 1, Decimal("0.01"), fee, Decimal("0.015"), ""),
    ]


def test_more_countries_and_tiers_cost_no_more_queries() -> None:
    number = number_with([RateRow(market, "utility", Decimal("0.01")) for market in ("AR", "BR", "CL", "PE")], FEES)
    phones = {"AR": "+5491155550000", "BR": "+5511955550000", "CL": "+56955550000", "PE": "+51955550000"}
    asked, template = [], template_make(account=number.account)
    for markets in (("AR",), ("AR", "BR", "CL", "PE")):
        campaign = campaign_make(sender_number=number, template=template)
        for market in markets:
            values: dict[str, Any] = {
                "estimate": Decimal("0.011"),
                "currency": "USD",
                "market": market,
                "phone": phones[market],
            }
            recipients_make(campaign=campaign, count=1, **values)
        with CaptureQueriesContext(connection) as found:
            assert len(price_lines(campaign)) == len(markets)
        asked.append(len(found))
    assert asked[0] == asked[1] <= 9


def test_no_lines_are_no_words() -> None:
    assert lines_worded([((), "USD")]) == [[]]
