"""What Infobip charged: its Billing Usage API (early access, scope billing:usage:view), whose answer comes by a webhook.

Days are of UTC and of the sending; of three months only. The answer is a table: the names of its columns, then rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from providers.adapters.infobip.templates import answered
from providers.contracts import Event, JsonObject, UsageEvent
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.reading import Unreadable, part, parts, required, text
from providers.usage import (
    OTHER_CHARGE,
    SeveralCurrencies,
    Usage,
    UsageAsked,
    UsageRow,
    amount_of,
    count_of,
    one_currency,
)

USAGE_PATH = "/billing/1/usage/query"
_BY = ("DAY", "CATEGORY_CODE", "COUNTRY_CODE", "TRAFFIC_TYPE")
_NEEDED = ("DAY", "COUNTRY_CODE", "TRAFFIC_TYPE", "QUANTITY", "TOTAL_PER_UNIT", "CURRENCY")
#: Free-form text is what Meta charges as service.
_CATEGORIES = {
    "MARKETING": "marketing",
    "MARKETING_LITE": "marketing_lite",
    "UTILITY": "utility",
    "AUTHENTICATION": "authentication",
    "AUTHENTICATION_INTERNATIONAL": "authentication_international",
    "SERVICE": "service",
    "FREE_FORM": "service",
}


def usage_body(first: date, last: date, *, callback_url: str) -> JsonObject:
    """The question for these days, both counted; `sentUntil` is not."""
    return {
        "callbackUrl": callback_url,
        "request": {
            "filterBy": {
                "dateInterval": {
                    "sentSince": first.isoformat(),
                    "sentUntil": (last + timedelta(days=1)).isoformat(),
                },
                "categories": ["WHATSAPP"],
                "directions": ["OUTBOUND"],
            },
            "aggregateBy": list(_BY),
            "options": {"includeUnfinalizedData": True},
        },
    }


def usage_asked(answer: Answer) -> UsageAsked:
    """The id under which the answer will come. Raises ProviderCallError."""
    request_id = text(answered(answer, 200, 201).get("requestId"))
    if not request_id:
        raise unreadable_answer(answer, "The answer has no requestId.")
    return UsageAsked(request_id)


def usage_event(item: JsonObject) -> Event:
    """The answer that came. Raises Unreadable when the table lacks a column or a row says nothing."""
    request_id = required(item, "requestId")
    if text(item.get("status")).upper() != "SUCCESS":
        return UsageEvent(request_id, problem=text(item.get("failureMessage"))[:400] or "FAILED")
    response = part(item, "response")
    names = [_plain(text(column.get("columnName"))) for column in parts(response, "columns")]
    missing = [name for name in _NEEDED if name not in names]
    rows = response.get("rows")
    if missing or not isinstance(rows, list):
        raise Unreadable(f"The usage lacks {', '.join(missing) or 'rows'}.")
    found: list[UsageRow] = []
    currencies: list[str] = []
    free = 0
    for row in rows:
        if not isinstance(row, list) or len(row) != len(names):
            raise Unreadable("A row of the usage has another number of values than there are columns.")
        cells = dict(zip(names, row, strict=True))
        read = _row(cells)
        if not read.amount:
            free += read.count or 0
        else:
            found.append(read)
            currencies.append(text(cells["CURRENCY"]))
    try:
        return UsageEvent(request_id, Usage(one_currency(currencies), "UTC", "sent", found, free=free))
    except SeveralCurrencies as error:
        return UsageEvent(request_id, problem=f"Several currencies: {error}")


def _row(cells: Mapping[str, Any]) -> UsageRow:
    try:
        day = date.fromisoformat(text(cells["DAY"])[:10])
    except ValueError as error:
        raise Unreadable("A row of the usage has no day.") from error
    amount = amount_of(cells["TOTAL_PER_UNIT"])
    if amount is None:
        raise Unreadable("A row of the usage has no total, or a negative one.")
    kind, country = text(cells["TRAFFIC_TYPE"]).upper(), text(cells["COUNTRY_CODE"]).upper()
    category = _CATEGORIES.get(kind, OTHER_CHARGE)
    count = count_of(cells["QUANTITY"]) if category != OTHER_CHARGE else None
    return UsageRow(day, "" if country == "N/A" else country, category, count, amount, f"{kind} {country}".strip())


def _plain(name: str) -> str:
    """Column names as the question has them; the reference shows them with spaces too."""
    return name.strip().upper().replace(" ", "_")
