"""What Twilio charged an account: its Usage Records by day (GMT) and category.

Source: https://www.twilio.com/docs/usage/api/usage-record. Meta's prices are the categories channels-whatsapp-template-*
(before July 2025 -conversation-*), Twilio's own fee channels-whatsapp with its parts -outbound and -inbound.

A record is the day's net: where Twilio took back more than it charged, its price is below zero, and so a credit. Messages write
what they cost with a minus; records that are all negative would be such costs, and are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import parse_qsl, urlsplit

from providers.adapters.twilio.errors import CODES, answer_words
from providers.contracts import JsonObject
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import parts, text
from providers.usage import FEE, OTHER_CHARGE, SeveralCurrencies, Usage, UsageRow, amount_of, count_of, one_currency

PAGE_SIZE = 1000
MAX_PAGES = 200

_WHATSAPP = "channels-whatsapp"
_PARTS = (f"{_WHATSAPP}-outbound", f"{_WHATSAPP}-inbound")
_META = (f"{_WHATSAPP}-template-", f"{_WHATSAPP}-conversation-")
_CATEGORIES = {
    "marketing": "marketing",
    "utility": "utility",
    "authentication": "authentication",
    "authentication-international": "authentication_international",
    "service": "service",
}
_FREE = "free"

#: Makes one GET of the daily records with the given query.
Fetch = Callable[[dict[str, str]], Answer]


def usage_read(fetch: Fetch, first: date, last: date) -> Usage:
    """All records of the days, of WhatsApp alone. Raises ProviderCallError."""
    rows: list[UsageRow] = []
    currencies: list[str] = []
    free, detailed = 0, set[date]()
    whole: list[UsageRow] = []
    for record, answer in _records(fetch, first, last):
        category = text(record.get("category"))
        if category != _WHATSAPP and not category.startswith(f"{_WHATSAPP}-"):
            continue
        row = _row(record, category, answer)
        if not row.count and not row.amount:
            continue
        if category in _PARTS:
            detailed.add(row.day)
        if row.category == _FREE or (row.count and not row.amount):
            free += row.count or 0
            continue
        (whole if category == _WHATSAPP else rows).append(row)
        currencies.append(text(record.get("price_unit")))
    told = [*rows, *whole]
    if told and all((row.amount or 0) < 0 for row in told):
        words = "All prices are negative: these may be costs written with a minus. Import them as an invoice or a credit note."
        raise unreadable_answer(answer, words)
    # Where its parts are told, their sum would count the fee twice.
    rows += [row for row in whole if row.day not in detailed]
    try:
        currency = one_currency(currencies)
    except SeveralCurrencies as error:
        raise unreadable_answer(answer, f"The records are in several currencies: {error}.") from error
    return Usage(currency, "UTC", "sent", sorted(rows, key=lambda row: row.day), by_country=False, free=free)


def _records(fetch: Fetch, first: date, last: date) -> Iterator[tuple[JsonObject, Answer]]:
    query = {"StartDate": first.isoformat(), "EndDate": last.isoformat(), "PageSize": str(PAGE_SIZE)}
    for _page in range(MAX_PAGES):
        answer = fetch(query)
        body = answer.json_object()
        if answer.status != 200:
            code, words, _understood = answer_words(answer)
            raise call_error(answer, CODES, code=code, detail=words)
        if body is None or not isinstance(body.get("usage_records"), list):
            raise unreadable_answer(answer, "The answer holds no usage_records.")
        for record in parts(body, "usage_records"):
            yield record, answer
        following = text(body.get("next_page_uri"))
        if not following:
            return
        # Only the query is taken: the credentials go nowhere else.
        query = dict(parse_qsl(urlsplit(following).query))
    raise unreadable_answer(answer, f"The records have more than {MAX_PAGES} pages.")


def _row(record: JsonObject, category: str, answer: Answer) -> UsageRow:
    try:
        day = date.fromisoformat(text(record.get("start_date")))
    except ValueError as error:
        raise unreadable_answer(answer, "A record has no day.") from error
    count, amount = count_of(record.get("count")), amount_of(record.get("price"), credits_too=True)
    if amount is None:
        raise unreadable_answer(answer, "A record has no price.")
    meaning = _meaning(category)
    # A fee counts no messages of its own, and neither does a credit; how many there were stands in the words.
    counted = None if meaning in (FEE, OTHER_CHARGE) or amount < 0 else count
    return UsageRow(day, "", meaning, counted, amount, f"{category} {count or ''}".strip())


def _meaning(category: str) -> str:
    """Our category. What Twilio names otherwise is another charge: told, and never lost in silence."""
    if category in (_WHATSAPP, _PARTS[0]):
        return FEE
    for prefix in _META:
        if category.startswith(prefix):
            word = category.removeprefix(prefix)
            return _FREE if word == _FREE else _CATEGORIES.get(word, OTHER_CHARGE)
    return OTHER_CHARGE
