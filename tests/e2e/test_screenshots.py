"""The pictures of docs/screenshots, taken from the demo's sample data. Only on demand: SCREENSHOTS=1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from hsm_portal.demo_data.users import PASSWORD as DEMO_PASSWORD
from hsm_portal.models import User
from recontact.models import Query, Recontact, ServiceWindow
from templates_app.models import Template
from tests.e2e.stage import PHONE, Visitor
from tests.providers.simulator.server import SimulatorProcess

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 200_000
WINDOW: ViewportSize = {"width": 1360, "height": 760}
TEMPLATE = "retomar_turno"


@dataclass
class Photographer:
    """Takes one picture after the other, of both people's screens."""

    visitor: Visitor
    language: str
    dark: bool

    def window(self, username: str, viewport: ViewportSize) -> Page:
        """A window of one of the demo's people."""
        user = User.objects.get(username=username)
        assert user.check_password(DEMO_PASSWORD)
        user.language = self.language
        user.save(update_fields=["language"])
        return self.visitor.enter(user, viewport=viewport, dark=self.dark)

    def take(self, page: Page, name: str) -> None:
        """Keep what the window shows, small enough for the repository."""
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(700)
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{name}-{self.language}{'-dark' if self.dark else ''}.png"
        page.screenshot(path=path, animations="disabled", caret="hide")
        assert path.stat().st_size < MOST_BYTES, f"{path.name} is {path.stat().st_size} bytes"


@pytest.fixture
def demo(
    transactional_db: None,
    live_server: LiveServer,
    workers: None,
    simulator_process: SimulatorProcess,
    settings: Settings,
) -> None:
    """The demo's sample data, its webhooks coming to the portal."""
    settings.PROVIDER_BASE_URLS = {"meta": simulator_process.url}
    settings.PUBLIC_URL = live_server.url
    simulator_process.post("reset", world=True)
    call_command("demo_data")
    simulator_process.settle()


@pytest.fixture
def photographer(
    request: pytest.FixtureRequest, demo: None, browser: Browser, live_server: LiveServer
) -> Iterator[Photographer]:
    """Somebody with a camera."""
    language, dark = request.param
    visitor = Visitor(browser, live_server.url)
    yield Photographer(visitor, language, dark)
    visitor.leave()


def silent_query() -> Query:
    """A conversation of Ana's with something in it, whose window closed and whose recontact is unused."""
    rows = Query.objects.filter(
        assigned_to__username="ana",
        state=Query.State.IN_PROGRESS,
        origin=Query.Origin.INBOUND,
        customer__country="AR",
        sender_number__account__templates__name=TEMPLATE,
    ).exclude(pk__in=Recontact.objects.values("query_id"))
    opened = ServiceWindow.objects.filter(expires_at__gt=timezone.now()).values("customer_id")
    query = rows.exclude(customer_id__in=opened).order_by("-activity_at").first()
    assert query is not None
    return query


def fill_recontact(page: Page, query: Query) -> None:
    """Choose the template and let the bubble show a sentence that makes sense."""
    page.goto(f"/service/queries/{query.pk}/?tab=mine")
    template = Template.objects.get(name=TEMPLATE, account=query.sender_number.account, language="es_AR")
    page.select_option("#id_template", str(template.pk))
    expect(page.locator("#send-panel input[name=shown]")).to_have_value(str(template.pk))
    page.locator('#send-panel [data-variable^="body."]').last.fill("viernes 27, 15:30 h")
    expect(page.locator("#send-bubble")).to_contain_text("viernes 27, 15:30 h")


LOOKS = [("es", False), ("es", True), ("en", False), ("en", True)]


@pytest.mark.parametrize("photographer", LOOKS, indirect=True, ids=lambda look: f"{look[0]}{'-dark' * look[1]}")
def test_the_screens_are_photographed(photographer: Photographer) -> None:
    query = silent_query()
    agent = photographer.window("ana", WINDOW)
    agent.goto("/service/?tab=mine")
    photographer.take(agent, "conversations")
    fill_recontact(agent, query)
    agent.locator("#ticket-composer").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    photographer.take(agent, "service-ticket")

    phone = photographer.window("ana", PHONE)
    fill_recontact(phone, query)
    phone.locator("#send-row").evaluate("row => row.scrollIntoView({ block: 'end' })")
    photographer.take(phone, "phone-ticket")

    manager = photographer.window("manager", WINDOW)
    manager.goto("/manager/")
    photographer.take(manager, "manager-dashboard")
    manager.goto("/manager/recontact/message/send/")
    manager.fill("#id_phone", "+54 9 11 5555-0142")
    manager.fill("#id_name", "Lucía Fernández")
    offered = manager.locator("#id_template option", has_text=TEMPLATE).first
    manager.select_option("#id_template", offered.get_attribute("value"))
    variables = manager.locator('#send-fields [data-variable^="body."]')
    for position, words in enumerate(("Lucía", "Martín", "viernes 27, 15:30 h")):
        variables.nth(position).fill(words)
    expect(manager.locator("#send-preview")).to_contain_text("viernes 27, 15:30 h")
    photographer.take(manager, "send-hsm")
