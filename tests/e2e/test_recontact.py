"""An agent recontacts a customer from a ticket, from the login to *read*."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import Message, Query
from tests.e2e.stage import DESKTOP, PASSWORD, PHONE, Visitor, person_make
from tests.factories import template_make
from tests.world import World

pytestmark = pytest.mark.browser

PANEL = 'form[action*="/recontact/"]'
SEND = f"{PANEL} button[type=submit]"


@pytest.fixture
def agent(request: pytest.FixtureRequest, world: World) -> User:
    """An agent, in Spanish unless a test names the languages."""
    return person_make(Role.AGENT, language=getattr(request, "param", "es"))


@pytest.fixture
def query(world: World, agent: User) -> Query:
    """A query of the agent; its customer has been silent for two days and will read what comes."""
    template_make(account=world.account, name="aviso_demora", components=[{"type": "BODY", "text": "Hay demora."}])
    return world.query(assigned_to=agent, state=Query.State.IN_PROGRESS, preview="¿Tienen turno?")


def open_ticket(page: Page, query: Query) -> None:
    expect(page).to_have_url(re.compile(r"/service/"))
    page.goto("/service/?tab=mine")
    page.click(f"#conversation-{query.pk}")
    expect(page.locator(PANEL)).to_be_visible()


def fill_in(page: Page, world: World) -> None:
    page.select_option("#id_template", str(world.template.pk))
    expect_template(page, world)
    expect(page.locator('[data-variable="body.1"]')).to_have_value(re.compile("Carla"))
    expect(page.locator('[data-variable="body.2"]')).to_have_value(re.compile("Ana"))
    page.fill('[data-variable="body.3"]', "viernes 21, 15:30 h")
    expect(page.locator("#send-bubble")).to_contain_text("tenemos lugar el viernes 21, 15:30 h")


def expect_template(page: Page, world: World) -> None:
    expect(page.locator("#send-panel input[name=shown]")).to_have_value(str(world.template.pk))


def only_message(world: World) -> Message:
    message = Message.objects.get()
    assert len(world.accepted(message)) == 1
    assert world.duplicates() == 0
    return message


@pytest.mark.parametrize("agent", ["es", "en"], indirect=True)
def test_an_agent_recontacts_once_and_sees_it_read(world: World, visitor: Visitor, agent: User, query: Query) -> None:
    page = visitor.log_in(agent, viewport=PHONE if agent.language == "es" else DESKTOP)
    open_ticket(page, query)
    fill_in(page, world)
    old = window_left_behind(page)
    expect(page.locator(SEND)).to_contain_text(re.compile(r"0[.,]026"))

    page.click(SEND)

    expect(page.locator("#ticket-composer .tick-read")).to_be_visible()
    expect(page.locator("#ticket-composer .notice")).to_contain_text("Ana")
    expect(page.locator("#ticket-timeline .tick-read")).to_have_count(1)
    expect(page.locator(PANEL)).to_have_count(0)
    assert only_message(world).state == Message.State.READ
    assert visitor.troubles == []

    fill_in(old, world)
    old.click(SEND)

    expect(old.locator("#composer-problems")).to_contain_text("Ana")
    expect(old.locator("#composer-problems")).to_be_focused()
    expect(old.locator(PANEL)).to_have_count(0)
    only_message(world)


def window_left_behind(page: Page) -> Page:
    """A second window on the same ticket that hears no news, as on a computer that slept."""
    old = page.context.new_page()
    old.goto(page.url)
    old.evaluate("document.getElementById('ticket-live').remove()")
    return old


def test_the_keyboard_alone_is_enough(world: World, visitor: Visitor, agent: User, query: Query) -> None:
    page = visitor.page()
    page.goto("/login/")
    tab_to(page, "#id_username")
    page.keyboard.type(agent.username)
    tab_to(page, "#id_password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/service/**")
    tab_to(page, "#tab-mine")
    page.keyboard.press("Enter")
    tab_to(page, f"#conversation-{query.pk}")
    page.keyboard.press("Enter")
    tab_to(page, "#id_template")
    page.keyboard.type("retomar")
    expect_template(page, world)
    tab_to(page, '[data-variable="body.3"]')
    page.keyboard.type("viernes 21, 15:30 h")
    expect(page.locator("#send-bubble")).to_contain_text("tenemos lugar el viernes 21, 15:30 h")
    tab_to(page, SEND)
    page.keyboard.press("Enter")

    expect(page.locator("#ticket-composer .tick-read")).to_be_visible()
    only_message(world)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, which must show."""
    page.wait_for_selector(selector)
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never comes to {selector}")
