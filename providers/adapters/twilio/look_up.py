"""What became of a message: by its sid, else by Twilio's list of what was sent to its recipient.

Source: https://www.twilio.com/docs/messaging/api/message-resource. The list's order (newest first) is inferred, so it is
checked, and nothing is concluded from a list that is in another order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.twilio.errors import CODES, answer_words, code_of, reason_of
from providers.adapters.twilio.send import address
from providers.adapters.twilio.webhook import person, sender, status_of
from providers.contracts import Exchange, JsonObject, PriceReport, StatusEvent
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import parts, text

PAGE_SIZE = 100
MAX_PAGES = 5

#: Makes one GET of a path below the account with a query.
Get = Callable[[str, dict[str, str]], Awaitable[Answer]]


async def message_look_up(get: Get, message: LookUp) -> LookUpAnswer:
    """The message's state and price, or that nothing went to its recipient in the time. Raises ProviderCallError."""
    if message.provider_message_id:
        return await _by_sid(get, message)
    return await _by_recipient(get, message)


async def _by_sid(get: Get, message: LookUp) -> LookUpAnswer:
    answer = await get(f"Messages/{message.provider_message_id}.json", {})
    if answer.status == 404:
        return LookUpAnswer(exchanges=[answer.exchange])
    item = _checked(answer)
    return LookUpAnswer([_event(item, message, answer)], exchanges=[answer.exchange])


async def _by_recipient(get: Get, message: LookUp) -> LookUpAnswer:
    """Every message to the person is asked for, whatever its sender: only then an empty list says something."""
    query = {"To": address(message.recipient), "PageSize": str(PAGE_SIZE)}
    found: list[JsonObject] = []
    exchanges: list[Exchange] = []
    last: datetime | None = None
    for _page in range(MAX_PAGES):
        answer = await get("Messages.json", query)
        exchanges.append(answer.exchange)
        body = _checked(answer)
        for item in parts(body, "messages"):
            created = _moment(item.get("date_created"))
            if created is None or (last is not None and created > last):
                return LookUpAnswer(exchanges=exchanges)
            last = created
            if message.sent_from <= created <= message.sent_until and _is_outbound(item, message):
                found.append(item)
        next_page = text(body.get("next_page_uri"))
        if not next_page or (last is not None and last < message.sent_from):
            return _concluded(found, message, answer, exchanges)
        # Only the query is taken: the credentials go nowhere else.
        query = dict(parse_qsl(urlsplit(next_page).query))
    return LookUpAnswer(exchanges=exchanges)


def _concluded(
    found: Sequence[JsonObject], message: LookUp, answer: Answer, exchanges: Sequence[Exchange]
) -> LookUpAnswer:
    ours = [item for item in found if sender(item.get("from")) in ("", message.sender_phone.removeprefix("+"))]
    same_text = [item for item in ours if _plain(text(item.get("body"))) == _plain(message.text)]
    # Media have no text in the list; one with another text is another message, also to a file without words.
    ours = same_text or [item for item in ours if not text(item.get("body"))]
    if len(ours) == 1:
        return LookUpAnswer([_event(ours[0], message, answer)], exchanges=exchanges)
    return LookUpAnswer(absent=not found, exchanges=exchanges)


def _is_outbound(item: JsonObject, message: LookUp) -> bool:
    phone, bsuid = person(item.get("to"))
    same_person = (phone, bsuid) == (message.recipient.phone, "") or (bsuid and bsuid == message.recipient.bsuid)
    return bool(same_person) and text(item.get("direction")).startswith("outbound")


def _plain(words: str) -> str:
    return " ".join(words.split())


def _event(item: JsonObject, message: LookUp, answer: Answer) -> StatusEvent:
    sid = text(item.get("sid"))
    at = _moment(item.get("date_updated")) or _moment(item.get("date_created"))
    if not sid or at is None:
        raise unreadable_answer(answer)
    code, word = code_of(item.get("error_code")), text(item.get("status"))
    to_phone, to_bsuid = person(item.get("to"))
    return StatusEvent(
        provider_message_id=sid,
        status=status_of(word, code),
        occurred_at=at,
        reference=message.reference,
        sender_external_id=sender(item.get("from")),
        recipient_phone=to_phone,
        recipient_bsuid=to_bsuid,
        error_code=code,
        error_reason=reason_of(code),
        error_detail=text(item.get("error_message"))[:1000],
        price=_price(item),
        raw_status=word,
    )


def _price(item: JsonObject) -> PriceReport | None:
    """The price of a resource is a negative number in a text, and comes some time after the message."""
    try:
        amount = abs(Decimal(text(item.get("price"))))
    except InvalidOperation:
        return None
    currency = text(item.get("price_unit")).upper()
    if not amount.is_finite() or not currency:
        return None
    # Whether Meta's fee is in it varies, so nothing billed by Twilio does not mean that it was free.
    return PriceReport(True if amount else None, "", amount=amount, currency=currency)


def _moment(value: object) -> datetime | None:
    try:
        found = parsedate_to_datetime(text(value))
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else None


def _checked(answer: Answer) -> JsonObject:
    body = answer.json_object()
    if answer.status != 200:
        code, words, _understood = answer_words(answer)
        raise call_error(answer, CODES, code=code, detail=words)
    if body is None:
        raise unreadable_answer(answer)
    return body
