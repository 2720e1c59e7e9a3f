"""A ticket on a desk and on a phone: its menus are whole, and on a phone one arrives where the last word stands."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import Page, ViewportSize, expect

from hsm_portal.models import User
from recontact.models import OptOut, Query
from tests.customer_service.agents import customer_writes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900)


@pytest.fixture
def ticket(ana: User, query: Query) -> str:
    """The address of Ana's ticket, in which the customer wrote a lot."""
    User.objects.filter(pk=ana.pk).update(language="en")
    for number in range(25):
        customer_writes(query, f"Mensaje {number}")
    return f"/service/queries/{query.pk}/"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_no_menu_of_the_ticket_is_cut_off(page: Page, ticket: str, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.goto(ticket)
    column = page.locator(".desk-conversation").bounding_box()
    assert column is not None

    for menu in page.locator("#ticket-actions details").all():
        menu.locator("summary").click()
        card = menu.locator(".desk-menu-card").bounding_box()
        assert card is not None
        assert column["x"] <= card["x"]
        assert card["x"] + card["width"] <= column["x"] + column["width"]


def test_on_a_phone_the_ticket_opens_at_the_last_word_and_follows_what_comes(
    page: Page, ticket: str, query: Query
) -> None:
    page.set_viewport_size(PHONE)
    page.goto(ticket)
    expect(page.locator(".desk-entry", has_text="Mensaje 24")).to_be_in_viewport()
    expect(page.get_by_label("Message to the customer")).to_be_in_viewport()

    customer_writes(query, "¿Hola?")

    expect(page.locator(".desk-entry", has_text="¿Hola?")).to_be_in_viewport(timeout=15_000)


def test_on_a_phone_one_who_reads_further_up_is_left_there(page: Page, ticket: str, query: Query) -> None:
    page.set_viewport_size(PHONE)
    page.goto(ticket)
    page.locator("#ticket-head").scroll_into_view_if_needed()
    expect(page.locator("#ticket-head")).to_be_in_viewport()

    customer_writes(query, "¿Hola?")

    expect(page.locator(".desk-entry", has_text="¿Hola?")).to_be_attached(timeout=15_000)
    expect(page.locator("#ticket-head")).to_be_in_viewport()


def test_what_the_customer_wants_is_noted_by_keyboard_and_seen_at_once(page: Page, ticket: str) -> None:
    page.set_viewport_size(DESKTOP)
    page.goto(ticket)
    page.locator("summary", has_text="Consent").focus()
    page.keyboard.press("Enter")
    page.get_by_label("The customer", exact=True).select_option(label="wants no marketing")
    page.get_by_label("How did the customer say so?").fill("Por teléfono")
    page.keyboard.press("Enter")

    expect(page.locator("#ticket-side")).to_contain_text("No marketing")
    expect(page.locator("#ticket-timeline")).to_contain_text("noted that the customer wants no marketing: Por teléfono")
    assert OptOut.objects.get().source == "Por teléfono"


def test_a_coordinator_sees_all_tabs_and_the_actions_on_one_line(page: Page, ana: User, ticket: str) -> None:
    give = ["refer_query", "view_all_queries"]
    ana.user_permissions.add(*Permission.objects.filter(codename__in=give))
    User.objects.filter(pk=ana.pk).update(language="es")
    page.set_viewport_size(DESKTOP)
    page.goto(ticket)

    tabs = page.locator(".desk-tabs")
    assert tabs.evaluate("tabs => tabs.scrollWidth - tabs.clientWidth") == 0
    buttons = page.locator("#ticket-actions summary")
    assert len({buttons.nth(number).bounding_box()["y"] for number in range(buttons.count())}) == 1  # type: ignore[index]
