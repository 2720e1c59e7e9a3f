"""The pictures of docs/screenshots, taken from the demo's sample data. Only on demand: SCREENSHOTS=1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from customer_service.desks import desk_set
from customer_service.models import InboundMessage
from hsm_portal.demo_data.accounts import APPOINTMENTS
from hsm_portal.demo_data.files import DOCUMENT, DOCUMENT_NAME, HISTORY
from hsm_portal.demo_data.users import PASSWORD as DEMO_PASSWORD
from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.models import SenderNumber
from providers.rates.contents import Contents, FeeRow, RateRow
from providers.rates.importing import NewCard, card_make
from providers.rates.publishing import card_publish
from recontact.models import Query, Recontact, ServiceWindow, Statement, Subscription
from templates_app.models import Template
from tests.e2e.stage import PHONE, Visitor, person_make
from tests.factories import account_make, sender_number_make, template_make
from tests.providers.simulator.server import SimulatorProcess

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 230_000
WINDOW: ViewportSize = {"width": 1360, "height": 760}
TALL: ViewportSize = {"width": 1360, "height": 900}
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
    for username, state, pause in (("ana", "online", ""), ("bruno", "paused", "lunch"), ("camila", "online", "")):
        desk_set(user=User.objects.get(username=username), state=state, pause=pause)


@pytest.fixture
def visitor(demo: None, browser: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    """Who opens the windows."""
    visitor = Visitor(browser, live_server.url)
    yield visitor
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


def fill_first_hsm(page: Page) -> None:
    """Somebody who never wrote, a number of the clinic, and its template."""
    number = SenderNumber.objects.get(external_id=APPOINTMENTS.external_id)
    template = Template.objects.get(name=TEMPLATE, account=number.account_id, language="es_AR")
    page.fill("#id_phone", "+54 9 11 5555-0142")
    page.fill("#id_name", "Lucía Fernández")
    page.select_option("#id_number", str(number.pk))
    page.wait_for_load_state("networkidle")
    page.select_option("#id_template", str(template.pk))
    expect(page.locator("#send-panel input[name=shown]")).to_have_value(str(template.pk))
    variables = page.locator('#send-panel [data-variable^="body."]')
    for position, words in enumerate(("Lucía", "Ana", "viernes 27, 15:30 h")):
        variables.nth(position).fill(words)
    expect(page.locator("#send-bubble")).to_contain_text("viernes 27, 15:30 h")
    expect(page.locator("#send-row .button.primary")).to_contain_text("US$")


LANGUAGES = ("es", "en")


@pytest.mark.timeout(900)
def test_the_screens_are_photographed(visitor: Visitor) -> None:
    for language in LANGUAGES:
        guides_photographed(Photographer(visitor, language, dark=False))
        for dark in (False, True):
            main_screens_photographed(Photographer(visitor, language, dark))


def main_screens_photographed(photographer: Photographer) -> None:
    """The list, a closed conversation, the same on a phone, and what a manager sees and sends."""
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
    fill_send(manager)
    photographer.take(manager, "send-hsm")


def fill_send(manager: Page) -> None:
    """The page that sends one HSM, filled in."""
    manager.goto("/manager/recontact/message/send/")
    manager.fill("#id_phone", "+54 9 11 5555-0142")
    manager.fill("#id_name", "Lucía Fernández")
    offered = manager.locator("#id_template option", has_text=TEMPLATE).first
    manager.select_option("#id_template", offered.get_attribute("value"))
    variables = manager.locator('#send-fields [data-variable^="body."]')
    for position, words in enumerate(("Lucía", "Martín", "viernes 27, 15:30 h")):
        variables.nth(position).fill(words)
    expect(manager.locator("#send-preview")).to_contain_text("viernes 27, 15:30 h")


@pytest.fixture
def priced(transactional_db: None) -> User:
    """A number whose provider takes a fee beside Meta's price, which has volume tiers; and who sends by it."""
    account = account_make(name="Clínica Sur", provider="twilio", time_zone="America/Argentina/Buenos_Aires")
    sender_number_make(account=account, phone="+541152638800", display_name="Clínica Sur")
    template_make(account=account, name=TEMPLATE)
    contents = Contents(
        "USD",
        [
            RateRow("AR", "utility", Decimal("0.0260"), 0, 250_000),
            RateRow("AR", "utility", Decimal("0.0247"), 250_000),
        ],
        [FeeRow("per_message", "", Decimal("0.005")), FeeRow("percent", "utility", Decimal("2"))],
    )
    new = NewCard(account=account, name="Twilio, noviembre", valid_from=timezone.now() - timedelta(days=30))
    card_publish(card_make(new, contents).pk)
    return person_make(Role.MANAGER, language="en", first_name="Martín", last_name="Ledesma")


