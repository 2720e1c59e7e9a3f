"""What Meta charged an account: its `pricing_analytics`, which count delivered messages by the account's own days.

A point has no cost for accounts on a partner's credit line; then only counts are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from providers.adapters.meta.errors import call_problem
from providers.adapters.meta.reading import part, parts, text, whole_number
from providers.contracts import JsonObject
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.usage import Usage, UsageRow, amount_of

#: Days asked for at once: a month by country and category stays far below what one answer holds.
DAYS_AT_ONCE = 31
_FREE = "FREE_"

#: Makes one GET of the account with these fields.
Fetch = Callable[[str], Answer]


def usage_read(fetch: Fetch, first: date, last: date, *, zone: str) -> Usage:
    """The days from first to last of the account's zone. Raises ProviderCallError."""
    currency = text(_checked(fetch("currency")).get("currency")).upper()
    rows: list[UsageRow] = []
    free = 0
    start = first
    while start <= last:
        end = min(start + timedelta(days=DAYS_AT_ONCE), last + timedelta(days=1))
        answer = fetch(_expression(start, end, ZoneInfo(zone)))
        for point in _points(answer):
            row, charged = _row(point, answer, ZoneInfo(zone))
            if charged:
                rows.append(row)
            else:
                free += row.count or 0
        start = end
    has_amounts = any(row.amount is not None for row in rows)
    return Usage(currency if has_amounts else "", zone, "delivered", rows, free=free)


def _expression(start: date, end: date, zone: ZoneInfo) -> str:
    since, until = (int(datetime.combine(day, time.min, tzinfo=zone).timestamp()) for day in (start, end))
    return (
        f"pricing_analytics.start({since}).end({until}).granularity(DAILY)"
        '.dimensions(["PRICING_CATEGORY","PRICING_TYPE","COUNTRY"]).metric_types(["COST","VOLUME"])'
    )


def _points(answer: Answer) -> Iterator[JsonObject]:
    analytics = part(_checked(answer), "pricing_analytics")
    if text(part(analytics, "paging").get("next")):
        # Its page shows no pages: to read the first alone would be to lose the rest in silence.
        raise unreadable_answer(answer, "The analytics come in pages, which Meta's documentation does not show.")
    for each in parts(analytics, "data"):
        yield from parts(each, "data_points")


def _row(point: JsonObject, answer: Answer, zone: ZoneInfo) -> tuple[UsageRow, bool]:
    """The point, and whether it was charged."""
    start, count = whole_number(point.get("start")), whole_number(point.get("volume"))
    category, country = text(point.get("pricing_category")).lower(), text(point.get("country")).upper()
    if start is None or count is None or not category:
        raise unreadable_answer(answer, "A point of the analytics has no start, volume or category.")
    kind = text(point.get("pricing_type")).upper()
    cost = amount_of(point.get("cost"))
    if cost is None and point.get("cost") is not None:
        # To take it as not told would leave it out in silence. What Meta corrects stands on its invoice.
        raise unreadable_answer(answer, "A point of the analytics has a cost that is negative, or no amount.")
    day = datetime.fromtimestamp(start, zone).date()
    row = UsageRow(day, country, category, count, cost, f"{category} {country} {kind}".strip())
    return row, not kind.startswith(_FREE)


def _checked(answer: Answer) -> JsonObject:
    body = answer.json_object()
    if answer.status != 200 or body is None or "error" in body:
        raise call_problem(answer)
    return body
