"""Statements that screens ask all day: written by the ORM once, prepared by the database, their rows models as ever.

Of what a screen takes, most is making the ORM's statement anew and planning it again, not running it. The dispatcher's are
written by hand, and asked by `fetched` and `changed`. A plan is as old as its connection at most, or as the last count of its
tables' rows: what is asked in a worker that may have begun with empty tables is better planned anew.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import psycopg
from django.db import InterfaceError, NotSupportedError, OperationalError, connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from psycopg.sql import quote
from psycopg.types.numeric import Int8

from recontact.arrays import array_literal

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Value = int | Sequence[int] | datetime
#: Of the places of a statement, in order or by name. Those that are `Int8` have one type whatever their size: by each other
#: type the database would plan the statement apart.
Values = Sequence[Any] | Mapping[str, Any]
#: No id is as large and no moment as late: they stand for values until there are some.
_BLANKS, _MOMENTS = 2**62, datetime(9000, 1, 1, tzinfo=UTC)
_NEVER_BY_ITSELF = 2**31


class Prepared(Generic[Row]):
    """What `build` asks for, called with the same names: `Prepared(lambda query: Note.objects.filter(query=query))(query=7)`.

    The arguments are integers (lists of them in `field__among=[name]`), and aware datetimes for the `moments`. Whatever else the
    queryset compares with is written into the statement itself, so that an index with a condition serves a plan that is made
    before the arguments are known. Rows are what the queryset gives, models with their `select_related` and annotations;
    nothing is prefetched.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[Any, Row]],
        *,
        names: Sequence[str] = (),
        moments: Sequence[str] = (),
        kept: bool = True,
    ) -> None:
        """`names` are those of the arguments where `build` does not say them; `kept`: the database keeps the plan."""
        self._build, self._kept = build, kept
        self._names, self._moments = names or tuple(inspect.signature(build).parameters), moments
        self._made: tuple[QuerySet[Any, Row], SQLCompiler, Statement] | None = None

    def __call__(self, **values: Value) -> list[Row]:
        """The rows for these values; one statement."""
        queryset, made, statement = self._made or self._make()
        compiler = copy.copy(made)
        compiler.connection = connection
        answer = statement.rows(values, kept=self._kept)
        # It is executed: the queryset's own way of making rows gets the answer.
        setattr(compiler, "execute_sql", lambda *_args, **_options: [answer])  # noqa: B010 -- a method of this one object
        asked: Any = _Asked(queryset, compiler)
        return list(asked._iterable_class(asked))

    @property
    def statement(self) -> Statement:
        """The statement alone, to be put into a larger one."""
        return (self._made or self._make())[2]

    def _make(self) -> tuple[QuerySet[Any, Row], SQLCompiler, Statement]:
        blanks = {name: self._blank(name, place) for place, name in enumerate(self._names)}
        queryset = self._build(**blanks)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        self._made = queryset, compiler, Statement.of(str(sql), parameters, blanks)
        return self._made

    def _blank(self, name: str, place: int) -> int | datetime:
        return _MOMENTS + timedelta(days=place) if name in self._moments else _BLANKS + place


