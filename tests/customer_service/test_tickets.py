"""The ticket: its story, what it offers, how it keeps itself up to date."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact import ledger
from recontact.customers import opt_out_add
from recontact.models import Message, Query, Team
from tests.customer_service.agents import agent_make, browser, customer_writes, template_for
from tests.factories import message_make, prices_end, query_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def query(ana: User) -> Query:
    """Ana's query, its customer silent for two days."""
    return query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)


def page_of(client: Client, query: Query, **asked: str) -> str:
    response = client.get(f"/service/queries/{query.pk}/", asked)
    assert response.status_code == 200
    return response.content.decode()


def live_of(client: Client, query: Query) -> str:
    """The address from which the ticket's page refreshes itself."""
    found = re.search(r'id="ticket-live" hx-get="([^"]+)"', page_of(client, query))
    assert found is not None
    return found.group(1).replace("&amp;", "&")


def end_as(message: Message, state: str, **fields: object) -> None:
    """Bring a queued message to the state in which a test wants it, with its ledger row."""
    if state in (Message.State.REJECTED, Message.State.UNCERTAIN):
        Message.objects.filter(pk=message.pk).update(state=Message.State.SENDING)
    elif state == Message.State.FAILED:
        Message.objects.filter(pk=message.pk).update(state=Message.State.ACCEPTED)
    Message.objects.filter(pk=message.pk).update(state=state, **fields)
    ledger.settle([message.pk])


def test_it_tells_the_story_in_order(ana: User, query: Query) -> None:
    customer_writes(query, "Quería cambiar mi turno", at=timezone.now() - timedelta(days=3))
    browser(ana).post(f"/service/queries/{query.pk}/note/", {"note": "Hay lugar el viernes"})
    message_make(query=query, user=ana)

    page = page_of(browser(ana), query)

    told = ["Quería cambiar mi turno", "the window closed", "Hay lugar el viernes", "Recontact · HSM · retomar_turno"]
    timeline = page[page.index('id="ticket-timeline"') : page.index('id="ticket-news"')]
    assert [timeline.index(words) for words in told] == sorted(timeline.index(words) for words in told)


@pytest.mark.parametrize("part", ["", "live/"])
def test_it_knows_no_query_of_another_agent(ana: User, part: str) -> None:
    foreign = query_make(assigned_to=agent_make(first_name="Luis"))

    assert browser(ana).get(f"/service/queries/{foreign.pk}/{part}").status_code == 404
    assert browser(ana).get(f"/service/queries/99999999/{part}").status_code == 404


@pytest.mark.parametrize("action", ["recontact/", "recontact/panel/", "text/", "take/", "resolve/", "reopen/", "note/"])
def test_it_lets_nobody_act_on_a_query_he_does_not_reach(ana: User, action: str) -> None:
    foreign = query_make(assigned_to=agent_make(first_name="Luis"))

    response = browser(ana).post(
        f"/service/queries/{foreign.pk}/{action}", {"text": "x", "note": "x", "resolution": "x"}
    )

    assert response.status_code == 404


def test_it_shows_a_team_its_queries() -> None:
    team = Team.objects.create(name="Turnos")
    query = query_make(team=team)

    assert "query" in page_of(browser(agent_make(teams=(team,))), query)


def test_it_offers_free_text_while_the_window_is_open(ana: User, query: Query) -> None:
    customer_writes(query)

    page = page_of(browser(ana), query)

    assert "Message to the customer" in page
    assert "Window open for 22 h 59 min more" in page or "Window open for 23 h 00 min more" in page
    assert "Recontact with an HSM" not in page


def test_it_offers_the_recontact_once_the_window_is_closed(ana: User, query: Query) -> None:
    template_for(query)
    customer_writes(query, at=timezone.now() - timedelta(days=3))

    page = page_of(browser(ana), query)

    assert "Recontact with an HSM" in page
    assert "only once per query" in page
    assert "Window closed 2 d ago" in page


def test_it_names_the_price_on_the_button_and_fills_in_what_it_knows(ana: User, query: Query) -> None:
    template_for(query)

    page = page_of(browser(ana), query)

    assert "Send · US$ 0.0260" in page
    assert "Estimated for Argentina, utility." in page
    assert re.search(r'name="var-body.1" value="Carla"', page)
    assert re.search(r'name="var-body.2" value="Ana"', page)


def test_it_shows_no_button_without_a_price_and_says_why(ana: User, query: Query) -> None:
    template_for(query)
    prices_end()

    page = page_of(browser(ana), query)

    assert "The price is not known: the account has no rate for Argentina, utility." in page
    assert "Send · " not in page


@pytest.mark.parametrize(
    ("state", "words"), [("accepted", "accepted by whatsapp"), ("delivered", "delivered"), ("read", "read")]
)
def test_it_tells_by_whom_and_how_a_recontact_went_and_shows_no_button(
    ana: User, query: Query, state: str, words: str
) -> None:
    end_as(message_make(query=query, user=ana), state)

    page = page_of(browser(ana), query)

    assert re.search(rf"Recontacted by Ana, [^<]+, {words}", page)
    assert "Send · " not in page


def test_it_says_in_words_why_a_message_failed_with_the_providers_code(ana: User, query: Query) -> None:
    end_as(
        message_make(query=query, user=ana),
        "failed",
        reason="recipient_unreachable",
        provider_code="131026",
        billed=False,
    )

    page = page_of(browser(ana), query)

    assert "(code 131026). It was sent, but did not arrive. Nothing was charged." in page
    assert "Not delivered" in page


