"""Take, refer, resolve, reopen and note, by their services and by the ticket's buttons."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from customer_service.models import Note
from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import Query, QueryEvent, Team
from recontact.queries import QueryRefused, query_take
from tests.customer_service.agents import agent_make, browser
from tests.factories import query_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return agent_make()


def act(user: User, query: Query, action: str, **data: object) -> Any:
    return browser(user).post(f"/service/queries/{query.pk}/{action}/", data)


def events(query: Query) -> list[str]:
    return list(query.events.values_list("kind", flat=True))


def test_it_gives_a_taken_query_to_its_taker(ana: User) -> None:
    query = query_make()

    response = act(ana, query, "take")

    query.refresh_from_db()
    assert response.status_code == 302
    assert (query.assigned_to, query.state, events(query)) == (ana, "in_progress", ["taken"])


def test_it_tells_the_second_taker_who_has_it() -> None:
    query = query_make(team=(team := Team.objects.create(name="Turnos")))
    act(agent_make(first_name="Luis", teams=(team,)), query, "take")

    response = act(agent_make(teams=(team,)), query, "take")

    assert response.status_code == 409
    assert "Luis has taken this query already." in response.content.decode()


def test_it_lets_one_take_his_own_twice(ana: User) -> None:
    query = query_make()

    act(ana, query, "take")

    assert act(ana, query, "take").status_code == 302
    assert events(query) == ["taken"]


@pytest.mark.django_db(transaction=True)
def test_it_gives_a_query_to_exactly_one_of_many_who_take_it_at_once() -> None:
    query = query_make()
    users = [agent_make(first_name=f"Ana {number}") for number in range(8)]
    refused: list[str] = []

    def take(user: User) -> None:
        try:
            query_take(query_id=query.pk, user=user)
        except QueryRefused as error:
            refused.append(error.sentence)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    query.refresh_from_db()
    assert refused == [f"{query.assigned_to} has taken this query already."] * 7
    assert events(query) == ["taken"]


def test_it_resolves_with_words_and_keeps_them(ana: User) -> None:
    query = query_make(assigned_to=ana)

    act(ana, query, "resolve", resolution="Turno confirmado")

    query.refresh_from_db()
    assert (query.state, query.resolution) == ("resolved", "Turno confirmado")
    assert query.resolved_at is not None
    assert events(query) == ["resolved"]


def test_it_asks_how_a_query_was_resolved(ana: User) -> None:
    query = query_make(assigned_to=ana)

    response = act(ana, query, "resolve", resolution=" ")

    query.refresh_from_db()
    assert response.status_code == 400
    assert query.is_open


def test_it_resolves_no_query_twice(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.RESOLVED)

    response = act(ana, query, "resolve", resolution="Otra vez")

    assert response.status_code == 409
    assert "The query is resolved. Reopen it first." in response.content.decode()


def test_it_lets_nobody_resolve_the_query_of_a_colleague_of_the_team() -> None:
    team = Team.objects.create(name="Turnos")
    query = query_make(team=team, assigned_to=agent_make(first_name="Luis"))

    response = act(agent_make(teams=(team,)), query, "resolve", resolution="Listo")

    assert response.status_code == 409
    assert "The query belongs to Luis." in response.content.decode()


def test_it_reopens_a_resolved_query(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.RESOLVED, resolution="Listo")

    act(ana, query, "reopen")

    query.refresh_from_db()
    assert (query.state, query.resolution, query.resolved_at) == ("in_progress", "", None)
    assert events(query) == ["reopened"]


def test_it_reopens_nothing_while_the_customer_has_another_open_query_with_the_number(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.RESOLVED)
    other = query_make(customer=query.customer, sender_number=query.sender_number)

    response = act(ana, query, "reopen")

    assert response.status_code == 409
    assert f"The customer has the open query {other.pk} with this number" in response.content.decode()


def test_it_reopens_no_query_that_was_merged_into_another(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.RESOLVED)
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.MERGED, detail="#77")

    response = act(ana, query, "reopen")

    assert "This query was merged into #77" in response.content.decode()


def test_it_refers_to_an_agent_with_the_reason() -> None:
    coordinator, luis = agent_make(first_name="Carolina", role=Role.COORDINATOR), agent_make(first_name="Luis")
    query = query_make(assigned_to=agent_make())

    act(coordinator, query, "refer", agent=luis.pk, comment="Habla portugués")

    query.refresh_from_db()
    assert (query.assigned_to, query.state) == (luis, "in_progress")
    assert query.events.get().detail == "Luis: Habla portugués"


def test_it_refers_to_a_team_where_it_waits_for_somebody() -> None:
    team = Team.objects.create(name="Cobranzas")
    query = query_make(assigned_to=agent_make())

    act(agent_make(role=Role.COORDINATOR), query, "refer", team=team.pk)

    query.refresh_from_db()
    assert (query.assigned_to, query.team, query.state) == (None, team, "pending")


def test_it_asks_to_whom() -> None:
    response = act(agent_make(role=Role.COORDINATOR), query_make(), "refer")

    assert response.status_code == 409
    assert "Choose an agent or a team." in response.content.decode()


def test_it_refers_to_nobody_who_sees_no_queries() -> None:
    ops = agent_make(first_name="Olga", role=Role.OPS)

    response = act(agent_make(role=Role.COORDINATOR), query_make(), "refer", agent=ops.pk)

    assert response.status_code == 400


def test_it_keeps_a_note_for_colleagues(ana: User) -> None:
    query = query_make(assigned_to=ana)

    act(ana, query, "note", note="Llamar a las 15 h")

    assert Note.objects.get().text == "Llamar a las 15 h"


def test_it_keeps_no_empty_note(ana: User) -> None:
    query = query_make(assigned_to=ana)

    response = act(ana, query, "note", note="  ")

    assert response.status_code == 400
    assert not Note.objects.exists()
