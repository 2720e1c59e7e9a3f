"""A send's components against the stored template, judged as Meta does. Pure: raises the Refusal, changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.simulator.definition import MEDIA_HEADERS, ButtonDefinition, Definition
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.refusal import Refusal
from providers.simulator.rendering import face, parameter_text

COMPONENT_TYPES = ("header", "body", "button", "carousel", "limited_time_offer", "tap_target_configuration")
COMPONENT_KEYS = frozenset({"type", "sub_type", "index", "parameters", "cards"})
FORBIDDEN_WHITESPACE = re.compile(r"[\n\r\t]| {5,}")
WHITESPACE_DETAILS = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
BODY_LIMIT = 1024
LONE_BODY_LIMIT = 32768
HEADER_LIMIT = 60
CODE_LIMIT = 15
SHOWN_BUTTON_TYPES = {"URL": "Url", "OTP": "Url", "COPY_CODE": "CopyCode", "FLOW": "Flow", "MPM": "Mpm"}
SUB_TYPES = {"OTP": "URL"}
BUTTON_PARAMETERS = {
    "URL": "text",
    "QUICK_REPLY": "payload",
    "COPY_CODE": "coupon_code",
    "FLOW": "action",
    "CATALOG": "action",
    "MPM": "action",
}


class Check:
    """One send held against one template. ``modern``: parameter mistakes answer 132018 (Graph v23.0 on)."""

    def __init__(self, definition: Definition, *, named: bool, modern: bool, place: str = "") -> None:
        self._definition = definition
        self._named = named
        self._modern = modern
        self._place = place

    def components(self, components: list[Json]) -> None:
        """Check everything; raises the first Refusal that Meta would answer."""
        for position, component in enumerate(components):
            self._shape(position, component)
        by_type: dict[str, Json] = {str(item["type"]).lower(): item for item in components}
        self._header(by_type.get("header"))
        self._text_parameters("body", by_type.get("body"), self._definition.body_variables)
        self._buttons([item for item in components if str(item["type"]).lower() == "button"])
        self._offer(by_type.get("limited_time_offer"))
        self._cards(by_type.get("carousel"))
        self._lengths(by_type)

    def _shape(self, position: int, component: Json) -> None:
        if not component.keys() <= COMPONENT_KEYS:
            key = next(key for key in component if key not in COMPONENT_KEYS)
            raise Refusal(100, f'Unexpected key "{key}" on param "{_place_of(position)}".')
        if str(component.get("type", "")).lower() not in COMPONENT_TYPES:
            types = ", ".join(COMPONENT_TYPES).upper()
            raise Refusal(100, f"Param {_place_of(position)}['type'] must be one of {{{types}}}")
        parameters = component.get("parameters", [])
        if not isinstance(parameters, list) or not all(isinstance(item, dict) for item in parameters):
            raise Refusal(100, f"Param {_place_of(position)}['parameters'] must be an array of objects.")

    def _header(self, component: Json | None) -> None:
        wanted = self._definition.header_format
        if wanted not in MEDIA_HEADERS:
            self._text_parameters("header", component, self._definition.header_variables)
            return
        parameters = sequence((component or {}).get("parameters"))
        received = str(mapping(parameters[0]).get("type", "unknown")).upper() if parameters else "UNKNOWN"
        if received != wanted:
            raise self._format(f"header: Format mismatch, expected {wanted}, received {received}")
        content = mapping(parameters[0].get(wanted.lower()))
        if wanted in ("IMAGE", "VIDEO", "DOCUMENT", "GIF") and not (content.get("link") or content.get("id")):
            raise Refusal(131008, f"{self._place}header: {wanted.lower()} requires a link or an id")
        if wanted == "LOCATION" and not (content.get("latitude") and content.get("longitude")):
            raise Refusal(131008, f"{self._place}header: location requires latitude and longitude")

    def _text_parameters(self, part: str, component: Json | None, wanted: tuple[str, ...]) -> None:
        parameters = sequence((component or {}).get("parameters"))
        if len(parameters) != len(wanted):
            raise self._count(
                f"{part}: number of localizable_params ({len(parameters)}) does not match the expected number of "
                f"params ({len(wanted)})"
            )
        for parameter in parameters:
            self._text(part, parameter)
        if self._named and wanted:
            given = [str(parameter.get("parameter_name", "")) for parameter in parameters]
            if not all(given):
                raise self._format(f"{part}: Parameter name is missing or empty")
            if sorted(given) != sorted(wanted):
                raise self._format(f"{part}: Parameter name does not match: expected {', '.join(wanted)}")

    def _text(self, part: str, parameter: Json) -> None:
        kind = str(parameter.get("type", "")).lower()
        if kind not in ("text", "currency", "date_time"):
            raise self._format(f"{part}: Format mismatch, expected TEXT, received {kind.upper() or 'UNKNOWN'}")
        text = parameter_text(parameter)
        if not text:
            raise Refusal(131008, f"{self._place}{part}: Parameter of type {kind} is missing {kind} value")
        if FORBIDDEN_WHITESPACE.search(text):
            raise Refusal(131009, WHITESPACE_DETAILS)

    def _buttons(self, components: list[Json]) -> None:
        sent: dict[int, Json] = {}
        for component in components:
            index = str(component.get("index", ""))
            if not index.isdigit() or int(index) >= len(self._definition.buttons):
                raise self._format(f"buttons: Button at index {index or '?'} does not exist in the template")
            sent[int(index)] = component
        for position, button in enumerate(self._definition.buttons):
            self._button(position, button, sent.get(position))

    def _button(self, index: int, button: ButtonDefinition, component: Json | None) -> None:
        required = button.has_variable or button.type in ("COPY_CODE", "FLOW", "MPM")
        parameters = sequence((component or {}).get("parameters"))
        if not parameters:
            if required:
                shown = SHOWN_BUTTON_TYPES.get(button.type, button.type.title())
                raise Refusal(
                    131008, f"{self._place}buttons: Button at index {index} of type {shown} requires a parameter"
                )
            return
        wanted = SUB_TYPES.get(button.type, button.type)
        received = str((component or {}).get("sub_type", "")).upper()
        parameter = mapping(parameters[0])
        if received != wanted or parameter.get("type") != BUTTON_PARAMETERS.get(wanted):
            raise self._format(f"buttons: Button at index {index}: expected {wanted}, received {received or 'UNKNOWN'}")
        if wanted == "URL" and not button.has_variable:
            raise self._count(f"buttons: Button at index {index} of type Url takes no parameter")
        self._button_value(index, button, parameter)

    def _button_value(self, index: int, button: ButtonDefinition, parameter: Json) -> None:
        value = parameter.get(str(parameter["type"]))
        if not value:
            raise Refusal(131008, f"{self._place}buttons: Button at index {index}: the parameter has no value")
        one_time_code = button.type == "OTP" or "otp_type=" in button.url
        if (one_time_code or button.type == "COPY_CODE") and len(str(value)) > CODE_LIMIT:
            raise Refusal(131009, f"buttons: Button at index {index}: the code has more than {CODE_LIMIT} characters")
        if parameter["type"] == "text" and re.search(r"\s", str(value)):
            raise Refusal(131009, f"buttons: Button at index {index}: the URL must be percent-encoded")

    def _offer(self, component: Json | None) -> None:
        if not self._definition.offer_expires:
            return
        parameters = sequence((component or {}).get("parameters"))
        expiration = mapping(mapping(parameters[0]).get("limited_time_offer")) if parameters else {}
        if not isinstance(expiration.get("expiration_time_ms"), int):
            raise Refusal(131008, "limited_time_offer: expiration_time_ms is required")

    def _cards(self, component: Json | None) -> None:
        cards = sequence((component or {}).get("cards"))
        if not cards and not self._definition.cards:
            return
        if len(cards) != len(self._definition.cards):
            raise self._count(
                f"carousel: number of cards ({len(cards)}) does not match the expected number of cards "
                f"({len(self._definition.cards)})"
            )
        ordered = sorted(map(mapping, cards), key=lambda card: str(card.get("card_index", "")).zfill(3))
        for index, (definition, card) in enumerate(zip(self._definition.cards, ordered, strict=True)):
            check = Check(definition, named=self._named, modern=self._modern, place=f"cards[{index}] ")
            check.components([mapping(item) for item in sequence(card.get("components"))])

    def _lengths(self, by_type: Mapping[str, Json]) -> None:
        if self._is_short(by_type):
            return
        header, body = face(self._definition, by_type, named=self._named)
        alone = not (self._definition.header_format or self._definition.footer_text or self._definition.buttons)
        too_long = len(body) > (LONE_BODY_LIMIT if alone else BODY_LIMIT)
        if too_long or len(str(header.get("text", ""))) > HEADER_LIMIT:
            raise Refusal(132005)

    def _is_short(self, by_type: Mapping[str, Json]) -> bool:
        """Whether it needs no filling in to see that nothing is too long: most messages are far from it."""
        header = by_type.get("header")
        body = sequence((by_type.get("body") or {}).get("parameters"))
        # A variable may stand in the text more than once.
        text = self._definition.body_text
        longest = len(text) + (text.count("{{") or 1) * sum(len(parameter_text(item)) for item in body)
        return longest <= BODY_LIMIT and len(self._definition.header_text) <= HEADER_LIMIT and not header

    def _count(self, details: str) -> Refusal:
        return Refusal(132018 if self._modern else 132000, self._place + details)

    def _format(self, details: str) -> Refusal:
        return Refusal(132018 if self._modern else 132012, self._place + details)


def _place_of(position: int) -> str:
    return f"template['components'][{position}]"
