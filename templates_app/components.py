"""A template's components, from the provider's JSON to typed values. Pure, and never raises on odd JSON.

What is not understood is kept in `ParsedTemplate.unknown` and makes the template not sendable, with the reason.
Source: Meta's components and template pages, Graph v25.0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from providers.contracts import JsonObject
from templates_app.definitions import (
    MEDIA_KINDS,
    NO_TEXT,
    PLACE,
    Blocker,
    Button,
    Card,
    Header,
    Offer,
    Text,
    Variable,
)
from templates_app.sentences import sentence
from templates_app.variables import template_variables

__all__ = ["Blocker", "Button", "Card", "Header", "Offer", "ParsedTemplate", "Text", "Variable", "parse_components"]

HEADER_KINDS = ("none", "text", *MEDIA_KINDS, "location", "product")
BUTTON_KINDS = (
    "quick_reply",
    "url",
    "phone_number",
    "copy_code",
    "otp",
    "flow",
    "catalog",
    "mpm",
    "spm",
    "voice_call",
    "request_contact_info",
)
POSITION = re.compile(r"[0-9]{1,4}")


NO_HEADER = Header()


@dataclass(frozen=True)
class ParsedTemplate:
    """A template as typed values. `named` = variables go by name on the wire; `unknown` names what we do not understand."""

    header: Header = NO_HEADER
    body: Text = NO_TEXT
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()
    limited_time_offer: Offer | None = None
    named: bool = False
    unknown: tuple[str, ...] = ()
    has_carousel: bool = field(default=False, repr=False)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The values a send fills, in order of filling."""
        return template_variables(self.header, self.body, self.limited_time_offer, self.buttons, self.cards)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of these values."""
        return frozenset(variable.key for variable in self.variables)

    @cached_property
    def not_sendable(self) -> tuple[Blocker, ...]:
        """Why no message can be made of it; empty when one can."""
        return tuple(_blockers(self))

    def button_of(self, key: str) -> Button | None:
        """The button that the variable `key` ("button.0.url", "card.1.button.0.url") belongs to."""
        owners = [("button", self.buttons), *((f"card.{card.index}.button", card.buttons) for card in self.cards)]
        return next(
            (button for start, buttons in owners for button in buttons if key.startswith(f"{start}.{button.index}.")),
            None,
        )

    @property
    def body_stands_alone(self) -> bool:
        """Whether the body is the only component, which allows it to be long."""
        others = self.header.kind != "none" or self.footer or self.buttons or self.has_carousel
        return not others and self.limited_time_offer is None


def parse_components(components: Sequence[JsonObject], parameter_format: str) -> ParsedTemplate:
    """Type the provider's component JSON. `parameter_format`: POSITIONAL or NAMED, any case."""
    named = str(parameter_format).upper() == "NAMED"
    found, unknown = _by_type(components)
    header = _header(found.get("HEADER"), named)
    buttons = _buttons(found.get("BUTTONS"))
    offer = found.get("LIMITED_TIME_OFFER")
    cards = tuple(
        _card(index, _mapping(card), named, unknown)
        for index, card in enumerate(_sequence(_mapping(found.get("CAROUSEL")).get("cards")))
    )
    unknown.extend(_unknown_parts("", header, buttons))
    return ParsedTemplate(
        header=header,
        body=_body(found.get("BODY"), buttons, named),
        footer=_string(_mapping(found.get("FOOTER")).get("text")),
        buttons=buttons,
        cards=cards,
        limited_time_offer=_offer(offer) if offer is not None else None,
        named=named,
        unknown=tuple(unknown),
        has_carousel="CAROUSEL" in found,
    )


def _blockers(parsed: ParsedTemplate) -> list[Blocker]:
    blockers = [
        Blocker("unknown_component", sentence(_("The portal does not know this part of it: %(part)s."), part=part))
        for part in parsed.unknown
    ]
    if not parsed.body.raw:
        blockers.append(Blocker("no_body", _("The template has no body text.")))
    if parsed.has_carousel and not parsed.cards:
        blockers.append(Blocker("no_cards", _("The template's carousel has no cards.")))
    return blockers


