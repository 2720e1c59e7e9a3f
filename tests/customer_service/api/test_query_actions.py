"""What machines do with queries: the rules are those of the ticket, the refusals are problems."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from customer_service.models import Resolution, RoutingRule, Tag, Topic
from recontact.erasure import customer_erase
from recontact.models import Query, QueryEvent, Team
from tests.api_client import KeyClient, client_make
from tests.customer_service.agents import agent_make
from tests.factories import customer_make, query_make, sender_number_make, user_make

pytestmark = pytest.mark.django_db

WORKS = ["recontact.view_query", "recontact.change_query"]


@pytest.fixture
def api() -> KeyClient:
    return client_make()


def events(query: Query) -> list[str]:
    return [event.kind for event in QueryEvent.objects.filter(query=query)]


def test_it_takes_a_query_for_the_keys_user(api: KeyClient) -> None:
    query = query_make()

    answer = api.send(f"queries/{query.pk}/take", {})

    assert answer.status_code == 200
    assert answer.json()["assigned_to"]["id"] == api.user.pk
    assert answer.json()["state"] == "in_progress"


def test_it_tells_the_second_taker_who_has_it(api: KeyClient) -> None:
    query = query_make(assigned_to=user_make(first_name="Beatriz"), state=Query.State.IN_PROGRESS)

    answer = api.send(f"queries/{query.pk}/take", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "query_taken")
    assert answer.json()["errors"][0]["params"] == {"agent": "Beatriz"}


def test_it_assigns_to_an_agent(api: KeyClient) -> None:
    agent, query = agent_make(first_name="Luis"), query_make()

    answer = api.send(f"queries/{query.pk}/refer", {"agent": agent.pk, "comment": "Cliente de siempre"})

    assert answer.json()["assigned_to"] == {"id": agent.pk, "name": "Luis"}
    assert QueryEvent.objects.get(query=query, kind="referred").detail == "Luis: Cliente de siempre"


def test_it_hands_over_to_a_team(api: KeyClient) -> None:
    query = query_make(assigned_to=api.user, state=Query.State.IN_PROGRESS)

    shown = api.send(f"queries/{query.pk}/refer", {"team": Team.objects.create(name="Turnos").pk}).json()

    assert (shown["team"]["name"], shown["assigned_to"], shown["state"]) == ("Turnos", None, "pending")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [({}, "", "target_missing"), ({"agent": 999_999}, "agent", "invalid_choice"), ({"team": "x"}, "team", "invalid")],
)
def test_it_refers_to_nobody_that_there_is_not(api: KeyClient, body: dict[str, object], field: str, code: str) -> None:
    problem = api.send(f"queries/{query_make().pk}/refer", body).json()

    assert (problem["status"], problem["code"], problem["errors"][0]["field"]) == (400, code, field)


def test_it_resolves_with_one_of_the_teams_resolutions(api: KeyClient) -> None:
    Resolution.objects.create(name="Turno dado")
    query = query_make()

    refused = api.send(f"queries/{query.pk}/resolve", {"resolution": "Otra cosa"}).json()
    resolved = api.send(f"queries/{query.pk}/resolve", {"resolution": "Turno dado"}).json()

    assert (refused["code"], refused["errors"][0]["params"]) == ("invalid_choice", {"choices": ["Turno dado"]})
    assert (resolved["state"], resolved["resolution"]) == ("resolved", "Turno dado")


def test_it_reopens_what_was_resolved(api: KeyClient) -> None:
    query = query_make(state=Query.State.RESOLVED, resolution="Listo", resolved_at=timezone.now())

    assert api.send(f"queries/{query.pk}/reopen", {}).json()["state"] == "in_progress"
    again = api.send(f"queries/{query.pk}/reopen", {})
    assert (again.status_code, again.json()["code"]) == (409, "query_not_resolved")


def test_it_puts_a_query_off_and_brings_it_back(api: KeyClient) -> None:
    query = query_make(assigned_to=api.user, state=Query.State.IN_PROGRESS)
    until = timezone.now() + timedelta(hours=3)

    put_off = api.send(f"queries/{query.pk}/snooze", {"until": until.isoformat()}).json()
    until_answer = api.send(f"queries/{query.pk}/snooze", {}).json()
    back = api.send(f"queries/{query.pk}/wake", {}).json()

    assert put_off["snoozed_until"] == timezone.localtime(until).isoformat()
    assert (until_answer["snoozed_until"], back["snoozed_until"]) == ("answer", None)


def test_it_puts_nothing_off_to_the_past(api: KeyClient) -> None:
    query = query_make(assigned_to=api.user, state=Query.State.IN_PROGRESS)

    problem = api.send(f"queries/{query.pk}/snooze", {"until": "2020-01-01T00:00:00Z"}).json()

    assert (problem["status"], problem["code"]) == (400, "moment_past")


def test_it_describes_by_the_coordinators_lists(api: KeyClient) -> None:
    Topic.objects.create(name="Pagos")
    Tag.objects.create(name="vip")
    query = query_make(tags=["de antes"])

    described = api.send(f"queries/{query.pk}/describe", {"topic": "Pagos", "tags": ["vip", "de antes"]}).json()
    refused = api.send(f"queries/{query.pk}/describe", {"topic": "Deportes", "tags": []}).json()

    assert (described["topic"], described["tags"]) == ("Pagos", ["vip", "de antes"])
    assert (refused["code"], refused["errors"][0]["field"]) == ("invalid_choice", "topic")
    assert refused["errors"][0]["params"] == {"choices": ["Pagos"]}


def test_it_does_an_action_once_for_each_key(api: KeyClient) -> None:
    query = query_make()

    first = api.send(f"queries/{query.pk}/take", {}, key="tomar-1")
    again = api.send(f"queries/{query.pk}/take", {}, key="tomar-1")

    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert events(query) == ["taken"]


def test_it_replays_a_referral_that_took_the_query_out_of_reach() -> None:
    query, agent = query_make(), agent_make()
    api = client_make(permissions=[*WORKS, "recontact.refer_query"])

    first = api.send(f"queries/{query.pk}/refer", {"agent": agent.pk}, key="derivar-1")
    again = api.send(f"queries/{query.pk}/refer", {"agent": agent.pk}, key="derivar-1")

    assert (first.status_code, again.status_code) == (200, 200)
    assert api.send(f"queries/{query.pk}/take", {}).status_code == 404


def test_it_does_not_act_for_the_agent_of_a_team_mate() -> None:
    team = Team.objects.create(name="Turnos")
    api = client_make(user=user_make(permissions=WORKS, teams=[team]))
    query = query_make(team=team, assigned_to=user_make(first_name="Beatriz"), state=Query.State.IN_PROGRESS)

    answer = api.send(f"queries/{query.pk}/resolve", {"resolution": "Listo"})

    assert (answer.status_code, answer.json()["code"]) == (409, "query_foreign")


# --- opening ---------------------------------------------------------------------------------------------------------


def test_it_opens_a_query_once_for_each_reference_of_a_user(api: KeyClient) -> None:
    number = sender_number_make()
    body = {"customer": {"phone": "+5491155550001"}, "sender_number": number.pk, "reference": "caso-88"}

    opened = api.send("queries", {**body, "data": {"pedido": 88}})
    again = api.send("queries", {**body, "customer": {"phone": "+5491155550002"}})
    others = client_make().send("queries", {**body, "customer": {"phone": "+5491155550003"}})

    assert (opened.status_code, opened.json()["reference"], opened.json()["data"]) == (201, "caso-88", {"pedido": 88})
    assert (again.status_code, again.json()["code"]) == (409, "reference_used")
    assert again.json()["errors"][0]["params"] == {"query": opened.json()["id"]}
    assert others.status_code == 201


def test_it_finds_queries_by_reference_topic_and_tag(api: KeyClient) -> None:
    query = query_make(reference="caso-88", topic="Pagos", tags=["vip", "apuro"])
    query_make()

    for asked in ("reference=caso-88", "topic=Pagos", "tag=apuro"):
        assert [row["id"] for row in api.read(f"queries?{asked}")["results"]] == [query.pk]


def test_it_routes_an_opened_query_that_named_no_team(api: KeyClient) -> None:
    team = Team.objects.create(name="Cobranzas")
    RoutingRule.objects.create(team=team, keyword="factura")
    number = sender_number_make()

    body = {"customer": {"phone": "+5491155550001"}, "sender_number": number.pk, "subject": "Factura vencida"}
    routed = api.send("queries", body).json()

    assert routed["team"]["name"] == "Cobranzas"


def test_it_forgets_the_reference_of_an_erased_customer(api: KeyClient) -> None:
    query = query_make(customer=customer_make(), reference="dni-20123456")
    customer_erase(customer_id=query.customer_id, user=api.user)

    query.refresh_from_db()
    assert query.reference == ""
