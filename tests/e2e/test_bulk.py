"""A manager recontacts several queries at once; the result names who got it and who did not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from hsm_portal.roles import Role
from recontact.models import Message, Query
from tests.e2e.stage import Visitor, person_make
from tests.factories import customer_make, query_make
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_manager_recontacts_many_and_reads_what_became_of_each(world: World, visitor: Visitor, language: str) -> None:
    manager = person_make(Role.MANAGER, language=language)
    agent = person_make(Role.AGENT, language=language, first_name="Bruno", last_name="Paz")
    for name in ("Lucía Fernández", "Mateo Gómez"):
        query_make(customer=customer_make(name=name), sender_number=world.number, assigned_to=agent)
    query_make(
        customer=customer_make(name="Elsa Resuelta"),
        sender_number=world.number,
        assigned_to=agent,
        state=Query.State.RESOLVED,
    )
    page = visitor.log_in(manager)
    page.goto("/manager/recontact/query/")
    page.click("#action-toggle")
    page.select_option("select[name=action]", "recontact_selected")
    page.click("button[name=index]")
    page.select_option("#bulk-template", str(world.template.pk))
    page.select_option("#source-3", "text")
    page.fill("#words-3", "lunes 24, 9:00 h")
    expect(page.locator("#bulk-preview")).to_contain_text("tenemos lugar el lunes 24, 9:00 h")
    expect(page.locator("#bulk-preview button[type=submit]")).to_contain_text(re.compile(r"0[.,]052"))

    page.click("#bulk-preview button[type=submit]")

    expect(page).to_have_url(re.compile(r"/manager/recontact/campaign/\d+/change/$"))
    sent, refused = page.locator(".split > section").nth(0), page.locator(".split > section").nth(1)
    expect(sent).to_contain_text("Lucía Fernández")
    expect(sent).to_contain_text("Mateo Gómez")
    expect(refused).to_contain_text("Elsa Resuelta")
    expect(page.locator("#campaign-live .bar .read")).to_have_attribute("style", re.compile("100"))
    assert Message.objects.filter(state=Message.State.READ).count() == 2
    assert world.duplicates() == 0
    assert visitor.troubles == []
