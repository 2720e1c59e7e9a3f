"""A day in Customer Service: two agents and a coordinator at once, one of them on a phone, and a customer who writes, falls
silent, is recontacted once, and answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect

from customer_service.models import InboundMessage, RoutingRule
from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import Message, Query, Recontact, ServiceWindow, Team
from tests.e2e.stage import PHONE, Visitor, person_make
from tests.providers.simulator.server import PHONE_NUMBER_ID
from tests.world import World

pytestmark = pytest.mark.browser

CUSTOMER = "5491155550100"
#: What is told by itself must be there this soon, ms: two rounds of the pulse, and a slow machine. What the pulse does not tell
#: comes after a minute.
SOON = 30_000


@dataclass
class Day:
    """Who is at work, each with a window of the own."""

    world: World
    ana: Page
    luis: Page
    clara: Page
    people: dict[str, User]

    def customer_says(self, text: str) -> None:
        """The customer's phone sends a text."""
        order = {"phone_number_id": PHONE_NUMBER_ID, "from": CUSTOMER, "type": "text", "text": text}
        self.world.simulator.post("inbound", **order)

    def query(self) -> Query:
        return Query.objects.get()


@pytest.fixture
def day(world: World, visitor: Visitor) -> Day:
    team = Team.objects.create(name="Turnos")
    RoutingRule.objects.create(team=team)
    ana = person_make(Role.AGENT, language="es")
    luis = person_make(Role.AGENT, language="es", first_name="Luis", last_name="Paz")
    clara = person_make(Role.COORDINATOR, language="es", first_name="Clara", last_name="Gómez")
    team.members.add(ana, luis)
    day = Day(
        world,
        ana=visitor.enter(ana),
        luis=visitor.enter(luis, viewport=PHONE),
        clara=visitor.enter(clara),
        people={"ana": ana, "luis": luis, "clara": clara},
    )
    day.ana.goto("/service/")
    day.luis.goto("/service/")
    day.clara.goto("/service/board/")
    return day


def a_day_passes(query: Query) -> None:
    """As if everything so far had happened 25 hours earlier."""
    ago = timedelta(hours=25)
    InboundMessage.objects.update(occurred_at=F("occurred_at") - ago)
    ServiceWindow.objects.update(last_inbound_at=F("last_inbound_at") - ago, expires_at=F("expires_at") - ago)
    Query.objects.filter(pk=query.pk).update(last_inbound_at=F("last_inbound_at") - ago)


def press(page: Page, action: str) -> None:
    """The button of the ticket's form for this action."""
    page.locator(f'form[action*="/{action}/"] button[type=submit]').click()


def open_menu(page: Page, action: str) -> None:
    page.locator(f'#ticket-actions details:has(form[action*="/{action}/"]) > summary').click()


def test_a_day_from_the_first_word_to_the_resolution(day: Day, visitor: Visitor) -> None:
    the_customer_writes_and_both_agents_see_it(day)
    one_takes_it_and_the_other_is_told(day)
    she_answers_and_sees_it_read(day)
    the_window_closes_and_she_recontacts_once(day)
    the_customer_answers_and_free_text_is_back(day)
    the_coordinator_refers_it_and_it_is_resolved_on_the_phone(day)

    # The second taker's refusal is the only thing that a browser complains of.
    assert [trouble for trouble in visitor.troubles if "409" not in trouble] == []
    assert len(visitor.troubles) == 1
    assert day.world.duplicates() == 0
    assert Recontact.objects.count() == 1


def test_an_open_menu_keeps_what_was_typed_while_somebody_else_moves_the_ticket(day: Day) -> None:
    day.customer_says("Hola, ¿tienen turno el viernes?")
    expect(day.ana.locator(".desk-row")).to_be_visible(timeout=SOON)
    day.ana.locator(".desk-row").click()
    press(day.ana, "take")
    expect(day.ana.locator("#ticket-composer textarea")).to_be_visible()
    day.clara.goto(f"/service/queries/{day.query().pk}/")
    open_menu(day.clara, "refer")
    agent, comment = (day.clara.locator(f'#ticket-actions [name="{name}"]') for name in ("agent", "comment"))
    agent.select_option(label="Luis Paz")
    comment.fill("Sabe de turnos")
    day.clara.evaluate("document.querySelector('#ticket-actions details[open]').id = 'before'")

    open_menu(day.ana, "snooze")
    press(day.ana, "snooze")

    expect(day.clara.locator("#before")).to_have_count(0, timeout=SOON)
    day.clara.bring_to_front()
    expect(comment).to_be_focused()
    press(day.clara, "refer")
    expect(day.clara.locator("#ticket-side")).to_contain_text("Luis Paz", timeout=SOON)


