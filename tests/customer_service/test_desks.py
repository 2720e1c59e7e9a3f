"""Agents at work: what they say, what their browsers show, and when the portal disconnects them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from customer_service.desks import (
    desk_ends_soon,
    desk_extend,
    desk_of,
    desk_set,
    desk_sign,
    desks_look,
    queries_leave,
    ticket_opened,
)
from customer_service.models import Desk, TeamSettings
from hsm_portal.models import User
from recontact.models import Query, QueryEvent, Team
from tests.customer_service.agents import agent_make
from tests.factories import query_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    cache.clear()
    return agent_make()


def aged(user: User, **ages: timedelta) -> None:
    Desk.objects.filter(user=user).update(**{field: timezone.now() - age for field, age in ages.items()})


def test_an_agent_is_offline_until_he_says_otherwise(ana: User) -> None:
    assert desk_of(ana).state == "offline"


def test_a_pause_keeps_its_reason_and_the_time_since_when_one_is_connected(ana: User) -> None:
    connected = desk_set(user=ana, state="online").connected_at
    paused = desk_set(user=ana, state="paused", pause="lunch")
    online = desk_set(user=ana, state="online")

    assert (paused.state, paused.pause, paused.connected_at) == ("paused", "lunch", connected)
    assert (online.pause, online.connected_at) == ("", connected)


def test_whose_browser_is_silent_is_disconnected_and_whose_is_not_stays(ana: User) -> None:
    luis = agent_make(first_name="Luis")
    for user in (ana, luis):
        desk_set(user=user, state="online")
        aged(user, seen_at=timedelta(minutes=6))
    desk_sign(luis.pk)

    assert desks_look() == [ana.pk]
    assert (desk_of(ana).state, desk_of(luis).state) == ("offline", "online")


@pytest.mark.parametrize("state", ["online", "paused"])
def test_after_twelve_hours_an_agent_is_disconnected_unless_he_said_that_he_is_there(ana: User, state: str) -> None:
    luis = agent_make(first_name="Luis")
    for user in (ana, luis):
        desk_set(user=user, state=state)
        aged(user, connected_at=timedelta(hours=12, seconds=1))
        desk_sign(user.pk)
    desk_extend(user=luis)

    assert desks_look() == [ana.pk]


def test_he_is_asked_half_an_hour_before(ana: User) -> None:
    desk = desk_set(user=ana, state="online")
    assert desk.connected_at is not None

    assert not desk_ends_soon(desk, desk.connected_at + timedelta(hours=11, minutes=29))
    assert desk_ends_soon(desk, desk.connected_at + timedelta(hours=11, minutes=30))


def test_his_queries_follow_the_setting_of_their_team(ana: User) -> None:
    back, stay = Team.objects.create(name="Turnos"), Team.objects.create(name="Pagos")
    TeamSettings.objects.create(team=back, on_disconnection="pending")
    TeamSettings.objects.create(team=stay)
    given_back, kept, resolved = (
        query_make(team=team, assigned_to=ana, state=state)
        for team, state in ((back, "in_progress"), (stay, "in_progress"), (back, "resolved"))
    )

    assert queries_leave(ana) == 1
    found = {query.pk: (query.state, query.assigned_to) for query in Query.objects.all()}
    assert found == {
        given_back.pk: ("pending", None),
        kept.pk: ("in_progress", ana),
        resolved.pk: ("resolved", ana),
    }
    assert QueryEvent.objects.get(query=given_back).kind == "returned"


def test_two_in_one_ticket_see_each_other_for_as_long_as_both_are_there(ana: User) -> None:
    luis, query = agent_make(first_name="Luis"), query_make()

    assert ticket_opened(query=query, user=ana) == []
    assert ticket_opened(query=query, user=luis) == [ana]
    assert ticket_opened(query=query, user=ana) == [luis]
