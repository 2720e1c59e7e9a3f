"""Queries over HTTP: who sees which, how they page, and how one is opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from recontact.models import Query, QueryEvent, Team
from recontact.windows import window_extend
from tests.api_client import KeyClient, client_make, kept
from tests.factories import customer_make, message_make, query_make, sender_number_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> KeyClient:
    return client_make()


def test_it_shows_the_recontact_as_available(api: KeyClient) -> None:
    shown = api.read(f"queries/{query_make().pk}")

    assert shown["recontact"] == {"available": True, "refusals": [], "used": None}
    assert shown["window"] == {"open": False, "expires_at": None}


def test_it_shows_who_used_the_recontact_and_how_it_went(api: KeyClient) -> None:
    user = user_make(first_name="Beatriz")
    message = message_make(user=user)

    recontact = api.read(f"queries/{message.query_id}")["recontact"]

    assert not recontact["available"]
    assert recontact["refusals"][0]["code"] == "already_recontacted"
    assert recontact["used"]["by"] == {"id": user.pk, "name": "Beatriz"}
    assert (recontact["used"]["message"], recontact["used"]["outcome"]) == (message.pk, "queued")


def test_it_shows_when_the_window_closes(api: KeyClient) -> None:
    query = query_make()
    wrote = timezone.now() - timedelta(hours=2)
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=wrote)

    window = api.read(f"queries/{query.pk}")["window"]

    assert window["open"]
    assert window["expires_at"] == timezone.localtime(wrote + timedelta(hours=24)).isoformat()


def test_it_lists_only_what_an_agent_reaches() -> None:
    agent = client_make(permissions=["recontact.view_query"])
    mine = query_make(assigned_to=agent.user)
    query_make(assigned_to=user_make())
    free = query_make()

    rows = agent.read("queries")["results"]

    assert [row["id"] for row in rows] == [free.pk, mine.pk]


def test_it_answers_404_for_a_query_out_of_reach() -> None:
    agent = client_make(permissions=["recontact.view_query"])
    query = query_make(assigned_to=user_make())

    assert agent.get(f"/api/v1/queries/{query.pk}").status_code == 404


def test_it_masks_phones_for_a_key_that_may_not_see_them() -> None:
    query = query_make(customer=customer_make(phone="+5491155554321"))

    shown = client_make(scopes=["queries:read"]).read(f"queries/{query.pk}")["customer"]

    assert (shown["phone"], shown["bsuid"]) == ("+54 •••• 4321", None)


def test_it_shows_phones_to_those_who_may_see_them(api: KeyClient) -> None:
    query = query_make(customer=customer_make(phone="+5491155554321"))

    assert api.read(f"queries/{query.pk}")["customer"]["phone"] == "+5491155554321"


def test_it_pages_by_cursor_without_gap_or_repetition(api: KeyClient) -> None:
    number = sender_number_make()
    made = [query_make(sender_number=number).pk for _ in range(5)]

    seen, path = [], "queries?page_size=2"
    while path:
        page = api.read(path)
        seen += [row["id"] for row in page["results"]]
        path = (page["next"] or "").split("/api/v1/")[-1]

    assert seen == sorted(made, reverse=True)


def test_it_gives_at_most_a_hundred_rows_a_page(api: KeyClient) -> None:
    number = sender_number_make()
    for _ in range(101):
        query_make(sender_number=number)

    assert len(api.read("queries?page_size=5000")["results"]) == 100


# In base64: p=abc, p=-1, o=-1, p=%00, p=9999... past every id
ODD_CURSORS = ["zzz", "cD1hYmM=", "cD0tMQ==", "bz0tMQ==", "cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]


@pytest.mark.parametrize("cursor", ODD_CURSORS)
def test_it_refuses_a_cursor_it_never_gave(api: KeyClient, cursor: str) -> None:
    response = api.get(f"/api/v1/queries?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_it_filters_by_state_and_phone(api: KeyClient) -> None:
    resolved = query_make(customer=customer_make(phone="+5491155554321"), state=Query.State.RESOLVED)
    query_make()

    assert [row["id"] for row in api.read("queries?state=resolved")["results"]] == [resolved.pk]
    assert [row["id"] for row in api.read("queries?phone=11 15 5555-4321")["results"]] == [resolved.pk]


@pytest.mark.parametrize("filters", ["state=odd", "phone=12", "sender_number=0", "team=x", "phone=%00"])
def test_it_names_a_filter_that_makes_no_sense(api: KeyClient, filters: str) -> None:
    response = api.get(f"/api/v1/queries?{filters}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == filters.split("=")[0]


def test_it_lists_in_a_fixed_number_of_queries(api: KeyClient, django_assert_max_num_queries: object) -> None:
    for _ in range(10):
        message_make(user=user_make())

    with django_assert_max_num_queries(14):  # type: ignore[operator]  # pytest-django's fixture
        assert len(api.read("queries")["results"]) == 10


def test_it_opens_a_query(api: KeyClient) -> None:
    number, team = sender_number_make(), Team.objects.create(name="Turnos")
    body = {
        "customer": {"phone": "11 15 5555-4321", "name": "Bea"},
        "sender_number": number.phone,
        "subject": "Turno",
        "data": {"order": 7},
        "team": team.pk,
    }

    response = api.send("queries", body)

    query = Query.objects.get()
    assert (response.status_code, response["Location"]) == (201, f"/api/v1/queries/{query.pk}")
    assert (query.customer.phone, query.customer.name) == ("+5491155554321", "Bea")
    assert (query.state, query.origin, query.team, query.opened_by) == ("pending", "api", team, api.user)
    assert (query.subject, query.data) == ("Turno", {"order": 7})
    assert QueryEvent.objects.get().kind == QueryEvent.Kind.OPENED


@pytest.mark.parametrize(("role", "status"), [("Manager", 201), ("Coordinator", 201), ("Agent", 403), ("Ops", 403)])
def test_it_lets_those_open_queries_who_run_them(role: str, status: int) -> None:
    client = client_make(permissions=[])
    client.user.groups.add(Group.objects.get(name=role))
    sender_number_make()

    assert client.send("queries", {"customer": {"phone": "+5491155554321"}}).status_code == status


def test_it_leads_to_the_open_query_instead_of_opening_a_second(api: KeyClient) -> None:
    query = query_make()
    before = kept()

    body = {"customer": {"phone": query.customer.phone}, "sender_number": query.sender_number_id}
    response = api.send("queries", body)

    assert (response.status_code, response.json()["code"]) == (409, "open_query_exists")
    assert response.json()["errors"][0]["params"] == {"query": query.pk}
    assert kept() == before


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"customer": {"phone": "123"}}, "invalid_phone", "customer.phone"),
        ({"customer": {}}, "required", "customer.phone"),
        ({}, "required", "customer"),
        ({"customer": {"phone": "+5491155554321"}, "team": 999}, "team_unknown", "team"),
        ({"customer": {"phone": "+5491155554321"}, "data": []}, "not_a_dict", "data"),
        ({"customer": {"phone": "+5491155554321"}, "sender_number": "+1"}, "sender_number_unknown", "sender_number"),
    ],
)
def test_it_names_what_is_wrong_with_a_new_query(api: KeyClient, body: object, code: str, field: str) -> None:
    sender_number_make()
    before = kept()

    problem = api.send("queries", body).json()

    assert (problem["status"], problem["code"], problem["errors"][0]["field"]) == (400, code, field)
    assert kept() == before


def test_it_asks_which_number_when_several_are_active(api: KeyClient) -> None:
    first, second = sender_number_make(), sender_number_make()

    problem = api.send("queries", {"customer": {"phone": "+5491155554321"}}).json()

    assert problem["code"] == "sender_number_required"
    assert [choice["id"] for choice in problem["errors"][0]["params"]["choices"]] == [first.pk, second.pk]


def test_it_refuses_to_open_a_query_at_a_number_switched_off(api: KeyClient) -> None:
    number = sender_number_make(is_active=False)

    problem = api.send("queries", {"customer": {"phone": "+5491155554321"}, "sender_number": number.pk}).json()

    assert (problem["status"], problem["code"]) == (409, "number_inactive")
