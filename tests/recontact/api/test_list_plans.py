"""Each filter of the API's lists walks an index by falling id: a page ends after a page, however few of a million rows match."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recontact.models import Team
from tests.api_client import EVERYTHING, client_make
from tests.factories import campaign_make, message_make, query_make
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db


def plan_of(path: str, table: str, permissions: Iterable[str] = EVERYTHING, *, only: str | None = None) -> str:
    """How the database reads a page of the list, with one index alone if it is named."""
    api = client_make(permissions=permissions)
    with CaptureQueriesContext(connection) as captured:
        api.read(path)
    order = f'ORDER BY "{table}"."id" DESC LIMIT'
    (page,) = [query["sql"] for query in captured if order in query["sql"]]
    # Only whether an index gives them in order is asked.
    ways = ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin")
    return plan_explain(page, without=ways, only=[only] if only else ())


@pytest.mark.parametrize(
    ("filtered", "index"),
    [
        ("state=pending", "query_ids_in_state"),
        ("state=in_progress", "query_ids_in_state"),
        ("origin=api", "query_ids_of_origin"),
        ("origin=campaign", "query_ids_of_origin"),
        ("sender_number={number}", "query_ids_of_number"),
        ("team={team}", "query_ids_of_team"),
        ("assigned_to={agent}", "query_ids_of_agent"),
        ("campaign={campaign}", "query_ids_of_campaign"),
        ("topic=Pagos", "query_ids_of_topic"),
    ],
)
def test_queries(filtered: str, index: str) -> None:
    query = query_make(team=Team.objects.create(name="Turnos"))
    places = {"number": query.sender_number_id, "team": query.team_id, "agent": 1, "campaign": campaign_make().pk}

    plan = plan_of(f"queries?{filtered.format(**places)}", "recontact_query", only=index)

    assert index in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(
    ("filtered", "index"),
    [
        ("state=failed", "message_in_state"),
        ("state=uncertain", "message_uncertain"),
        ("kind=media", "message_of_files"),
        ("query={query}", "message_of_query"),
    ],
)
def test_messages(filtered: str, index: str) -> None:
    message = message_make()

    plan = plan_of(f"messages?{filtered.format(query=message.query_id)}", "recontact_message", only=index)

    assert index in plan
    assert "Sort" not in plan


def test_whether_an_agent_reaches_a_message_is_looked_up_message_by_message() -> None:
    message_make()

    plan = plan_of("messages", "recontact_message", permissions=["recontact.view_query", "recontact.view_message"])

    assert "Index Cond: (id = recontact_message.query_id)" in plan
