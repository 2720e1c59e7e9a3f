"""Worked examples, calculated by hand, each with the source of its rule.

[M price] Meta, "Pricing on the WhatsApp Business Platform", read 2026-09-11; [M price2] Meta's notice of the changes of
2026-10-01; [B] secondary copies of Meta's notices and lists; [T] twilio.com/docs/whatsapp/pricing and support article
27502337507483; [G] support.gupshup.io 360012075779; [V] Vonage's Messages API page. All of 2026-11 but where said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.models import ProviderAccount, RateCard
from providers.rates.contents import Contents, FeeRow, RateRow
from providers.rates.importing import NewCard, card_make
from providers.rates.lookup import tariff_for
from providers.rates.publishing import card_publish
from providers.rates.sample_cards import META_2026_10, sample_contents
from providers.rates.tariff import Circumstances
from recontact.costs.estimate import Estimate, estimate_for
from tests.factories import account_make

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2025, 7, 1, tzinfo=UTC)
#: Midnight in Buenos Aires (UTC-3) on the day of the change.
CHANGE = datetime(2026, 10, 1, 3, tzinfo=UTC)
BEFORE, SINCE = datetime(2026, 9, 20, 15, tzinfo=UTC), datetime(2026, 10, 20, 15, tzinfo=UTC)
ARGENTINA, BRAZIL, PAKISTAN = "+5491155554321", "+5511955554321", "+923001234567"


def account_with(
    rates: Sequence[RateRow] = (), fees: Sequence[FeeRow] = (), *, provider: str = "meta", currency: str = "USD"
) -> ProviderAccount:
    account = account_make(provider=provider, time_zone="America/Argentina/Buenos_Aires")
    contents = Contents(currency, [*rates], [*fees]) if rates else sample_contents(META_2026_10)
    contents.fees = [*fees]
    card_publish(card_make(NewCard(account=account, name="C", valid_from=LONG_AGO), contents).pk)
    return account


def estimated(account: ProviderAccount, phone: str, category: str, at: datetime) -> Estimate:
    found = estimate_for(account_id=account.pk, phone=phone, bsuid="", category=category, at=at)
    assert isinstance(found, Estimate)
    return found


# --- markets and categories -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "category", "amount"),
    [
        # Meta's list in USD of 2026 [B], by market [M price].
        ("+5491155554321", "marketing", "0.0618"),
        ("+5511955554321", "utility", "0.0068"),
        ("+12025550123", "utility", "0.0034"),  # United States: North America
        ("+14165550123", "marketing", "0.0250"),  # Canada: North America
        ("+18095550123", "utility", "0.0113"),  # Dominican Republic: +1, but rest of Latin America
        ("+17875550123", "marketing", "0.0740"),  # Puerto Rico
        ("+18765550123", "authentication", "0.0113"),  # Jamaica
        ("+12425550123", "utility", "0.0077"),  # Bahamas: +1 and in neither, so other
        ("+59899123456", "marketing", "0.0740"),  # Uruguay: rest of Latin America
        ("+77012345678", "utility", "0.0077"),  # Kazakhstan: no row of its own in this list, so other
        ("+79161234567", "utility", "0.0077"),  # Russia: the same
        ("+5351234567", "marketing", "0.0604"),  # Cuba: everything else is other
    ],
)
def test_a_price_is_by_market_and_category(phone: str, category: str, amount: str) -> None:
    assert estimated(account_with(), phone, category, SINCE).amount == Decimal(amount)


def test_kazakhstan_is_charged_as_russia_until_it_becomes_a_market() -> None:
    """[M price]: +7 is Russia's; Kazakhstan is a market of its own from 2026-10-01."""
    account = account_with([RateRow("RU", "utility", Decimal("0.0400")), RateRow("KZ", "utility", Decimal("0.0100"))])
    assert estimated(account, "+77012345678", "utility", BEFORE).amount == Decimal("0.0400")
    assert estimated(account, "+77012345678", "utility", SINCE).amount == Decimal("0.0100")
    assert estimated(account, "+79161234567", "utility", SINCE).amount == Decimal("0.0400")


def test_authentication_international_falls_back_to_authentication() -> None:
    """[B]: it has a price of its own only in certain markets."""
    account = account_with(
        [
            RateRow("IN", "authentication", Decimal("0.0014")),
            RateRow("IN", "authentication_international", Decimal("0.0304")),
        ]
    )
    assert estimated(account, "+919812345678", "authentication_international", SINCE).amount == Decimal("0.0304")
    argentine = account_with()
    assert estimated(argentine, ARGENTINA, "authentication_international", SINCE).amount == Decimal("0.0260")


