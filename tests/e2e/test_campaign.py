"""A manager takes a spreadsheet to a finished campaign; the books balance, and nobody gets it twice."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from hsm_portal.roles import Role
from providers.errors import Reason
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch.switch import dispatch_halt
from recontact.models import Campaign, Message, Query, Recontact
from tests.e2e.stage import DESKTOP, PHONE, Visitor, person_make
from tests.factories import campaign_make
from tests.world import World

pytestmark = pytest.mark.browser

ROWS = """phone;nombre;agente;turno
+54 9 11 5555-0100;Carla;Ana;viernes 21, 15:30 h
011 15 5555-0200;Mateo;Ana;lunes 24, 9:00 h
+54 9 11 5555-0100;Carla otra vez;Ana;martes 25
+54 9 11 5555-0300;Lucía;Ana;
no es un teléfono;Elsa;Ana;jueves 27
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "turnos-noviembre.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def fill(page: Page, world: World, sheet: Path) -> None:
    """From the list to the review."""
    page.goto("/manager/recontact/campaign/")
    page.click("a.addlink")
    page.set_input_files("#campaign-file", sheet)
    page.click("form[enctype] button[type=submit]")
    page.wait_for_url(re.compile(r"/variables/$"))
    page.select_option("#campaign-template", str(world.template.pk))
    expect(page.locator("#source-1")).to_have_value("customer_first_name")
    page.select_option("#source-2", "column:agente")
    page.select_option("#source-3", "column:turno")
    expect(page.locator("#campaign-preview")).to_contain_text("tenemos lugar el viernes 21, 15:30 h")
    page.click("#campaign-fields button[type=submit]")
    page.wait_for_url(re.compile(r"/review/$"))
    expect(page.locator(".fates tfoot")).to_contain_text("5")


def campaign_with_lost_ones(world: World) -> Campaign:
    """Of six messages four waited until their time was over, and two have no WhatsApp. All sending stands still."""
    dispatch_halt(user=None, note="")
    campaign = campaign_make(recipients=6, sender_number=world.number, template=world.template)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    messages = Message.objects.filter(campaign=campaign).order_by("pk")
    unreachable = list(messages.values_list("pk", flat=True)[:2])
    messages.filter(pk__in=unreachable).update(state="failed", reason=Reason.RECIPIENT_UNREACHABLE)
    messages.filter(state="queued").update(state="expired", settled_at=timezone.now())
    return campaign


def look(page: Page, name: str) -> None:
    """Keep what the window shows, when somebody wants to look at it."""
    folder = os.environ.get("LOOKS")
    if folder:
        page.wait_for_timeout(300)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_manager_takes_a_spreadsheet_to_a_campaign_that_balances(
    world: World, visitor: Visitor, sheet: Path, language: str
) -> None:
    page = visitor.log_in(person_make(Role.MANAGER, language=language))
    fill(page, world, sheet)
    expect(page.locator("#campaign-samples .hsm-bubble")).to_contain_text("Carla")
    page.click("#campaign-samples a:last-child")
    expect(page.locator("#campaign-samples .hsm-bubble")).to_contain_text("Mateo")
    page.click("a[href$='/sending/'].primary")
    page.fill("#id_pace", "20")
    page.click("form:has(#id_pace) button[type=submit]")
    page.wait_for_url(re.compile(r"/approval/$"))
    expect(page.locator("button[value=launch]")).to_contain_text(re.compile(r"0[.,]05"))

    page.click("button[value=launch]")

    expect(page).to_have_url(re.compile(r"/change/$"))
    expect(page.locator("#campaign-live .bar .read")).to_have_attribute("style", re.compile("100"))
    expect(page.locator("#campaign-live")).to_contain_text("✓")
    # The list follows by itself.
    expect(page.locator("#campaign-people tr", has_text="Mateo")).to_contain_text(re.compile("Leído|Read"))
    assert Message.objects.filter(state=Message.State.READ).count() == 2
    assert world.duplicates() == 0
    assert visitor.troubles == []


