"""Webhooks are answered without what serves people; everything else is not."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from pytest_django import Settings

PEOPLES = ["Content-Security-Policy", "X-Frame-Options", "Content-Language"]


@pytest.mark.django_db
def test_a_webhook_meets_nothing_that_serves_people(client: Client) -> None:
    response = client.post(f"/webhooks/meta/{uuid.uuid4()}/", b"{}", content_type="application/json")
    assert response.status_code == 404
    assert not [name for name in PEOPLES if name in response.headers]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/webhooks/", "/webhooks/meta/", "/webhooks/meta/no-key/"])
def test_what_is_no_webhook_gets_the_page_that_people_get(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "Content-Security-Policy" in response.headers


@pytest.mark.django_db
def test_a_view_that_needs_csrf_checks_is_never_reached_past_them(client: Client, settings: Settings) -> None:
    settings.MACHINE_ADDRESSES = ("/login/",)
    checked = Client(enforce_csrf_checks=True)
    assert checked.post("/login/", {"username": "a", "password": "b"}).status_code == 403
