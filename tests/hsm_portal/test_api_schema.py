"""The OpenAPI document and its page."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page, sync_playwright
from rest_framework.test import APIClient


def test_it_generates_a_valid_document_without_a_warning() -> None:
    out = io.StringIO()

    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)

    assert "/api/v1/queries/{query_id}/recontact" in out.getvalue()


@pytest.mark.django_db
def test_it_documents_how_to_authenticate() -> None:
    document = APIClient().get("/api/v1/schema/?format=json").json()

    scheme = document["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert all({"apiKey": []} in operation["security"] for operation in operations(document))


@pytest.mark.django_db
def test_it_documents_errors_as_problems() -> None:
    document = APIClient().get("/api/v1/schema/?format=json").json()

    for operation in operations(document):
        assert "application/problem+json" in operation["responses"]["400"]["content"]


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    own = [methods for path, methods in document["paths"].items() if not path.endswith("/schema/")]
    return [operation for methods in own for operation in methods.values()]


@pytest.mark.django_db
def test_it_takes_nothing_from_outside_for_the_page(client: Client) -> None:
    html = client.get("/api/v1/docs/").content.decode()

    assert 'src="/static/drf_spectacular_sidecar/' in html
    assert "://" not in html
    assert "<script>" not in html


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_shows_the_document_in_a_browser_under_the_content_policy(live_server: Any, chromium_path: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        problems = problems_of(page)
        page.goto(f"{live_server.url}/api/v1/docs/")
        page.get_by_text("/api/v1/queries/{query_id}/recontact").wait_for(timeout=20_000)
        page.get_by_text("/api/v1/hsm").first.click()
        page.get_by_text("agreeHSMConsent").first.wait_for(timeout=20_000)
        browser.close()

    assert problems == []


def problems_of(page: Page) -> list[str]:
    """What the page complains about, errors of the content policy among them, and whatever it takes from elsewhere."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url))
    return problems
