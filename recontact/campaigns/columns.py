"""What fills each variable of a campaign's template: a column, a field of the customer or of the query, or fixed words, with a
fallback.

Guessed by name, and kept: the next campaign with the template begins with what the last one had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from recontact.campaigns.sheets import BSUID_COLUMNS, NAME_COLUMNS, PHONE_COLUMNS, column_fold
from recontact.customers import fold
from recontact.models import Campaign
from templates_app.components import ParsedTemplate, Text, Variable
from templates_app.models import Template

TEXT = "text"
COLUMN = "column:"
#: A key of the query's own data.
DATA = "data:"

#: What is known of every recipient: his name in the file, else as a customer of ours.
FIELDS: dict[str, StrOrPromise] = {
    "customer_first_name": _("Customer's first name"),
    "customer_name": _("Customer's whole name"),
    "phone": _("Customer's phone"),
    "me": _("My first name"),
}

#: What is known of every query, beside its data.
QUERY_FIELDS: dict[str, StrOrPromise] = {
    "agent": _("First name of the query's agent, else mine"),
    "query_number": _("Number of the query"),
    "subject": _("Subject of the query"),
}

_QUERY_NAMES = {
    "query_number": {"consulta", "query", "ticket", "caso", "numero consulta", "protocolo"},
    "subject": {"asunto", "subject", "tema", "assunto", "motivo"},
}
_GREETINGS = {"hola", "hi", "hello", "dear", "oi", "ola", "estimado", "estimada", "querido", "querida"}
_SIGNATURES = {"soy", "sou", "am", "im", "saluda"}
_SIGNER_NAMES = {"agente", "agent", "asesor", "operador", "atendente"}
#: Words between a noun and its value: "tu cuota de {{2}}".
_SMALL = {
    "de", "del", "el", "la", "los", "las", "es", "su", "tu", "un", "una", "por", "con", "the", "of", "is", "your", "nro",
    "do", "da", "dos", "seu", "sua", "um", "uma",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where one variable's value comes from: "column:<name>", a key of FIELDS or QUERY_FIELDS, "data:<key>" of the query, or
    "text" with its `words`.

    `fallback` stands in when that gives nothing.
    """

    source: str
    words: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What FIELDS are read from."""

    name: str
    phone: str
    me: str


def mapping_stored(mapping: Mapping[str, Source]) -> dict[str, Any]:
    """For Campaign.mapping."""
    return {key: asdict(source) for key, source in mapping.items()}


def mapping_read(stored: Any) -> dict[str, Source]:
    """Campaign.mapping as sources."""
    return {
        key: Source(str(value["source"]), str(value.get("words", "")), str(value.get("fallback", "")))
        for key, value in stored.items()
    }


def recipient_values(mapping: Mapping[str, Source], texts: Mapping[str, str], person: Person) -> dict[str, str]:
    """The values by variable key for one row. What is empty, and has no fallback, is left out."""
    found = {key: _value(source, texts, person) or source.fallback.strip() for key, source in mapping.items()}
    return {key: value for key, value in found.items() if value}


def _value(source: Source, texts: Mapping[str, str], person: Person) -> str:
    if source.source == TEXT:
        return source.words.strip()
    if source.source.startswith(COLUMN):
        return texts.get(source.source.removeprefix(COLUMN), "")
    if source.source.startswith(DATA) or source.source in QUERY_FIELDS:
        return texts.get(source.source, "")
    if source.source == "customer_first_name":
        return person.name.split(" ")[0]
    return {"customer_name": person.name, "phone": person.phone, "me": person.me}.get(source.source, "")


def mapping_suggest(template: Template, parsed: ParsedTemplate, columns: Sequence[str]) -> dict[str, Source]:
    """What to begin with: as in the last campaign with this template where its columns are here too, else guessed."""
    known = {column_fold(column): COLUMN + column for column in columns if column}
    return mapping_guess(parsed, columns) | _kept(template, parsed, known)


def mapping_suggest_filtered(
    template: Template, parsed: ParsedTemplate, *, of_queries: bool, data_keys: Sequence[str] = ()
) -> dict[str, Source]:
    """The same for a campaign by filter, whose people have no columns: with `of_queries`, each has a query and its data."""
    known = {column_fold(key): DATA + key for key in data_keys}
    guessable = dict(known)
    if of_queries:
        names = {name: field for field, names in _QUERY_NAMES.items() for name in names}
        guessable = names | dict.fromkeys(_SIGNER_NAMES | _SIGNATURES, "agent") | known
        known |= {field: field for field in QUERY_FIELDS}
    before = _all_words_before(parsed)
    guessed = {
        variable.key: _guess(variable, guessable, before.get(variable.key, "")) or Source(TEXT)
        for variable in parsed.variables
    }
    return guessed | _kept(template, parsed, known)


def _kept(template: Template, parsed: ParsedTemplate, known: Mapping[str, str]) -> dict[str, Source]:
    """What the last campaign with this template filled its variables with, where that can be had here too."""
    rows = Campaign.objects.filter(template=template).exclude(mapping={}).exclude(source=Campaign.Source.QUERIES)
    last = rows.order_by("-id").values_list("mapping", flat=True).first()
    keys = {variable.key for variable in parsed.variables}
    kept = {key: _here(source, known) for key, source in mapping_read(last or {}).items() if key in keys}
    return {key: source for key, source in kept.items() if source is not None}


def _here(source: Source, known: Mapping[str, str]) -> Source | None:
    """The source as it is called here: a column or a key of the data by its name; None where there is no such thing."""
    if source.source == TEXT or source.source in FIELDS:
        return source
    name = source.source.removeprefix(COLUMN).removeprefix(DATA)
    here = known.get(source.source if source.source in QUERY_FIELDS else column_fold(name))
    return None if here is None else Source(here, source.words, source.fallback)


def mapping_guess(parsed: ParsedTemplate, columns: Sequence[str]) -> dict[str, Source]:
    """A first mapping: a column named as the variable or as the word before its place, the name after a greeting.

    When as many variables as columns are left over, they go by order.
    """
    known = {column_fold(column): COLUMN + column for column in columns if column}
    before = _all_words_before(parsed)
    found = {variable.key: _guess(variable, known, before.get(variable.key, "")) for variable in parsed.variables}
    _fill_by_order(found, parsed.variables, known)
    return {key: source or Source(TEXT) for key, source in found.items()}


def _guess(variable: Variable, known: Mapping[str, str], word: str) -> Source | None:
    name = column_fold(variable.key.rsplit(".", 1)[-1])
    for wanted in (name, f"{{{{{name}}}}}", column_fold(variable.key), word):
        if wanted and wanted in known:
            return Source(known[wanted])
    if name in NAME_COLUMNS or word in _GREETINGS:
        return Source("customer_first_name")
    if name in _SIGNER_NAMES or word in _SIGNATURES:
        return Source("me")
    return None


def _fill_by_order(found: dict[str, Source | None], variables: Iterable[Variable], known: Mapping[str, str]) -> None:
    used = {source.source for source in found.values() if source is not None}
    reads_name = "customer_first_name" in used
    special = {*PHONE_COLUMNS, *BSUID_COLUMNS, *(NAME_COLUMNS if reads_name else ())}
    columns = [column for name, column in known.items() if name not in special and column not in used]
    empty = [variable.key for variable in variables if variable.required and found[variable.key] is None]
    if len(columns) == len(empty):
        found.update({key: Source(column) for key, column in zip(empty, columns, strict=True)})


def _all_words_before(parsed: ParsedTemplate) -> dict[str, str]:
    return dict(_words_before("body", parsed.body)) | dict(_words_before("header", parsed.header.text))


def _words_before(prefix: str, text: Text) -> Iterable[tuple[str, str]]:
    last = ""
    for part in text.parts:
        if part.variable:
            yield f"{prefix}.{part.text}", last
        else:
            words = [word for word in re.findall(r"\w+", fold(part.text).replace("'", "")) if len(word) > 1]
            content = [word for word in words if word not in _SMALL]
            last = content[-1] if content else last
