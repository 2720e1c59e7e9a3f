"""The conversations list: tabs, search, pages, and how it refreshes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_service import finding, selectors
from customer_service.lists import Asked, Filters
from customer_service.selectors import conversations, tabs_for
from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.access import queries_for
from recontact.cancelling import message_cancel
from recontact.models import Query, Team
from recontact.outbox import text_send
from tests.customer_service.agents import agent_make, browser, customer_writes
from tests.factories import campaign_make, customer_make, message_make, query_make, rate_card_make, sender_number_make
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db

LIST = "/service/"


@pytest.fixture
def ana() -> User:
    return agent_make()


def shown(user: User, *, tab: str = "all", search: str = "", cursor: str = "", **narrowed: str) -> list[int]:
    sort = narrowed.pop("sort", "newest")
    asked = Asked(tab=tab, search=search, sort=sort, filters=Filters(**narrowed))
    return [row.query.pk for row in conversations(user=user, asked=asked, cursor=cursor).rows]


def test_it_shows_each_tab_what_belongs_there(ana: User) -> None:
    pending = query_make()
    mine = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)
    resolved = query_make(assigned_to=ana, state=Query.State.RESOLVED)
    query_make(assigned_to=agent_make(first_name="Luis"), state=Query.State.IN_PROGRESS)

    assert shown(ana, tab="pending") == [pending.pk]
    assert shown(ana, tab="mine") == [mine.pk]
    assert shown(ana, tab="progress") == [mine.pk]
    assert shown(ana, tab="resolved") == [resolved.pk]


def test_it_counts_the_work_on_the_tabs(ana: User) -> None:
    query_make()
    query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)

    assert {tab.name: tab.count for tab in tabs_for(ana)} == {
        "pending": "1",
        "mine": "1",
        "progress": "1",
        "snoozed": "0",
        "resolved": "",
    }


def test_it_stops_counting_where_nobody_cares_any_more(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "COUNT_LIMIT", 2)
    query_make()
    query_make()
    query_make()

    assert tabs_for(ana)[0].count == "1+"


def test_it_offers_all_only_to_those_who_see_the_queries_of_everybody() -> None:
    assert [tab.name for tab in tabs_for(agent_make(role=Role.COORDINATOR))][-1] == "all"
    assert [tab.name for tab in tabs_for(agent_make())][-1] == "resolved"


@pytest.mark.parametrize("text", ["carla", "BENÍTEZ", "benitez car", "bení"])
def test_it_finds_a_name_by_its_beginnings_without_accents_or_order(ana: User, text: str) -> None:
    query = query_make(customer=customer_make(name="Carla Benítez"))
    query_make(customer=customer_make(name="Diego Ramos"))

    assert shown(ana, search=text) == [query.pk]


@pytest.mark.parametrize(
    "text",
    [
        "+54 9 11 5555-0142",
        "5491155550142",
        "+5491155550142",
        "11 5555-0142",
        "5555-0142",
        "0142",
        "11 5555",
        "0054 9 11 5555 0142",
    ],
)
def test_it_finds_a_phone_however_it_is_written(ana: User, text: str) -> None:
    query = query_make(customer=customer_make(phone="+5491155550142", name="Carla"))
    query_make(customer=customer_make(phone="+5493515550777", name="Diego"))

    assert shown(ana, search=text) == [query.pk]


def test_it_finds_a_query_by_its_number(ana: User) -> None:
    query = query_make()
    query_make()

    assert shown(ana, search=f"#{query.pk}") == [query.pk]
    assert query.pk in shown(ana, search=str(query.pk))


def test_it_searches_the_resolved_ones_too_whatever_the_tab(ana: User) -> None:
    query = query_make(customer=customer_make(name="Carla"), state=Query.State.RESOLVED)

    assert shown(ana, tab="pending", search="carla") == [query.pk]


def test_it_never_finds_what_the_agent_does_not_reach(ana: User) -> None:
    query = query_make(assigned_to=agent_make(first_name="Luis"), customer=customer_make(name="Carla"))

    assert shown(ana, search="carla") == []
    assert shown(ana, search=f"#{query.pk}") == []


@pytest.mark.parametrize("text", ["' | !", "a:*&", "\x00", "<->", "😀", "%%", "#", "99999999999999"])
def test_it_takes_any_text_as_a_search(ana: User, text: str) -> None:
    assert browser(ana).get(LIST, {"q": text}).status_code == 200


def test_it_searches_by_the_index() -> None:
    user = agent_make(role=Role.COORDINATOR)
    with CaptureQueriesContext(connection) as captured:
        conversations(user=user, asked=Asked(tab="all", search="carla"))
    search = next(query["sql"] for query in captured if "to_tsquery" in query["sql"])
    plan = plan_explain(search, without=("seqscan",), only=("customer_search",))

    assert "customer_search" in plan


def test_it_pages_by_place_so_that_nothing_is_shown_twice_or_skipped(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
    at = timezone.now()
    queries = [query_make(activity_at=at) for _number in range(3)] + [query_make(activity_at=at - timedelta(hours=1))]

    first = conversations(user=ana, asked=Asked())
    query_make(activity_at=at + timedelta(seconds=1))
    second = conversations(user=ana, asked=Asked(), cursor=first.next_cursor)

    seen = [row.query.pk for page in (first, second) for row in page.rows]
    assert seen == [queries[2].pk, queries[1].pk, queries[0].pk, queries[3].pk]
    assert second.next_cursor == ""


def test_it_sorts_by_waiting_time_and_puts_those_whom_nobody_keeps_waiting_last(ana: User) -> None:
    now = timezone.now()
    answered = query_make(activity_at=now)
    short = query_make(waiting_since=now - timedelta(minutes=5))
    long = query_make(waiting_since=now - timedelta(hours=5))

    assert shown(ana, tab="pending", sort="waiting") == [long.pk, short.pk, answered.pk]


def test_it_sorts_by_the_time_left_and_puts_closed_windows_last(ana: User) -> None:
    closed, soon, fresh, silent = (query_make() for _number in range(4))
    customer_writes(closed, at=timezone.now() - timedelta(hours=30))
    customer_writes(soon, at=timezone.now() - timedelta(hours=23))
    customer_writes(fresh, at=timezone.now() - timedelta(minutes=1))

    assert shown(ana, tab="pending", sort="window") == [soon.pk, fresh.pk, closed.pk, silent.pk]


@pytest.mark.parametrize("sort", ["newest", "waiting", "window"])
def test_it_pages_through_every_order_without_doubling_or_skipping(
    ana: User, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
    team = Team.objects.create(name="Turnos")
    team.members.add(ana)
    at = timezone.now() - timedelta(hours=2)
    for number in range(7):
        query = query_make(team=team if number % 2 else None, waiting_since=at if number % 3 else None)
        if number % 3 == 1:
            customer_writes(query, at=at)

    seen: list[int] = []
    cursor = ""
    while cursor or not seen:
        page = conversations(user=ana, asked=Asked(sort=sort), cursor=cursor)
        seen += [row.query.pk for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break

    assert len(seen) == 7
    assert len(set(seen)) == 7


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_walks_to_exactly_the_queries_that_the_rule_of_access_allows(ana: User, data: st.DataObject) -> None:
    teams = [Team.objects.get_or_create(name=name)[0] for name in ("Turnos", "Pagos")]
    for team, is_member in zip(teams, data.draw(st.tuples(st.booleans(), st.booleans())), strict=True):
        team.members.set([ana] if is_member else [])
    luis = User.objects.filter(first_name="Luis").first() or agent_make(first_name="Luis")
    for _number in range(data.draw(st.integers(1, 5))):
        query_make(
            assigned_to=data.draw(st.sampled_from([None, ana, luis])),
            team=data.draw(st.sampled_from([None, *teams])),
            state=data.draw(st.sampled_from(Query.State.values)),
        )
    tab = data.draw(st.sampled_from(["pending", "progress", "resolved"]))
    state = "in_progress" if tab == "progress" else tab

    expected = queries_for(ana).filter(state=state).order_by("-activity_at", "-id").values_list("pk", flat=True)[:30]

    assert shown(ana, tab=tab) == list(expected)


def test_it_narrows_by_each_filter(ana: User) -> None:
    coordinator = agent_make(role=Role.COORDINATOR, first_name="Coco")
    team = Team.objects.create(name="Turnos")
    campaign = campaign_make()
    query = query_make(
        assigned_to=ana, team=team, state=Query.State.IN_PROGRESS, topic="Pagos", tags=["vip"], origin="campaign",
        campaign=campaign,
    )  # fmt: skip
    other = query_make()
    filters = {
        "topic": "Pagos", "tag": "vip", "team": str(team.pk), "agent": str(ana.pk), "origin": "campaign",
        "number": str(query.sender_number_id), "campaign": str(campaign.pk),
    }  # fmt: skip

    for name, value in filters.items():
        assert shown(coordinator, **{name: value}) == [query.pk], name
    assert shown(coordinator, agent="nobody") == [other.pk]


def test_it_tells_recontacted_queries_and_those_that_nobody_answered_from_the_rest(ana: User) -> None:
    fresh, silent, answered = query_make(), query_make(), query_make()
    message_make(query=silent)
    message_make(query=answered)
    customer_writes(Query.objects.get(pk=answered.pk), at=timezone.now() + timedelta(seconds=1))
    Query.objects.filter(pk=fresh.pk).update(activity_at=timezone.now() - timedelta(days=9))

    assert set(shown(ana, tab="pending", recontact="yes")) == {silent.pk, answered.pk}
    assert shown(ana, tab="pending", recontact="no") == [fresh.pk]
    assert shown(ana, tab="pending", recontact="unanswered") == [silent.pk]


def test_it_counts_a_recontact_that_came_back_as_none(ana: User) -> None:
    query = query_make()
    message = message_make(query=query)
    message_cancel(message_id=message.pk)

    assert shown(ana, tab="pending", recontact="no") == [query.pk]
    assert shown(ana, tab="pending", recontact="yes") == []


def test_it_keeps_what_is_put_off_in_a_tab_of_its_own(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS, snoozed_until=timezone.now())

    assert shown(ana, tab="mine") == shown(ana, tab="progress") == []
    assert shown(ana, tab="snoozed") == [query.pk]


@pytest.mark.parametrize("words", ["turno", "cambiar mi tur", "QUERÍA", "queria jueves"])
def test_it_finds_what_the_customer_wrote(ana: User, words: str) -> None:
    query = query_make(customer=customer_make(name="Diego"))
    customer_writes(query, "Hola, quería cambiar mi turno del jueves")
    customer_writes(query_make(customer=customer_make(name="Luz")), "Gracias")

    assert shown(ana, search=words) == [query.pk]


@pytest.mark.parametrize("words", ["camilla", "la CAMILLA", "espera en la cam"])
def test_it_finds_what_agents_wrote_but_no_campaigns_words(ana: User, words: str) -> None:
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS, customer=customer_make(name="Diego"))
    customer_writes(query)
    text_send(query_id=query.pk, text="Le espera en la camilla 3", user=ana, send_key=None)
    message_make(query=query_make(assigned_to=ana))

    assert shown(ana, search=words) == [query.pk]
    # An HSM's words are those of thousands.
    assert shown(ana, search="retomo consulta") == []


def test_what_agents_wrote_is_searched_by_its_index() -> None:
    with CaptureQueriesContext(connection) as captured:
        finding.find("camilla")
    searches = [
        query["sql"] for query in captured if "recontact_message" in query["sql"] and "to_tsquery" in query["sql"]
    ]
    plan = plan_explain(searches[-1], without=("seqscan",), only=("message_by_words",))

    assert "message_by_words" in plan


def test_it_never_finds_words_in_conversations_that_the_agent_does_not_reach(ana: User) -> None:
    customer_writes(query_make(assigned_to=agent_make(first_name="Luis")), "el secreto")

    assert shown(ana, search="secreto") == []


def test_it_says_when_there_is_more_than_it_went_through(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "CUSTOMERS", 1)
    for _number in range(2):
        query_make(customer=customer_make(name="Carla"))

    page = conversations(user=ana, asked=Asked(search="carla"))

    assert page.cut
    assert len(page.rows) == 1


def test_of_letters_with_which_many_names_begin_it_takes_the_newest_and_says_so(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "NEWEST_CUSTOMERS", 2)
    monkeypatch.setattr(finding, "CUSTOMERS_ENOUGH", 2)
    first = query_make(customer=customer_make(name="Carla Ríos"))
    others = [query_make(customer=customer_make(name=name)) for name in ("Diego", "Carla", "Carla Sosa")]

    many = conversations(user=ana, asked=Asked(search="carl"))
    few = conversations(user=ana, asked=Asked(search="carla rios"))

    assert [row.query.pk for row in many.rows] == [others[2].pk, others[1].pk]
    assert many.cut
    assert [row.query.pk for row in few.rows] == [first.pk]
    assert not few.cut


def test_it_marks_what_its_agent_has_not_seen_until_he_opens_it(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)
    customer_writes(query)

    before = conversations(user=ana, asked=Asked(tab="mine")).rows[0].unread
    browser(agent_make(role=Role.COORDINATOR)).get(f"/service/queries/{query.pk}/")
    still = conversations(user=ana, asked=Asked(tab="mine")).rows[0].unread
    browser(ana).get(f"/service/queries/{query.pk}/")
    after = conversations(user=ana, asked=Asked(tab="mine")).rows[0].unread

    assert (before, still, after) == (True, True, False)


def test_it_shows_the_filters_in_force_and_the_way_out_of_each(ana: User) -> None:
    query_make(topic="Pagos")

    page = browser(ana).get(LIST, {"topic": "Pagos", "recontact": "no"}).content.decode()

    assert 'href="/service/?tab=pending&amp;recontact=no"' in page
    assert 'href="/service/?tab=pending&amp;topic=Pagos"' in page


def test_it_offers_an_agent_no_filter_by_people(ana: User) -> None:
    query_make()

    page = browser(ana).get(f"{LIST}filters/").content.decode()

    assert 'name="number"' in page
    assert 'name="agent"' not in page
    assert 'name="agent"' in browser(agent_make(role=Role.COORDINATOR)).get(f"{LIST}filters/").content.decode()


@pytest.mark.parametrize("cursor", ["x", "MjAyNg", "🦆", "MjAyNi0wMS0wMVQwMDowMDowMCAx"])
def test_it_begins_at_the_top_for_a_damaged_cursor(ana: User, cursor: str) -> None:
    query = query_make()

    assert shown(ana, tab="pending", cursor=cursor) == [query.pk]


def test_it_says_how_long_the_window_stays_open_and_since_when_it_is_closed(ana: User) -> None:
    customer_writes(query_make(), at=timezone.now() - timedelta(minutes=50))
    customer_writes(query_make(), at=timezone.now() - timedelta(hours=22, minutes=30))
    customer_writes(query_make(), at=timezone.now() - timedelta(days=3, hours=1))

    levels = [row.window.level for row in conversations(user=ana, asked=Asked()).rows]
    page = browser(ana).get(LIST).content.decode()

    assert levels == ["good", "soon", "closed"]
    assert re.search(r"23 h 0\d min", page)
    assert "Closed 2 d ago" in page


def test_it_shows_the_state_of_the_last_message_while_it_is_ours(ana: User) -> None:
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)
    message_make(query=query, user=ana)

    before = browser(ana).get(LIST, {"tab": "mine"}).content.decode()
    customer_writes(query, "¡Gracias!", at=timezone.now() + timedelta(seconds=1))
    after = browser(ana).get(LIST, {"tab": "mine"}).content.decode()

    assert "Waiting to be sent" in before
    assert "Recontacted" in before
    assert "Waiting to be sent" not in after
    assert "¡Gracias!" in after


def test_it_masks_the_phone_of_a_nameless_customer_for_those_who_may_not_see_it(ana: User) -> None:
    query_make(customer=customer_make(phone="+5215512342210", name=""))
    ana.user_permissions.remove(*ana.user_permissions.filter(codename="see_phones"))

    page = browser(User.objects.get(pk=ana.pk)).get(LIST).content.decode()

    assert "+52 •••• 2210" in page
    assert "1234" not in page


def test_it_sends_the_list_again_only_when_it_changed(ana: User) -> None:
    query_make()
    client = browser(ana)
    page = client.get(LIST).content.decode()
    address = re.search(r'id="conversations"[^>]*hx-get="([^"]+)"', page)
    assert address is not None
    refresh = address.group(1).replace("&amp;", "&")

    same = client.get(refresh, headers={"HX-Request": "true"})
    query_make(customer=customer_make(name="Recién Llegada"))
    other = client.get(refresh, headers={"HX-Request": "true"})

    assert same.status_code == 204
    assert other.status_code == 200
    assert "Recién Llegada" in other.content.decode()


def test_it_reloads_the_page_rather_than_put_the_login_into_it_when_the_session_ended() -> None:
    response = Client().get("/service/live/", headers={"HX-Request": "true"})

    assert response.headers["HX-Refresh"] == "true"


def test_it_tells_an_agent_without_conversations_what_to_do(ana: User) -> None:
    assert "Take one from Pending" in browser(ana).get(LIST, {"tab": "mine"}).content.decode()


def test_it_asks_the_database_equally_often_for_one_row_and_for_thirty(ana: User) -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    client = browser(ana)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    message_make(query=query_make(sender_number=number))
    count()
    one = count()
    for _number in range(29):
        customer_writes(query_make(sender_number=number))

    assert count() == one
    assert one <= 16
