"""The doctor calls the portal's own webhook over real HTTP: it is told from any other server, and stores nothing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from providers.abilities import Health
from providers.contracts import Protection
from providers.doctor_probe import PROBE_HEADER, probe_proof, probe_token, webhook_probe
from providers.models import ProviderAccount, WebhookDelivery
from tests.deliveries import payload_account_make
from tests.factories import account_make
from tests.providers.simulator.server import Receiver
from tests.providers.stub import SLUG, StubProvider, stub_registered


def probed(account: ProviderAccount) -> tuple[Health, str]:
    finding = webhook_probe(account)
    return finding.health, finding.note


@pytest.fixture
def account(transactional_db: None, live_server: LiveServer, settings: Any) -> ProviderAccount:
    """An account whose webhook is served, at a provider that stands on this machine too."""
    settings.PUBLIC_URL = live_server.url
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:9", SLUG: "http://127.0.0.1:9"}
    return payload_account_make()


def test_a_webhook_that_refuses_the_unsigned_is_reached(account: ProviderAccount) -> None:
    assert probed(account) == (Health.GOOD, "good")
    assert not WebhookDelivery.objects.exists()


def test_a_webhook_protected_by_its_address_alone_is_reached_and_stores_nothing(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stub_registered(monkeypatch, StubProvider, protection=Protection.PATH):
        assert probed(account_make(provider=SLUG)) == (Health.GOOD, "open")
    assert not WebhookDelivery.objects.exists()


def test_a_real_provider_does_not_reach_this_machine(account: ProviderAccount, settings: Any) -> None:
    settings.PROVIDER_BASE_URLS = {}
    assert probed(account) == (Health.WARNING, "local")


def test_an_account_whose_webhooks_are_turned_away_is_told(account: ProviderAccount) -> None:
    account.credentials = b"junk"
    account.save()
    assert probed(account) == (Health.BAD, "refusing")


def test_an_address_that_leads_to_another_account_is_told(account: ProviderAccount) -> None:
    account.webhook_key = uuid.uuid4()  # not the stored one
    assert probed(account) == (Health.BAD, "other")


@pytest.mark.parametrize("status", [200, 403, 404])
def test_another_server_is_told_whatever_it_answers(
    account: ProviderAccount, receiver: Receiver, settings: Any, status: int
) -> None:
    receiver.answers = [status]
    settings.PUBLIC_URL = receiver.url
    assert probed(account) == (Health.BAD, "other")


@pytest.mark.parametrize("token", ["", "junk", "1:2:3"])
def test_a_token_that_is_not_ours_has_no_proof(token: str) -> None:
    assert probe_proof(token, uuid.uuid4()) == ""


def test_a_token_is_of_one_webhook() -> None:
    assert probe_proof(probe_token(uuid.uuid4()), uuid.uuid4()) == ""


@pytest.mark.django_db
def test_a_forged_token_changes_nothing_about_a_delivery(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with stub_registered(monkeypatch, StubProvider, protection=Protection.PATH):
        account = account_make(provider=SLUG)
        headers = {PROBE_HEADER: f"{account.webhook_key.hex}:1:forged"}
        answer = client.post(account.webhook_path, b"{}", content_type="application/json", headers=headers)
    assert (answer.status_code, PROBE_HEADER in answer.headers) == (200, False)
    assert WebhookDelivery.objects.count() == 1
