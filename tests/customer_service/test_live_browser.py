"""In a real browser: the ticket refreshes itself and takes nothing from the person who is typing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from customer_service.notes import note_add
from hsm_portal.models import User
from recontact.models import Message, Query
from tests.customer_service.agents import customer_writes, template_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: ms: a pulse comes every two seconds; the rest is a slow machine's. What is not told by a pulse comes after two minutes.
REFRESHED = 30_000
#: The word of a scroll comes with the next picture that is drawn.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_it_keeps_what_is_typed_and_the_focus_while_the_story_goes_on(page: Page, ana: User, query: Query) -> None:
    template_for(query)
    page.goto(f"/service/queries/{query.pk}/")
    field = page.locator('[name="var-body.3"]')
    field.press_sequentially("viernes 21")

    note_add(query=query, user=ana, text="Hay lugar el viernes")
    expect(page.locator("#ticket-timeline")).to_contain_text("Hay lugar el viernes", timeout=REFRESHED)
    page.keyboard.type(", 15:30 h")

    expect(field).to_have_value("viernes 21, 15:30 h")
    expect(page.locator("#send-bubble mark").last).to_have_text("viernes 21, 15:30 h")


def test_it_turns_from_the_recontact_to_its_story_to_free_text(page: Page, query: Query) -> None:
    template_for(query)
    page.goto(f"/service/queries/{query.pk}/")
    page.locator('[name="var-body.3"]').fill("viernes 21, 15:30 h")
    page.get_by_role("button", name="Send · US$ 0.0260").click()
    composer = page.locator("#ticket-composer")
    expect(composer).to_contain_text("waiting to be sent")

    Message.objects.update(state=Message.State.DELIVERED)
    expect(composer).to_contain_text("delivered", timeout=REFRESHED)
    customer_writes(query, "¡Sí, reservame!")

    expect(composer.get_by_label("Message to the customer")).to_be_visible(timeout=REFRESHED)


def test_it_keeps_a_draft_over_a_reload_and_forgets_it_once_sent(page: Page, query: Query) -> None:
    customer_writes(query)
    page.goto(f"/service/queries/{query.pk}/")
    text = page.get_by_label("Message to the customer")
    text.fill("Ya lo reviso")
    page.reload()
    expect(text).to_have_value("Ya lo reviso")

    text.press("Control+Enter")
    expect(page.locator("#ticket-timeline")).to_contain_text("Ya lo reviso")

    expect(text).to_have_value("")
    assert Message.objects.get().body == "Ya lo reviso"


def test_it_says_so_while_the_line_is_down(page: Page, query: Query) -> None:
    page.goto(f"/service/queries/{query.pk}/")

    page.context.set_offline(True)
    expect(page.locator("#desk-offline")).to_be_visible(timeout=REFRESHED)
    page.context.set_offline(False)

    expect(page.locator("#desk-offline")).to_be_hidden(timeout=REFRESHED)


AT_THE_END = """() => {
    const box = document.getElementById("ticket-timeline");
    return box.scrollHeight - box.scrollTop - box.clientHeight < 2 && box.scrollTop > 0;
}"""


def test_it_stays_at_its_end_when_something_grows_before_the_word_of_its_own_scrolling(
    page: Page, query: Query
) -> None:
    for number in range(30):
        customer_writes(query, f"Mensaje {number}")
    page.set_viewport_size({"width": 1400, "height": 800})
    page.goto(f"/service/queries/{query.pk}/")
    page.wait_for_function(AT_THE_END)

    # A picture takes its room right after the timeline went to its end, and is loaded a while later.
    page.evaluate("""() => {
        const box = document.getElementById("ticket-timeline");
        box.scrollTop -= 40;
        box.scrollTop = box.scrollHeight;
        box.lastElementChild.insertAdjacentHTML("beforeend", "<li style='height: 300px'></li>");
    }""")
    page.evaluate(DRAWN)
    page.evaluate("document.getElementById('ticket-timeline').dispatchEvent(new Event('load'))")

    page.wait_for_function(AT_THE_END)


def test_it_leaves_who_reads_further_up_where_he_is(page: Page, query: Query) -> None:
    for number in range(30):
        customer_writes(query, f"Mensaje {number}")
    page.set_viewport_size({"width": 1400, "height": 800})
    page.goto(f"/service/queries/{query.pk}/")
    page.wait_for_function(AT_THE_END)
    page.evaluate("document.getElementById('ticket-timeline').scrollTop = 100")
    page.evaluate(DRAWN)

    customer_writes(query, "El último")

    expect(page.locator("#ticket-timeline")).to_contain_text("El último", timeout=REFRESHED)
    assert page.evaluate("document.getElementById('ticket-timeline').scrollTop") == 100
