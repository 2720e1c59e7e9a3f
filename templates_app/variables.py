"""Which variables a parsed template asks for, in the order people fill them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from templates_app.definitions import (
    CODE_LIMIT,
    HEADER_LIMIT,
    MEDIA_KINDS,
    PAYLOAD_LIMIT,
    URL_LIMIT,
    Button,
    Card,
    Header,
    Offer,
    Text,
    Variable,
)
from templates_app.sentences import sentence

MEDIA_LABELS: dict[str, StrOrPromise] = {
    "image": _("Address of the image"),
    "video": _("Address of the video"),
    "document": _("Address of the document (PDF)"),
}


def text_variables(prefix: str, text: Text, *, max_length: int | None = None, code: bool = False) -> Iterator[Variable]:
    """One variable per place of `text`; `code` makes the first one a one-time code."""
    for position, name in enumerate(text.names):
        is_code = code and position == 0
        yield Variable(
            key=f"{prefix}.{name}",
            kind="code" if is_code else "text",
            label="{{" + name + "}}",
            example=text.examples[position] if position < len(text.examples) else "",
            max_length=CODE_LIMIT if is_code else max_length,
        )


def header_variables(prefix: str, header: Header) -> Iterator[Variable]:
    """What the header asks: its text's variables, a media address, a place on the map, or a product."""
    if header.kind == "text":
        for variable in text_variables(prefix, header.text, max_length=HEADER_LIMIT):
            yield replace(variable, label=sentence(_("Header %(place)s"), place=variable.label))
    elif header.kind in MEDIA_KINDS:
        yield Variable(
            f"{prefix}.{header.kind}", "media_url", MEDIA_LABELS[header.kind], True, header.media_example, URL_LIMIT
        )
        if header.kind == "document":
            yield Variable(f"{prefix}.document.filename", "filename", _("Name of the document"), False, "", 240)
    elif header.kind == "location":
        yield Variable(f"{prefix}.location.latitude", "number", _("Latitude"))
        yield Variable(f"{prefix}.location.longitude", "number", _("Longitude"))
        yield Variable(f"{prefix}.location.name", "place", _("Name of the place"), False)
        yield Variable(f"{prefix}.location.address", "place", _("Address of the place"), False)
    elif header.kind == "product":
        yield Variable(f"{prefix}.product.catalog_id", "id", _("Id of the catalog"))
        yield Variable(f"{prefix}.product.product_retailer_id", "id", _("Id of the product"))


def button_variables(prefix: str, button: Button, *, otp_in_body: bool = False) -> Iterator[Variable]:
    """What one button asks. A one-time-code button takes the body's code when the body has one."""
    key = f"{prefix}.{button.index}"
    name = button.text
    if button.kind == "quick_reply":
        label = sentence(_("Hidden answer of “%(button)s”"), button=name)
        yield Variable(f"{key}.payload", "payload", label, False, "", PAYLOAD_LIMIT)
    elif button.has_url_variable:
        label = sentence(_("End of the address of “%(button)s”"), button=name)
        yield Variable(
            f"{key}.url", "url_suffix", label, True, button.example, max(URL_LIMIT - len(button.base_url), 1)
        )
    elif button.kind == "copy_code":
        # WhatsApp labels this button itself, so it has no name of its own.
        yield Variable(f"{key}.copy_code", "code", _("Code to copy"), True, button.example, CODE_LIMIT)
    elif button.kind == "otp" and not otp_in_body:
        yield Variable(f"{key}.code", "code", _("One-time code"), True, button.example, CODE_LIMIT)
    elif button.kind == "flow":
        yield Variable(f"{key}.flow_token", "id", sentence(_("Token of the flow “%(button)s”"), button=name), False)
        yield Variable(f"{key}.flow_data", "json", sentence(_("Data of the flow “%(button)s”"), button=name), False)
    elif button.kind == "catalog":
        yield Variable(f"{key}.product", "id", _("Id of the product in the picture"), False)
    elif button.kind == "mpm":
        yield Variable(f"{key}.product", "id", _("Id of the product in the picture"))
        yield Variable(f"{key}.sections", "sections", _("Sections of the catalog"), True, "Ofertas: SKU-1, SKU-2")


def card_variables(card: Card) -> Iterator[Variable]:
    """What one card of a carousel asks; the labels say which card."""
    prefix = f"card.{card.index}"
    yield from (_on_card(card, variable) for variable in header_variables(f"{prefix}.header", card.header))
    yield from (_on_card(card, variable) for variable in text_variables(f"{prefix}.body", card.body))
    for button in card.buttons:
        yield from (_on_card(card, variable) for variable in button_variables(f"{prefix}.button", button))


def _on_card(card: Card, variable: Variable) -> Variable:
    label = sentence(_("Card %(number)s: %(label)s"), number=card.index + 1, label=variable.label)
    return replace(variable, label=label)


def template_variables(
    header: Header, body: Text, offer: Offer | None, buttons: Sequence[Button], cards: Sequence[Card]
) -> tuple[Variable, ...]:
    """All variables in order: header, body, offer, buttons, cards."""
    has_otp = any(button.kind == "otp" for button in buttons)
    variables = [*header_variables("header", header), *text_variables("body", body, code=has_otp)]
    if offer is not None and offer.expires:
        variables.append(Variable("lto.expiration", "datetime", _("The offer ends"), True))
    for button in buttons:
        variables.extend(button_variables("button", button, otp_in_body=bool(body.names)))
    for card in cards:
        variables.extend(card_variables(card))
    return tuple(variables)
