"""Ready fillings: from the forms in which vendors send parameters to components as Meta's send has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.simulator.definition import Definition, variables
from providers.simulator.documents import Json
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Filling


def as_sent(components: list[Json]) -> Filling:
    """Components that came in Meta's shape already."""
    return lambda definition: components


def by_part(
    *,
    body: Sequence[str] = (),
    header: Sequence[str] = (),
    media: Json | None = None,
    buttons: Mapping[int, Json] | None = None,
) -> Filling:
    """Values that name their part. ``media``: the header's, such as ``{"type": "image", "image": {"link": "…"}}``.

    ``buttons``: by index, one of `url_button`, `payload_button`, `code_button`.
    """

    def fill(definition: Definition) -> list[Json]:
        components: list[Json] = []
        if media is not None:
            components.append({"type": "header", "parameters": [media]})
        elif header:
            components.append({"type": "header", "parameters": _texts(definition.header_variables, header)})
        if body:
            components.append({"type": "body", "parameters": _texts(definition.body_variables, body)})
        return [*components, *({**button, "index": str(index)} for index, button in (buttons or {}).items())]

    return fill


def by_name(
    values: Mapping[str, str], *, media: Json | None = None, buttons: Mapping[int, Json] | None = None
) -> Filling:
    """Values by the name (or number) of their variable, wherever it stands: header, body, the URLs of buttons.

    A variable without a value, or a value that no variable takes, refuses with 132000.
    """

    def fill(definition: Definition) -> list[Json]:
        urls = {index: variables(button.url) for index, button in enumerate(definition.buttons)}
        wanted = {
            *definition.header_variables,
            *definition.body_variables,
            *(name for names in urls.values() for name in names),
        }
        if wanted != set(values):
            raise Refusal(132000, f"expected the variables {sorted(wanted)}, received {sorted(values)}")
        filled = {index: url_button(values[names[0]]) for index, names in urls.items() if names}
        return by_part(
            header=[values[name] for name in definition.header_variables],
            body=[values[name] for name in definition.body_variables],
            media=media,
            buttons={**filled, **(buttons or {})},
        )(definition)

    return fill


def in_order(values: Sequence[str], *, media: Json | None = None, buttons: Mapping[int, Json] | None = None) -> Filling:
    """Values in one list: those of a text header first, then the body's, then one per URL button with a variable.

    Another number of values than the template takes refuses with 132000.
    """

    def fill(definition: Definition) -> list[Json]:
        header, body = len(definition.header_variables), len(definition.body_variables)
        urls = [index for index, button in enumerate(definition.buttons) if variables(button.url)]
        wanted = header + body + len(urls)
        if len(values) != wanted:
            raise Refusal(132000, f"expected {wanted} parameters, received {len(values)}")
        filled = {index: url_button(value) for index, value in zip(urls, values[header + body :], strict=True)}
        return by_part(
            header=values[:header],
            body=values[header : header + body],
            media=media,
            buttons={**filled, **(buttons or {})},
        )(definition)

    return fill


def media_header(kind: str, link: str, **details: str) -> Json:
    """The header parameter of an ``image``, ``video`` or ``document`` (which may have a ``filename``)."""
    return {"type": kind, kind: {"link": link, **details}}


def url_button(text: str) -> Json:
    """What completes the URL of a button."""
    return {"type": "button", "sub_type": "url", "parameters": [{"type": "text", "text": text}]}


def payload_button(payload: str) -> Json:
    """What a quick reply brings back."""
    return {"type": "button", "sub_type": "quick_reply", "parameters": [{"type": "payload", "payload": payload}]}


def code_button(code: str) -> Json:
    """The code that a button copies."""
    return {"type": "button", "sub_type": "copy_code", "parameters": [{"type": "coupon_code", "coupon_code": code}]}


def _texts(names: Sequence[str], values: Sequence[str]) -> list[Json]:
    named = [{"type": "text", "text": value} for value in values]
    for parameter, name in zip(named, names, strict=False):
        if not name.isdigit():
            parameter["parameter_name"] = name
    return named
