"""A manager writes a template with the bubble beside it, submits it, reads the review, and changes it; by hand where needed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django import Settings

from hsm_portal.roles import Role
from templates_app.models import Template, TemplateStatus
from tests.e2e.stage import DESKTOP, PHONE, Visitor, person_make
from tests.factories import account_make, template_make
from tests.providers.simulator.server import WABA_ID, SimulatorProcess, until
from tests.world import World

pytestmark = pytest.mark.browser

NEW = "/manager/templates_app/template/add/"


@pytest.fixture(autouse=True)
def portal_asks_the_simulator(settings: Settings, simulator_process: SimulatorProcess) -> None:
    """Templates are submitted by the portal itself, not by its workers."""
    settings.PROVIDER_BASE_URLS = {"meta": simulator_process.url}


def write(page: Page) -> None:
    """Fill in a good template, as a person does."""
    page.fill("#draft-name", "Aviso de turno")
    page.locator("#draft-body").press_sequentially("Hola ")
    page.click("button[data-insert-variable]")
    page.locator("#draft-body").press_sequentially(", te recordamos tu turno en la clínica.")
    page.fill("#draft-sample-body-1", "Lucía")


def status_of(name: str) -> str:
    """The status that the portal knows."""
    return Template.objects.get(name=name).status


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_template_is_written_submitted_and_approved(world: World, visitor: Visitor, viewport: ViewportSize) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="en"), viewport=viewport)
    page.goto(f"{NEW}?account={world.account.pk}")
    write(page)
    expect(page.locator("#draft-name")).to_have_value("aviso_de_turno")
    expect(page.locator(".hsm-bubble mark")).to_have_text("Lucía")
    page.get_by_role("button", name="Quick reply").click()
    page.fill("#draft-button-0-text", "Voy")
    expect(page.locator(".hsm-buttons")).to_contain_text("Voy")
    expect(page.locator("#draft-preview .notice.ok")).to_be_visible()

    page.get_by_role("button", name="Submit for approval").click()

    expect(page).to_have_url(re.compile(r"/template/\d+/change/$"))
    # Nobody reloads the page: it asks by itself while the review goes on.
    expect(page.locator(".notice.ok").last).to_contain_text("This template can be sent.")
    assert len(world.simulator.graph.get(f"{WABA_ID}/message_templates?name=aviso_de_turno").json()["data"]) == 1
    assert visitor.troubles == []


def test_limits_and_rules_are_said_while_one_types(world: World, visitor: Visitor) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="en"))
    page.goto(f"{NEW}?account={world.account.pk}")
    page.fill("#draft-footer", "a" * 61)
    expect(page.locator("[data-counts=draft-footer]")).to_have_text("61 / 60")
    expect(page.locator("#problem-footer")).to_contain_text("WhatsApp allows 60")
    expect(page.locator("#problem-name")).to_be_empty()

    page.fill("#draft-body", "Hola, somos {{1}}")
    expect(page.locator("#problem-body")).to_contain_text("ends with a variable")
    expect(page.locator("#draft-sample-body-1")).to_be_visible()
    page.get_by_role("button", name="Address").click()
    expect(page.locator("#draft-button-0-text")).to_be_focused()
    page.fill("#draft-button-0-url", "https://example.com/")
    page.get_by_role("button", name="Variable at its end").click()

    expect(page.locator("#draft-button-0-url")).to_have_value("https://example.com/{{1}}")
    expect(page.locator("#draft-button-0-sample")).to_be_visible()
    assert visitor.troubles == []


def test_typing_goes_on_where_it_was_while_the_bubble_follows(world: World, visitor: Visitor) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="en"))
    page.goto(f"{NEW}?account={world.account.pk}")
    page.fill("#draft-body", "Hola {{1}}, te esperamos en la clínica.")
    page.locator("#draft-sample-body-1").press_sequentially("María de los Ángeles", delay=60)

    expect(page.locator(".hsm-bubble mark")).to_have_text("María de los Ángeles")
    expect(page.locator("#draft-sample-body-1")).to_have_value("María de los Ángeles")
    expect(page.locator("#draft-sample-body-1")).to_be_focused()


def test_a_rejected_template_says_why_and_is_submitted_again(world: World, visitor: Visitor) -> None:
    world.simulator.knobs(review="reject")
    page = visitor.enter(person_make(Role.MANAGER, language="en"))
    page.goto(f"{NEW}?account={world.account.pk}")
    write(page)
    page.get_by_role("button", name="Submit for approval").click()
    until(lambda: status_of("aviso_de_turno") == TemplateStatus.REJECTED)
    world.simulator.knobs(review="approve")
    until(lambda: Template.objects.get(name="aviso_de_turno").rejection_reason == "INVALID_FORMAT")
    page.reload()
    expect(page.locator(".notice.stopped")).to_contain_text("The form is not right")
    expect(page.locator(".notice.stopped")).to_contain_text("The reviewer says: “Your template has parameters")

    page.get_by_role("link", name="Change").click()
    page.fill("#draft-footer", "Clínica Sur")
    page.get_by_role("button", name="Submit the change").click()

    until(lambda: status_of("aviso_de_turno") == TemplateStatus.APPROVED)
    assert {"type": "FOOTER", "text": "Clínica Sur"} in Template.objects.get(name="aviso_de_turno").components


def test_a_template_is_deleted_after_it_was_said_what_goes(world: World, visitor: Visitor) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="en"))
    page.goto(f"/manager/templates_app/template/{world.template.pk}/change/")
    page.get_by_role("link", name="Delete").click()
    expect(page.locator(".card")).to_contain_text("This cannot be undone.")

    page.get_by_role("button", name="Delete the template").click()

    expect(page.locator(".badge.stopped")).to_have_text("Deleted")
    assert world.simulator.graph.get(f"{WABA_ID}/message_templates?name=retomar_turno").json()["data"] == []


def test_a_template_is_entered_by_hand_and_its_status_changed(world: World, visitor: Visitor) -> None:
    account = account_make(provider="clickatell", name="Clínica Norte")
    page = visitor.enter(person_make(Role.MANAGER, language="en"))
    page.goto(NEW)
    page.get_by_role("link", name="Enter by hand").click()
    page.fill("#draft-name", "order_update")
    page.fill("#draft-body", "Hola {{1}}")
    page.fill("#draft-external_id", "77")
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator(".notice.ok").last).to_contain_text("This template can be sent.")

    page.select_option("select[name=status]", "PAUSED")
    page.get_by_role("button", name="Write down the status").click()

    expect(page.locator(".timeline")).to_contain_text("Approved → Paused")
    expect(page.locator(".timeline")).to_contain_text("Ana Ríos")
    assert Template.objects.get(account=account).status == TemplateStatus.PAUSED


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_pages_fit_a_phone(world: World, visitor: Visitor, theme: str) -> None:
    rejected = template_make(account=world.account, name="a" * 200, status="REJECTED", rejection_reason="SCAM")
    page = visitor.enter(person_make(Role.MANAGER, language="en"), viewport=PHONE, dark=theme == "dark")
    width = "() => document.documentElement.scrollWidth"

    found = {}
    for address in (
        NEW,
        f"{NEW}?account={world.account.pk}",
        f"{NEW}?account={world.account.pk}&by_hand=1",
        f"/manager/templates_app/template/{rejected.pk}/change/",
        f"/manager/templates_app/template/{rejected.pk}/edit/",
        f"/manager/templates_app/template/{rejected.pk}/delete/",
    ):
        page.goto(address)
        found[address] = page.evaluate(width) <= PHONE["width"]

    assert all(found.values()), found
    assert visitor.troubles == []