def test_it_offers_the_recontact_again_when_the_first_never_left(ana: User, query: Query) -> None:
    end_as(message_make(query=query, user=ana), "rejected", reason="template_paused", provider_code="132015")

    page = page_of(browser(ana), query)

    assert "did not use the right up" in page
    assert "Recontact with an HSM" in page


def test_it_promises_nothing_about_a_message_without_certainty(ana: User, query: Query) -> None:
    end_as(message_make(query=query, user=ana), "uncertain", reason="no_answer")

    page = page_of(browser(ana), query)

    assert "It is not sent again by itself" in page
    assert "Send · " not in page


def test_it_says_why_nothing_can_be_sent(ana: User, query: Query) -> None:
    template_for(query)
    opt_out_add(customer=query.customer, scope="all", source="BAJA")

    page = page_of(browser(ana), query)

    assert "The customer asked for no messages (BAJA)." in page
    assert re.search(r"No messages at all</span><br><span class=\"small\">BAJA, \d", page)
    assert "Recontact with an HSM" not in page


def test_it_masks_the_phone_for_those_who_may_not_see_it(ana: User, query: Query) -> None:
    ana.user_permissions.remove(*ana.user_permissions.filter(codename="see_phones"))
    last_four = (query.customer.phone or "")[-4:]

    page = page_of(browser(User.objects.get(pk=ana.pk)), query)

    assert f"+54 •••• {last_four}" in page
    assert (query.customer.phone or "")[3:] not in re.sub(r"\D", "", page)


def test_it_keeps_what_was_spent_from_those_who_may_not_see_costs(ana: User, query: Query) -> None:
    end_as(message_make(query=query, user=ana), "delivered")
    assert "Spent" in page_of(browser(ana), query)

    ana.user_permissions.remove(*ana.user_permissions.filter(codename="see_costs"))

    assert "Spent" not in page_of(browser(User.objects.get(pk=ana.pk)), query)


def test_it_sends_nothing_while_nothing_changed(ana: User, query: Query) -> None:
    template_for(query)
    client = browser(ana)

    assert client.get(live_of(client, query), headers={"HX-Request": "true"}).status_code == 204


def test_it_leaves_what_an_agent_types_alone_when_only_the_story_changed(ana: User, query: Query) -> None:
    template_for(query)
    client = browser(ana)
    live = live_of(client, query)
    client.post(f"/service/queries/{query.pk}/note/", {"note": "Otra nota"})

    changed = client.get(live, headers={"HX-Request": "true"}).content.decode()

    assert "Otra nota" in changed
    assert 'id="ticket-composer"' not in changed
    assert 'id="ticket-actions"' not in changed


def test_it_turns_to_free_text_as_soon_as_the_customer_answers(ana: User, query: Query) -> None:
    template_for(query)
    client = browser(ana)
    live = live_of(client, query)
    customer_writes(query, "¡Sí, reservame!")

    changed = client.get(live, headers={"HX-Request": "true"}).content.decode()

    assert "Message from Carla Benítez: ¡Sí, reservame!" in changed
    assert "Message to the customer" in changed


def test_it_follows_the_state_of_the_recontact(ana: User, query: Query) -> None:
    message = message_make(query=query, user=ana)
    client = browser(ana)
    live = live_of(client, query)
    end_as(message, "delivered")

    changed = client.get(live, headers={"HX-Request": "true"}).content.decode()

    assert "Last message sent: Delivered" in changed
    assert re.search(r"Recontacted by Ana, [^<]+, delivered", changed)


def test_it_leads_away_from_a_conversation_that_was_referred_to_somebody_else(ana: User, query: Query) -> None:
    client = browser(ana)
    live = live_of(client, query)
    Query.objects.filter(pk=query.pk).update(assigned_to=agent_make(first_name="Luis"))

    response = client.get(live, headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"] == "/service/"


def test_it_says_when_a_long_story_is_cut_and_shows_it_whole(
    ana: User, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customer_service.timeline.LIMIT", 2)
    for number in range(3):
        customer_writes(query, f"Mensaje {number}", at=timezone.now() - timedelta(days=5, minutes=-number))
    client = browser(ana)

    assert "Mensaje 0" not in page_of(client, query)
    assert "Show the earlier messages" in page_of(client, query)
    assert "Mensaje 0" in page_of(client, query, everything="1")


def test_it_asks_the_database_equally_often_for_a_short_and_a_long_story(ana: User, query: Query) -> None:
    client = browser(ana)

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    page = f"/service/queries/{query.pk}/"
    template_for(query)
    customer_writes(query, at=timezone.now() - timedelta(days=9))
    count(page)
    short = count(page), count(f"{page}live/")
    for number in range(20):
        customer_writes(query, f"Mensaje {number}", at=timezone.now() - timedelta(days=8))
        client.post(f"{page}note/", {"note": f"Nota {number}"})

    count(page)
    assert (count(page), count(f"{page}live/")) == short
    assert max(short) <= 52


def test_it_shows_a_coordinator_whom_he_can_refer_to() -> None:
    agent_make(first_name="Luis")
    query = query_make()

    page = page_of(browser(agent_make(first_name="Carolina", role=Role.COORDINATOR)), query)

    assert "Refer" in page
    assert "Luis" in page


def test_it_calls_no_recontact_available_that_cannot_be_made(ana: User, query: Query) -> None:
    template_for(query)
    assert "Available" in page_of(browser(ana), query)

    opt_out_add(customer=query.customer, scope="all", source="BAJA")

    assert "Available" not in page_of(browser(ana), query)
