"""The values of a send as Twilio's ContentVariables: one flat set of names for the whole template. Pure.

A name that stands in two places of a template has one value at Twilio; two values for it are refused before any call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from providers.adapters.twilio.places import PLACE, value_of_place
from providers.contracts import JsonObject, TemplateContent
from providers.errors import Reason, Rejected
from providers.reading import part, parts, text

Pair = tuple[str, str]


def content_variables(content: TemplateContent) -> dict[str, str]:
    """Every variable of the template with its value, by Twilio's names. Raises Rejected that names what is in the way."""
    values: dict[str, str] = {}
    for name, value in _pairs(content.components, content.definition):
        if values.setdefault(name, value) != value:
            raise _refused(name, "stands in two places of the template and needs the same value in both")
    for name in _names(content.definition):
        if not values.get(name):
            raise _refused(name, "has no value")
    return dict(sorted(values.items(), key=lambda pair: (not pair[0].isdecimal(), pair[0].zfill(4))))


def _names(definition: Sequence[JsonObject]) -> Iterator[str]:
    """The names of all variables of a template, cards and buttons included."""
    for component in definition:
        yield from component.get("variables") or []
        for inner in ("buttons", "components", "cards"):
            yield from _names(parts(component, inner))


def _pairs(components: Sequence[JsonObject], definition: Sequence[JsonObject]) -> Iterator[Pair]:
    defined = {str(item.get("type", "")).upper(): item for item in definition}
    buttons = parts(defined.get("BUTTONS", {}), "buttons")
    for component in components:
        kind = str(component["type"]).lower()
        if kind == "button":
            index = int(component["index"])
            yield from _button(component, buttons[index] if index < len(buttons) else {}, index)
        elif kind == "carousel":
            cards = parts(defined.get("CAROUSEL", {}), "cards")
            for card in component["cards"]:
                index = int(card["card_index"])
                known = parts(cards[index], "components") if index < len(cards) else []
                yield from _pairs(card["components"], known)
        else:
            yield from _texts_or_media(component, defined.get(kind.upper(), {}), kind)


def _texts_or_media(component: JsonObject, defined: JsonObject, kind: str) -> Iterator[Pair]:
    parameters = component["parameters"]
    if kind == "header" and parameters[0]["type"] != "text":
        yield from _media(parameters[0], defined)
        return
    # A body that was entered by hand has no names beside ours.
    unnamed = [str(number) for number in range(1, len(parameters) + 1)] if kind == "body" else []
    names = defined.get("variables") or unnamed
    if len(names) != len(parameters):
        raise _refused(kind, "has other variables than the template at Twilio: sync the templates")
    yield from zip(names, (_words(parameter) for parameter in parameters), strict=True)


def _words(parameter: JsonObject) -> str:
    """A text, or the fallback of an amount or a date."""
    kind = str(parameter["type"])
    return text(parameter.get("text")) or text(part(parameter, kind).get("fallback_value"))


def _media(parameter: JsonObject, defined: JsonObject) -> Iterator[Pair]:
    kind = str(parameter["type"])
    medium = part(parameter, kind)
    if "link" not in medium:
        raise Rejected(Reason.UNSUPPORTED, provider_code=f"header_{kind}", detail=f"header_{kind} by id")
    if medium.get("filename"):
        raise Rejected(Reason.UNSUPPORTED, provider_code=f"header_{kind}", detail=f"header_{kind}: name of the file")
    yield from _fitting(text(defined.get("media")), text(medium["link"]), f"header_{kind}").items()


def _button(component: JsonObject, defined: JsonObject, index: int) -> Iterator[Pair]:
    kind, parameter = str(component["sub_type"]).lower(), component["parameters"][0]
    if kind == "quick_reply":
        yield from _fitting(text(defined.get("reply")), text(parameter.get("payload")), f"button {index + 1}").items()
    elif kind == "copy_code":
        code = text(parameter.get("coupon_code"))
        yield from _fitting(text(defined.get("code")), code, f"button {index + 1}").items()
    else:
        names = defined.get("variables") or []
        if len(names) != 1:
            raise _refused(f"button {index + 1}", "has no variable in the template at Twilio: sync the templates")
        yield names[0], text(parameter.get("text"))


def _fitting(raw: str, whole: str, where: str) -> Mapping[str, str]:
    """The variable's value that makes `raw` become `whole`."""
    found = value_of_place(raw, whole)
    if found is None:
        fixed = PLACE.sub("…", raw)
        raise _refused(where, f"must be of the form {fixed}" if raw else "is unknown at Twilio: sync the templates")
    return found


def _refused(what: str, why: str) -> Rejected:
    return Rejected(Reason.TEMPLATE_PARAMETERS, detail=f"{what} {why}.")
