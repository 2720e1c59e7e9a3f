"""The composer in a browser: emoji by keyboard, files chosen and dropped, and what the timeline makes of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hsm_portal.models import User
from providers.simulator.media import SAMPLES
from recontact.models import MediaFile, Message, Query
from tests.customer_service.agents import customer_writes
from tests.customer_service.files import file_make, inbound_file_make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DROP = """([place, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([37, 80, 68, 70, 45, 49])], name, { type: "application/pdf" }));
    for (const kind of ["dragover", "drop"]) {
        place.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
}"""


@pytest.fixture
def ticket(page: Page, ana: User, query: Query) -> Page:
    """Ana's ticket, in which the customer wrote."""
    User.objects.filter(pk=ana.pk).update(language="en")
    customer_writes(query, "Hola, ¿me pasan el comprobante?")
    page.goto(f"/service/queries/{query.pk}/")
    return page


def test_an_emoji_is_found_and_put_where_one_writes_by_keyboard_alone(ticket: Page) -> None:
    field = ticket.get_by_label("Message to the customer")
    field.fill("Gracias  Ana")
    field.evaluate("field => field.setSelectionRange(8, 8)")
    ticket.get_by_role("button", name="Insert an emoji").focus()
    ticket.keyboard.press("Enter")
    search = ticket.get_by_label("Search emoji")
    expect(search).to_be_focused()
    search.fill("heart")
    ticket.keyboard.press("ArrowDown")
    expect(ticket.get_by_role("button", name="heart eyes")).to_be_focused()
    ticket.keyboard.press("ArrowRight")
    ticket.keyboard.press("Enter")
    expect(field).to_have_value("Gracias ❤️ Ana")
    expect(field).to_be_focused()
    expect(search).to_be_hidden()


def test_escape_closes_the_emoji_and_gives_the_focus_back(ticket: Page) -> None:
    button = ticket.get_by_role("button", name="Insert an emoji")
    button.click()
    expect(ticket.get_by_label("Search emoji")).to_be_focused()
    ticket.keyboard.press("Escape")
    expect(ticket.get_by_label("Search emoji")).to_be_hidden()
    expect(button).to_be_focused()


def test_a_dropped_file_is_shown_taken_away_and_sent(ticket: Page) -> None:
    conversation = ticket.locator(".desk-conversation").element_handle()
    ticket.evaluate(DROP, [conversation, "otro.pdf"])
    chosen = ticket.locator("#desk-chosen")
    expect(chosen).to_contain_text("otro.pdf")
    ticket.get_by_role("button", name="Take the file away").click()
    expect(chosen).to_be_hidden()

    ticket.evaluate(DROP, [conversation, "comprobante.pdf"])
    expect(chosen).to_contain_text("comprobante.pdf")
    ticket.get_by_label("Message to the customer").fill("Aquí está")
    ticket.get_by_role("button", name="Send", exact=True).click()
    expect(ticket.locator(".desk-out")).to_contain_text("comprobante.pdf")
    expect(ticket.locator(".desk-out")).to_contain_text("Aquí está")
    assert Message.objects.get().body == "Aquí está"
    assert MediaFile.objects.get().file_name == "comprobante.pdf"


def test_pictures_sound_and_documents_are_shown_and_those_that_come_appear_by_themselves(
    ticket: Page, query: Query
) -> None:
    inbound_file_make(query, file=file_make(query))
    inbound_file_make(query, kind="audio", file=file_make(query, SAMPLES["audio"][2], kind="audio"))
    inbound_file_make(query, kind="document", file=file_make(query, b"%PDF-1.4", name="análisis.pdf", kind="document"))
    inbound_file_make(query, kind="document", state="too_large", detail="50")
    inbound_file_make(query, kind="image", state="gone")
    inbound_file_make(query, kind="video", pointer={"id": "1", "url": ""})
    picture = ticket.locator("img.desk-picture")
    expect(picture).to_be_visible(timeout=15_000)
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 240
    expect(ticket.locator("audio.desk-sound")).to_be_visible()
    expect(ticket.locator(".desk-timeline")).to_contain_text("larger than 50 MB")
