"""Twilio's Usage Records by day: Meta's prices by category of template, and its own fee. Inbound messages are not in it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from urllib.parse import urlencode

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.flow import json_response
from providers.simulator.usage import between, charged_messages
from providers.simulator.wires.contract import Call
from providers.simulator.wires.twilio.errors import TwilioError
from providers.simulator.wires.twilio.send import PRICE, PRICE_UNIT, VERSION
from providers.simulator.wires.twilio.webhooks import account_sid
from providers.simulator.world import Account

PAGE_SIZE, LARGEST_PAGE = 50, 1000
FEE = -Decimal(PRICE)


def daily(call: Call, account: Account) -> web.Response:
    """``GET …/Usage/Records/Daily.json``: by StartDate, EndDate and Category, a page at a time."""
    query = call.request.query
    found = _records(call, account, query.get("StartDate", ""), query.get("EndDate", "9"))
    if "Category" in query:
        found = [record for record in found if record["category"] == query["Category"]]
    size, page = min(_whole(query.get("PageSize", str(PAGE_SIZE))), LARGEST_PAGE), _whole(query.get("Page", "0"))
    shown = found[page * size : (page + 1) * size]
    kept = {name: query[name] for name in ("StartDate", "EndDate", "Category") if name in query}
    root = f"/{VERSION}/Accounts/{account_sid(account)}/Usage/Records/Daily.json"

    def uri(number: int) -> str:
        return f"{root}?{urlencode({**kept, 'PageSize': size, 'Page': number})}"

    return json_response(
        {
            "usage_records": shown,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "uri": uri(page),
            "first_page_uri": uri(0),
            "previous_page_uri": uri(page - 1) if page else None,
            "next_page_uri": uri(page + 1) if len(found) > (page + 1) * size else None,
        }
    )


def _records(call: Call, account: Account, first: str, last: str) -> list[Json]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    prices: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in between(charged_messages(call.record, account), first, last, by="sent_on"):
        day = each.sent_on.isoformat()
        meta = f"channels-whatsapp-template-{'service' if each.is_free else each.category.replace('_', '-')}"
        for category, amount in ((meta, each.amount), ("channels-whatsapp", FEE), ("channels-whatsapp-outbound", FEE)):
            counts[day, category] += 1
            prices[day, category] += amount
    return [
        {
            "account_sid": account_sid(account),
            "api_version": VERSION,
            "category": category,
            "description": category.replace("-", " "),
            "count": str(counts[day, category]),
            "count_unit": "messages",
            "usage": str(counts[day, category]),
            "usage_unit": "messages",
            "price": f"{prices[day, category]:f}",
            "price_unit": PRICE_UNIT.lower(),
            "start_date": day,
            "end_date": day,
            "as_of": f"{day}T23:59:59+00:00",
        }
        for day, category in sorted(counts)
    ]


def _whole(text: str) -> int:
    if not text.isdigit():
        raise TwilioError(400, 20001, f"{text} is not a number.")
    return int(text)
