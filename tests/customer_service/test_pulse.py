"""The pulse of an open screen: it tells every change of what is shown, and nothing else, without a session."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer_service import pulse
from customer_service.desks import ticket_opened
from customer_service.lists import Asked
from customer_service.notes import note_add
from customer_service.paging import Reach
from customer_service.pulse import PATH, list_print, list_token, ticket_print, ticket_token
from hsm_portal.models import User
from recontact.models import Message, OptOut, Query
from recontact.queries import query_take
from tests.customer_service.agents import agent_make, browser, customer_writes
from tests.factories import message_make, query_make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_was_seen_before() -> None:
    pulse._signs.clear()


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def query(ana: User) -> Query:
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)
    customer_writes(query)
    return query


def changed(**asked: str) -> list[str]:
    response = Client().get(f"{PATH}?{urlencode(asked)}")
    return [] if response.status_code == 204 else response.json()["changed"]


def list_question(user: User, tab: str = "mine") -> dict[str, str]:
    reach, asked = Reach.of(user), Asked(tab=tab)
    return {
        "list": list_token(reach, asked, page_size=30),
        "list_print": list_print(reach, asked, page_size=30),
    }


def ticket_question(user: User, query: Query) -> dict[str, str]:
    return {"ticket": ticket_token(query.pk, user.pk), "ticket_print": ticket_print(query.pk, user.pk)}


CHANGES: dict[str, Callable[[Query], object]] = {
    "the customer wrote": lambda query: customer_writes(query, at=timezone.now()),
    "we wrote": lambda query: message_make(query=query_reopened(query)),
    "somebody noted": lambda query: note_add(query=query, user=query.assigned_to, text="Llamar"),
    "it was resolved": lambda query: Query.objects.filter(pk=query.pk).update(state=Query.State.RESOLVED),
    "the customer stopped marketing": lambda query: OptOut.objects.create(
        customer=query.customer, scope=OptOut.Scope.MARKETING, source="test"
    ),
}


def query_reopened(query: Query) -> Query:
    """The query with its window closed, so that it may be recontacted."""
    query.customer.windows.update(expires_at=timezone.now())
    return query


@pytest.mark.parametrize("change", CHANGES)
def test_it_tells_a_ticket_that_something_happened(ana: User, query: Query, change: str) -> None:
    question = ticket_question(ana, query)
    before = changed(**question)
    CHANGES[change](query)

    assert before == []
    assert changed(**question) == ["ticket"]


@pytest.mark.parametrize("change", ["the customer wrote", "we wrote", "it was resolved"])
def test_it_tells_a_list_that_one_of_its_rows_changed(ana: User, query: Query, change: str) -> None:
    question = list_question(ana)
    before = changed(**question)
    CHANGES[change](query)

    assert before == []
    assert changed(**question) == ["list"]


def test_it_tells_both_how_far_a_message_got(ana: User, query: Query) -> None:
    message_make(query=query_reopened(query))
    question = {**list_question(ana), **ticket_question(ana, query)}
    Message.objects.update(state=Message.State.DELIVERED)

    assert changed(**question) == ["list", "ticket"]


def test_it_tells_a_list_of_what_comes_and_what_goes(ana: User) -> None:
    question = list_question(ana, "pending")
    came = query_make()
    first = changed(**question)
    question = list_question(ana, "pending")
    query_take(query_id=came.pk, user=ana)

    assert first == changed(**question) == ["list"]


def test_it_is_silent_about_what_the_list_does_not_show(ana: User) -> None:
    question = list_question(ana)
    customer_writes(query_make(assigned_to=agent_make(first_name="Luis"), state=Query.State.IN_PROGRESS))

    assert changed(**question) == []


def test_whoever_keeps_a_ticket_open_is_seen_in_it_by_the_others_and_not_by_himself(ana: User, query: Query) -> None:
    luis = agent_make(first_name="Luis")
    hers, his = ticket_question(ana, query), ticket_question(luis, query)
    first = changed(**hers)
    changed(**his)

    assert first == []
    assert changed(**hers) == ["ticket"]
    assert ticket_opened(query=query, user=ana) == [luis]


@pytest.mark.parametrize("token", ["", "x", "eyJ1c2VyIjogMX0:1w:x"])
def test_it_tells_nothing_by_a_token_that_the_portal_did_not_sign(ana: User, query: Query, token: str) -> None:
    question = list_question(ana)
    query_make(assigned_to=ana)

    assert changed(list=token, list_print=question["list_print"]) == (["list"] if token else [])
    assert changed(ticket=question["list"], ticket_print="") == []


def test_a_screen_that_stays_open_longer_than_a_working_day_is_loaded_anew(ana: User, query: Query) -> None:
    question = {**list_question(ana), **ticket_question(ana, query)}
    before = changed(**question)
    with time_machine.travel(timezone.now() + pulse.LIFETIME + timedelta(minutes=1), tick=False):
        after = changed(**question)

    assert before == []
    assert after == ["list", "ticket"]


@pytest.mark.parametrize("sort", ["newest", "waiting"])
def test_list_and_ticket_together_are_told_apart_as_each_alone(ana: User, query: Query, sort: str) -> None:
    """In the order of a list by the newest both are one statement."""
    reach, asked = Reach.of(ana), Asked(tab="mine", sort=sort)
    list_ = {
        "list": list_token(reach, asked, page_size=30),
        "list_print": list_print(reach, asked, page_size=30),
    }
    ticket = ticket_question(ana, query)
    nothing = changed(**list_, **ticket)
    note_add(query=query, user=ana, text="Llamar")
    of_ticket = changed(**list_, **ticket)
    ticket = ticket_question(ana, query)
    query_make(assigned_to=ana)

    assert nothing == []
    assert of_ticket == ["ticket"]
    assert changed(**list_, **ticket) == ["list"]


def test_tokens_of_two_people_are_answered_each_for_its_own(ana: User, query: Query) -> None:
    luis = agent_make(first_name="Luis")
    question = {**list_question(luis), **ticket_question(ana, query)}
    before = changed(**question)
    query_make(assigned_to=luis)

    assert before == []
    assert changed(**question) == ["list"]


def test_a_ticket_that_is_gone_has_changed(ana: User, query: Query) -> None:
    question = {**list_question(ana), **ticket_question(ana, query), "ticket_print": "0"}
    question["ticket"] = ticket_token(2**40, ana.pk)
    # In a test's transaction a sign at no ticket fails only at its end.
    pulse._signs[(ana.pk, 2**40)] = time.monotonic()

    assert changed(**question) == ["ticket"]
    assert ticket_print(2**40, ana.pk) == pulse.NOTHING


def test_it_asks_the_database_for_no_session_and_no_user(ana: User, query: Query) -> None:
    question = {**list_question(ana), **ticket_question(ana, query)}
    with CaptureQueriesContext(connection) as captured:
        changed(**question)

    # One for both fingerprints, and one that says whose ticket it is, once in half a minute.
    assert len(captured) <= 2
    assert not any("session" in query["sql"] or "hsm_portal_user" in query["sql"] for query in captured)


def test_each_screen_carries_what_its_pulse_asks(ana: User, query: Query) -> None:
    page = browser(ana).get(f"/service/queries/{query.pk}/").content.decode()
    found = re.findall(r'data-token="([^"]+)" data-print="([^"]+)"', page)

    assert len(found) == 2
    (list_, list_now), (ticket, ticket_now) = found
    assert changed(list=list_, list_print=list_now, ticket=ticket, ticket_print=ticket_now) == []


@pytest.mark.parametrize("sort", ["newest", "waiting", "window"])
def test_a_page_that_was_just_drawn_is_not_old(ana: User, query: Query, sort: str) -> None:
    query_make(assigned_to=ana)
    page = browser(ana).get(f"/service/?tab=mine&sort={sort}").content.decode()
    found = re.search(r'id="conversations"[^>]*data-token="([^"]+)" data-print="([^"]+)"', page)
    assert found is not None

    assert changed(list=found[1], list_print=found[2]) == []
    query_make(assigned_to=ana)
    assert changed(list=found[1], list_print=found[2]) == ["list"]
