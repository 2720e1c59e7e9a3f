"""``POST /{version}/{phone_number_id}/messages``: what is read from it, and the answer to an accepted message. Pure."""

from __future__ import annotations

from providers.simulator.documents import Json, mapping
from providers.simulator.media import FILE_KINDS, sent_words
from providers.simulator.parameters import as_sent
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Order

REFERENCE_LIMIT = 512
TEXT_LIMIT = 4096


def order_of(sender: str, body: Json, *, lite: bool = False) -> Order:
    """The order of one send; what is wrong with the body is its problem. ``lite``: marketing_messages."""
    problem = None
    try:
        _check_shape(body, lite=lite)
    except Refusal as refusal:
        problem = refusal
    template = mapping(body.get("template"))
    components = template.get("components", [])
    return Order(
        sender=sender,
        recipient=str(body.get("to") or body.get("recipient") or ""),
        reference=str(body.get("biz_opaque_callback_data") or ""),
        text=None if body.get("type") == "template" else _text(body),
        extra={"media": mapping(body.get(str(body.get("type"))))} if body.get("type") in FILE_KINDS else {},
        template_name=str(template.get("name", "")),
        language=str(mapping(template.get("language")).get("code", "")),
        fill=as_sent(components),
        problem=problem,
    )


def _check_shape(body: Json, *, lite: bool) -> None:
    if not body:
        raise Refusal(100, "The request body is not a JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise Refusal(100, "The parameter messaging_product is required.")
    if not (body.get("to") or body.get("recipient")):
        raise Refusal(100, "The parameter to is required.")
    if body.get("recipient_type", "individual") != "individual":
        raise Refusal(100, "Param recipient_type must be one of {INDIVIDUAL}")
    reference = body.get("biz_opaque_callback_data", "")
    if not isinstance(reference, str) or len(reference) > REFERENCE_LIMIT:
        raise Refusal(100, f"Param biz_opaque_callback_data must be at most {REFERENCE_LIMIT} characters long.")
    kind = body.get("type", "text")
    if kind == "text":
        _check_text(mapping(body.get("text")).get("body"))
        if lite:
            raise Refusal(134100)
    elif kind == "template":
        _check_template(mapping(body.get("template")))
    elif kind in FILE_KINDS:
        file = mapping(body.get(kind))
        if bool(file.get("id")) == bool(file.get("link")):
            raise Refusal(100, f"Param {kind} must have exactly one of id and link.")
        if kind in ("audio", "sticker") and "caption" in file:
            raise Refusal(100, f'Unexpected key "caption" on param "{kind}".')
    else:
        raise Refusal(131051)


def _text(body: Json) -> str:
    kind = str(body.get("type"))
    file = mapping(body.get(kind))
    if kind in FILE_KINDS:
        return sent_words(kind, file.get("caption"), file.get("filename"))
    return str(mapping(body.get("text")).get("body", ""))


def _check_text(text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise Refusal(100, "The parameter text['body'] is required.")
    if len(text) > TEXT_LIMIT:
        raise Refusal(100, f"Param text['body'] must be at most {TEXT_LIMIT} characters long.")


def _check_template(template: Json) -> None:
    for key in template:
        if key not in ("name", "language", "components", "namespace"):
            raise Refusal(100, f'Unexpected key "{key}" on param "template".')
    if not isinstance(template.get("name"), str) or not isinstance(mapping(template.get("language")).get("code"), str):
        raise Refusal(100, "The parameters template['name'] and template['language']['code'] are required.")
    components = template.get("components", [])
    if not isinstance(components, list) or not all(isinstance(item, dict) for item in components):
        raise Refusal(100, "Param template['components'] must be an array of objects.")


def answer_body(message: Message) -> Json:
    """The answer to an accepted message."""
    item: Json = {"id": message.wamid}
    if message.message_status is not None:
        item["message_status"] = message.message_status
    to_phone = "." not in message.to
    contact = {"input": message.to, **({"wa_id": message.wa_id} if to_phone else {"user_id": message.user_id})}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [item]}