class Statement:
    """SQL with places for named values."""

    def __init__(self, sql: str, names: Sequence[str]) -> None:
        self.sql, self.names = sql, names

    @classmethod
    def of(cls, sql: str, parameters: Iterable[Any], blanks: dict[str, int | datetime]) -> Statement:
        """Of a statement whose parameters are blanks, alone or in an array, or constants, which are written into it."""
        places: dict[Any, str] = {blank: name for name, blank in blanks.items()}
        places |= {array_literal([blank]): name for blank, name in places.items() if isinstance(blank, int)}
        pieces, names = sql.split("%s"), []
        written = [pieces[0]]
        for piece, value in zip(pieces[1:], parameters, strict=True):
            name = places.get(value) if isinstance(value, int | str | datetime) else None
            if name is None:
                written += [quote(value).replace("%", "%%"), piece]
            else:
                written += ["%s", piece]
                names.append(name)
        return cls("".join(written), names)

    def rows(self, values: dict[str, Value], *, kept: bool = True) -> list[tuple[Any, ...]]:
        """What the database answers."""
        said = {name: _said(value) for name, value in values.items()}
        return fetched(self.sql, [said[name] for name in self.names], kept=kept)

    def read(self, values: dict[str, Value]) -> list[tuple[Any, ...]]:
        """The same of a statement that changes nothing, without asking first whether the connection still is well.

        Each request's first statement asks that of the database, a round trip of its own. Here a connection that turns out to be
        lost is made anew and the statement asked once more.
        """
        if connection.in_atomic_block:
            return self.rows(values)
        connection.health_check_done = True  # type: ignore[attr-defined]  # of each backend, not in the stubs
        try:
            return self.rows(values)
        except (OperationalError, InterfaceError):
            connection.close()
            return self.rows(values)


def _said(value: Value) -> Int8 | datetime | str:
    if isinstance(value, datetime):
        return value
    # Always of one type: the database would plan a small number's statement apart from a large one's.
    return Int8(value) if isinstance(value, int) else array_literal(value)


class _Asked:
    """A queryset as its iterable sees it, whose statement was executed already."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, queryset: QuerySet[Any, Any], compiler: SQLCompiler) -> None:
        self._queryset, self._compiler = queryset, compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queryset, name)

    @property
    def query(self) -> _AskedQuery:
        return _AskedQuery(self._queryset.query, self._compiler)


class _AskedQuery:
    def __init__(self, query: Any, compiler: SQLCompiler) -> None:
        self._query, self._compiler = query, compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)

    def get_compiler(self, using: str | None = None, **_options: Any) -> SQLCompiler:
        return self._compiler


class _Kept(psycopg.Cursor[tuple[Any, ...]]):
    """The values go to the database beside the statement, whose plan it keeps."""

    keeps = True

    def execute(self, query: Any, params: Any = None, **options: Any) -> _Kept:
        done = super().execute(query, params, prepare=self.keeps, **options)
        # psycopg forgets it where the plan was there already, and Django's log of statements reads it.
        self._query = self._query or self._convert_query(query, params)
        return done


class _Once(_Kept):
    keeps = False


def fetched(sql: str, values: Values, *, kept: bool = True) -> list[tuple[Any, ...]]:
    """The rows of a statement, asked for through Django's connection: counted and checked like any other. `kept`: prepared."""

    def ask() -> list[tuple[Any, ...]]:
        with _executed(sql, values, kept) as cursor:
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    return _planned_anew(ask)


def changed(sql: str, values: Values, *, kept: bool = True) -> int:
    """The same for a statement that gives no rows. Returns how many it changed."""

    def ask() -> int:
        with _executed(sql, values, kept) as cursor:
            count: int = cursor.rowcount
        return count

    return _planned_anew(ask)


def _planned_anew(ask: Callable[[], Answer]) -> Answer:
    """Ask; once more on a new connection where a migration changed a column since the plan was made. PostgreSQL refuses such a
    plan for good. Within a transaction it fails: its rollback makes the connection forget all plans."""
    try:
        return ask()
    except NotSupportedError:
        if connection.in_atomic_block:
            raise
        connection.close()
        return ask()


@contextmanager
def _executed(sql: str, values: Values, kept: bool) -> Iterator[Any]:
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    if connection.connection.prepare_threshold is None:
        # Django's way of saying that nothing is prepared, not even what asks for it. No count of calls prepares the rest.
        connection.connection.prepare_threshold = _NEVER_BY_ITSELF
    cursor = (_Kept if kept else _Once)(connection.connection)
    with connection._prepare_cursor(cursor) as wrapped:  # type: ignore[attr-defined]  # counts, checks, translates errors
        wrapped.execute(sql, values)
        yield wrapped
