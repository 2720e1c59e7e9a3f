"""Automatic assignment: who is given what, and that many workers at once give nothing twice and nobody too much."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from customer_service import assignment
from customer_service.assignment import assign_waiting
from customer_service.desks import desk_set
from customer_service.models import Desk, TeamSettings
from hsm_portal.models import User
from recontact.models import Query, QueryEvent, Team
from recontact.queries import query_resolve
from tests.customer_service.agents import agent_make
from tests.factories import customer_make, query_make, sender_number_make


@pytest.fixture
def team(db: None) -> Team:
    team = Team.objects.create(name="Turnos")
    TeamSettings.objects.create(team=team, automatic=True, quota=2)
    return team


def at_work(team: Team, name: str, **desk: object) -> User:
    user = agent_make(first_name=name, teams=(team,))
    desk_set(user=user, state="online")
    Desk.objects.filter(user=user).update(**desk)
    return user


def agent_of(query: Query) -> User | None:
    return Query.objects.get(pk=query.pk).assigned_to


def test_the_longest_waiting_query_goes_to_the_agent_who_has_waited_longest(team: Team) -> None:
    now = timezone.now()
    late, early = query_make(team=team, activity_at=now), query_make(team=team, activity_at=now - timedelta(hours=1))
    busy = at_work(team, "Luis", assigned_at=now, quota=1)
    idle = at_work(team, "Ana", assigned_at=now - timedelta(hours=1), quota=1)

    assert assign_waiting() == 2
    assert (agent_of(early), agent_of(late)) == (idle, busy)
    assert QueryEvent.objects.get(query=early).kind == "assigned"


def test_a_customer_goes_back_to_the_agent_whom_he_knows(team: Team) -> None:
    luis, _ana = at_work(team, "Luis", assigned_at=timezone.now()), at_work(team, "Ana")
    customer = customer_make()
    query_make(customer=customer, assigned_to=luis, state=Query.State.RESOLVED)
    query = query_make(customer=customer, team=team)

    assign_waiting()

    assert agent_of(query) == luis


@pytest.mark.parametrize(
    "desk",
    [
        {"state": "paused"},
        {"state": "offline"},
        {"seen_at": timezone.now() - timedelta(minutes=3)},
    ],
    ids=["paused", "offline", "silent"],
)
def test_nobody_gets_a_query_who_is_not_there(team: Team, desk: dict[str, object]) -> None:
    at_work(team, "Ana", **desk)
    query = query_make(team=team)

    assert assign_waiting() == 0
    assert Query.objects.get(pk=query.pk).state == Query.State.PENDING


def test_what_exceeds_the_quota_waits_until_a_place_is_free(team: Team) -> None:
    ana = at_work(team, "Ana")
    for _number in range(3):
        query_make(team=team)

    first = assign_waiting()
    query_resolve(query_id=Query.objects.filter(assigned_to=ana)[0].pk, user=ana, resolution="Listo")

    assert (first, assign_waiting(), assign_waiting()) == (2, 1, 0)


def test_a_team_that_assigns_by_hand_is_left_alone(team: Team) -> None:
    TeamSettings.objects.update(automatic=False)
    at_work(team, "Ana")
    query_make(team=team)

    assert assign_waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_many_workers_give_no_query_to_two_and_no_agent_too_much(team: Team) -> None:
    agents = [at_work(team, f"Ana {number}") for number in range(3)]
    number = sender_number_make()
    queries = [query_make(team=team, sender_number=number) for _number in range(8)]
    together = threading.Barrier(4)

    def worker(_number: int) -> int:
        together.wait()
        try:
            return assign_waiting()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(worker, range(4)))

    assert sum(given) == 6
    assert Counter(Query.objects.exclude(assigned_to=None).values_list("assigned_to", flat=True)) == {
        agent.pk: 2 for agent in agents
    }
    assert QueryEvent.objects.filter(query__in=queries, kind="assigned").count() == 6


@pytest.mark.django_db(transaction=True)
def test_two_teams_that_look_at_the_same_agent_at_once_do_not_both_fill_his_last_place(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Team.objects.create(name="Pagos")
    settings = [TeamSettings.objects.get(team=team), TeamSettings.objects.create(team=other, automatic=True)]
    ana = at_work(team, "Ana", quota=1)
    other.members.add(ana)
    query_make(team=team)
    query_make(team=other)
    choose, together = assignment._agent_for, threading.Barrier(2)

    def slowly(query: Query, settings: TeamSettings) -> Desk | None:
        found = choose(query, settings)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(assignment, "_agent_for", slowly)

    def worker(place: int) -> bool | None:
        together.wait()
        try:
            return assignment._assign_next(settings[place], [])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        given = list(pool.map(worker, range(2)))

    assert sorted(given, key=bool) == [None, True]
    assert Query.objects.filter(assigned_to=ana).count() == 1
