"""An agent, her query, and her browser, for the tests that look at a ticket as she does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from hsm_portal.models import User
from recontact.models import Query
from tests.customer_service.agents import agent_make, browser
from tests.factories import query_make


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def query(ana: User) -> Query:
    return query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)


@pytest.fixture
def page(ana: User, live_server: Any, chromium_path: str) -> Iterator[Page]:
    """A page of Ana's browser, logged in; an error in its scripts fails the test."""
    session = browser(ana).cookies["sessionid"].value
    errors: list[str] = []
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        page = chromium.new_page(base_url=live_server.url)
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        chromium.close()
    assert errors == []
