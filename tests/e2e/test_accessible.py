"""axe-core finds no serious fault on the main pages, light and dark: contrast, names, roles, order, structure."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # it has no types
from playwright.sync_api import Page

from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import OutgoingEvent, Query
from tests.customer_service.agents import customer_writes
from tests.e2e.stage import DESKTOP, PHONE, Visitor, person_make
from tests.e2e.test_pages import PAGES, places
from tests.recontact.outgoing.receiver import subscription_make
from tests.world import World

__all__ = ["places"]

pytestmark = pytest.mark.browser

SERIOUS = {"serious", "critical"}
RULES = {"resultTypes": ["violations"]}
ADDRESSES: dict[Role | None, list[str]] = {
    **PAGES,
    Role.COORDINATOR: ["/service/", "/service/board/", "/service/follow-up/", "/service/queries/{open}/?everything=1"],
    Role.ADMIN: [
        "/manager/recontact/subscription/",
        "/manager/recontact/subscription/add/",
        "/manager/recontact/subscription/{subscription}/change/",
        "/manager/recontact/outgoingevent/",
        "/manager/recontact/outgoingevent/{outgoing}/change/",
        "/manager/hsm_portal/apikey/",
        "/manager/recontact/campaign/",
        "/manager/recontact/campaign/add/",
        "/manager/recontact/costcell/",
        "/manager/recontact/budget/",
        "/manager/recontact/customer/",
    ],
}
#: What agents have open all day is looked at on a phone too.
ON_A_PHONE = ["/service/?tab=mine", "/service/queries/{open}/", "/service/queries/{closed}/", "/service/hsm/"]


@pytest.fixture
def people(world: World) -> dict[Role, User]:
    """Who looks at the pages, in Spanish but for the manager."""
    return {
        Role.AGENT: person_make(Role.AGENT, language="es"),
        Role.MANAGER: person_make(Role.MANAGER, language="en", first_name="Martín"),
        Role.COORDINATOR: person_make(Role.COORDINATOR, language="es", first_name="Clara"),
        Role.ADMIN: person_make(Role.ADMIN, language="es", first_name="Ada"),
    }


@pytest.fixture
def all_places(world: World, people: dict[Role, User], places: dict[str, int]) -> dict[str, int]:
    """The rows of test_pages, and a subscription with an event."""
    subscription, _secret = subscription_make("https://crm.example/eventos", "query.answered", state="paused")
    customer_writes(Query.objects.get(pk=places["open"]), "¿Y el sábado?")
    return places | {"subscription": subscription.pk, "outgoing": OutgoingEvent.objects.get().pk}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_fault(
    visitor: Visitor, people: dict[Role, User], all_places: dict[str, int], theme: str
) -> None:
    found: dict[str, list[str]] = {}
    for role, group in ADDRESSES.items():
        is_dark = theme == "dark"
        page = visitor.page(dark=is_dark) if role is None else visitor.enter(people[role], dark=is_dark)
        for address in group:
            looked_at(page, address.format(**all_places), found)
        if role is Role.AGENT:
            page.set_viewport_size(PHONE)
            for address in ON_A_PHONE:
                looked_at(page, address.format(**all_places), found, name=f"{address} on a phone")
            page.set_viewport_size(DESKTOP)

    assert not found, "\n".join(f"{address}: {fault}" for address, faults in found.items() for fault in faults)


def looked_at(page: Page, address: str, found: dict[str, list[str]], *, name: str = "") -> None:
    """Note the page's serious faults under its address."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    faults = [
        fault_words(fault) for fault in Axe().run(page, options=RULES).response["violations"] if is_serious(fault)
    ]
    if faults:
        found[name or address] = faults


def is_serious(fault: dict[str, Any]) -> bool:
    return fault["impact"] in SERIOUS


def fault_words(fault: dict[str, Any]) -> str:
    """The rule, how often, and the first places with what is wrong there."""
    where = [_node_words(node) for node in fault["nodes"][:3]]
    return f"{fault['id']} x{len(fault['nodes'])}: " + " | ".join(where)


def _node_words(node: dict[str, Any]) -> str:
    why = node["any"][0]["message"] if node["any"] else ""
    return f"{node['target'][0]} [{node['html'][:160]}] {why}"
