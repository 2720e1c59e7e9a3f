"""The widest tables of the Manager in a browser: whole on a desk, and each figure with its name on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.models import Campaign, Message, Query
from tests.factories import campaign_make, customer_make, message_make, query_make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCROLLS = "table => table.scrollWidth - table.clientWidth"


@pytest.fixture
def page(live_server: Any, chromium_path: str) -> Iterator[Page]:
    """The Manager's page of somebody who may see everything, on a desk."""
    client = Client()
    user = user_create(username="sofia", password="clave-segura-1", roles=[Role.ADMIN])
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    session = client.cookies["sessionid"].value
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(base_url=live_server.url, viewport={"width": 1440, "height": 900})
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        yield page
        chromium.close()


def test_the_costs_of_agents_and_campaigns_fit_a_desk_and_a_phone(page: Page) -> None:
    agent = user_create(username="ana", password="clave-segura-1", roles=[Role.AGENT])
    agent.first_name, agent.last_name = "Maximiliano", "Fernández"
    agent.save()
    message = message_make(user=agent)
    campaign = campaign_make(sender_number=message.sender_number, template=message.template)
    Campaign.objects.filter(pk=campaign.pk).update(name="Turnos sin respuesta de la última semana")
    Message.objects.filter(pk=message.pk).update(campaign=campaign, estimate=Decimal("12345.67"))
    page.goto("/manager/recontact/costcell/?by=agent&and=campaign")
    box = page.locator(".scroll:has(> table.costs)")
    assert box.evaluate(SCROLLS) == 0

    page.set_viewport_size({"width": 390, "height": 844})

    assert [each.evaluate(SCROLLS) for each in page.locator(".scroll:has(> table)").all()] == [0, 0]
    label = "cell => getComputedStyle(cell, '::before').content"
    assert page.locator("table.costs tbody td.strong").first.evaluate(label) == '"Spent"'


def test_the_list_of_queries_shows_its_last_column_on_a_desk(page: Page) -> None:
    query = query_make(
        customer=customer_make(name="Florencia Romero Etcheverry"), subject="Preparación para la ecografía del lunes",
        state=Query.State.IN_PROGRESS, activity_at=timezone.now(),
        assigned_to=user_create(username="camila", password="clave-segura-1", roles=[Role.AGENT]),
    )  # fmt: skip
    message_make(query=query)

    page.goto("/manager/recontact/query/")

    silent = page.locator("#result_list tbody tr .field-silent").bounding_box()
    assert silent is not None
    assert silent["x"] + silent["width"] <= 1440
