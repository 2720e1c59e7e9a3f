"""The filter that is a campaign's audience: which queries, or which customers. Kept with the campaign as JSON, with a version,
and checked when it is read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

#: Grows when a stored filter would no longer be read as what it meant.
VERSION = 1

QUERIES, CUSTOMERS = "queries", "customers"

#: The agent of a query that is nobody's.
NOBODY = 0

#: Whose message counts as contact.
EITHER, THEIRS, OURS = "either", "theirs", "ours"


class AudienceProblem(Exception):
    """The stored filter cannot be read. The message says so to a person."""


@dataclass(frozen=True, slots=True)
class QueryFilter:
    """Open queries of one sender number. What is empty does not narrow; days are the portal's, the last one included."""

    sender_number: int
    states: tuple[str, ...] = ()
    team: int | None = None
    agent: int | None = None
    origin: str = ""
    window_closed: bool = True
    unused: bool = True
    tags: tuple[str, ...] = ()
    all_tags: bool = False
    created_from: date | None = None
    created_until: date | None = None
    active_from: date | None = None
    active_until: date | None = None
    subject: str = ""
    data_key: str = ""
    data_value: str = ""


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Customers. `contact_from`: in contact on that day or after; `contact_until`: not after that day. `contact`: whose
    message counts as one."""

    tags: tuple[str, ...] = ()
    all_tags: bool = False
    countries: tuple[str, ...] = ()
    contact: str = EITHER
    contact_from: date | None = None
    contact_until: date | None = None
    opted_in: bool = False


Filter = QueryFilter | CustomerFilter

_KINDS: dict[str, type[QueryFilter] | type[CustomerFilter]] = {QUERIES: QueryFilter, CUSTOMERS: CustomerFilter}


def filter_stored(wanted: Filter) -> dict[str, Any]:
    """For Campaign.audience. Two equal filters are stored equal, in whatever order their tags were chosen."""
    of = QUERIES if isinstance(wanted, QueryFilter) else CUSTOMERS
    values = {name: _plain(value) for name, value in asdict(wanted).items()}
    return {"version": VERSION, "of": of, **values}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return sorted(set(value)) if isinstance(value, tuple) else value


def filter_read(stored: Any) -> Filter:
    """Campaign.audience as a filter. Raises AudienceProblem: of another version, or not what `filter_stored` writes."""
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        raise AudienceProblem(_("The filter was made by another version of the portal. Choose the recipients again."))
    kind = _KINDS.get(str(stored.get("of")))
    known = {field.name: str(field.type) for field in fields(kind)} if kind is not None else {}
    given = {name: value for name, value in stored.items() if name not in ("version", "of")}
    if kind is None or set(given) - set(known):
        raise _damaged()
    try:
        return kind(**{name: _READERS[known[name]](value) for name, value in given.items()})
    except (TypeError, ValueError) as error:
        raise _damaged() from error


def _damaged() -> AudienceProblem:
    return AudienceProblem(_("The filter cannot be read as it was kept. Choose the recipients again."))


def _of_kind(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return value

    return read


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_of_kind(str), _of_kind(list)(value)))


_READERS: dict[str, Callable[[Any], Any]] = {
    "int": _of_kind(int),
    "int | None": _or_none(_of_kind(int)),
    "bool": _of_kind(bool),
    "str": _of_kind(str),
    "tuple[str, ...]": _texts,
    "date | None": _or_none(lambda value: date.fromisoformat(_of_kind(str)(value))),
}
