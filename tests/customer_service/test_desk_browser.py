"""In a real browser: new answers come to the top by themselves, canned answers by a slash, the keys, the closing window."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customer_service.models import CannedAnswer
from hsm_portal.models import User
from recontact.models import Query, ServiceWindow
from tests.customer_service.agents import customer_writes, template_for
from tests.factories import customer_make, query_make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: ms: a pulse comes every two seconds; the rest is a slow machine's. What is not told by a pulse comes after a minute.
SOON = 30_000


def test_an_answer_comes_to_the_top_by_itself_and_is_marked_unread(page: Page, ana: User, query: Query) -> None:
    query.customer.name = "Carla"
    query.customer.save()
    for name in ("Diego", "Luz"):
        other = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS, customer=customer_make(name=name))
        customer_writes(other)
    page.goto("/service/?tab=mine")
    rows = page.locator(".desk-row")
    expect(rows.last).to_contain_text("Carla")

    customer_writes(query, "¡Sí, reservame!", at=timezone.now())

    expect(rows.first).to_contain_text("¡Sí, reservame!", timeout=SOON)
    expect(rows.first.locator(".desk-dot")).to_be_visible()
    expect(rows.first).to_contain_text("23 h 59 min")


def test_a_slash_offers_canned_answers_and_enter_takes_one(page: Page, query: Query) -> None:
    CannedAnswer.objects.create(shortcut="hola", text="Hola {name}, soy {agent}.")
    CannedAnswer.objects.create(shortcut="horario", text="Atendemos de 9 a 18.")
    customer_writes(query)
    page.goto(f"/service/queries/{query.pk}/")
    text = page.get_by_label("Message to the customer")

    text.press_sequentially("Buen día. /ho")
    expect(page.locator("#desk-canned li")).to_have_count(2)
    text.press("ArrowDown")
    text.press("Enter")

    expect(text).to_have_value("Buen día. Atendemos de 9 a 18.")
    expect(page.locator("#desk-canned")).to_be_hidden()


def test_a_query_is_taken_and_put_into_words_without_a_mouse(page: Page, ana: User) -> None:
    query = query_make()
    page.goto(f"/service/queries/{query.pk}/?tab=pending")

    # A page that is shown already hears no keys before its scripts are there.
    with page.expect_navigation():
        page.keyboard.press("Alt+t")
    expect(page.locator("#ticket-timeline")).to_contain_text("Ana took the query")
    page.keyboard.press("Alt+r")
    page.keyboard.type("Turno dado")
    page.keyboard.press("Enter")

    expect(page.locator("#ticket-composer")).to_contain_text("Turno dado")
    assert Query.objects.get(pk=query.pk).resolution == "Turno dado"


def test_a_window_that_closes_keeps_what_was_typed(page: Page, query: Query) -> None:
    template_for(query)
    customer_writes(query, at=timezone.now() - timedelta(hours=23, minutes=50))
    page.goto(f"/service/queries/{query.pk}/")
    page.get_by_label("Message to the customer").fill("Ya lo reviso")
    expect(page.get_by_text("The window is about to close")).to_be_visible()

    ServiceWindow.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    expect(page.locator("[data-kept-draft]")).to_contain_text("Ya lo reviso", timeout=SOON)


def test_the_filters_open_and_narrow_the_list(page: Page, query: Query) -> None:
    Query.objects.update(topic="Pagos")
    page.goto("/service/?tab=mine&topic=Pagos")
    page.get_by_text("Filter", exact=False).first.click()
    page.get_by_label("Recontact", exact=True).select_option("yes")
    page.locator("#conversation-filters button").click()

    expect(page.locator("#conversations")).to_contain_text("Nothing with these filters")


def test_an_agent_says_that_he_is_online(page: Page, query: Query) -> None:
    page.goto("/service/?tab=mine")
    page.locator("#desk-state summary").click()
    page.get_by_role("button", name="I am online").click()

    expect(page.locator("#desk-state summary")).to_contain_text("Online")


#: Counts the tones and keeps the notices, which a browser without a screen shows nobody.
LISTEN = """
    window.tones = 0;
    window.notices = [];
    const Plain = window.AudioContext;
    window.AudioContext = class extends Plain { constructor() { super(); window.tones += 1; } };
    window.Notification = class { static permission = "granted"; constructor(words) { window.notices.push(words); } };
"""
HIDDEN = "Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })"


def test_whoever_wants_it_hears_once_of_each_conversation_that_becomes_unread(
    page: Page, ana: User, query: Query
) -> None:
    page.add_init_script(LISTEN)
    page.goto("/service/?tab=mine")
    customer_writes(query, "Sin campana", at=timezone.now())
    expect(page.locator(".desk-row").first).to_contain_text("Sin campana", timeout=SOON)
    assert page.evaluate("window.tones") == 0

    page.locator("#desk-bell").click()
    customer_writes(query_make(assigned_to=ana, state=Query.State.IN_PROGRESS), "Con campana", at=timezone.now())

    expect(page.locator(".desk-row").first).to_contain_text("Con campana", timeout=SOON)
    page.wait_for_function("window.tones === 1")
    assert page.evaluate("window.notices") == []


def test_an_answer_in_the_open_ticket_is_told_while_nobody_looks(page: Page, query: Query) -> None:
    page.add_init_script(LISTEN)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/service/queries/{query.pk}/")
    page.locator("#desk-bell").click()
    page.evaluate(HIDDEN)

    customer_writes(query, "¿Sigue ahí?", at=timezone.now())

    expect(page.locator("#ticket-timeline")).to_contain_text("¿Sigue ahí?", timeout=SOON)
    page.wait_for_function("window.notices.length === 1")
    assert page.evaluate("window.tones") == 1