def the_customer_writes_and_both_agents_see_it(day: Day) -> None:
    day.customer_says("Hola, ¿tienen turno el viernes?")
    for page in (day.ana, day.luis):
        expect(page.locator(".desk-row")).to_contain_text("tienen turno el viernes", timeout=SOON)
    expect(day.clara.locator("#board")).to_be_visible()


def one_takes_it_and_the_other_is_told(day: Day) -> None:
    address = f"/service/queries/{day.query().pk}/"
    day.luis.goto(address)
    # His line is slow: what happens meanwhile he does not hear.
    day.luis.evaluate("document.getElementById('ticket-live').remove()")
    day.ana.locator(".desk-row").click()
    expect(day.ana.locator("#ticket-head")).to_contain_text("Luis", timeout=SOON)
    press(day.ana, "take")
    expect(day.ana.locator("#ticket-composer textarea")).to_be_visible()

    press(day.luis, "take")

    expect(day.luis.locator("#composer-problems")).to_contain_text("Ana Ríos")
    assert day.query().assigned_to == day.people["ana"]


def she_answers_and_sees_it_read(day: Day) -> None:
    day.ana.locator("#ticket-composer textarea").fill("¡Hola! Lo reviso y le aviso.")
    press(day.ana, "text")
    expect(day.ana.locator("#ticket-timeline .tick-read")).to_have_count(1, timeout=SOON)


def the_window_closes_and_she_recontacts_once(day: Day) -> None:
    day.ana.locator("#ticket-composer textarea").fill("Esto quedó sin enviar")
    a_day_passes(day.query())
    panel = day.ana.locator('#ticket-composer form[action*="/recontact/"]')
    expect(panel).to_be_visible(timeout=SOON)
    expect(day.ana.locator("[data-kept-draft]")).to_contain_text("Esto quedó sin enviar")

    day.ana.locator('[data-variable="body.1"]').fill("Carla")
    day.ana.locator('[data-variable="body.2"]').fill("Ana")
    day.ana.locator('[data-variable="body.3"]').fill("viernes 21, 15:30 h")
    expect(day.ana.locator("#send-bubble")).to_contain_text("viernes 21, 15:30 h")
    panel.locator("button[type=submit]").click()

    expect(day.ana.locator("#ticket-composer .tick-read")).to_be_visible(timeout=SOON)
    expect(panel).to_have_count(0)
    message = Message.objects.get(kind=Message.Kind.TEMPLATE)
    assert len(day.world.accepted(message)) == 1


def the_customer_answers_and_free_text_is_back(day: Day) -> None:
    day.customer_says("Sí, reservámelo")
    expect(day.ana.locator("#ticket-timeline")).to_contain_text("Sí, reservámelo", timeout=SOON)
    expect(day.ana.locator("#ticket-composer textarea")).to_be_visible(timeout=SOON)


def the_coordinator_refers_it_and_it_is_resolved_on_the_phone(day: Day) -> None:
    day.clara.goto(f"/service/queries/{day.query().pk}/")
    open_menu(day.clara, "refer")
    day.clara.select_option("#id_agent", str(day.people["luis"].pk))
    day.clara.fill("#id_comment", "Ana termina su turno")
    press(day.clara, "refer")
    expect(day.clara.locator("#ticket-timeline")).to_contain_text("Ana termina su turno")

    day.luis.goto("/service/?tab=mine")
    day.luis.locator(".desk-row").click()
    open_menu(day.luis, "resolve")
    day.luis.fill("#id_resolution", "Turno reservado")
    press(day.luis, "resolve")

    expect(day.luis.locator("#ticket-composer")).to_contain_text("Turno reservado")
    expect(day.ana.locator("#ticket-composer")).to_contain_text("Turno reservado", timeout=SOON)
    assert day.query().state == Query.State.RESOLVED

    day.clara.goto("/service/board/")
    expect(day.clara.locator("#board .card:has-text('Recontactos hoy') .big")).to_have_text("1")
