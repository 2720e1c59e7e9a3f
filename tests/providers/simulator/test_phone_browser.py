"""The phone page in a real browser, at the width of a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.providers.simulator.server import (
    PHONE_NUMBER_ID,
    WABA_ID,
    Receiver,
    SimulatorProcess,
    payload,
    until,
)
from tests.providers.simulator.test_validation import STORED

pytestmark = pytest.mark.browser
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def troubles() -> list[str]:
    """What the browser complained about."""
    return []


@pytest.fixture
def phone(simulator: SimulatorProcess, troubles: list[str]) -> Iterator[Page]:
    """The page, in Spanish, after a template with quick replies arrived."""
    request = payload("send_template_buttons_quick_reply_and_url.request")
    template = {
        "waba_id": WABA_ID,
        "name": request["template"]["name"],
        "language": "es_AR",
        "category": "UTILITY",
        "components": STORED["buttons_quick_reply_and_url"][0],
    }
    simulator.post("seed", templates=[template])
    assert simulator.graph.post(f"{PHONE_NUMBER_ID}/messages", json=request).status_code == 200
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale="es-AR")
        page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(simulator.url)
        page.get_by_role("button", name="Lucía Fernández").click()
        yield page
        browser.close()


def test_it_lets_a_person_answer_as_the_customer(phone: Page, receiver: Receiver, troubles: list[str]) -> None:
    expect(phone.locator(".bubble").first).to_contain_text("Hola Lucía.")

    phone.get_by_role("button", name="Confirmo").click()
    phone.get_by_label("Escribir como el cliente").fill("¿Hasta qué hora atienden?")
    phone.get_by_role("button", name="Enviar").click()
    phone.get_by_role("button", name="Detener promociones").click()

    expect(phone.get_by_role("button", name="Aceptar promociones")).to_be_visible()
    expect(phone.locator(".bubble.mine")).to_have_count(2)
    until(lambda: len(receiver.values("user_preferences")) == 1)
    inbound = [message for value in receiver.values() for message in value.get("messages", [])]
    assert inbound[0]["button"] == {"payload": "CONFIRMA|01JC9Z6T8Q", "text": "Confirmo"}
    assert inbound[1]["text"] == {"body": "¿Hasta qué hora atienden?"}
    assert troubles == []


def test_it_fits_a_phone(phone: Page) -> None:
    for summary in phone.locator("summary").all():
        summary.click()

    expect(phone.get_by_role("rowheader", name="07")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