# --- reading JSON that may be anything -----------------------------------------------------------------------------


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _string(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if type(value) is int and abs(value) < 10**30 else ""


def _first(value: Any) -> str:
    """The string itself, or the first of a list: the provider writes examples both ways."""
    items = _sequence(value)
    return _string(items[0]) if items else _string(value)


KNOWN_COMPONENTS = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER")


def _by_type(components: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The known components by type, and the names of all others; a type that comes twice is not understood."""
    found: dict[str, dict[str, Any]] = {}
    unknown: list[str] = []
    for item in _sequence(components):
        kind = _string(_mapping(item).get("type")).upper()
        if kind in KNOWN_COMPONENTS and kind not in found:
            found[kind] = item
        else:
            unknown.append(kind or "?")
    return found, unknown


def _text(raw: str, positional: Any, by_name: Any, named: bool) -> Text:
    names = list(dict.fromkeys(PLACE.findall(raw)))
    if not named and all(POSITION.fullmatch(name) for name in names):
        names.sort(key=int)
    examples = {_string(_mapping(item).get("param_name")): _first(item.get("example")) for item in _mappings(by_name)}
    for position, example in enumerate(_sequence(positional)):
        if position < len(names):
            examples.setdefault(names[position], _string(example))
    return Text(raw, tuple(names), tuple(examples.get(name, "") for name in names))


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in _sequence(value) if isinstance(item, dict)]


def _header(component: Any, named: bool) -> Header:
    if component is None:
        return NO_HEADER
    kind = (_string(component.get("format")) or "TEXT").lower()
    example = _mapping(component.get("example"))
    text = NO_TEXT
    if kind == "text":
        raw = _string(component.get("text"))
        text = _text(raw, example.get("header_text"), example.get("header_text_named_params"), named)
    media = _first(example.get("header_handle")) or _first(example.get("header_url"))
    return Header(kind, text, media if media.startswith("https://") else "")


def _body(component: Any, buttons: Sequence[Button], named: bool) -> Text:
    body = _mapping(component)
    example = _mapping(body.get("example"))
    rows = _sequence(example.get("body_text"))
    positional = rows[0] if rows and isinstance(rows[0], list | tuple) else rows
    raw = _string(body.get("text"))
    if component is not None and not raw and any(button.kind == "otp" for button in buttons):
        # An authentication template as it was submitted has no text: WhatsApp writes it around the code.
        raw = "{{1}}"
    return _text(raw, positional, example.get("body_text_named_params"), named)


def _buttons(component: Any) -> tuple[Button, ...]:
    items = _sequence(_mapping(component).get("buttons"))
    return tuple(_button(index, _mapping(item)) for index, item in enumerate(items))


def _button(index: int, item: dict[str, Any]) -> Button:
    kind = _string(item.get("type")).lower()
    url = _string(item.get("url"))
    if kind == "url" and "otp_type=" in url:
        # The provider lists a one-time-code button as an address on its own site.
        kind = "otp"
    example = _first(item.get("example"))
    base = PLACE.split(url, maxsplit=1)[0]
    return Button(
        index=index,
        kind=kind or "?",
        text=_string(item.get("text")),
        url=url,
        phone=_string(item.get("phone_number")),
        example=example.removeprefix(base),
    )


def _offer(component: Any) -> Offer:
    offer = _mapping(component.get("limited_time_offer"))
    return Offer(_string(offer.get("text")), bool(offer.get("has_expiration", False)))


def _card(index: int, card: dict[str, Any], named: bool, unknown: list[str]) -> Card:
    found, others = _by_type(card.get("components"))
    others.extend(kind for kind in found if kind not in ("HEADER", "BODY", "BUTTONS"))
    header = _header(found.get("HEADER"), named)
    buttons = _buttons(found.get("BUTTONS"))
    place = f"CARD {index + 1} "
    unknown.extend(place + kind for kind in others)
    unknown.extend(_unknown_parts(place, header, buttons))
    return Card(index, header, _body(found.get("BODY"), (), named), buttons)


def _unknown_parts(place: str, header: Header, buttons: Sequence[Button]) -> list[str]:
    parts = [f"{place}HEADER {header.kind.upper()}"] if header.kind not in HEADER_KINDS else []
    parts.extend(f"{place}BUTTON {button.kind.upper()}" for button in buttons if button.kind not in BUTTON_KINDS)
    return parts