@pytest.mark.timeout(300)
def test_the_lines_of_a_price_are_photographed(priced: User, browser: Browser, live_server: LiveServer) -> None:
    for language in LANGUAGES:
        priced.language = language
        priced.save(update_fields=["language"])
        visitor = Visitor(browser, live_server.url)
        manager = visitor.enter(priced, viewport=WINDOW)
        fill_send(manager)
        expect(manager.locator(".price-parts li")).to_have_count(3)
        Photographer(visitor, language, dark=False).take(manager, "price-lines")
        visitor.leave()


def guides_photographed(photographer: Photographer) -> None:
    """What only the guides show."""
    agent_photographed(photographer)
    coordinator_photographed(photographer)
    money_photographed(photographer)
    subscriptions_photographed(photographer)


def agent_photographed(photographer: Photographer) -> None:
    """A conversation with files, and the page from which an agent writes first."""
    sent = InboundMessage.objects.filter(kind=DOCUMENT).get()
    for viewport, name in ((TALL, "ticket-files"), (PHONE, "phone-files")):
        agent = photographer.window("ana", viewport)
        agent.goto(f"/service/queries/{sent.query_id}/?tab=mine")
        expect(agent.locator(".desk-picture")).to_be_visible()
        expect(agent.locator(".desk-keep", has_text=DOCUMENT_NAME)).to_be_visible()
        agent.fill("#ticket-composer textarea", "Recibido, ¡gracias! Te mando las indicaciones.")
        leaflet = {"name": "indicaciones.pdf", "mimeType": "application/pdf", "buffer": HISTORY.read_bytes()}
        agent.set_input_files("#desk-file-input", leaflet)  # type: ignore[arg-type]
        expect(agent.locator("#desk-chosen")).to_be_visible()
        agent.locator("#ticket-timeline").evaluate("lines => { lines.scrollTop = lines.scrollHeight; }")
        photographer.take(agent, name)
    agent = photographer.window("ana", WINDOW)
    agent.goto("/service/hsm/")
    fill_first_hsm(agent)
    photographer.take(agent, "first-hsm")


def coordinator_photographed(photographer: Photographer) -> None:
    """The board, what was done lately, and who did not answer."""
    coordinator = photographer.window("coordinadora", WINDOW)
    coordinator.goto("/service/board/")
    photographer.take(coordinator, "board")
    coordinator.set_viewport_size(TALL)
    today = timezone.localdate()
    coordinator.goto(f"/service/reports/?from={today - timedelta(days=13)}&until={today}")
    photographer.take(coordinator, "reports")
    coordinator.goto("/service/follow-up/")
    photographer.take(coordinator, "follow-up")


def money_photographed(photographer: Photographer) -> None:
    """Last month: what was spent and invoiced, the invoice against our messages, and its closing."""
    invoice = Statement.objects.get()
    first, last = invoice.first_day, invoice.last_day
    ops = photographer.window("ops", TALL)
    ops.goto(f"/manager/recontact/costcell/?from={first}&until={last}&by=account,category")
    photographer.take(ops, "costs")
    ops.goto(f"/manager/recontact/statement/{invoice.pk}/change/")
    photographer.take(ops, "invoice")
    ops.goto(f"/manager/recontact/monthclosing/{invoice.account_id}/{first:%Y-%m}/")
    # A worker adds it up first; then the page is loaded anew.
    expect(ops.locator("#month-sums")).to_be_visible(timeout=30_000)
    ops.set_viewport_size(WINDOW)
    ops.locator("details", has=ops.locator("form")).last.evaluate("part => { part.open = true; }")
    photographer.take(ops, "month")


def subscriptions_photographed(photographer: Photographer) -> None:
    """Whom the portal tells of events."""
    admin = photographer.window("admin", TALL)
    admin.goto(f"/manager/recontact/subscription/{Subscription.objects.get().pk}/change/")
    photographer.take(admin, "subscription")