def test_its_steps_fit_a_phone(world: World, visitor: Visitor, sheet: Path) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="es"), viewport=PHONE)
    fill(page, world, sheet)
    campaign = Campaign.objects.get()
    for step in ("recipients", "variables", "review", "sending", "approval"):
        page.goto(f"/manager/recontact/campaign/{campaign.pk}/{step}/")
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        look(page, f"phone-{step}")
        assert not wide, step
    assert visitor.troubles == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_campaign_can_be_left_at_each_step_and_cancelled(
    world: World, visitor: Visitor, sheet: Path, dark: bool
) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="es"), dark=dark)
    shade = "dark" if dark else "light"
    page.goto("/manager/recontact/campaign/add/")
    look(page, f"{shade}-new")
    fill(page, world, sheet)
    campaign = Campaign.objects.get()
    for step in ("recipients", "variables", "review", "sending", "approval"):
        page.goto(f"/manager/recontact/campaign/{campaign.pk}/{step}/")
        expect(page.locator(".steps [aria-current=step]")).to_be_visible()
        look(page, f"{shade}-{step}")
    page.goto("/manager/recontact/campaign/")
    look(page, f"{shade}-list")
    page.goto(f"/manager/recontact/campaign/{campaign.pk}/review/rows/?outcome=error&code=invalid_phone")
    look(page, f"{shade}-rows")
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.PAUSED, state_reason="person")
    page.goto(f"/manager/recontact/campaign/{campaign.pk}/change/")
    look(page, f"{shade}-paused")
    page.click("#campaign-live header a.button")
    look(page, f"{shade}-cancel")

    page.click("button[value=cancel]")

    expect(page.locator("#campaign-live .badge").first).to_have_text("Cancelada")
    look(page, f"{shade}-cancelled")
    assert visitor.troubles == []


def test_a_manager_takes_queries_by_filter_to_their_recontact(world: World, visitor: Visitor) -> None:
    queries = [world.query(subject="viernes 21, 15:30 h") for _ in range(3)]
    world.query(state=Query.State.IN_PROGRESS)
    page = visitor.enter(person_make(Role.MANAGER, language="es"))
    page.goto("/manager/recontact/campaign/add/?of=queries")
    expect(page.locator("#filter-count")).to_have_text("3")
    page.fill("#id_subject", "lunes")
    expect(page.locator("#filter-count")).to_have_text("0")
    page.fill("#id_subject", "viernes")
    expect(page.locator("#filter-count")).to_have_text("3")
    look(page, "filter-queries")
    page.click("#filter-form button[type=submit]")
    page.wait_for_url(re.compile(r"/variables/$"))
    page.select_option("#campaign-template", str(world.template.pk))
    expect(page.locator("#source-2")).to_have_value("agent")
    page.select_option("#source-3", "subject")
    expect(page.locator("#campaign-preview")).to_contain_text("tenemos lugar el viernes 21, 15:30 h")
    page.click("#campaign-fields button[type=submit]")
    page.wait_for_url(re.compile(r"/review/$"))
    expect(page.locator(".fates tfoot")).to_contain_text("3")
    look(page, "filter-review")
    page.goto(re.sub(r"/review/$", "/approval/", page.url))

    page.click("button[value=launch]")

    expect(page.locator("#campaign-live .bar .read")).to_have_attribute("style", re.compile("100"))
    page.reload()
    look(page, "filter-running")
    assert Recontact.objects.filter(query__in=queries, state="spent").count() == 3
    assert world.duplicates() == 0
    assert visitor.troubles == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_choosing_by_filter_and_trying_again_fit_every_window(
    world: World, visitor: Visitor, viewport: ViewportSize, dark: bool
) -> None:
    for place in range(4):
        query = world.query(subject="Turno", data={"turno": "lunes"})
        query.customer.tags, query.customer.name = ["vip", "mora"], f"Carla Benítez {place}"
        query.customer.save()
    campaign = campaign_with_lost_ones(world)
    page = visitor.enter(person_make(Role.MANAGER, language="es"), viewport=viewport, dark=dark)
    shade = f"{'dark' if dark else 'light'}-{viewport['width']}"
    places = {
        "queries": "/manager/recontact/campaign/add/?of=queries",
        "customers": "/manager/recontact/campaign/add/?of=customers",
        "list": "/manager/recontact/query/",
        "retry": f"/manager/recontact/campaign/{campaign.pk}/retry/",
        "lost": f"/manager/recontact/campaign/{campaign.pk}/change/",
    }
    for name, address in places.items():
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        look(page, f"{shade}-{name}")
        assert not wide, name
    assert visitor.troubles == []
