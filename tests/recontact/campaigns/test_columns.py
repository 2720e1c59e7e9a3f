"""What fills each variable: guessed by name, kept for the next campaign, and read from each row."""

from __future__ import annotations

import pytest

from recontact.campaigns.columns import (
    Person,
    Source,
    mapping_guess,
    mapping_read,
    mapping_stored,
    mapping_suggest,
    recipient_values,
)
from templates_app.components import parse_components
from templates_app.selectors import template_parsed
from tests.recontact.campaigns.audiences import csv_bytes, draft_make

PERSON = Person(name="Carla Benítez", phone="+5491155550100", me="Ana")


def _guess(text: str, columns: list[str], parameter_format: str = "POSITIONAL") -> dict[str, str]:
    parsed = parse_components([{"type": "BODY", "text": text}], parameter_format)
    return {key: source.source for key, source in mapping_guess(parsed, columns).items()}


@pytest.mark.parametrize(
    ("text", "columns", "guessed"),
    [
        ("Tu {{Importe}} vence.", ["phone", "importe"], {"body.Importe": "column:importe"}),
        ("Hola {{nombre}}.", ["phone", "otra", "mas"], {"body.nombre": "customer_first_name"}),
    ],
)
def test_it_guesses_by_the_names_of_variables(text: str, columns: list[str], guessed: dict[str, str]) -> None:
    assert _guess(text, columns, "NAMED") == guessed


@pytest.mark.parametrize(
    ("text", "columns", "guessed"),
    [
        ("Hola {{1}}, debés {{2}}.", ["phone", "1", "2"], {"body.1": "column:1", "body.2": "column:2"}),
        ("Tu cuota de {{1}}.", ["phone", "Cuota", "x"], {"body.1": "column:Cuota"}),
        ("Hola {{1}}.", ["phone", "nombre"], {"body.1": "customer_first_name"}),
        ("Te saluda {{1}}.", ["phone", "x"], {"body.1": "me"}),
        ("{{1}} y {{2}}", ["phone", "b", "a"], {"body.1": "column:b", "body.2": "column:a"}),
        ("{{1}} y {{2}}", ["phone", "a", "b", "c"], {"body.1": "text", "body.2": "text"}),
    ],
)
def test_it_guesses_by_the_words_around_the_places(text: str, columns: list[str], guessed: dict[str, str]) -> None:
    assert _guess(text, columns) == guessed


def test_a_dynamic_address_and_a_picture_are_filled_from_columns_too() -> None:
    parsed = parse_components(
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hola"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://example.com/{{1}}"}]},
        ],
        "POSITIONAL",
    )

    assert {key: source.source for key, source in mapping_guess(parsed, ["phone", "image", "url"]).items()} == {
        "header.image": "column:image",
        "button.0.url": "column:url",
    }


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (Source("text", " hoy "), "hoy"),
        (Source("column:monto"), "$ 10"),
        (Source("column:vacia", fallback=" nada "), "nada"),
        (Source("customer_name"), "Carla Benítez"),
        (Source("customer_first_name"), "Carla"),
        (Source("phone"), "+5491155550100"),
        (Source("me"), "Ana"),
    ],
)
def test_a_value_comes_from_its_source_or_its_fallback(source: Source, value: str) -> None:
    assert recipient_values({"body.1": source}, {"monto": "$ 10", "vacia": ""}, PERSON) == {"body.1": value}


def test_what_is_empty_and_has_no_fallback_gives_no_value() -> None:
    assert recipient_values({"body.1": Source("column:no"), "body.2": Source("unknown")}, {}, PERSON) == {}


def test_a_mapping_is_stored_and_read_back() -> None:
    mapping = {"body.1": Source("column:a", "", "b"), "body.2": Source("text", "c")}

    assert mapping_read(mapping_stored(mapping)) == mapping


@pytest.mark.django_db
def test_the_next_campaign_with_the_template_begins_with_the_last_ones_mapping() -> None:
    last = {"body.1": Source("column:alias", fallback="vecino"), "body.2": Source("column:Saldo")}
    campaign = draft_make(csv_bytes(("phone", "alias", "Saldo"), ("1155550100", "A", "1")), mapping=last)
    assert campaign.template is not None

    suggested = mapping_suggest(campaign.template, template_parsed(campaign.template), ["phone", "alias", "cuota", "x"])

    assert suggested == {"body.1": last["body.1"], "body.2": Source("column:cuota")}
