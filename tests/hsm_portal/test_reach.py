"""Who reaches what of Customer Service and the API: one table of every address by role, and what an agent must not reach.

An address that is not in the table fails the first test: say who may use it, and whether it names a query.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from customer_service.models import InboundMessage, Note
from customer_service.notes import note_add
from customer_service.urls import urlpatterns as service_patterns
from hsm_portal.api_keys import SCOPES
from hsm_portal.api_urls import urlpatterns as api_patterns
from hsm_portal.models import User
from hsm_portal.roles import ROLE_PERMISSIONS, Role
from hsm_portal.users import user_create
from recontact.models import Message, Query, QueryEvent, Recontact, Team
from tests.api_client import client_make
from tests.customer_service.agents import customer_writes
from tests.customer_service.files import file_make
from tests.factories import budget_make, customer_make, message_make, query_make, rate_card_make, user_make
from tests.walking import Call, calls_of

pytestmark = pytest.mark.django_db

MANAGER, COORDINATOR, AGENT, OPS, ADMIN = Role.MANAGER, Role.COORDINATOR, Role.AGENT, Role.OPS, Role.ADMIN
WORK = {AGENT, COORDINATOR, MANAGER, ADMIN}
LEAD = {COORDINATOR, MANAGER, ADMIN}
PLACES = {
    "query_id": "{query}",
    "part": "panel",
    "message_id": "{message}",
    "template_id": "{template}",
    "card_id": "{card}",
    "file_id": "{file}",
    "budget_id": "{budget}",
    "kind": "csv",
}

SERVICE: dict[Call, set[Role]] = {
    ("GET", ""): WORK,
    ("GET", "live/"): WORK,
    ("GET", "filters/"): WORK,
    ("GET", "desk/"): WORK,
    ("POST", "desk/"): WORK,
    ("POST", "desk/extend/"): WORK,
    ("GET", "board/"): LEAD,
    ("GET", "reports/"): WORK,
    ("GET", "reports/file/csv/"): WORK,
    ("GET", "emoji/"): WORK,
    ("GET", "follow-up/"): LEAD,
    ("POST", "follow-up/"): LEAD,
    ("GET", "hsm/"): WORK,
    ("POST", "hsm/"): WORK,
    ("POST", "hsm/panel/"): WORK,
    ("GET", "queries/{query}/"): WORK,
    ("GET", "queries/{query}/live/"): WORK,
    ("GET", "queries/{query}/canned/"): WORK,
    ("POST", "queries/{query}/recontact/"): WORK,
    ("POST", "queries/{query}/recontact/panel/"): WORK,
    ("POST", "queries/{query}/text/"): WORK,
    ("GET", "queries/{query}/files/{file}/"): WORK,
    ("POST", "queries/{query}/files/{file}/again/"): WORK,
    ("POST", "queries/{query}/take/"): WORK,
    ("POST", "queries/{query}/resolve/"): WORK,
    ("POST", "queries/{query}/reopen/"): WORK,
    ("POST", "queries/{query}/refer/"): LEAD,
    ("POST", "queries/{query}/snooze/"): WORK,
    ("POST", "queries/{query}/wake/"): WORK,
    ("POST", "queries/{query}/describe/"): WORK,
    ("POST", "queries/{query}/consent/"): WORK,
    ("POST", "queries/{query}/note/"): WORK,
}
API: dict[Call, set[Role]] = {
    ("GET", "templates"): set(Role),
    ("GET", "templates/{template}"): set(Role),
    ("GET", "queries"): WORK,
    ("POST", "queries"): LEAD,
    ("GET", "queries/{query}"): WORK,
    ("POST", "queries/{query}/recontact"): WORK,
    ("POST", "queries/{query}/take"): WORK,
    ("POST", "queries/{query}/refer"): LEAD,
    ("POST", "queries/{query}/resolve"): WORK,
    ("POST", "queries/{query}/reopen"): WORK,
    ("POST", "queries/{query}/snooze"): WORK,
    ("POST", "queries/{query}/wake"): WORK,
    ("POST", "queries/{query}/describe"): WORK,
    ("GET", "queries/{query}/messages"): WORK,
    ("POST", "queries/{query}/messages"): WORK,
    ("GET", "queries/{query}/files/{file}"): WORK,
    ("GET", "queries/{query}/notes"): WORK,
    ("POST", "queries/{query}/notes"): WORK,
    ("GET", "messages"): set(Role),
    ("POST", "messages"): LEAD,
    ("GET", "messages/{message}"): set(Role),
    ("POST", "estimates"): set(Role),
    ("GET", "rate-cards"): {MANAGER, OPS, ADMIN},
    ("POST", "rate-cards"): {OPS, ADMIN},
    ("GET", "rate-cards/{card}"): {MANAGER, OPS, ADMIN},
    ("POST", "rate-cards/{card}/publish"): {OPS, ADMIN},
    ("GET", "costs"): {MANAGER, OPS, ADMIN},
    ("GET", "budgets"): {MANAGER, OPS, ADMIN},
    ("POST", "budgets"): {OPS, ADMIN},
    ("GET", "budgets/{budget}"): {MANAGER, OPS, ADMIN},
    ("PATCH", "budgets/{budget}"): {OPS, ADMIN},
    ("POST", "hsm"): LEAD,
}
#: Open to everybody, and said nothing of anybody.
OPEN = {("GET", "schema/"), ("GET", "docs/")}


@dataclass(frozen=True)
class Someone:
    """A person of one role in the browser and at the API, both as his session."""

    user: User
    browser: Client
    api: APIClient

    def ask(self, call: Call, prefix: str, places: dict[str, int]) -> Any:
        """The answer to a call without any values."""
        method, route = call
        address = prefix + route.format(**places)
        if prefix == "/service/":
            return self.browser.get(address) if method == "GET" else self.browser.post(address)
        if method == "GET":
            return self.api.get(address)
        change = self.api.patch if method == "PATCH" else self.api.post
        return change(address, {}, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4()))


def someone(role: Role, *, teams: Iterable[Team] = ()) -> Someone:
    user = user_create(username=f"persona-{role.value.lower()}", password="clave-segura-1", roles=[role])
    for team in teams:
        team.members.add(user)
    browser, api = Client(), APIClient()
    for client in (browser, api):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return Someone(user, browser, api)


def places_of(message: Message) -> dict[str, int]:
    assert message.query_id is not None
    assert message.template_id is not None
    card = rate_card_make(account=message.account, is_published=False)
    return {
        "query": message.query_id, "message": message.pk, "template": message.template_id, "card": card.pk,
        "file": file_make(query_of(message)).pk, "budget": budget_make().pk,
    }  # fmt: skip


def of_a_query(table: Iterable[Call]) -> list[Call]:
    return [call for call in table if "{query}" in call[1]]


def test_the_table_names_every_address() -> None:
    assert calls_of(service_patterns, PLACES) == set(SERVICE)
    assert calls_of(api_patterns, PLACES) - OPEN == set(API)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_is_its_own(role: Role) -> None:
    who, places = someone(role), places_of(message_make())
    for prefix, table in (("/service/", SERVICE), ("/api/v1/", API)):
        found = {call: who.ask(call, prefix, places).status_code for call in table}

        assert {call: status == 403 for call, status in found.items()} == {
            call: role not in roles for call, roles in table.items()
        }
        assert {call: status for call, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("prefix", ["/service/", "/api/v1/"])
def test_nobody_reaches_anything_without_a_login(prefix: str) -> None:
    places, table = places_of(message_make()), SERVICE if prefix == "/service/" else API
    nobody = Someone(user_make(), Client(), APIClient())

    assert {nobody.ask(call, prefix, places).status_code for call in table} == {302 if prefix == "/service/" else 401}


@pytest.mark.parametrize(
    "whose", ["another agent's", "another team's", "another team's, waiting", "resolved by another"]
)
def test_an_agent_neither_reads_nor_changes_what_is_not_his_to_see(whose: str) -> None:
    who, places = someone(AGENT, teams=[Team.objects.create(name="Turnos")]), places_of(theirs(whose))
    before = everything()

    for prefix, table in (("/service/", SERVICE), ("/api/v1/", API)):
        found = {call: who.ask(call, prefix, places) for call in of_a_query(table)}
        assert {call: answer.status_code for call, answer in found.items()} == {
            call: 404 if AGENT in table[call] else 403 for call in found
        }
        assert not any(SECRET in answer.content.decode() for answer in found.values())
    assert who.api.get(f"/api/v1/messages/{places['message']}").status_code == 404
    assert everything() == before


@pytest.mark.parametrize("whose", ["another agent's", "another team's, waiting", "resolved by another"])
def test_an_agent_finds_nothing_of_it_in_any_list(whose: str) -> None:
    message = theirs(whose)
    who, query = someone(AGENT), query_of(message)
    by = [f"state={query.state}", f"origin={query.origin}", f"phone=%2B{(query.customer.phone or '')[1:]}", "tag=vip"]
    by += [f"sender_number={query.sender_number_id}", "reference=caso-88", "topic=Pagos"]
    by += [f"team={query.team_id}"] if query.team_id else []
    by += [f"assigned_to={query.assigned_to_id}"] if query.assigned_to_id else []

    assert [who.api.get(f"/api/v1/queries?{asked}").json()["results"] for asked in by] == [[]] * len(by)
    asked = ("", f"query={query.pk}", f"reference={message.reference}", by[2])
    assert [who.api.get(f"/api/v1/messages?{each}").json()["results"] for each in asked] == [[]] * len(asked)
    for words in (SECRET, str(query.pk), query.customer.phone or "", query.customer.name, ""):
        for tab in ("pending", "mine", "in_progress", "resolved", "all"):
            page = who.browser.get("/service/live/", {"tab": tab, "q": words}).content.decode()
            assert f"conversation-{query.pk}" not in page


def test_an_agent_sees_but_does_not_change_what_is_a_team_mates() -> None:
    team = Team.objects.create(name="Turnos")
    who, mate = someone(AGENT, teams=[team]), user_make(teams=[team])
    message = filled(query_make(team=team, assigned_to=mate, state=Query.State.IN_PROGRESS))
    places = places_of(message)

    assert who.ask(("GET", "queries/{query}/"), "/service/", places).status_code == 200
    before = everything()
    bodies = {
        "take": {}, "resolve": {"resolution": "Listo"}, "reopen": {}, "snooze": {}, "messages": {"text": "Hola"},
        "describe": {"topic": "", "tags": []}, "recontact": {"template": message.template_id, "values": {}},
    }  # fmt: skip
    found = {
        name: who.api.post(
            f"/api/v1/queries/{places['query']}/{name}", body, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4())
        ).status_code
        for name, body in bodies.items()
    }

    assert found == dict.fromkeys(bodies, 409)
    assert everything() == before


def test_an_agent_opens_no_query_in_a_team_that_is_not_his() -> None:
    api = client_make(user=user_make(permissions=["recontact.view_query", "recontact.add_query"]))
    other = Team.objects.create(name="Cobranzas")
    number = query_make().sender_number_id

    answer = api.send("queries", {"customer": {"phone": "+5491155550009"}, "sender_number": number, "team": other.pk})

    assert (answer.status_code, answer.json()["code"]) == (400, "team_unknown")


@pytest.mark.parametrize("call", sorted(API))
def test_a_key_needs_the_scope_of_each_call(call: Call) -> None:
    method, route = call
    api = client_make(scopes=[])
    places = places_of(message_make())
    address = "/api/v1/" + route.format(**places)

    change = api.patch if method == "PATCH" else api.post
    answer = api.get(address) if method == "GET" else change(address, {}, format="json", HTTP_IDEMPOTENCY_KEY="1")

    assert answer.status_code == 403
    needed = answer.json()["errors"][0]["params"]["permission"]
    assert needed in frozenset().union(*SCOPES.values())


def test_a_key_does_no_more_than_its_users_role() -> None:
    agent = client_make(permissions=ROLE_PERMISSIONS[AGENT])
    query = theirs("another agent's").query_id

    assert agent.get(f"/api/v1/queries/{query}").status_code == 404
    assert agent.send(f"queries/{query}/refer", {"team": 1}).status_code == 403


# --- somebody else's -------------------------------------------------------------------------------------------------

SECRET = "resonancia-de-otro"


def theirs(whose: str) -> Message:
    """A query that is not the agent's to see, with all that a query has; its recontact's message."""
    other, team = user_make(first_name="Beatriz"), Team.objects.create(name="Cobranzas")
    fields: dict[str, dict[str, Any]] = {
        "another agent's": {"assigned_to": other, "state": Query.State.IN_PROGRESS},
        "another team's": {"assigned_to": other, "team": team, "state": Query.State.IN_PROGRESS},
        "another team's, waiting": {"team": team},
        "resolved by another": {"assigned_to": other, "state": Query.State.RESOLVED, "resolution": SECRET},
    }
    state = fields[whose].pop("state", Query.State.PENDING)
    message = filled(query_make(customer=customer_make(name="Otra Persona"), **fields[whose]))
    Query.objects.filter(pk=query_of(message).pk).update(state=state)
    return message


def query_of(message: Message) -> Query:
    assert message.query is not None
    return message.query


def filled(query: Query) -> Message:
    Query.objects.filter(pk=query.pk).update(
        subject=SECRET, reference="caso-88", topic="Pagos", tags=["vip"], preview=SECRET, data={"dni": SECRET}
    )
    query.refresh_from_db()
    message = message_make(query=query, user=query.assigned_to)
    customer_writes(query, SECRET)
    note_add(query=query, user=user_make(), text=SECRET)
    return message


def everything() -> list[Any]:
    """All that a call could have changed."""
    query = list(Query.objects.order_by("pk").values())
    return [
        query,
        *(model._default_manager.count() for model in (QueryEvent, Message, Note, InboundMessage, Recontact)),
    ]
