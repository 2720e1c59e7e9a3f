"""The forms of POST /wa/api/v1/template/msg and /wa/api/v1/msg, and their answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from providers.adapters.gupshup.errors import is_error, send_error
from providers.contracts import Accepted, JsonObject, MediaContent, OutboundMessage, Recipient, TemplateContent
from providers.errors import Reason, Rejected, Uncertain
from providers.http import Answer
from providers.parts import parts_check
from providers.reading import part, parts, text

#: What the page shows a way for. Of a location only the coordinates, of a carousel's card only media and quick replies.
PARTS = frozenset(
    {
        "header_text",
        "header_image",
        "header_video",
        "header_document",
        "header_location",
        "body",
        "button_url",
        "button_quick_reply",
        "button_copy_code",
        "carousel",
        "limited_time_offer",
    }
)
#: In which order the values stand in `params`. The page shows body before buttons; that the header's come first is inferred.
PARAMETER_ORDER = ("header", "body", "button")
KEPT_PATHS = frozenset({"channel"})

_MEDIA = ("image", "video", "document")
_FILES = {"document": "file"}


def template_form(message: OutboundMessage, content: TemplateContent, *, app_name: str) -> dict[str, str]:
    """The form that sends a template. Raises Rejected for what Gupshup cannot carry."""
    parts_check(content, PARTS)
    if not content.external_id:
        raise Rejected(Reason.TEMPLATE_MISSING, detail="The template has no id at Gupshup. Sync the templates.")
    template: JsonObject = {"id": content.external_id, "params": list(_parameters(content.components))}
    expires = _first(content.components, "limited_time_offer", "limited_time_offer").get("expiration_time_ms")
    if expires is not None:
        template["expiration"] = expires
    form = {**_envelope(message, app_name), "template": _json(template)}
    if shown := _message(content.components):
        form["message"] = _json(shown)
    if postbacks := list(_postbacks(content.components)):
        form["postbackTexts"] = _json([{"index": index, "text": payload} for index, payload in postbacks])
    return form


def text_form(message: OutboundMessage, body: str, *, app_name: str) -> dict[str, str]:
    """The form that sends a text."""
    return {**_envelope(message, app_name), "message": _json({"type": "text", "text": body})}


def media_form(message: OutboundMessage, content: MediaContent, *, app_name: str) -> dict[str, str]:
    """The form that sends a file by its link."""
    shown: JsonObject = {"type": _FILES.get(content.kind, content.kind)}
    if content.kind == "image":
        shown |= {"originalUrl": content.link, "previewUrl": content.link}
    else:
        shown["url"] = content.link
    if content.kind == "document":
        shown["filename"] = content.file_name
    if content.caption:
        shown["caption"] = content.caption
    return {**_envelope(message, app_name), "message": _json(shown)}


def answer_read(answer: Answer) -> Accepted:
    """What Gupshup's answer says, whatever its Content-Type. Raises SendError unless it holds an id and no error."""
    body = answer.json_object()
    if not 200 <= answer.status < 300 or body is None or is_error(body):
        raise send_error(answer, body)
    message_id = text(body.get("messageId"))
    if not message_id:
        raise Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer holds no messageId.", exchange=answer.exchange)
    return Accepted(provider_message_id=message_id, exchange=answer.exchange)


def _envelope(message: OutboundMessage, app_name: str) -> dict[str, str]:
    return {
        "channel": "whatsapp",
        "source": message.sender_phone.removeprefix("+"),
        "src.name": app_name,
        "destination": _destination(message.recipient),
    }


def _destination(recipient: Recipient) -> str:
    return recipient.phone.removeprefix("+") or recipient.bsuid


def _parameters(components: Sequence[JsonObject]) -> Iterator[str]:
    """The texts in Gupshup's order; media, quick replies and offers go elsewhere."""
    for kind in PARAMETER_ORDER:
        for component in sorted(_of(components, kind), key=_index):
            for parameter in parts(component, "parameters"):
                value = _value(parameter)
                if value is not None:
                    yield value


def _value(parameter: JsonObject) -> str | None:
    kind = text(parameter.get("type"))
    if kind == "text":
        return text(parameter.get("text"))
    if kind == "coupon_code":
        return text(parameter.get("coupon_code"))
    if kind in ("currency", "date_time"):
        return text(part(parameter, kind).get("fallback_value"))
    return None


def _message(components: Sequence[JsonObject]) -> JsonObject:
    """The field `message`: a media or location header, or the cards of a carousel; empty without any."""
    for kind in _MEDIA:
        if media := _first(components, "header", kind):
            return {"type": kind, kind: _media(media)}
    if place := _first(components, "header", "location"):
        return {"type": "location", "location": _place(place)}
    for carousel in _of(components, "carousel"):
        return _carousel(parts(carousel, "cards"))
    return {}


def _media(media: JsonObject) -> JsonObject:
    if not text(media.get("link")):
        raise Rejected(Reason.MEDIA, detail="Gupshup takes media by address only.")
    return {name: text(media[name]) for name in ("link", "filename") if media.get(name)}


def _place(place: JsonObject) -> JsonObject:
    uncarried = [name for name in ("name", "address") if place.get(name)]
    if uncarried:
        raise Rejected(Reason.UNSUPPORTED, provider_code="header_location", detail="location " + ", ".join(uncarried))
    return {name: text(place.get(name)) for name in ("longitude", "latitude")}


def _carousel(cards: list[JsonObject]) -> JsonObject:
    read = [_card(parts(card, "components")) for card in cards]
    kinds = {kind for kind, _card_sent in read}
    if len(kinds) != 1:
        raise Rejected(Reason.UNSUPPORTED, provider_code="carousel", detail="cards with headers of several kinds")
    return {"type": "carousel", "cardHeaderType": kinds.pop(), "cards": [sent for _kind, sent in read]}


def _card(components: list[JsonObject]) -> tuple[str, JsonObject]:
    """The kind of a card's header, and the card. What has no place in it is refused by name."""
    if list(_parameters(components)):
        raise Rejected(Reason.UNSUPPORTED, provider_code="carousel", detail="cards with variables in texts or buttons")
    kind, media = next(
        ((kind, media) for kind in ("image", "video") if (media := _first(components, "header", kind))), ("", {})
    )
    if not kind:
        raise Rejected(Reason.UNSUPPORTED, provider_code="carousel", detail="cards without an image or a video")
    card: JsonObject = {"link": _media(media)["link"]}
    if postbacks := list(_postbacks(components)):
        if [index for index, _payload in postbacks] != list(range(len(postbacks))):
            # A card's answers are counted from its first button, so a gap would give them to the wrong one.
            raise Rejected(Reason.UNSUPPORTED, provider_code="carousel", detail="cards with answers of some buttons")
        card["postbackTexts"] = [payload for _index, payload in postbacks]
    return kind.upper(), card


def _postbacks(components: Iterable[JsonObject]) -> Iterator[tuple[int, str]]:
    for component in _of(components, "button"):
        for parameter in parts(component, "parameters"):
            if parameter.get("type") == "payload":
                yield _index(component), text(parameter.get("payload"))


def _of(components: Iterable[JsonObject], kind: str) -> list[JsonObject]:
    return [component for component in components if str(component.get("type", "")).lower() == kind]


def _first(components: Iterable[JsonObject], kind: str, name: str) -> JsonObject:
    """The value named `name` in the first parameter of the component of this kind; empty when there is none."""
    return next((part(item, name) for found in _of(components, kind) for item in parts(found, "parameters")[:1]), {})


def _index(component: JsonObject) -> int:
    return int(text(component.get("index")) or 0)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
