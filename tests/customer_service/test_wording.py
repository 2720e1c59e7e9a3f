"""States in words: the window, the ticks, guesses for variables. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from customer_service.prefill import prefill
from customer_service.timeline import window_closings
from customer_service.wording import mark, window_words
from recontact.states import MessageState
from templates_app.components import parse_components
from tests.factories import RETOMAR_TURNO

NOW = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "level", "short"),
    [
        (timedelta(hours=23, minutes=10), "good", "23 h 10 min"),
        (timedelta(hours=4, minutes=1), "good", "4 h 01 min"),
        (timedelta(hours=4), "soon", "4 h 00 min"),
        (timedelta(minutes=42), "soon", "42 min"),
        (timedelta(0), "closed", "Closed 0 min ago"),
        (timedelta(minutes=-5), "closed", "Closed 5 min ago"),
        (timedelta(hours=-3), "closed", "Closed 3 h ago"),
        (timedelta(days=-2), "closed", "Closed 2 d ago"),
    ],
)
def test_it_says_the_time_left_of_a_window(left: timedelta, level: str, short: str) -> None:
    words = window_words(NOW + left, NOW)

    assert (words.level, words.short) == (level, short)


def test_it_says_when_there_never_was_a_window() -> None:
    assert window_words(None, NOW).level == "none"


@pytest.mark.parametrize("state", MessageState)
def test_it_has_a_sign_and_words_for_every_state(state: MessageState) -> None:
    found = mark(state)

    assert found.symbol
    assert found.words != state.value


def test_it_tells_a_held_message_from_an_accepted_one() -> None:
    assert mark("accepted", held=True).words == "Held by the provider"


def test_it_explains_what_the_second_check_found() -> None:
    found = mark("skipped", reason="window_open")

    assert found.detail == (
        "The customer wrote before the HSM left: none was needed, and nothing was sent. Nothing was charged."
    )


def test_it_marks_each_time_the_window_closed() -> None:
    times = [NOW - timedelta(days=5), NOW - timedelta(days=5, hours=-2), NOW - timedelta(hours=3)]

    assert [entry.at for entry in window_closings(times, NOW)] == [NOW - timedelta(days=4, hours=-2)]


def test_it_guesses_names_from_the_words_before_the_places() -> None:
    parsed = parse_components(RETOMAR_TURNO, "POSITIONAL")

    values = prefill(parsed, data={}, customer_name="Marta", agent_name="Luis")

    assert values == {"body.1": "Marta", "body.2": "Luis"}


def test_it_takes_named_variables_from_the_data_of_the_query_whatever_the_accents() -> None:
    body = {"type": "BODY", "text": "Turno el {{dia}} con {{agente}} para {{nombre}}"}
    parsed = parse_components([body], "NAMED")

    values = prefill(parsed, data={"Día": "viernes", "otro": 3}, customer_name="Marta", agent_name="Luis")

    assert values == {"body.dia": "viernes", "body.agente": "Luis", "body.nombre": "Marta"}


def test_it_guesses_nothing_where_it_knows_nothing() -> None:
    parsed = parse_components([{"type": "BODY", "text": "Tu código: {{1}}. Nombre: {{2}}"}], "POSITIONAL")

    assert "body.1" not in prefill(parsed, data={}, customer_name="Marta", agent_name="Luis")
