"""Prices, ids and limits, without a server."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.simulator.identity import country_of, new_message_id, user_id_for, wa_id_from_input
from providers.simulator.limits import Limits
from providers.simulator.outcomes import OUTCOMES, PLAIN, outcome_for
from providers.simulator.pricing import AnalyticsQuery, Charge, market_of, parse_analytics, price, pricing_analytics
from providers.simulator.refusal import Refusal
from providers.simulator.wires.meta.payloads import version_number
from providers.simulator.world import Account, Number
from tests.providers.simulator.server import payload

MOMENT = datetime(2026, 11, 5, 10, 40, tzinfo=UTC).timestamp()


def account(**fields: object) -> Account:
    return Account("301", "token", "secret", **fields)  # type: ignore[arg-type]


def charge(recipient: str = "5491155550155", category: str = "utility", pricing_type: str = "regular") -> Charge:
    return Charge("301", "5491155550199", recipient, MOMENT, category, pricing_type)


@pytest.mark.parametrize(
    ("recipient", "market"),
    [
        ("5491155550155", "AR"),
        ("18095550100", "REST_OF_LATIN_AMERICA"),
        ("12125550100", "NORTH_AMERICA"),
        ("59899000000", "REST_OF_LATIN_AMERICA"),
        ("447700900000", "OTHER"),
        ("34600000000", "ES"),
        ("AR.27183920456611029384", "AR"),
        ("99999", "OTHER"),
    ],
)
def test_it_finds_the_market_of_a_recipient(recipient: str, market: str) -> None:
    assert market_of(country_of(recipient)) == market


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("marketing", "0.0618"),
        ("marketing_lite", "0.0618"),
        ("utility", "0.0260"),
        ("service", "0.0260"),
        ("authentication", "0.0260"),
    ],
)
def test_it_charges_the_list_price(category: str, expected: str) -> None:
    assert price(account(), charge(category=category)) == Decimal(expected)


def test_it_charges_the_accounts_own_rates_first() -> None:
    own = account(rates={"AR": {"utility": "31.5"}}, currency="ARS")

    assert price(own, charge()) == Decimal("31.5")


def test_it_charges_nothing_for_what_is_free() -> None:
    assert price(account(), charge(pricing_type="free_entry_point")) == 0


@pytest.mark.parametrize(
    ("granularity", "start", "end"),
    [
        ("HALF_HOUR", "2026-11-05T10:30:00+00:00", "2026-11-05T11:00:00+00:00"),
        ("DAILY", "2026-11-05T03:00:00+00:00", "2026-11-06T03:00:00+00:00"),
        ("MONTHLY", "2026-11-01T03:00:00+00:00", "2026-12-01T03:00:00+00:00"),
    ],
)
def test_it_cuts_time_in_the_accounts_timezone(granularity: str, start: str, end: str) -> None:
    query = AnalyticsQuery(0, MOMENT + 1, granularity, ())
    local = account(timezone="America/Argentina/Buenos_Aires")

    point = pricing_analytics(local, [charge()], query)["pricing_analytics"]["data"][0]["data_points"][0]

    expected = [int(datetime.fromisoformat(text).timestamp()) for text in (start, end)]
    assert [point["start"], point["end"]] == expected


def test_it_reads_the_arguments_of_an_analytics_query() -> None:
    query = parse_analytics('pricing_analytics.start(1).end(2).granularity(MONTHLY).dimensions(["COUNTRY","TIER"])')

    assert query == AnalyticsQuery(1.0, 2.0, "MONTHLY", ("COUNTRY", "TIER"))


@pytest.mark.parametrize(
    ("written", "wa_id"),
    [
        ("+54 9 11 5555-0155", "5491155550155"),
        ("+541155550155", "5491155550155"),
        ("(11) 5555-0155", "5491155550155"),
        ("+1 (212) 555-0100", "12125550100"),
        ("nobody", None),
        ("+12", None),
        ("+1234567890123456", None),
    ],
)
def test_it_reads_phones_as_whatsapp_does(written: str, wa_id: str | None) -> None:
    assert wa_id_from_input(written, "5491155550199") == wa_id


def test_it_makes_message_ids_of_metas_layout() -> None:
    sample = payload("send_template.response_accepted")["messages"][0]["id"]

    made = new_message_id("5491155550100")

    layouts = [base64.b64decode(wamid.removeprefix("wamid.")) for wamid in (sample, made)]
    assert len(layouts[0]) == len(layouts[1])
    assert layouts[0][:22] == layouts[1][:22]


def test_it_gives_a_person_another_id_in_each_portfolio() -> None:
    first, second = (user_id_for(portfolio, "5491155550107") for portfolio in ("1", "2"))

    assert first != second
    assert (first[:3], first[-2:]) == ("AR.", "07")


def test_it_counts_recipients_apart() -> None:
    limits, number = Limits(), Number("298", "301", "+1", messages_per_second=1000.0)
    for _ in range(45):
        limits.check(number, "5491155550155")

    limits.check(number, "5491155550156")
    with pytest.raises(Refusal):
        limits.check(number, "5491155550155")


def test_it_delivers_to_every_ending_from_50_on() -> None:
    assert sorted(OUTCOMES) == [f"{number:02d}" for number in range(50)]
    assert all(outcome_for(f"54911555501{number}") is PLAIN for number in range(50, 100))


@pytest.mark.parametrize(("version", "number"), [("v25.0", 25.0), ("latest", 0.0)])
def test_it_reads_graph_versions(version: str, number: float) -> None:
    assert version_number(version) == number
