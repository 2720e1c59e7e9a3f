"""What agents do with a query besides answering: resolve by the list, put off, describe; answers kept for all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer_service.board import board_now
from customer_service.desks import desk_set
from customer_service.inbound import inbound_receive
from customer_service.models import CannedAnswer, Resolution, Tag, TeamSettings, Topic
from customer_service.tasks import queries_wake
from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.contracts import InboundEvent
from recontact.models import Query, QueryEvent, Team
from recontact.queries import UNTIL_ANSWER, QueryCode, QueryRefused, query_snooze, query_take
from tests.customer_service.agents import agent_make, browser, customer_writes
from tests.factories import customer_make, message_make, query_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def query(ana: User) -> Query:
    return query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)


def act(user: User, query: Query, action: str, **data: object) -> int:
    return browser(user).post(f"/service/queries/{query.pk}/{action}/", data).status_code


def fresh(query: Query) -> Query:
    return Query.objects.get(pk=query.pk)


def writes(query: Query) -> None:
    event = InboundEvent(
        provider_message_id="wamid.1",
        sender_external_id=query.sender_number.external_id,
        occurred_at=timezone.now(),
        kind="text",
        phone=query.customer.phone or "",
        text="Hola",
    )
    inbound_receive(query.sender_number.account_id, event)


def test_a_query_ends_with_one_of_its_teams_resolutions(ana: User, query: Query) -> None:
    Resolution.objects.create(name="Turno dado")
    Resolution.objects.create(name="Cobrado", team=Team.objects.create(name="Pagos"))

    assert act(ana, query, "resolve", resolution="Cobrado") == 400
    assert act(ana, query, "resolve", resolution="Turno dado") == 302
    assert fresh(query).resolution == "Turno dado"


def test_without_a_list_it_ends_in_the_agents_own_words(ana: User, query: Query) -> None:
    assert act(ana, query, "resolve", resolution="Se le llamó") == 302


@pytest.mark.parametrize(("until", "hours"), [("hour", 1), ("hours", 4)])
def test_a_query_is_put_off_and_comes_back_by_itself(ana: User, query: Query, until: str, hours: int) -> None:
    act(ana, query, "snooze", until=until)
    put_off = fresh(query).snoozed_until
    early = queries_wake()
    Query.objects.update(snoozed_until=timezone.now() - timedelta(seconds=1))

    assert put_off is not None
    assert abs(put_off - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)
    assert (early, queries_wake()) == (0, 1)
    assert fresh(query).snoozed_until is None
    assert list(QueryEvent.objects.values_list("kind", flat=True)) == ["snoozed", "woken"]


def test_one_put_off_until_the_answer_comes_back_with_it(ana: User, query: Query) -> None:
    act(ana, query, "snooze", until="answer")
    before = fresh(query).snoozed_until
    writes(query)

    assert before == UNTIL_ANSWER
    assert fresh(query).snoozed_until is None


def test_it_asks_for_the_moment_in_words(ana: User, query: Query) -> None:
    assert act(ana, query, "snooze", until="at") == 400
    assert act(ana, query, "snooze", until="at", at="2020-01-01T10:00") == 409


def test_nobody_puts_off_what_is_anothers_or_nobodys(ana: User, query: Query) -> None:
    luis = agent_make(first_name="Luis")
    tomorrow = timezone.now() + timedelta(days=1)

    with pytest.raises(QueryRefused) as foreign:
        query_snooze(query_id=query.pk, user=luis, until=tomorrow)
    with pytest.raises(QueryRefused) as nobodys:
        query_snooze(query_id=query_make().pk, user=ana, until=tomorrow)

    assert (foreign.value.code, nobodys.value.code) == (QueryCode.FOREIGN, QueryCode.UNASSIGNED)


def test_a_second_taker_is_told_who_has_it(ana: User) -> None:
    query = query_make()
    query_take(query_id=query.pk, user=agent_make(first_name="Luis"))
    ana.user_permissions.add(*agent_make(role=Role.COORDINATOR).user_permissions.filter(codename="view_all_queries"))

    page = browser(User.objects.get(pk=ana.pk)).post(f"/service/queries/{query.pk}/take/")

    assert page.status_code == 409
    assert "Luis has taken this query already." in page.content.decode()


def test_a_query_is_described_from_the_lists_and_keeps_what_is_no_longer_offered(ana: User, query: Query) -> None:
    Topic.objects.create(name="Pagos")
    Tag.objects.create(name="vip")
    Query.objects.update(tags=["antiguo"])

    assert act(ana, query, "describe", topic="Inventado") == 400
    assert act(ana, query, "describe", topic="Pagos", tags=["vip", "antiguo"]) == 302
    assert (fresh(query).topic, fresh(query).tags) == ("Pagos", ["vip", "antiguo"])


def test_a_canned_answer_comes_with_the_names_and_the_teams_own_before_that_of_all(ana: User, query: Query) -> None:
    team, other = Team.objects.create(name="Turnos"), Team.objects.create(name="Pagos")
    Query.objects.update(team=team)
    CannedAnswer.objects.create(shortcut="hola", text="Hola")
    CannedAnswer.objects.create(shortcut="hola", text="Hola {name}, soy {agent}.", team=team)
    CannedAnswer.objects.create(shortcut="pago", text="Ya se cobró", team=other)
    CannedAnswer.objects.create(shortcut="viejo", text="Ya no", is_active=False)

    found = browser(ana).get(f"/service/queries/{query.pk}/canned/").json()["answers"]

    assert found == [{"shortcut": "hola", "text": "Hola Carla, soy Ana."}]


def test_an_agent_says_that_he_is_at_work(ana: User) -> None:
    client = browser(ana)

    client.post("/service/desk/", {"state": "paused", "pause": "lunch"})
    shown = client.get("/service/desk/").content.decode()

    assert "Paused" in shown
    assert "Lunch" in shown


def test_two_in_one_ticket_see_each_other(ana: User, query: Query) -> None:
    browser(agent_make(role=Role.COORDINATOR, first_name="Coco")).get(f"/service/queries/{query.pk}/")

    assert "Coco is here too" in browser(ana).get(f"/service/queries/{query.pk}/").content.decode()


def test_the_board_shows_who_works_who_waits_and_what_recontacts_came_to(ana: User) -> None:
    coordinator, team = agent_make(role=Role.COORDINATOR, first_name="Coco"), Team.objects.create(name="Turnos")
    TeamSettings.objects.create(team=team, quota=3)
    team.members.add(ana)
    desk_set(user=ana, state="online")
    mine = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)
    Query.objects.filter(pk=mine.pk).update(waiting_since=timezone.now())
    customer_writes(fresh(mine), at=timezone.now() - timedelta(hours=23))
    query_make(waiting_since=timezone.now() - timedelta(minutes=42))
    recontacted = query_make()
    message_make(query=recontacted)
    customer_writes(fresh(recontacted), at=timezone.now() + timedelta(seconds=1))

    page = " ".join(browser(coordinator).get("/service/board/").content.decode().split())
    with CaptureQueriesContext(connection) as captured:
        board_now()

    assert "1 of 3" in page
    assert "the longest for 42 min" in page
    assert "1 answered (100 %)" in page
    assert "US$ 0.0260" in page
    assert len(captured) == 8


def test_a_customer_with_markup_for_a_name_is_shown_as_words(ana: User) -> None:
    query_make(assigned_to=ana, state=Query.State.IN_PROGRESS, customer=customer_make(name="<script>alert(1)</script>"))

    assert "<script>alert(1)" not in browser(ana).get("/service/?tab=mine").content.decode()


def test_recontacts_without_an_answer_are_resolved_together_after_so_many_days(ana: User) -> None:
    coordinator = agent_make(role=Role.COORDINATOR, first_name="Coco")
    old, answered, fresh_one, kept, mine = (query_make(activity_at=timezone.now()) for _number in range(5))
    for query in (old, answered, fresh_one, kept):
        message_make(query=query)
    Query.objects.filter(pk__in=[old.pk, answered.pk, kept.pk]).update(
        recontact_asked_at=timezone.now() - timedelta(days=3, hours=1)
    )
    customer_writes(fresh(answered), at=timezone.now())
    client = browser(coordinator)

    page = client.get("/service/follow-up/").content.decode()
    chosen = [old.pk, answered.pk, fresh_one.pk]
    client.post("/service/follow-up/", {"days": "3", "resolution": "No respondió", "query": chosen})

    assert f"#{old.pk}<" in page
    assert [f'name="query" value="{query.pk}"' in page for query in (old, kept, answered, fresh_one)] == [
        True,
        True,
        False,
        False,
    ]
    assert {query.pk: query.state for query in Query.objects.exclude(pk=mine.pk)} == {
        old.pk: "resolved",
        answered.pk: "pending",
        fresh_one.pk: "pending",
        kept.pk: "pending",
    }
    assert fresh(old).resolution == "No respondió"


def test_without_a_mark_nothing_is_resolved_and_the_page_says_so() -> None:
    client = browser(agent_make(role=Role.COORDINATOR))
    query = query_make(activity_at=timezone.now())
    message_make(query=query)
    Query.objects.filter(pk=query.pk).update(recontact_asked_at=timezone.now() - timedelta(days=4))

    response = client.post("/service/follow-up/", {"days": "3", "resolution": "No respondió", "query": "x"})

    assert response.status_code == 400
    assert "Mark at least one query." in response.content.decode()
    assert fresh(query).state == "pending"
