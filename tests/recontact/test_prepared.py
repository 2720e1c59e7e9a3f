"""Prepared statements: what the ORM would give, without its making the statement anew each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import NotSupportedError, connection, transaction
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from recontact.models import Message, Query
from recontact.prepared import Prepared, Statement
from tests.factories import message_make, query_make, user_make

pytestmark = pytest.mark.django_db

OPEN_OF = Prepared(
    lambda user: (
        Query.objects.filter(assigned_to=user)
        .exclude(state="resolved")
        .select_related("customer", "team")
        .annotate(written=Exists(Message.objects.filter(query=OuterRef("pk"))))
        .order_by("pk")
    )
)
AMONG = Prepared(lambda ids, user: Query.objects.filter(pk__among=[ids], assigned_to=user).order_by("pk"))


def test_rows_are_models_with_what_was_joined_and_annotated_and_one_statement_is_asked() -> None:
    ana, luis = user_make(), user_make()
    first, second = query_make(assigned_to=ana), query_make(assigned_to=ana)
    query_make(assigned_to=ana, state=Query.State.RESOLVED)
    query_make(assigned_to=luis)
    message_make(query=second)
    with CaptureQueriesContext(connection) as captured:
        rows = OPEN_OF(user=ana.pk)
        assert [(row.customer.name, row.team, row.written) for row in rows] == [
            (first.customer.name, None, False),
            (second.customer.name, None, True),
        ]
    assert rows == [first, second]
    assert len(captured) == 1
    assert rows[0].created_at == first.created_at
    assert rows[0].data == first.data


def test_the_same_statement_takes_other_values_again_and_again() -> None:
    people = [user_make() for _ in range(7)]
    queries = {person: query_make(assigned_to=person) for person in people}
    assert {person: OPEN_OF(user=person.pk)[0] for person in people} == queries


def test_a_list_of_values_is_one_place_whatever_its_length() -> None:
    ana = user_make()
    queries = [query_make(assigned_to=ana) for _ in range(3)]
    assert AMONG(ids=[query.pk for query in queries[1:]], user=ana.pk) == queries[1:]
    assert AMONG(ids=[], user=ana.pk) == []
    assert AMONG(ids=[2**61, queries[0].pk], user=ana.pk) == queries[:1]


def test_what_is_no_argument_is_written_into_the_statement_so_that_partial_indexes_serve_it() -> None:
    assert "'resolved'" in OPEN_OF.statement.sql
    assert OPEN_OF.statement.names == ["user"]


def test_values_and_unions_come_as_the_orm_gives_them() -> None:
    ana = user_make(username="100%")
    query_make(assigned_to=ana, state=Query.State.PENDING, subject="100% suyo")
    flat = Prepared(
        lambda user: Query.objects.filter(assigned_to=user, subject="100% suyo").values_list("state", flat=True)
    )
    united = Prepared(
        lambda user: (
            Query.objects.filter(assigned_to=user)
            .values_list("state", "subject")
            .union(Query.objects.filter(assigned_to=None).values_list("state", "subject"))
        )
    )
    assert flat(user=ana.pk) == ["pending"]
    assert united(user=ana.pk) == [("pending", "100% suyo")]


@pytest.mark.django_db(transaction=True)
def test_what_only_reads_is_asked_again_when_the_connection_turns_out_to_be_lost() -> None:
    asked = Statement("SELECT pg_backend_pid()", [])
    ((lost,),) = asked.read({})
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
    other.close()

    ((now,),) = asked.read({})
    assert now != lost


@pytest.fixture
def _names_back(transactional_db: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE recontact_query ALTER COLUMN subject TYPE varchar(200)")


def _migrated() -> None:
    """Another connection gives a column another length, as a migration does while workers work."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("ALTER TABLE recontact_query ALTER COLUMN subject TYPE varchar(333)")
    other.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_names_back")
def test_a_column_that_was_changed_since_is_read_as_it_is_now() -> None:
    ana = user_make()
    query = query_make(assigned_to=ana)
    assert OPEN_OF(user=ana.pk) == [query]
    _migrated()
    assert OPEN_OF(user=ana.pk) == [query]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_names_back")
def test_within_a_transaction_it_fails_once_and_the_next_one_reads_it_as_it_is_now() -> None:
    ana = user_make()
    query = query_make(assigned_to=ana)
    assert OPEN_OF(user=ana.pk) == [query]
    _migrated()
    with pytest.raises(NotSupportedError), transaction.atomic():
        OPEN_OF(user=ana.pk)
    with transaction.atomic():
        assert OPEN_OF(user=ana.pk) == [query]