# --- dates ----------------------------------------------------------------------------------------------------------


def test_prices_change_at_midnight_of_the_accounts_time_zone() -> None:
    """[M price]: at 00:00 in the time zone of the account; Buenos Aires is three hours behind UTC."""
    account = account_make(time_zone="America/Argentina/Buenos_Aires")
    for starts_at, price in ((LONG_AGO, "0.0289"), (CHANGE, "0.0260")):
        contents = Contents("USD", [RateRow("AR", "utility", Decimal(price))])
        card_publish(card_make(NewCard(account=account, name=price, valid_from=starts_at), contents).pk)
    last_second = datetime(2026, 10, 1, 2, 59, 59, tzinfo=UTC)
    assert estimated(account, ARGENTINA, "utility", last_second).amount == Decimal("0.0289")
    assert estimated(account, ARGENTINA, "utility", CHANGE).amount == Decimal("0.0260")


# --- what is free ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A message, its circumstances, and what Meta charges for it."""

    source: str
    category: str
    at: datetime
    seen: Circumstances
    amount: str
    fees: list[FeeRow] = field(default_factory=list)


WINDOW = Circumstances(window_open=True)
CASES = {
    "utility in the window before the change is free": Case("[M price]", "utility", BEFORE, WINDOW, "0"),
    "utility in the window since the change is charged": Case("[M price2]", "utility", SINCE, WINDOW, "0.0260"),
    "the change comes at midnight of the account": Case("[M price]", "utility", CHANGE, WINDOW, "0.0260"),
    "a second before it is still free": Case(
        "[M price]", "utility", datetime(2026, 10, 1, 2, 59, 59, tzinfo=UTC), WINDOW, "0"
    ),
    "utility outside the window is charged before too": Case("[M price]", "utility", BEFORE, Circumstances(), "0.0260"),
    "marketing in the window is charged": Case("[M price]", "marketing", BEFORE, WINDOW, "0.0618"),
    "service before the change is free": Case("[M price]", "service", BEFORE, WINDOW, "0"),
    "service since the change is free for the first 1,000": Case(
        "[B]", "service", SINCE, Circumstances(window_open=True, used=999), "0"
    ),
    "the 1,001st is charged as utility": Case(
        "[M price2]", "service", SINCE, Circumstances(window_open=True, used=1000), "0.0260"
    ),
    "marketing within 72 h of the entry point is free": Case(
        "[M price]", "marketing", SINCE, Circumstances(entry_point_at=datetime(2026, 10, 17, 15, 0, 1, tzinfo=UTC)), "0"
    ),
    "after 72 h it is charged": Case(
        "[M price]", "marketing", SINCE, Circumstances(entry_point_at=datetime(2026, 10, 17, 15, tzinfo=UTC)), "0.0618"
    ),
    "what Meta gives for free still costs the provider's fee": Case(
        "[T]", "utility", BEFORE, WINDOW, "0.005", [FeeRow("per_message", "", Decimal("0.005"))]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_free_is_a_rule_with_a_date(name: str) -> None:
    case = CASES[name]
    account = account_with(fees=case.fees)
    tariff = tariff_for(account_id=account.pk, market="AR", category=case.category, at=case.at)
    assert tariff is not None
    assert tariff.price(case.at, case.seen).amount == Decimal(case.amount)


def test_service_has_the_utility_rate_without_its_tiers() -> None:
    """[M price2]: service messages are charged at the utility rate, no volume tiers."""
    account = account_with(
        [
            RateRow("PK", "utility", Decimal("0.0100"), 0, 150_000),
            RateRow("PK", "utility", Decimal("0.0095"), 150_000, None),
        ]
    )
    tariff = tariff_for(account_id=account.pk, market="PK", category="service", at=SINCE)
    assert tariff is not None
    assert tariff.price(SINCE, Circumstances(used=1_000, charged=400_000)).amount == Decimal("0.0100")


# --- tiers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charged", "amount"),
    [
        # [B], Pakistan: up to 150,000 list, then 5, 10, 15, 20, 25 % off beyond 150,000, 1M, 4M, 25M, 50M. List here 0.0100.
        (0, "0.010000"),
        (149_999, "0.010000"),
        (150_000, "0.009500"),
        (999_999, "0.009500"),
        (1_000_000, "0.009000"),
        (4_000_000, "0.008500"),
        (25_000_000, "0.008000"),
        (50_000_000, "0.007500"),
        (90_000_000, "0.007500"),
    ],
)
def test_each_message_is_charged_in_the_tier_it_falls_in(charged: int, amount: str) -> None:
    steps = [0, 150_000, 1_000_000, 4_000_000, 25_000_000, 50_000_000, None]
    rates = [
        RateRow("PK", "utility", Decimal("0.0100") * (100 - 5 * step) / 100, steps[step] or 0, steps[step + 1])
        for step in range(6)
    ]
    tariff = tariff_for(account_id=account_with(rates).pk, market="PK", category="utility", at=SINCE)
    assert tariff is not None
    assert tariff.price(SINCE, Circumstances(charged=charged)).amount == Decimal(amount)


# --- fees -----------------------------------------------------------------------------------------------------------


def test_twilio_takes_a_fee_for_each_message_beside_metas_price() -> None:
    """[T]: US$0.005 for each message, Meta's fee at cost. 0.0260 + 0.005."""
    account = account_with(fees=[FeeRow("per_message", "", Decimal("0.005"))], provider="twilio")
    found = estimated(account, ARGENTINA, "utility", SINCE)
    assert [(line.part, line.amount) for line in found.lines] == [
        ("meta", Decimal("0.026000")),
        ("fee", Decimal("0.005000")),
    ]
    assert (found.amount, found.fee) == (Decimal("0.0310"), Decimal("0.005"))


def test_gupshup_takes_six_percent_of_metas_price_of_marketing() -> None:
    """[G]: US$0.001 for each message, and 6 % on Meta's marketing fee. 0.0618 * 6 % = 0.003708; 0.0618 + 0.003708 + 0.001."""
    fees = [FeeRow("per_message", "", Decimal("0.001")), FeeRow("percent", "marketing", Decimal(6))]
    account = account_with(fees=fees, provider="gupshup")
    assert estimated(account, ARGENTINA, "marketing", SINCE).amount == Decimal("0.066508")
    assert estimated(account, ARGENTINA, "utility", SINCE).amount == Decimal("0.027000")


def test_a_percent_is_rounded_to_the_sixth_decimal_half_up() -> None:
    """0.0125 * 0.0025 % is 0.0000003125, and 0.0618 * 0.0025 % is 0.000001545: 0.000000 and 0.000002."""
    account = account_with(fees=[FeeRow("percent", "", Decimal("0.0025"))])
    assert estimated(account, "+573001234567", "marketing", SINCE).fee == Decimal("0.000000")
    assert estimated(account, ARGENTINA, "marketing", SINCE).fee == Decimal("0.000002")


def test_a_fee_of_a_category_takes_the_place_of_the_general_one() -> None:
    fees = [FeeRow("per_message", "", Decimal("0.005")), FeeRow("per_message", "marketing", Decimal("0.010"))]
    account = account_with(fees=fees)
    assert estimated(account, ARGENTINA, "marketing", SINCE).fee == Decimal("0.010")
    assert estimated(account, ARGENTINA, "utility", SINCE).fee == Decimal("0.005")


def test_a_failed_message_costs_a_fee_unless_its_code_is_exempt() -> None:
    """[T]: US$0.001 for a failed message, except 63010, 63012 and others."""
    fee = FeeRow("failed", "", Decimal("0.001"), ("63010", "63012"))
    account = account_with(fees=[fee], provider="twilio")
    tariff = tariff_for(account_id=account.pk, market="AR", category="utility", at=SINCE)
    assert tariff is not None
    assert [tariff.failed_fee(code) is not None for code in ("63016", "63010", "63012", "")] == [
        True,
        False,
        False,
        True,
    ]
    assert tariff.price(SINCE).amount == Decimal("0.0260")


def test_an_account_without_a_published_card_has_no_price() -> None:
    account = account_with()
    RateCard.objects.filter(account=account).update(valid_to=BEFORE)
    assert tariff_for(account_id=account.pk, market="AR", category="utility", at=BEFORE) is None
    assert estimated(account, BRAZIL, "utility", datetime(2026, 9, 20, 14, 59, tzinfo=UTC)).amount == Decimal("0.0068")
