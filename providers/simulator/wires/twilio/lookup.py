"""Messages read back: one by its sid, and the list by recipient, sender and date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.flow import json_response
from providers.simulator.record import Message
from providers.simulator.wires.contract import Call
from providers.simulator.wires.twilio.errors import TwilioError, not_found
from providers.simulator.wires.twilio.send import PREFIX, VERSION, resource
from providers.simulator.wires.twilio.webhooks import account_sid
from providers.simulator.world import Account

PAGE_SIZE, LARGEST_PAGE = 50, 1000
FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")
DAY = 24 * 3600


def one(call: Call, account: Account) -> web.Response:
    """``GET …/Messages/{sid}.json``."""
    message = call.record.messages.get(call.request.match_info["message_sid"])
    if message is None or message.waba_id != account.waba_id:
        raise not_found(call.request.path)
    return json_response(resource(message, call.world.numbers[message.phone_number_id], account_sid(account)))


def listed(call: Call, account: Account) -> web.Response:
    """``GET …/Messages.json``: the newest first; a filter on the date leaves out what was not sent yet."""
    query = call.request.query
    size = min(_whole(query.get("PageSize", str(PAGE_SIZE))), LARGEST_PAGE)
    page = _whole(query.get("Page", "0"))
    found = sorted(_found(call, account), key=lambda message: message.at, reverse=True)
    start = page * size
    shown = found[start : start + size]
    kept = [(name, query[name]) for name in FILTERS if name in query]

    def uri(number: int) -> str:
        asked = urlencode([*kept, ("PageSize", str(size)), ("Page", str(number))])
        return f"/{VERSION}/Accounts/{account_sid(account)}/Messages.json?{asked}"

    messages = [resource(item, call.world.numbers[item.phone_number_id], account_sid(account)) for item in shown]
    document: Json = {
        "messages": messages,
        "end": start + max(len(shown) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if len(found) > start + size else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": uri(page - 1) if page else None,
        "start": start,
        "uri": uri(page),
    }
    return json_response(document)


def _found(call: Call, account: Account) -> Iterator[Message]:
    query = call.request.query
    to = query["To"].removeprefix(PREFIX) if "To" in query else None
    sender = query.get("From", "").removeprefix(PREFIX).lstrip("+")
    for message in call.record.find_messages(to=to, reference=None):
        number = call.world.numbers.get(message.phone_number_id)
        if message.waba_id != account.waba_id or number is None:
            continue
        if (not sender or number.digits == sender) and _in_time(call, message):
            yield message


def _in_time(call: Call, message: Message) -> bool:
    query = call.request.query
    if not any(name in query for name in FILTERS[2:]):
        return True
    sent_at = next((item.at for item in message.statuses), None)
    if sent_at is None:
        return False
    if "DateSent" in query and not _moment(query["DateSent"]) <= sent_at < _moment(query["DateSent"]) + DAY:
        return False
    before, after = query.get("DateSent<"), query.get("DateSent>")
    return (before is None or sent_at < _moment(before) + DAY * _is_day(before)) and (
        after is None or sent_at >= _moment(after)
    )


def _is_day(text: str) -> bool:
    return len(text) == len("2026-11-20")


def _moment(text: str) -> float:
    """A day or a time, both in GMT."""
    try:
        if _is_day(text):
            found = date.fromisoformat(text)
            return datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp()
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise TwilioError(400, 20001, f"{text} is not a date.") from problem
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _whole(text: str) -> int:
    if not text.isdigit():
        raise TwilioError(400, 20001, f"{text} is not a number.")
    return int(text)
