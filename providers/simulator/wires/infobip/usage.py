"""Infobip's billing usage: a question that is answered by a webhook, as a table."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from providers.simulator.documents import Json, mapping
from providers.simulator.record import Record
from providers.simulator.refusal import Refusal
from providers.simulator.usage import between, charged_messages
from providers.simulator.world import Account

#: The columns that can be asked for here, in the words of the question.
DIMENSIONS = ("DAY", "CATEGORY_CODE", "COUNTRY_CODE", "TRAFFIC_TYPE")
_METRICS = ("UNIT", "UNIT_PRICE", "QUANTITY", "TOTAL_PER_UNIT", "CURRENCY")
_NUMBERS = frozenset({"UNIT_PRICE", "QUANTITY", "TOTAL_PER_UNIT"})


def period_of(body: Json) -> tuple[str, str]:
    """The first and the last day of the question, both counted (``sentUntil`` is not)."""
    interval = mapping(mapping(mapping(body.get("request")).get("filterBy")).get("dateInterval"))
    asked = mapping(body.get("request")).get("aggregateBy")
    if not body.get("callbackUrl") or not isinstance(asked, list) or not asked:
        raise Refusal(100, "request.aggregateBy: must not be empty")
    try:
        first, until = (date.fromisoformat(str(interval.get(name))) for name in ("sentSince", "sentUntil"))
    except ValueError as problem:
        raise Refusal(100, "request.filterBy.dateInterval: must be two dates") from problem
    if not first < until or (until - first).days > 93:
        raise Refusal(100, "request.filterBy.dateInterval: must not exceed 3 months")
    return first.isoformat(), (until - timedelta(days=1)).isoformat()


def result(request_id: str, record: Record, account: Account, first: str, last: str) -> Json:
    """The body of the webhook: by day of sending, country, and traffic type."""
    counts: dict[tuple[str, str, str, Decimal], int] = defaultdict(int)
    for each in between(charged_messages(record, account), first, last, by="sent_on"):
        kind = "FREE_FORM" if each.category == "service" else each.category.upper()
        counts[each.sent_on.isoformat(), each.country, kind, each.amount] += 1
    rows = [
        [
            f"{day}T00:00:00",
            "WHATSAPP",
            country,
            kind,
            "MESSAGE",
            float(unit),
            count,
            float(unit * count),
            account.currency,
        ]
        for (day, country, kind, unit), count in sorted(counts.items())
    ]
    names = (*DIMENSIONS, *_METRICS)
    columns = [{"columnName": name, "columnDataType": "NUMBER" if name in _NUMBERS else "STRING"} for name in names]
    period = {"sentSince": f"{first}T00:00:00Z", "sentUntil": f"{last}T23:59:59Z"}
    response = {"requestedPeriod": period, "totalRows": len(rows), "columns": columns, "rows": rows}
    return {"requestId": request_id, "status": "SUCCESS", "response": response}
