"""What a stored template demands of a send, read once from its components."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from providers.simulator.documents import Json, mapping, sequence

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF", "PRODUCT")


@lru_cache(maxsize=1024)
def variables(text: str) -> tuple[str, ...]:
    """The distinct variables of a text; positional ones in the order of their number."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    return tuple(sorted(names, key=int)) if all(name.isdigit() for name in names) else tuple(names)


@dataclass(frozen=True, slots=True)
class ButtonDefinition:
    """One button: its type in upper case, label, and its URL (or code) with a variable if it has one."""

    type: str
    text: str
    url: str = ""
    phone_number: str = ""

    @property
    def has_variable(self) -> bool:
        """Whether the URL ends in a variable, so that each send must fill it."""
        return bool(VARIABLE.search(self.url)) or self.type == "OTP"


@dataclass(frozen=True, slots=True)
class Definition:
    """A template (or one card of its carousel): texts, variables, buttons, cards."""

    header_format: str
    header_text: str
    body_text: str
    footer_text: str
    buttons: tuple[ButtonDefinition, ...]
    cards: tuple[Definition, ...]
    offer_text: str
    offer_expires: bool

    @property
    def header_variables(self) -> tuple[str, ...]:
        """Variables of a text header."""
        return variables(self.header_text)

    @property
    def body_variables(self) -> tuple[str, ...]:
        """Variables of the body."""
        return variables(self.body_text)


def definition_of(components: list[Json]) -> Definition:
    """Read the components of a stored template."""
    by_type = {str(component.get("type", "")).upper(): component for component in components}
    header = by_type.get("HEADER", {})
    offer = mapping(by_type.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer"))
    return Definition(
        header_format=str(header.get("format", "TEXT" if header else "")).upper(),
        header_text=str(header.get("text", "")),
        body_text=str(by_type.get("BODY", {}).get("text", "")),
        footer_text=str(by_type.get("FOOTER", {}).get("text", "")),
        buttons=tuple(_button(mapping(button)) for button in sequence(by_type.get("BUTTONS", {}).get("buttons"))),
        cards=tuple(
            definition_of([mapping(item) for item in sequence(mapping(card).get("components"))])
            for card in sequence(by_type.get("CAROUSEL", {}).get("cards"))
        ),
        offer_text=str(offer.get("text", "")),
        offer_expires=bool(offer.get("has_expiration", False)),
    )


def _button(button: Json) -> ButtonDefinition:
    return ButtonDefinition(
        type=str(button.get("type", "")).upper(),
        text=str(button.get("text", "")),
        url=str(button.get("url", "")),
        phone_number=str(button.get("phone_number", "")),
    )
