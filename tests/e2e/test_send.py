"""A manager sends an HSM to one phone, from the login to *read*."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from hsm_portal.roles import Role
from recontact.models import Message
from tests.e2e.stage import DESKTOP, PHONE, Visitor, person_make
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_manager_sends_to_one_phone_and_sees_it_read(world: World, visitor: Visitor, language: str) -> None:
    manager = person_make(Role.MANAGER, language=language)
    page = visitor.log_in(manager, viewport=DESKTOP if language == "es" else PHONE)
    expect(page).to_have_url(re.compile(r"/manager/$"))
    page.goto("/manager/recontact/message/send/")
    page.select_option("#id_template", str(world.template.pk))
    page.fill('[data-variable="body.1"]', "Lucía")
    page.fill('[data-variable="body.2"]', "Ana")
    page.fill('[data-variable="body.3"]', "viernes 21, 15:30 h")
    page.fill("#id_phone", "+54 9 11 5555-0200")
    expect(page.locator("#send-preview")).to_contain_text("Hola Lucía, soy Ana")
    button = page.locator("#send-preview button[type=submit]")
    expect(button).to_contain_text(re.compile(r"0[.,]026"))

    button.click()

    expect(page).to_have_url(re.compile(r"/manager/recontact/message/\d+/change/$"))
    expect(page.locator('#message-live[data-state="read"]')).to_be_visible()
    message = Message.objects.get()
    assert len(world.accepted(message)) == 1
    assert visitor.troubles == []
