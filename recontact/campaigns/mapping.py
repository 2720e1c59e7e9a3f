"""What each variable of a template is filled with when many queries get it: a fixed text, or a field of each query. Pure
but for the rows it is given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from recontact.customers import fold
from recontact.models import Query
from templates_app.components import ParsedTemplate, Text, Variable

TEXT = "text"
DATA = "data:"

#: The fields every query has.
FIELDS: dict[str, StrOrPromise] = {
    "customer_first_name": _("Customer's first name"),
    "customer_name": _("Customer's whole name"),
    "agent": _("First name of the query's agent, else mine"),
    "me": _("My first name"),
    "query_number": _("Number of the query"),
    "subject": _("Subject of the query"),
}

# What a variable's name, or the word before its place, says about it (folded). Spanish, Portuguese, English.
_BY_NAME = {
    "customer_first_name": {"nombre", "name", "first_name", "nome", "cliente", "customer", "firstname"},
    "agent": {"agente", "agent", "asesor", "operador", "atendente"},
    "query_number": {"consulta", "query", "ticket", "caso", "numero_consulta", "protocolo"},
    "subject": {"asunto", "subject", "tema", "assunto"},
}
_BY_WORD_BEFORE = {
    "customer_first_name": {"hola", "hi", "hello", "dear", "oi", "ola", "estimado", "estimada", "querido", "querida"},
    "agent": {"soy", "sou", "am", "im", "saluda"},
    "query_number": {"consulta", "query", "caso", "ticket", "#", "nro", "protocolo"},
}


@dataclass(frozen=True, slots=True)
class Filling:
    """Where one variable's value comes from: `text` with its `words`, a field, or `data:<key>` of the query."""

    source: str
    words: str = ""


def values_for(query: Query, mapping: Mapping[str, Filling], user: Any) -> dict[str, str]:
    """The values by variable key for one query (customer and agent loaded). A field that is empty gives no value."""
    return {key: value for key, filling in mapping.items() if (value := _value(query, filling, user))}


def _value(query: Query, filling: Filling, user: Any) -> str:
    if filling.source == TEXT:
        return filling.words.strip()
    if filling.source.startswith(DATA):
        found = query.data.get(filling.source.removeprefix(DATA)) if isinstance(query.data, dict) else None
        return "" if found is None or isinstance(found, dict | list) else str(found)
    agent = query.assigned_to
    fields = {
        "customer_name": query.customer.name,
        "customer_first_name": query.customer.name.split(" ")[0],
        "agent": _first_name(agent if agent is not None else user),
        "me": _first_name(user),
        "query_number": str(query.pk),
        "subject": query.subject,
    }
    return fields.get(filling.source, "")


def _first_name(user: Any) -> str:
    return str(user.first_name or user.username)


def data_keys(queries: Iterable[Query]) -> list[str]:
    """The keys that the queries' own data have, for choosing from."""
    keys: set[str] = set()
    for query in queries:
        if isinstance(query.data, dict):
            keys.update(key for key, value in query.data.items() if not isinstance(value, dict | list))
    return sorted(keys)


def mapping_guess(parsed: ParsedTemplate, keys: Iterable[str]) -> dict[str, Filling]:
    """A first mapping: by the variable's name, by a key of the queries' data of the same name, by the word before its place."""
    known = {fold(key): key for key in keys}
    before = dict(_words_before("body", parsed.body))
    return {variable.key: _guess(variable, known, before.get(variable.key, "")) for variable in parsed.variables}


def _guess(variable: Variable, known: Mapping[str, str], word_before: str) -> Filling:
    name = fold(variable.key.rsplit(".", 1)[-1])
    if name in known:
        return Filling(DATA + known[name])
    for field, names in _BY_NAME.items():
        if name in names:
            return Filling(field)
    for field, words in _BY_WORD_BEFORE.items():
        if word_before in words:
            return Filling(field)
    return Filling(TEXT)


def _words_before(prefix: str, text: Text) -> Iterable[tuple[str, str]]:
    last = ""
    for part in text.parts:
        if part.variable:
            yield f"{prefix}.{part.text}", last
        else:
            words = re.findall(r"[\w#]+", fold(part.text).replace("'", ""))
            last = words[-1] if words else last
