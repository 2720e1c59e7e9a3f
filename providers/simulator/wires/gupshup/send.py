"""``POST /wa/api/v1/template/msg`` and ``/msg``: the order in a form whose fields hold JSON texts. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from providers.simulator.definition import Definition, variables
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.media import sent_words
from providers.simulator.parameters import by_part, code_button, payload_button, url_button
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Filling, Order
from providers.simulator.wires.gupshup.errors import BadForm

MEDIA = ("image", "video", "document", "location")


def order_of(form: Mapping[str, str], *, is_template: bool) -> Order:
    """The order; what is wrong with the form is its problem."""
    template, message = _object(form.get("template", "")), _object(form.get("message", ""))
    text = str(message.get("text", "")) if message else form.get("message", "")
    link = str(message.get("originalUrl") or message.get("url") or "")
    if link and not is_template:
        text = sent_words(str(message.get("type")), message.get("caption"), message.get("filename"))
    values = [str(value) for value in sequence(template.get("params"))]
    return Order(
        sender=form.get("source", ""),
        recipient=form.get("destination", ""),
        text=None if is_template else text,
        template_id=str(template.get("id", "")),
        fill=filling(values, message, _list(form.get("postbackTexts", ""))),
        extra={"src.name": form.get("src.name", ""), "media": link},
        problem=_problem(form, template if is_template else None, text),
    )


def _problem(form: Mapping[str, str], template: Json | None, text: str) -> Refusal | None:
    if not form.get("destination", "").isdigit():
        return Refusal(100)
    if form.get("channel", "whatsapp") != "whatsapp":
        return BadForm("Invalid Channel")
    if template is not None and not template.get("id"):
        return BadForm("Invalid Template Details")
    if template is None and not text:
        return BadForm("Invalid Message Details")
    return None


def filling(values: Sequence[str], message: Json, postbacks: Sequence[Json]) -> Filling:
    """One list of values: the header's, the body's, then one for each button that takes one.

    ``message`` is the header's media or a carousel, ``postbacks`` what quick replies bring back.
    """

    def fill(definition: Definition) -> list[Json]:
        header, body = len(definition.header_variables), len(definition.body_variables)
        taking = [index for index, button in enumerate(definition.buttons) if _takes_value(button.type, button.url)]
        if len(values) != header + body + len(taking):
            raise Refusal(132000, f"expected {header + body + len(taking)} parameters, received {len(values)}")
        buttons = {
            index: (code_button if definition.buttons[index].type == "COPY_CODE" else url_button)(value)
            for index, value in zip(taking, values[header + body :], strict=True)
        }
        for postback in postbacks:
            buttons[int(postback.get("index", 0))] = payload_button(str(postback.get("text", "")))
        kind = str(message.get("type", ""))
        media = {"type": kind, kind: mapping(message.get(kind))} if kind in MEDIA else None
        components = by_part(header=values[:header], body=values[header : header + body], media=media, buttons=buttons)(
            definition
        )
        return [*components, _carousel(message)] if kind == "carousel" else components

    return fill


def _takes_value(kind: str, url: str) -> bool:
    return kind in ("COPY_CODE", "OTP") or bool(variables(url))


def _carousel(message: Json) -> Json:
    kind = str(message.get("cardHeaderType", "IMAGE")).lower()
    cards = [_card(index, mapping(card), kind) for index, card in enumerate(sequence(message.get("cards")))]
    return {"type": "carousel", "cards": cards}


def _card(index: int, card: Json, kind: str) -> Json:
    header = {"type": "header", "parameters": [{"type": kind, kind: {"link": str(card.get("link", ""))}}]}
    replies = [
        {**payload_button(str(text)), "index": str(place)}
        for place, text in enumerate(sequence(card.get("postbackTexts")))
    ]
    return {"card_index": index, "components": [header, *replies]}


def _object(text: str) -> Json:
    try:
        return mapping(json.loads(text))
    except ValueError:
        return {}


def _list(text: str) -> list[Json]:
    try:
        return [mapping(item) for item in sequence(json.loads(text))]
    except ValueError:
        return []
