"""First guesses for a template's variables, from the query's data, the customer's name and the agent's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from recontact.customers import fold
from templates_app.components import ParsedTemplate, Text

#: Words of a variable's name or example, or just before its place, that give away whose name is meant (Spanish, English,
#: Portuguese; folded).
_CUSTOMER = frozenset({"nombre", "cliente", "name", "customer", "client", "nome", "paciente"})
_AGENT = frozenset({"agente", "agent", "asesor", "asesora", "operador", "operator", "atendente"})
_CUSTOMER_WORDS_BEFORE = frozenset({"hola", "hi", "hello", "ola", "dear", "estimado", "estimada", "querido", "querida"})
_AGENT_WORDS_BEFORE = frozenset({"soy", "am", "sou", "is"})


def prefill(
    parsed: ParsedTemplate, *, data: Mapping[str, Any], customer_name: str = "", agent_name: str = ""
) -> dict[str, str]:
    """Values by variable key; a variable without a good guess is left out, for nobody notices a wrong one."""
    known = {fold(str(name)): str(value) for name, value in data.items() if isinstance(value, str | int | float)}
    before = _words_before("header", parsed.header.text) | _words_before("body", parsed.body)
    values = {}
    for variable in parsed.variables:
        if variable.kind not in ("text", "code", "url_suffix"):
            continue
        name = fold(variable.key.rsplit(".", 1)[-1])
        hints = {name, *re.findall(r"[a-z]+", name), *_example_words(variable.example)}
        value = known.get(name) or _of_person(
            hints, before.get(variable.key, ""), customer_name=customer_name, agent_name=agent_name
        )
        if value:
            values[variable.key] = value
    return values


def _of_person(hints: set[str], before: str, *, customer_name: str, agent_name: str) -> str:
    if hints & _AGENT or before in _AGENT_WORDS_BEFORE:
        return agent_name
    if hints & _CUSTOMER or before in _CUSTOMER_WORDS_BEFORE:
        return customer_name
    return ""


def _example_words(example: str) -> list[str]:
    return re.findall(r"[a-z]+", fold(example))


def _words_before(prefix: str, text: Text) -> dict[str, str]:
    """For each place of the text, the folded word that stands right before it."""
    words: dict[str, str] = {}
    last = ""
    for part in text.parts:
        if part.variable:
            words.setdefault(f"{prefix}.{part.text}", last)
            last = ""
        else:
            match = re.search(r"([^\W\d_]+)[\s,:*_¡!]*$", part.text)
            last = fold(match.group(1)) if match else ""
    return words
