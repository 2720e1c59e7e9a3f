"""What providers say they charged, read to the last page or refused: never in part, and no currencies added up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from providers.adapters.gupshup.usage import usage_read as gupshup_read
from providers.adapters.infobip.usage import usage_asked, usage_body, usage_event
from providers.adapters.infobip.webhook import body_parse
from providers.adapters.meta.usage import usage_read as meta_read
from providers.adapters.twilio.usage import usage_read as twilio_read
from providers.contracts import BadItem, Exchange, UsageEvent
from providers.errors import ProviderCallError
from providers.http import Answer
from providers.usage import amount_of, count_of

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


def answer(document: Any, status: int = 200) -> Answer:
    body = json.dumps(document).encode()
    return Answer(status, {}, body, Exchange("GET", "https://provider.example", None, status, None, 1), document)


# --- Meta --------------------------------------------------------------------------------------------------------------------


def point(day: int, **fields: Any) -> dict[str, Any]:
    start = 1790812800 + (day - 1) * 86400
    told = {"start": start, "end": start + 86400, "country": "AR", "pricing_category": "UTILITY", "volume": 2}
    return {**told, "pricing_type": "REGULAR", "cost": 0.052, **fields}


def meta(*points: dict[str, Any], paging: Any = None) -> Callable[[str], Answer]:
    def fetch(fields: str) -> Answer:
        if fields == "currency":
            return answer({"currency": "USD", "id": "1"})
        analytics: dict[str, Any] = {"data": [{"data_points": list(points)}]}
        return answer({"pricing_analytics": {**analytics, "paging": paging} if paging else analytics, "id": "1"})

    return fetch


def test_meta_tells_days_of_the_account_and_free_messages_apart() -> None:
    usage = meta_read(meta(point(1), point(2, pricing_type="FREE_CUSTOMER_SERVICE", cost=0)), FIRST, LAST, zone="UTC")

    [row] = usage.rows
    assert (row.day, row.country, row.category, row.count, row.amount) == (FIRST, "AR", "utility", 2, Decimal("0.052"))
    assert (usage.free, usage.currency, usage.zone, usage.counted_by) == (2, "USD", "UTC", "delivered")


def test_meta_is_asked_a_month_at_a_time_from_midnight_to_midnight() -> None:
    asked: list[str] = []

    def fetch(fields: str) -> Answer:
        asked.append(fields)
        return meta()(fields)

    meta_read(fetch, date(2026, 10, 1), date(2026, 11, 1), zone="America/Bogota")

    assert len(asked) == 3
    assert ".start(1790830800).end(1793509200)" in asked[1]
    assert ".start(1793509200).end(1793595600)" in asked[2]


@pytest.mark.parametrize(
    "fetch",
    [
        meta(point(1), paging={"next": "https://graph.example/next"}),
        meta(point(1, start=None)),
        meta(point(1, volume="many")),
        lambda fields: answer({"error": {"code": 200, "message": "Permissions error"}}, 403),
        lambda fields: answer([]),
    ],
)
def test_meta_is_refused_rather_than_read_in_part(fetch: Callable[[str], Answer]) -> None:
    with pytest.raises(ProviderCallError):
        meta_read(fetch, FIRST, LAST, zone="UTC")


# --- Twilio ------------------------------------------------------------------------------------------------------------------


def record(category: str, *, day: int = 1, price: str = "0.5", count: str = "2", unit: str = "usd") -> dict[str, str]:
    told = {"category": category, "price": price, "count": count, "price_unit": unit}
    return {**told, "start_date": f"2026-10-{day:02d}", "end_date": f"2026-10-{day:02d}"}


def twilio(*pages: list[dict[str, str]]) -> Callable[[dict[str, str]], Answer]:
    def fetch(query: dict[str, str]) -> Answer:
        page = int(query.get("Page", "0"))
        following = (
            f"/2010-04-01/Accounts/AC1/Usage/Records/Daily.json?Page={page + 1}" if page + 1 < len(pages) else None
        )
        return answer({"usage_records": pages[page], "next_page_uri": following})

    return fetch


def test_twilios_pages_are_followed_and_its_categories_told_apart() -> None:
    usage = twilio_read(
        twilio(
            [
                record("channels-whatsapp-template-utility"),
                record("sms", price="9"),
                record("calls", count="0", price="0"),
            ],
            [
                record("channels-whatsapp", price="0.02"),
                record("channels-whatsapp-outbound", price="0.01"),
                record("channels-whatsapp-inbound", price="0.01"),
                record("channels-whatsapp", day=2, price="0.03"),
                record("channels-whatsapp-conversation-free", price="0", count="3"),
                record("channels-whatsapp-template-service", price="0", count="1"),
                record("channels-whatsapp-something-new", day=3),
            ],
        ),
        FIRST,
        LAST,
    )

    assert [(row.day.day, row.category, row.count, row.amount) for row in usage.rows] == [
        (1, "utility", 2, Decimal("0.5")),
        (1, "fee", None, Decimal("0.01")),
        (1, "other_charge", None, Decimal("0.01")),
        (2, "fee", None, Decimal("0.03")),
        (3, "other_charge", None, Decimal("0.5")),
    ]
    assert (usage.free, usage.currency, usage.by_country) == (4, "USD", False)


@pytest.mark.parametrize(
    "fetch",
    [
        twilio([record("channels-whatsapp", price="-0.5")]),
        twilio([{**record("channels-whatsapp"), "start_date": "yesterday"}]),
        twilio([record("channels-whatsapp-template-utility"), record("channels-whatsapp", day=2, unit="eur")]),
        lambda query: answer({"code": 20003, "message": "Authenticate", "status": 401}, 401),
        lambda query: answer({"records": []}),
    ],
)
def test_twilio_is_refused_rather_than_read_in_part(fetch: Callable[[dict[str, str]], Answer]) -> None:
    with pytest.raises(ProviderCallError):
        twilio_read(fetch, FIRST, LAST)


# --- Infobip -----------------------------------------------------------------------------------------------------------------

COLUMNS = (
    "DAY",
    "CATEGORY_CODE",
    "COUNTRY_CODE",
    "TRAFFIC_TYPE",
    "UNIT_PRICE",
    "QUANTITY",
    "TOTAL_PER_UNIT",
    "CURRENCY",
)


def result(
    *rows: list[Any], columns: tuple[str, ...] = COLUMNS, status: str = "SUCCESS", **other: Any
) -> dict[str, Any]:
    response = {"columns": [{"columnName": name} for name in columns], "rows": list(rows)}
    return {"requestId": "R1", "status": status, "response": response, **other}


ROW = ["2026-10-03T00:00:00", "WHATSAPP", "AR", "UTILITY", 0.026, 2, 0.052, "USD"]


def test_infobip_is_asked_with_an_end_that_does_not_count() -> None:
    body = usage_body(FIRST, LAST, callback_url="https://portal.example/hook")

    interval = body["request"]["filterBy"]["dateInterval"]
    assert interval == {"sentSince": "2026-10-01", "sentUntil": "2026-11-01"}
    assert usage_asked(answer({"requestId": "R1"}, 201)).request_id == "R1"
    with pytest.raises(ProviderCallError):
        usage_asked(answer({"errorCode": "E403", "description": "No scope"}, 403))


def test_infobips_table_becomes_rows() -> None:
    free_form = ["2026-10-04", "WHATSAPP", "N/A", "FREE_FORM", "N/A", "3.0", "0.1", "USD"]
    unknown = ["2026-10-04", "WHATSAPP", "BR", "CAROUSEL_FEE", 1, 1, 1, "USD"]

    free = ["2026-10-04", "WHATSAPP", "AR", "UTILITY", 0, 5, 0, "USD"]

    [event] = body_parse(json.dumps(result(ROW, free_form, unknown, free)).encode())

    assert isinstance(event, UsageEvent)
    assert event.usage is not None
    assert [(row.day.day, row.country, row.category, row.count, row.amount) for row in event.usage.rows] == [
        (3, "AR", "utility", 2, Decimal("0.052")),
        (4, "", "service", 3, Decimal("0.1")),
        (4, "BR", "other_charge", None, Decimal(1)),
    ]
    assert (event.usage.zone, event.usage.counted_by, event.usage.free) == ("UTC", "sent", 5)


def test_infobips_failure_is_told_in_its_words() -> None:
    failed = usage_event({"requestId": "R1", "status": "FAILED", "failureMessage": "Quota exceeded"})
    mixed = usage_event(result(ROW, [*ROW[:-1], "EUR"]))

    assert failed == UsageEvent("R1", problem="Quota exceeded")
    assert isinstance(mixed, UsageEvent)
    assert (mixed.usage, "EUR, USD" in mixed.problem) == (None, True)


@pytest.mark.parametrize(
    "document",
    [
        result(ROW, columns=COLUMNS[:-1]),
        result(ROW[:-1]),
        result(["someday", *ROW[1:]]),
        result([*ROW[:6], "n/a", "USD"]),
        result([*ROW[:6], -1, "USD"]),
        result("rows"),  # type: ignore[arg-type]  # what a provider should not send
    ],
)
def test_infobips_table_is_refused_as_a_whole(document: dict[str, Any]) -> None:
    [item] = body_parse(json.dumps(document).encode())

    assert isinstance(item, BadItem)


# --- Gupshup -----------------------------------------------------------------------------------------------------------------


def day(**fields: Any) -> dict[str, Any]:
    told = {
        "date": "2026-10-03",
        "currency": "USD",
        "marketing": 1,
        "utility": 2,
        "totalFees": 0.1108,
        "waFees": 0.1078,
    }
    return {**told, "gsFees": 0.003, **fields}


def gupshup(*days: Any) -> Callable[[dict[str, str]], Answer]:
    return lambda query: answer({"status": "success", "partnerAppUsageList": list(days)})


def test_gupshups_days_have_one_amount_and_the_split_beside_it() -> None:
    usage = gupshup_read(gupshup(day(), day(date="2026-10-04", marketing=0, utility=0, totalFees=0)), FIRST, LAST)

    [row] = usage.rows
    assert (row.day.day, row.count, row.amount) == (3, 3, Decimal("0.1108"))
    assert row.detail == "marketing 1 · utility 2 · waFees 0.107800 · gsFees 0.003000"


@pytest.mark.parametrize(
    "fetch",
    [
        gupshup(day(totalFees=None)),
        gupshup(day(totalFees=-1)),
        gupshup(day(date="3 Oct")),
        gupshup(day(), day(currency="INR")),
        lambda query: answer({"status": "error", "message": "Unauthorised"}, 401),
        lambda query: answer({"status": "success"}),
    ],
)
def test_gupshup_is_refused_rather_than_read_in_part(fetch: Callable[[dict[str, str]], Answer]) -> None:
    with pytest.raises(ProviderCallError):
        gupshup_read(fetch, FIRST, LAST)


def test_a_day_on_which_twilio_gave_back_more_than_it_took_is_a_credit_that_counts_no_messages() -> None:
    usage = twilio_read(
        twilio(
            [
                record("channels-whatsapp-template-utility"),
                record("channels-whatsapp-template-marketing", price="-0.31"),
            ]
        ),
        FIRST,
        LAST,
    )

    [credit] = [row for row in usage.rows if row.amount is not None and row.amount < 0]
    assert (credit.category, credit.count, credit.amount) == ("marketing", None, Decimal("-0.31"))
    assert "marketing" in credit.detail


def test_prices_of_twilio_that_are_all_negative_are_not_taken_for_credits() -> None:
    with pytest.raises(ProviderCallError, match="All prices are negative"):
        twilio_read(twilio([record("channels-whatsapp", price="-0.5")]), FIRST, LAST)


@pytest.mark.parametrize("cost", [-0.052, "much", True])
def test_a_negative_or_unreadable_cost_of_meta_is_refused_and_not_taken_as_not_told(cost: Any) -> None:
    with pytest.raises(ProviderCallError, match="negative, or no amount"):
        meta_read(meta(point(1, cost=cost)), FIRST, LAST, zone="UTC")


def test_amounts_are_exact_and_negative_only_where_credits_are_expected() -> None:
    assert amount_of("-0.0618", credits_too=True) == Decimal("-0.0618")
    assert amount_of("-1e13", credits_too=True) is None
    assert [amount_of(value) for value in (0.1, "0.0618", 3, "-1", True, None, "NaN", "x", 10**13)] == [
        Decimal("0.1"), Decimal("0.0618"), Decimal(3), None, None, None, None, None, None,
    ]  # fmt: skip
    assert [count_of(value) for value in (3, "12.0", "1.5", "N/A")] == [3, 12, None, None]
