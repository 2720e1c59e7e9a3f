"""An agent writes first, the customer answers on the (simulated) phone, and they talk."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from hsm_portal.roles import Role
from recontact.models import Query
from tests.e2e.stage import DESKTOP, PHONE, Visitor, person_make
from tests.providers.simulator.server import PHONE_NUMBER_ID, until
from tests.world import World

pytestmark = pytest.mark.browser
CUSTOMER = "+5491155550200"


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_agent_writes_first_and_talks_with_who_answers(world: World, visitor: Visitor, language: str) -> None:
    agent = person_make(Role.AGENT, language=language)
    page = visitor.log_in(agent, viewport=DESKTOP if language == "es" else PHONE)
    page.goto("/service/hsm/")
    page.fill("#id_phone", "+54 9 11 5555-0200")
    expect(page.locator("#id_template")).to_have_value(str(world.template.pk))
    page.fill('[data-variable="body.1"]', "Lucía")
    page.fill('[data-variable="body.3"]', "viernes 21, 15:30 h")
    expect(page.locator("#send-bubble")).to_contain_text("Hola Lucía, soy Ana")
    expect(page.locator("#send-row button")).to_contain_text(re.compile(r"0[.,]026"))

    page.click("#send-row button")

    expect(page).to_have_url(re.compile(r"/service/queries/\d+/"))
    expect(page.locator("#ticket-timeline .tick-read")).to_have_count(1)
    query = Query.objects.get()
    assert query.assigned_to == agent
    expect(page.locator("form.desk-write")).to_have_count(0)

    world.simulator.post(
        "inbound", **{"phone_number_id": PHONE_NUMBER_ID, "from": CUSTOMER, "type": "text", "text": "¿A qué hora?"}
    )

    expect(page.locator("#ticket-timeline .desk-in")).to_contain_text("¿A qué hora?")
    page.fill("form.desk-write textarea", "A las 15:30, en la sede centro.")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#ticket-timeline .tick-read")).to_have_count(2)
    until(lambda: "A las 15:30, en la sede centro." in texts_received(world))
    assert visitor.troubles == []


def texts_received(world: World) -> list[str]:
    """The free texts that came to the customer's phone."""
    messages: list[dict[str, Any]] = world.simulator.get("messages", to=CUSTOMER)["data"]
    return [message["rendered"] for message in messages if message["type"] == "text"]
