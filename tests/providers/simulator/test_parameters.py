"""Fillings: from vendors' parameters to Meta's components."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from providers.simulator.definition import Definition, definition_of
from providers.simulator.parameters import by_name, by_part, in_order, media_header, payload_button, url_button
from providers.simulator.refusal import Refusal
from providers.simulator.rendering import plain_text, rendered
from providers.simulator.validation import Check
from providers.simulator.wires.contract import Filling

BUTTONS = [
    {"type": "QUICK_REPLY", "text": "Sí"},
    {"type": "URL", "text": "Ver", "url": "https://example.com/{{code}}"},
]
NAMED = definition_of(
    [
        {"type": "HEADER", "format": "TEXT", "text": "Turno de {{name}}"},
        {"type": "BODY", "text": "Hola {{name}}, te esperamos el {{day}}."},
        {"type": "BUTTONS", "buttons": BUTTONS},
    ]
)
IMAGE = definition_of([{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hola {{1}}, {{2}}."}])


def shown(definition: Definition, fill: Filling, *, named: bool = False) -> str:
    components = fill(definition)
    Check(definition, named=named, modern=False).components(components)
    bubble = rendered(definition, components, named=named)
    urls = [button["url"] for button in bubble.get("buttons", []) if "url" in button]
    return "\n".join([plain_text(bubble), *urls])


FILLED = "Turno de Ana\nHola Ana, te esperamos el jueves.\n[Sí]\n[Ver]\nhttps://example.com/x1"


def test_it_fills_by_name_wherever_a_variable_stands() -> None:
    assert shown(NAMED, by_name({"name": "Ana", "day": "jueves", "code": "x1"}), named=True) == FILLED


def test_it_fills_in_order_header_first_buttons_last() -> None:
    assert shown(NAMED, in_order(["Ana", "Ana", "jueves", "x1"]), named=True) == FILLED


def test_it_fills_by_part() -> None:
    buttons = {0: payload_button("yes"), 1: url_button("x1")}

    assert shown(NAMED, by_part(header=["Ana"], body=["Ana", "jueves"], buttons=buttons), named=True) == FILLED


@pytest.mark.parametrize("fill", [by_part, in_order])
def test_it_puts_media_into_the_header(fill: Callable[..., Filling]) -> None:
    media = media_header("image", "https://example.com/a.jpg")
    made = by_part(body=["Ana", "chau"], media=media) if fill is by_part else in_order(["Ana", "chau"], media=media)

    assert shown(IMAGE, made) == "image\nHola Ana, chau."


@pytest.mark.parametrize(
    "fill", [by_name({"name": "Ana"}), by_name({"name": "a", "day": "b", "code": "c", "x": "d"}), in_order(["Ana"])]
)
def test_it_refuses_another_number_of_values(fill: Filling) -> None:
    with pytest.raises(Refusal) as caught:
        fill(NAMED)

    assert caught.value.code == 132000
