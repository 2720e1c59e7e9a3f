"""Which messages ask for no more marketing."""

from __future__ import annotations

import pytest

from recontact.customers import fold
from recontact.opt_out_words import OPT_OUT_WORDS, is_opt_out


@pytest.mark.parametrize(
    "text",
    [
        "BAJA",
        "baja.",
        "  Baja!! ",
        "¡No más!",
        "NO MAS",
        "Stop",
        "STOP ALL",
        "stop_promotions",
        "Unsubscribe",
        "Não quero mais mensagens",
        "sair",
        "🛑 BAJA",
    ],
)
def test_it_knows_the_word_whatever_its_dress(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "👍",
        "Sí, reservar",
        "dar de baja el servicio de internet",
        "no mas tarde de las 5",
        "cancelar",
        "stop sending the blue one",
        "bajar",
        "alta",
        "baja " * 30,
    ],
)
def test_it_leaves_ordinary_messages_alone(text: str) -> None:
    assert not is_opt_out(text)


def test_the_words_are_written_as_they_are_compared() -> None:
    words = [word for language in OPT_OUT_WORDS.values() for word in language]
    assert words == [fold(word) for word in words]
