"""The requests of POST /whatsapp/1/message/template and /text, and what each message of their answers says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from providers.adapters.infobip.errors import http_error, http_error_read, trouble_read
from providers.adapters.infobip.values import PARTS, template_data
from providers.adapters.infobip.vocabulary import NOT_TAKEN, TAKEN
from providers.contracts import Accepted, Exchange, JsonObject, MediaContent, OutboundMessage, TemplateContent
from providers.errors import Reason, Rejected, SendError, Unavailable, Uncertain
from providers.http import Answer
from providers.parts import parts_check
from providers.policy import error_of
from providers.reading import part, parts, text, whole_number
from providers.splitting import Splitter

TEMPLATE_PATH = "/whatsapp/1/message/template"
TEXT_PATH = "/whatsapp/1/message/text"
MEDIA_PATH = "/whatsapp/1/message/"

_IN_MESSAGE = (
    "messageId",
    "callbackData",
    "content.templateName",
    "content.language",
    "content.templateData.header.type",
    "content.templateData.buttons.type",
    "content.templateData.carousel.cards.header.type",
    "content.templateData.carousel.cards.buttons.type",
)
KEPT_PATHS = frozenset({*_IN_MESSAGE, *(f"messages.{path}" for path in _IN_MESSAGE)})

# In a bulk request that is refused as a whole, `messages[3].content...` names the message at fault; where nothing names it,
# halves of the request find it. That nothing of such a request was sent is inferred: should it be wrong, the others' next try
# carries the same `messageId` and is refused as doubled.
_AT_FAULT = re.compile(r"messages\[(\d{1,6})\]")
_halves = Splitter()


def together(messages: Sequence[OutboundMessage]) -> int:
    """How many of these, from the first on, go in one request."""
    return _halves.together([message.reference for message in messages])


def message_body(message: OutboundMessage, *, notify_url: str) -> JsonObject:
    """One message. `notify_url` "" leaves the reports to the webhook that is set up at Infobip.

    Raises Rejected for what Infobip cannot carry.
    """
    recipient = message.recipient
    return {
        "from": message.sender_external_id.lstrip("+"),
        "to": recipient.phone.lstrip("+") or recipient.bsuid,
        "messageId": message.reference,
        "content": _content(message),
        "callbackData": message.reference,
        **({"notifyUrl": notify_url} if notify_url else {}),
    }


def path_of(message: OutboundMessage) -> str:
    """Where a message of its kind is sent to."""
    if isinstance(message.content, TemplateContent):
        return TEMPLATE_PATH
    return MEDIA_PATH + message.content.kind if isinstance(message.content, MediaContent) else TEXT_PATH


def _content(message: OutboundMessage) -> JsonObject:
    content = message.content
    if isinstance(content, MediaContent):
        named = {"filename": content.file_name[:240]} if content.kind == "document" else {}
        return {"mediaUrl": content.link, **({"caption": content.caption} if content.caption else {}), **named}
    if not isinstance(content, TemplateContent):
        return {"text": content.body}
    parts_check(content, PARTS)
    return {
        "templateName": content.name,
        "templateData": template_data(content),
        "language": content.language,
    }


# --- answers -------------------------------------------------------------------------------------------------------------


def outcomes_read(answer: Answer, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
    """One outcome per message, found by our reference in the answer, never by its place."""
    body = answer.json_object()
    if not 200 <= answer.status < 300 or body is None or http_error_read(answer) is not None:
        return _all_refused(answer, messages)
    # A text's answer is the message itself.
    items = parts(body, "messages") if "messages" in body else [body]
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places.setdefault(text(item.get("messageId")), []).append(place)
    outcomes: list[Accepted | SendError] = []
    for index, message in enumerate(messages):
        found = places.get(message.reference, [])
        exchange = _own_part(answer.exchange, index, found)
        outcomes.append(_outcome(items[found[0]], exchange) if len(found) == 1 else _unnamed(exchange))
    return outcomes


def _outcome(item: JsonObject, exchange: Exchange) -> Accepted | SendError:
    group = whole_number(part(item, "status").get("groupId"))
    if group in TAKEN:
        return Accepted(text(item.get("messageId")), exchange=exchange)
    if group not in NOT_TAKEN:
        return Uncertain(Reason.UNREADABLE_ANSWER, detail="The status is not known.", exchange=exchange)
    trouble = trouble_read(item)
    return error_of(trouble.meaning, code=trouble.code, detail=trouble.detail, exchange=exchange)


def _unnamed(exchange: Exchange) -> SendError:
    detail = "The answer does not name the message exactly once."
    return Uncertain(Reason.UNREADABLE_ANSWER, detail=detail, exchange=exchange)


def all_failed(error: SendError, count: int) -> list[Accepted | SendError]:
    """The error of a call without an answer, for each of its messages."""
    outcomes: list[Accepted | SendError] = []
    for index in range(count):
        own = copy(error)
        own.exchange = error.exchange and _own_part(error.exchange, index, [])
        outcomes.append(own)
    return outcomes


def _all_refused(answer: Answer, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
    in_doubt = len(messages) > 1 and isinstance(http_error(answer), Rejected)
    faults = _faults(answer) if in_doubt else {}
    if in_doubt and not any(index < len(messages) for index in faults):
        _halves.refused([message.reference for message in messages])
    outcomes: list[Accepted | SendError] = []
    for index, _message in enumerate(messages):
        error = http_error(answer)
        error.exchange = _own_part(answer.exchange, index, [])
        outcomes.append(_split(error, faults.get(index)) if in_doubt else error)
    return outcomes


def _faults(answer: Answer) -> dict[int, str]:
    """What is wrong with which message (by its place in the request), as far as the answer says."""
    error = http_error_read(answer)
    named: dict[int, str] = {}
    for path, problem in (error.violations if error else {}).items():
        if found := _AT_FAULT.search(path):
            named[int(found.group(1))] = f"{path} {problem}"
    return named


def _split(error: SendError, fault: str | None) -> SendError:
    """The refusal of the message at fault; the others were not sent either, and it costs them no try."""
    if fault is None:
        other = "A request with several messages was refused because of one of them."
        return Unavailable(Reason.NOT_STARTED, provider_code=error.provider_code, detail=other, exchange=error.exchange)
    return Rejected(error.reason, provider_code=error.provider_code, detail=fault[:1000], exchange=error.exchange)


def _own_part(exchange: Exchange, index: int, places: Sequence[int]) -> Exchange:
    """The record of the call with only this message in it: a thousand copies of a thousand messages are no record."""
    return replace(
        exchange,
        request=_only(exchange.request, [index]),
        response=_only(exchange.response, places) if places else exchange.response,
    )


def _only(record: JsonObject | None, places: Sequence[int]) -> JsonObject | None:
    body = (record or {}).get("body")
    listed = body.get("messages") if isinstance(body, dict) else None
    if record is None or not isinstance(body, dict) or not isinstance(listed, list) or len(listed) < 2:
        return record
    kept = [listed[place] for place in places if place < len(listed)]
    return {**record, "body": {**body, "messages": kept}}
