"""What fills each variable of a campaign's template: a column, a field of the customer, or fixed words, with a fallback.

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

#: What is known of every recipient: his name in the file, else as a customer of ours.
FIELDS: dict[str, StrOrPromise] = {
    "customer_first_name": _("Customer's first name"),
    "customer_name": _("Customer's whole name"),
    "phone": _("Customer's phone"),
    "me": _("My first name"),
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
    """Where one variable's value comes from: "column:<name>", a key of FIELDS, or "text" with its `words`.

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
    if source.source == "customer_first_name":
        return person.name.split(" ")[0]
    return {"customer_name": person.name, "phone": person.phone, "me": person.me}.get(source.source, "")


def mapping_suggest(template: Template, parsed: ParsedTemplate, columns: Sequence[str]) -> dict[str, Source]:
    """What to begin with: as in the last campaign with this template where its columns are here too, else guessed."""
    guessed = mapping_guess(parsed, columns)
    rows = Campaign.objects.filter(template=template).exclude(mapping={}).exclude(source=Campaign.Source.QUERIES)
    last = rows.order_by("-id").values_list("mapping", flat=True).first()
    known = {column_fold(column): column for column in columns if column}
    kept = {key: _here(source, known) for key, source in mapping_read(last or {}).items() if key in guessed}
    return guessed | {key: source for key, source in kept.items() if source is not None}


def _here(source: Source, known: Mapping[str, str]) -> Source | None:
    """The source with the column as this file writes it; None when this file has no such column."""
    if not source.source.startswith(COLUMN):
        return source
    column = known.get(column_fold(source.source.removeprefix(COLUMN)))
    return None if column is None else Source(f"{COLUMN}{column}", source.words, source.fallback)


def mapping_guess(parsed: ParsedTemplate, columns: Sequence[str]) -> dict[str, Source]:
    """A first mapping: a column named as the variable or as the word before its place, the name after a greeting.

    When as many variables as columns are left over, they go by order.
    """
    known = {column_fold(column): column for column in columns if column}
    before = dict(_words_before("body", parsed.body)) | dict(_words_before("header", parsed.header.text))
    found = {variable.key: _guess(variable, known, before.get(variable.key, "")) for variable in parsed.variables}
    _fill_by_order(found, parsed.variables, known)
    return {key: source or Source(TEXT) for key, source in found.items()}


def _guess(variable: Variable, known: Mapping[str, str], word: str) -> Source | None:
    name = column_fold(variable.key.rsplit(".", 1)[-1])
    for wanted in (name, f"{{{{{name}}}}}", column_fold(variable.key), word):
        if wanted and wanted in known:
            return Source(COLUMN + known[wanted])
    if name in NAME_COLUMNS or word in _GREETINGS:
        return Source("customer_first_name")
    if name in _SIGNER_NAMES or word in _SIGNATURES:
        return Source("me")
    return None


def _fill_by_order(found: dict[str, Source | None], variables: Iterable[Variable], known: Mapping[str, str]) -> None:
    used = {source.source for source in found.values() if source is not None}
    reads_name = "customer_first_name" in used
    special = {*PHONE_COLUMNS, *BSUID_COLUMNS, *(NAME_COLUMNS if reads_name else ())}
    columns = [column for name, column in known.items() if name not in special and COLUMN + column not in used]
    empty = [variable.key for variable in variables if variable.required and found[variable.key] is None]
    if len(columns) == len(empty):
        found.update({key: Source(COLUMN + column) for key, column in zip(empty, columns, strict=True)})


def _words_before(prefix: str, text: Text) -> Iterable[tuple[str, str]]:
    last = ""
    for part in text.parts:
        if part.variable:
            yield f"{prefix}.{part.text}", last
        else:
            words = [word for word in re.findall(r"\w+", fold(part.text).replace("'", "")) if len(word) > 1]
            content = [word for word in words if word not in _SMALL]
            last = content[-1] if content else last
