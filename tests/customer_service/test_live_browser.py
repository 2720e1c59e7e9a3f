"""In a real browser: the ticket refreshes itself and takes nothing from the person who is typing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from customer_service.notes import note_add
from hsm_portal.models import User
from recontact.models import Message, Query
from tests.customer_service.agents import agent_make, browser, customer_writes, template_for
from tests.factories import query_make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REFRESHED = 8000  # ms: four rounds


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def query(ana: User) -> Query:
    return query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)


@pytest.fixture
def page(ana: User, live_server: Any, chromium_path: str) -> Iterator[Page]:
    """A page of Ana's browser, logged in; an error in its scripts fails the test."""
    session = browser(ana).cookies["sessionid"].value
    errors: list[str] = []
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        page = chromium.new_page(base_url=live_server.url)
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        chromium.close()
    assert errors == []


def test_it_keeps_what_is_typed_and_the_focus_while_the_story_goes_on(page: Page, ana: User, query: Query) -> None:
    template_for(query)
    page.goto(f"/service/queries/{query.pk}/")
    field = page.locator('[name="var-body.3"]')
    field.press_sequentially("viernes 21")

    note_add(query=query, user=ana, text="Hay lugar el viernes")
    expect(page.locator("#ticket-timeline")).to_contain_text("Hay lugar el viernes", timeout=REFRESHED)
    page.keyboard.type(", 15:30 h")

    expect(field).to_have_value("viernes 21, 15:30 h")
    expect(page.locator("#send-bubble mark").last).to_have_text("viernes 21, 15:30 h")


def test_it_turns_from_the_recontact_to_its_story_to_free_text(page: Page, query: Query) -> None:
    template_for(query)
    page.goto(f"/service/queries/{query.pk}/")
    page.locator('[name="var-body.3"]').fill("viernes 21, 15:30 h")
    page.get_by_role("button", name="Send · US$ 0.0260").click()
    composer = page.locator("#ticket-composer")
    expect(composer).to_contain_text("waiting to be sent")

    Message.objects.update(state=Message.State.DELIVERED)
    expect(composer).to_contain_text("delivered", timeout=REFRESHED)
    customer_writes(query, "¡Sí, reservame!")

    expect(composer.get_by_label("Message to the customer")).to_be_visible(timeout=REFRESHED)


def test_it_keeps_a_draft_over_a_reload_and_forgets_it_once_sent(page: Page, query: Query) -> None:
    customer_writes(query)
    page.goto(f"/service/queries/{query.pk}/")
    text = page.get_by_label("Message to the customer")
    text.fill("Ya lo reviso")
    page.reload()
    expect(text).to_have_value("Ya lo reviso")

    text.press("Control+Enter")
    expect(page.locator("#ticket-timeline")).to_contain_text("Ya lo reviso")

    expect(text).to_have_value("")
    assert Message.objects.get().body == "Ya lo reviso"


def test_it_says_so_while_the_line_is_down(page: Page, query: Query) -> None:
    page.goto(f"/service/queries/{query.pk}/")

    page.context.set_offline(True)
    expect(page.locator("#desk-offline")).to_be_visible(timeout=REFRESHED)
    page.context.set_offline(False)

    expect(page.locator("#desk-offline")).to_be_hidden(timeout=REFRESHED)
