"""What Gupshup charged an app: the partner API's daily totals, with money by day alone and counts by category.

Source: partner documentation, GET /partner/app/{appId}/usage. In which time zone its days are it does not say; UTC is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from providers.adapters.gupshup.templates import checked
from providers.contracts import JsonObject
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.reading import parts, text
from providers.usage import SeveralCurrencies, Usage, UsageRow, amount_of, count_of, one_currency

_COUNTS = ("marketing", "utility", "authentication", "internationalAuthentication", "service")

#: Makes one GET of the usage with the given query.
Fetch = Callable[[dict[str, str]], Answer]


def usage_read(fetch: Fetch, first: date, last: date) -> Usage:
    """The days' totals. Raises ProviderCallError."""
    answer = fetch({"from": first.isoformat(), "to": last.isoformat()})
    body = checked(answer)
    if not isinstance(body.get("partnerAppUsageList"), list):
        raise unreadable_answer(answer, "The answer holds no partnerAppUsageList.")
    items = parts(body, "partnerAppUsageList")
    try:
        currency = one_currency([text(item.get("currency")) for item in items])
    except SeveralCurrencies as error:
        raise unreadable_answer(answer, f"The days are in several currencies: {error}.") from error
    rows = [row for item in items if (row := _row(item, answer)).count or row.amount]
    return Usage(currency, "UTC", "delivered", rows, by_country=False, by_category=False)


def _row(item: JsonObject, answer: Answer) -> UsageRow:
    total = amount_of(item.get("totalFees"))
    try:
        day = date.fromisoformat(text(item.get("date"))[:10])
    except ValueError as error:
        raise unreadable_answer(answer, "A day of the usage has no date.") from error
    if total is None:
        raise unreadable_answer(answer, "A day of the usage has no totalFees, or negative ones.")
    counts = {name: count_of(item.get(name)) or 0 for name in _COUNTS}
    told = " · ".join(f"{name} {count}" for name, count in counts.items() if count)
    fees = " · ".join(
        f"{name} {fee:f}" for name in ("waFees", "gsFees") if (fee := amount_of(item.get(name)) or Decimal(0))
    )
    return UsageRow(day, count=sum(counts.values()), amount=total, detail=" · ".join(filter(None, (told, fees)))[:300])
