"""Closing a month as ops does it: asked for on the page, done by a worker, and the page says so by itself."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from hsm_portal.roles import Role
from recontact.models import MonthClosing
from tests.e2e.stage import Visitor, person_make
from tests.world import World

pytestmark = pytest.mark.browser


def test_a_month_is_closed_by_the_worker_and_the_page_says_so_by_itself(world: World, visitor: Visitor) -> None:
    page = visitor.enter(person_make(Role.OPS, language="en"))
    page.goto(f"/manager/recontact/monthclosing/{world.account.pk}/2026-10/")

    page.get_by_text("Close the month").click()
    page.get_by_role("button", name="Close it").click()

    expect(page.locator(".badge.ok", has_text="closed")).to_be_visible()
    expect(page.locator("#job")).to_have_count(0)
    assert MonthClosing.objects.get().month == date(2026, 10, 1)
    assert visitor.troubles == []
