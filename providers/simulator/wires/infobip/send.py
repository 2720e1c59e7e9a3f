"""``POST /whatsapp/1/message/template``, ``…/text`` and ``/messages-api/1/messages``: the orders in their bodies. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from providers.simulator.definition import Definition
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.media import sent_words
from providers.simulator.parameters import by_name, by_part, code_button, media_header, payload_button, url_button
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Filling, Order
from providers.simulator.wires.infobip.errors import DUPLICATE

ID_LIMIT = 200
SENDER_LIMIT = 24
RECIPIENT_LIMIT = 150
CALLBACK_LIMIT = 4000
SPACES = re.compile(r"[\n\t]| {5,}")
WHITESPACE = "cannot have new-line/tab characters or more than 4 consecutive spaces"
BLANK = "must not be blank"
MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")
BUTTONS = {"QUICK_REPLY": payload_button, "URL": url_button, "COPY_CODE": code_button}


def orders_of_templates(body: Json) -> list[Order]:
    """The messages of a template request. Raises Refusal(100) when there is none."""
    messages = sequence(body.get("messages"))
    if not messages:
        raise Refusal(100, f"messages: {BLANK}")
    seen: set[str] = set()
    orders = []
    for index, item in enumerate(messages):
        message = mapping(item)
        content = mapping(message.get("content"))
        data = mapping(content.get("templateData"))
        wrong = next(_wrong(message, data, content), "")
        where = f"messages[{index}].{wrong}" if len(messages) > 1 else wrong
        problem = Refusal(100, where) if wrong else None
        name = str(message.get("messageId") or "")
        if name and name in seen:
            problem = problem or Refusal(DUPLICATE)
        seen.add(name)
        order = Order(
            sender=str(message.get("from", "")),
            recipient=str(message.get("to", "")),
            reference=name,
            template_name=str(content.get("templateName", "")),
            language=str(content.get("language", "")),
            fill=filling(data),
            extra=_extra(message, str(body.get("bulkId") or ""), several=len(messages) > 1),
            problem=problem,
        )
        orders.append(order)
    return orders


def order_of_text(body: Json) -> Order:
    """The one message of a text request."""
    content = mapping(body.get("content"))
    wrong = next(_wrong_addresses(body), "")
    text = content.get("text")
    if not wrong and (not isinstance(text, str) or not text):
        wrong = f"content.text: {BLANK}"
    return Order(
        sender=str(body.get("from", "")),
        recipient=str(body.get("to", "")),
        reference=str(body.get("messageId") or ""),
        text=str(text or ""),
        extra=_extra(body, "", several=False),
        problem=Refusal(100, wrong) if wrong else None,
    )


def order_of_file(body: Json, kind: str) -> Order:
    """The one message of a request for a picture, sound, film or document."""
    content = mapping(body.get("content"))
    wrong = next(_wrong_addresses(body), "")
    if not wrong and not str(content.get("mediaUrl", "")).startswith("http"):
        wrong = f"content.mediaUrl: {BLANK}"
    return Order(
        sender=str(body.get("from", "")),
        recipient=str(body.get("to", "")),
        reference=str(body.get("messageId") or ""),
        text=sent_words(kind, content.get("caption"), content.get("filename")),
        extra={**_extra(body, "", several=False), "media": content.get("mediaUrl")},
        problem=Refusal(100, wrong) if wrong else None,
    )


def orders_of_messages(body: Json) -> list[Order]:
    """The messages of a Messages API request: one order per destination."""
    found: list[Order] = []
    messages = [mapping(item) for item in sequence(body.get("messages"))]
    destinations = [(message, mapping(item)) for message in messages for item in sequence(message.get("destinations"))]
    if not destinations:
        raise Refusal(100, f"messages: {BLANK}")
    bulk_id = _bulk_id("", several=len(destinations) > 1)
    for message, destination in destinations:
        content, template = mapping(message.get("content")), mapping(message.get("template"))
        webhooks = mapping(message.get("webhooks"))
        problem = None
        if message.get("channel") != "WHATSAPP":
            problem = Refusal(100, "messages[0].channel: Provide one of the valid values.")
        text = mapping(content.get("body")).get("text")
        found.append(
            Order(
                sender=str(message.get("sender", "")),
                recipient=str(destination.get("to", "")),
                reference=str(destination.get("messageId") or ""),
                text=None if template else str(text or ""),
                template_name=str(template.get("templateName", "")),
                language=str(template.get("language", "")),
                fill=_messages_filling(content),
                extra={
                    "callback_data": str(webhooks.get("callbackData") or ""),
                    "notify_url": str(mapping(webhooks.get("delivery")).get("url") or ""),
                    "bulk_id": bulk_id,
                },
                problem=problem,
            )
        )
    return found


def filling(data: Json) -> Filling:
    """``templateData``: body placeholders, the header, one entry per button that takes a value, cards, an offer."""

    def fill(definition: Definition) -> list[Json]:
        components = _part(definition, data)
        cards = sequence(mapping(data.get("carousel")).get("cards"))
        if cards:
            if len(cards) > len(definition.cards):
                raise Refusal(132000, "too many cards")
            filled = [
                {"card_index": index, "components": _part(definition.cards[index], mapping(card))}
                for index, card in enumerate(cards)
            ]
            components.append({"type": "carousel", "cards": filled})
        expires = mapping(data.get("limitedTimeOffer")).get("expirationTime")
        if expires:
            moment = {"expiration_time_ms": round(_moment(str(expires)) * 1000)}
            parameter = {"type": "limited_time_offer", "limited_time_offer": moment}
            components.insert(0, {"type": "limited_time_offer", "parameters": [parameter]})
        return components

    return fill


def _part(definition: Definition, data: Json) -> list[Json]:
    """Header, body and buttons of a template or of one card."""
    header = mapping(data.get("header"))
    media: Json | None = None
    kind = str(header.get("type", ""))
    if kind in MEDIA:
        named = {"filename": str(header["filename"])} if header.get("filename") else {}
        media = media_header(kind.lower(), str(header.get("mediaUrl", "")), **named)
    elif kind == "LOCATION":
        place = {name: header.get(name) for name in ("latitude", "longitude")}
        media = {"type": "location", "location": place}
    return by_part(
        body=[str(value) for value in sequence(mapping(data.get("body")).get("placeholders"))],
        header=[str(header.get("placeholder", ""))] if kind == "TEXT" else (),
        media=media,
        buttons=dict(_buttons(definition, sequence(data.get("buttons")))),
    )(definition)


def _buttons(definition: Definition, given: list[Any]) -> Iterator[tuple[int, Json]]:
    """Each entry with the place of the next button that takes one of its type."""
    start = 0
    for item in given:
        entry = mapping(item)
        kind = str(entry.get("type", ""))
        wanted = ("URL", "OTP") if kind == "URL" else (kind,)
        places = (
            index
            for index, button in enumerate(definition.buttons)
            if index >= start and button.type in wanted and (kind != "URL" or button.has_variable)
        )
        place = next(places, None)
        if place is None:
            raise Refusal(132000, f"no button takes the parameter of type {kind}")
        start = place + 1
        yield place, _button(kind, entry)


def _button(kind: str, entry: Json) -> Json:
    if kind in BUTTONS:
        return BUTTONS[kind](str(entry.get("parameter", "")))
    if kind == "FLOW":
        action = {"flow_token": str(entry.get("flowToken") or "unused")}
        return {"type": "button", "sub_type": "flow", "parameters": [{"type": "action", "action": action}]}
    raise Refusal(131051)


def _messages_filling(content: Json) -> Filling:
    header, body = mapping(content.get("header")), mapping(content.get("body"))
    values = {name: str(value) for name, value in body.items() if name != "type"}
    media = None
    if header.get("type") in MEDIA:
        named = {"filename": str(header["filename"])} if header.get("filename") else {}
        media = media_header(str(header["type"]).lower(), str(header.get("url", "")), **named)
    buttons: dict[int, Json] = {}
    for index, item in enumerate(sequence(content.get("buttons"))):
        entry = mapping(item)
        if entry.get("type") == "QUICK_REPLY":
            buttons[index] = payload_button(str(entry.get("postbackData", "")))
        elif entry.get("type") == "OPEN_URL":
            buttons[index] = url_button(str(entry.get("suffix", "")))
    if any(button["sub_type"] == "url" for button in buttons.values()):
        return by_part(body=list(values.values()), media=media, buttons=buttons)
    return by_name(values, media=media, buttons=buttons)


# --- what is wrong -------------------------------------------------------------------------------------------------------


def _wrong(message: Json, data: Json, content: Json) -> Iterator[str]:
    """What is wrong with a message, each as the path of a field and why."""
    yield from _wrong_addresses(message)
    for name in ("templateName", "language"):
        if not content.get(name):
            yield f"content.{name}: {BLANK}"
    placeholders = mapping(data.get("body")).get("placeholders")
    if not isinstance(placeholders, list):
        yield "content.templateData.body.placeholders: must not be null"
    for index, value in enumerate(sequence(placeholders)):
        path = f"content.templateData.body.placeholders[{index}]"
        if not isinstance(value, str) or not value:
            yield f"{path}: {BLANK}"
        elif SPACES.search(value):
            yield f"{path}: {WHITESPACE}"
    header = mapping(data.get("header"))
    if SPACES.search(str(header.get("placeholder", ""))):
        yield f"content.templateData.header.placeholder: {WHITESPACE}"
    if header.get("type") in MEDIA and not str(header.get("mediaUrl", "")).startswith(("http://", "https://")):
        yield "content.templateData.header.mediaUrl: is not a valid url"


def _wrong_addresses(message: Json) -> Iterator[str]:
    for name, limit in (("from", SENDER_LIMIT), ("to", RECIPIENT_LIMIT)):
        if not 1 <= len(str(message.get(name, ""))) <= limit:
            yield f"{name}: size must be between 1 and {limit}"
    if len(str(message.get("messageId") or "")) > ID_LIMIT:
        yield f"messageId: size must be between 0 and {ID_LIMIT}"
    if len(str(message.get("callbackData") or "")) > CALLBACK_LIMIT:
        yield f"callbackData: size must be between 0 and {CALLBACK_LIMIT}"


def _extra(message: Json, bulk_id: str, *, several: bool) -> Json:
    return {
        "callback_data": str(message.get("callbackData") or ""),
        "notify_url": str(message.get("notifyUrl") or ""),
        "bulk_id": _bulk_id(bulk_id, several=several),
    }


def _bulk_id(given: str, *, several: bool) -> str:
    return given or (str(uuid.uuid4().int)[:19] if several else "")


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as problem:
        raise Refusal(132012, "expirationTime") from problem
