"""A manager asks for a connection check; the page shows its result by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hsm_portal.roles import Role
from tests.e2e.stage import Visitor, person_make
from tests.world import World

pytestmark = pytest.mark.browser


def test_a_check_is_asked_for_and_its_result_appears(world: World, visitor: Visitor) -> None:
    page = visitor.enter(person_make(Role.MANAGER, language="en"))
    page.goto(f"/manager/providers/provideraccount/{world.account.pk}/change/")
    expect(page.locator("#checkup")).to_contain_text("Not checked yet.")
    page.get_by_role("button", name="Check now").click()
    checkup = page.locator("#checkup")
    expect(checkup.locator("summary")).to_contain_text("need nothing")
    checkup.locator("summary").click()
    expect(checkup).to_contain_text("The provider accepts the account's credentials.")
    expect(checkup.get_by_role("button", name="Check now")).to_be_enabled()
    assert visitor.troubles == []
