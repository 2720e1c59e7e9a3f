"""The list of queries with its filters, and the page of one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recontact.models import Query, ServiceWindow
from tests.factories import customer_make, message_make, query_make

LIST = "/manager/recontact/query/"


def shown(client: Client, **filters: str) -> set[int]:
    return {query.pk for query in client.get(LIST, filters).context["cl"].result_list}


@pytest.fixture
def cast(db: None) -> dict[str, Query]:
    """One query of each kind the filters tell apart."""
    ready = query_make(activity_at=timezone.now() - timedelta(days=10))
    used = message_make().query
    assert used is not None
    window = query_make()
    now = timezone.now()
    ServiceWindow.objects.create(
        customer=window.customer, sender_number=window.sender_number, last_inbound_at=now,
        expires_at=now + timedelta(hours=24),
    )  # fmt: skip
    resolved = query_make(state="resolved")
    return {"ready": ready, "used": used, "window": window, "resolved": resolved}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"window": "open"}, {"window"}),
        ({"window": "closed"}, {"ready", "used", "resolved"}),
        ({"recontact": "used"}, {"used"}),
        ({"recontact": "unused"}, {"ready", "window", "resolved"}),
        ({"recontact": "ready"}, {"ready"}),
        ({"age": "7"}, {"ready"}),
        ({"state__exact": "resolved"}, {"resolved"}),
        ({"recontact": "nonsense", "window": "ajar", "age": "x"}, {"ready", "used", "window", "resolved"}),
    ],
)
def test_it_filters(client: Client, cast: dict[str, Query], filters: dict[str, str], expected: set[str]) -> None:
    assert shown(client, **filters) == {cast[name].pk for name in expected}


def test_it_finds_a_query_by_number_and_by_customer(client: Client) -> None:
    wanted = query_make(customer=customer_make(name="Lucía Fernández"))
    query_make()

    assert shown(client, q=f"#{wanted.pk}") == {wanted.pk}
    assert shown(client, q="fernand luc") == {wanted.pk}


def test_the_number_it_came_to_stands_under_it_on_one_line(client: Client) -> None:
    query = query_make()

    page = client.get(LIST).content.decode()

    assert f'#{query.pk}<br><span class="small nowrap">{query.sender_number.phone_text}</span>' in page


def test_its_list_takes_the_same_queries_however_long(client: Client) -> None:
    counts = []
    for _round in range(2):
        for _message in range(3):
            message_make()
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert counts[0] <= 18


def test_its_page_tells_why_it_cannot_be_recontacted(client: Client) -> None:
    query = message_make().query
    assert query is not None

    page = client.get(f"{LIST}{query.pk}/change/").content.decode()

    assert "Already recontacted by the system" in page
    assert ">Recontact</button>" not in page


def test_its_page_leads_to_its_recontact(client: Client) -> None:
    query = query_make()
    assert ">Recontact</button>" in client.get(f"{LIST}{query.pk}/change/").content.decode()

    page = client.post(f"{LIST}{query.pk}/change/", follow=True).content.decode()

    assert "1 query selected" in page
