"""What fills each variable: guessed by name and by the words before it, and read from each query."""

from __future__ import annotations

import pytest

from recontact.campaigns.mapping import Filling, data_keys, mapping_guess, values_for
from templates_app.components import parse_components
from tests.factories import customer_make, query_make, user_make


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Hola {{1}}, te escribimos.", "customer_first_name"),
        ("Oi {{1}}!", "customer_first_name"),
        ("Te saluda {{1}} de Clínica Sur.", "agent"),
        ("Hi, I'm {{1}}.", "agent"),
        ("Sobre tu consulta {{1}}:", "query_number"),
        ("Tu turno es el {{1}}.", "text"),
        ("{{1}} venció.", "text"),
    ],
)
def test_it_guesses_by_the_word_before_the_place(text: str, source: str) -> None:
    parsed = parse_components([{"type": "BODY", "text": text}], "POSITIONAL")

    assert mapping_guess(parsed, []) == {"body.1": Filling(source)}


def test_it_guesses_by_the_names_of_variables_and_of_the_queries_data() -> None:
    text = "Estimada {{nombre}}, su {{Turno}} y {{algo}}."
    parsed = parse_components([{"type": "BODY", "text": text}], "NAMED")

    assert mapping_guess(parsed, ["turno"]) == {
        "body.nombre": Filling("customer_first_name"),
        "body.Turno": Filling("data:turno"),
        "body.algo": Filling("text"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("filling", "value"),
    [
        (Filling("text", " hoy "), "hoy"),
        (Filling("customer_name"), "Carla Benítez"),
        (Filling("customer_first_name"), "Carla"),
        (Filling("agent"), "Luis"),
        (Filling("me"), "Ana"),
        (Filling("subject"), "Turnos"),
        (Filling("data:cuota"), "3"),
    ],
)
def test_it_reads_each_field_of_the_query(filling: Filling, value: str) -> None:
    query = query_make(
        customer=customer_make(name="Carla Benítez"),
        assigned_to=user_make(first_name="Luis"),
        subject="Turnos",
        data={"cuota": 3},
    )

    assert values_for(query, {"body.1": filling}, user_make()) == {"body.1": value}


@pytest.mark.django_db
def test_it_gives_no_value_for_what_is_empty_or_no_text() -> None:
    query = query_make(data={"lista": [1], "nada": None})
    fillings = ("data:lista", "data:nada", "data:falta", "subject", "text", "unknown")

    assert values_for(query, {source: Filling(source) for source in fillings}, user_make()) == {}


@pytest.mark.django_db
def test_it_signs_with_the_sender_while_nobody_has_the_query() -> None:
    assert values_for(query_make(), {"body.1": Filling("agent")}, user_make(first_name="Eva")) == {"body.1": "Eva"}


@pytest.mark.django_db
def test_it_offers_only_data_that_can_be_written_out() -> None:
    assert data_keys([query_make(data={"b": 1, "a": "x", "c": {}}), query_make(data=[])]) == ["a", "b"]
