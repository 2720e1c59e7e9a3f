"""Every page that people see most, light and dark, on a desk and on a phone: it comes, it fits, and the browser is content."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, TimeoutError, expect

from customer_service.models import InboundMessage
from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.abilities import Check, Health
from providers.doctor_words import KeptFinding
from providers.models import Checkup, ProviderCall
from providers.parking import park
from recontact.models import Attempt, Message, Query
from tests.customer_service.agents import customer_writes
from tests.deliveries import delivery_make
from tests.e2e.stage import DESKTOP, PHONE, Visitor, person_make
from tests.factories import message_make
from tests.world import World

pytestmark = pytest.mark.browser

DARK_BELOW = 80
#: Charts take a moment to follow the window.
FITS = "width => document.documentElement.scrollWidth <= width"
LONG_NAME = "María de los Ángeles Fernández-Etcheverry Larrañaga de la Fuente"

#: Address (with places for rows that exist) by who looks at it.
PAGES: dict[Role | None, list[str]] = {
    None: ["/login/"],
    Role.AGENT: [
        "/service/?tab=mine",
        "/service/queries/{closed}/",
        "/service/queries/{open}/",
        "/service/queries/{used}/",
        "/service/hsm/",
        "/service/reports/",
        "/preferences/",
    ],
    Role.MANAGER: [
        "/manager/",
        "/manager/recontact/message/send/?template={template}&phone=1155550142",
        "/manager/templates_app/template/",
        "/manager/templates_app/template/{template}/change/",
        "/manager/recontact/message/",
        "/manager/recontact/message/{message}/change/",
        "/manager/recontact/message/uncertain/",
        "/manager/recontact/costcell/?by=account,number",
        "/manager/recontact/query/",
        "/manager/recontact/query/{used}/change/",
        "/manager/recontact/attempt/",
        "/manager/recontact/attempt/{attempt}/change/",
        "/manager/providers/provideraccount/",
        "/manager/providers/provideraccount/{account}/change/",
        "/manager/providers/provideraccount/codes/?provider=meta",
        "/manager/providers/sendernumber/{number}/change/",
        "/manager/providers/webhookdelivery/",
        "/manager/providers/webhookdelivery/{delivery}/change/",
        "/manager/providers/providercall/{call}/change/",
    ],
}


@pytest.fixture
def people(world: World) -> dict[Role, User]:
    """An agent who works in Spanish, a manager who works in English."""
    return {
        Role.AGENT: person_make(Role.AGENT, language="es"),
        Role.MANAGER: person_make(Role.MANAGER, language="en", first_name="Martín", last_name="Ledesma"),
    }


@pytest.fixture
def places(world: World, people: dict[Role, User]) -> dict[str, int]:
    """A query whose window is closed, one whose window is open, one recontacted without certainty."""
    agent = people[Role.AGENT]
    closed = world.query(assigned_to=agent, state=Query.State.IN_PROGRESS)
    open_query = world.query(assigned_to=agent, state=Query.State.IN_PROGRESS)
    customer_writes(open_query, "¿Atienden con una palabra_tan_larga_que_no_cabe_en_ningún_renglón_de_un_teléfono?" * 2)
    used = world.query(assigned_to=agent, state=Query.State.IN_PROGRESS, subject="Resonancia de rodilla " * 5)
    used.customer.name = LONG_NAME
    used.customer.save()
    with transaction.atomic():  # No worker sees it queued.
        message = message_make(query=used, template=world.template, user=agent)
        for state in (Message.State.SENDING, Message.State.UNCERTAIN):
            Message.objects.filter(pk=message.pk).update(state=state)
    assert InboundMessage.objects.count() == 1
    return wire_places(message) | {
        "closed": closed.pk,
        "open": open_query.pk,
        "used": used.pk,
        "message": message.pk,
        "template": world.template.pk,
    }


def wire_places(message: Message) -> dict[str, int]:
    """What went over the wire for the message, with words that fit no line, and an account that is stopped and not well."""
    account, long_word = message.account, "palabra" * 60
    attempt = Attempt.objects.create(
        message=message, number=1, claimed_at=timezone.now(), outcome="uncertain", reason="no_answer", provider_code="1",
        detail=long_word, request={"body": {long_word: long_word}},
    )  # fmt: skip
    delivery = delivery_make(account, {long_word: long_word})
    call = ProviderCall.objects.create(
        account=account, purpose="templates", method="GET", url=f"https://graph.example/{long_word}"[:500],
        duration_ms=1, response={"text": long_word},
    )  # fmt: skip
    finding = KeptFinding(Check.WEBHOOK_REACHABLE, Health.BAD, "silent", detail=long_word).as_json()
    Checkup.objects.create(
        account=account, state="done", finished_at=timezone.now(), health="bad", findings=[{**finding, "since": None}]
    )
    park(message.sender_number, reason="billing", detail=long_word)
    return {
        "attempt": attempt.pk,
        "delivery": delivery.pk,
        "call": call.pk,
        "account": account.pk,
        "number": message.sender_number_id,
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_page_comes_and_fits_and_the_browser_is_content(
    visitor: Visitor, people: dict[Role, User], places: dict[str, int], theme: str
) -> None:
    found = {
        address: problems
        for page, address in addresses(visitor, people, places, theme)
        if (problems := problems_of(page, address, visitor, theme))
    }

    assert found == {}


def addresses(
    visitor: Visitor, people: dict[Role, User], places: dict[str, int], theme: str
) -> Iterator[tuple[Page, str]]:
    """Each address with the window of somebody who may see it."""
    for role, group in PAGES.items():
        page = visitor.page(dark=theme == "dark") if role is None else visitor.enter(people[role], dark=theme == "dark")
        for address in group:
            yield page, address.format(**places)


def problems_of(page: Page, address: str, visitor: Visitor, theme: str) -> list[str]:
    """What is wrong with a page at both widths."""
    visitor.troubles.clear()
    page.set_viewport_size(DESKTOP)
    answer = page.goto(address)
    problems = [] if answer is not None and answer.status == 200 else ["it does not come"]
    if (brightness(page) < DARK_BELOW) != (theme == "dark"):
        problems.append(f"it is not {theme}")
    for viewport in (DESKTOP, PHONE):
        page.set_viewport_size(viewport)
        try:
            page.wait_for_function(FITS, arg=viewport["width"], timeout=15_000)
        except TimeoutError:
            problems.append(f"it does not fit {viewport['width']}")
    return problems + visitor.troubles


def brightness(page: Page) -> float:
    """How bright the page's ground is, 0 to 255, as it is painted."""
    found: float = page.evaluate(
        """() => {
            const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
            canvas.fillRect(0, 0, 1, 1);
            const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
            return (red + green + blue) / 3;
        }"""
    )
    return found


def test_the_language_changes_before_and_after_the_login(visitor: Visitor, people: dict[Role, User]) -> None:
    page = visitor.page()
    page.goto("/login/")
    page.click("button[name=language][value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.click("button[name=language][value=es]")
    expect(page.locator("html")).to_have_attribute("lang", "es")

    page = visitor.enter(people[Role.AGENT])
    page.goto("/preferences/")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.select_option("#id_language", "en")
    page.click(".portal form button[type=submit]")

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".portal")).to_contain_text("Your preferences were saved.")
