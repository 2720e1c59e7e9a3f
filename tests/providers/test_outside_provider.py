"""A provider that an installed package brings (tests/outside: a real distribution) works like the portal's own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from hsm_portal.roles import Role
from providers.code_table import code_rows
from providers.credentials import credentials_decrypt, credentials_encrypt
from providers.http import close_client
from providers.inbox_batch import deliveries_process_waiting
from providers.models import ProviderAccount, WebhookDelivery
from providers.registry import providers_available
from recontact.dispatch.pump import Pump
from recontact.models import Message
from tests.factories import (
    account_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
)
from tests.providers.clients import address, client_of, text_of
from tests.providers.stub import registry_forget

FOLDER = Path(__file__).parents[1] / "outside"
PROJECT = Path(__file__).parents[2]
SECRET = "secret-of-the-pigeonry"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package as installed: its files and its metadata are on the path, nothing else is done."""
    with monkeypatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        registry_forget()
        yield
    registry_forget()


@dataclass
class Pigeonry:
    """The provider's server."""

    url: str = ""
    flights: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def pigeonry() -> Iterator[Pigeonry]:
    pigeonry = Pigeonry()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            flight = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            pigeonry.flights.append({**flight, "key": self.headers["Authorization"], "path": self.path})
            body = json.dumps({"flight": f"F-{len(pigeonry.flights)}"}).encode()
            self.send_response(202)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pigeonry.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield pigeonry
    server.shutdown()
    server.server_close()


@pytest.fixture
def account(installed: None, pigeonry: Pigeonry, settings: Any, transactional_db: None) -> ProviderAccount:
    settings.PROVIDER_BASE_URLS = {"pigeon": pigeonry.url}
    values = {"api_key": "key-of-the-pigeonry", "webhook_secret": SECRET}
    return account_make(provider="pigeon", credentials=credentials_encrypt(values))


def message_of(account: ProviderAccount) -> Message:
    rate_card_make(account=account)
    number = sender_number_make(account=account, external_id="5491155550199", phone="+5491155550199")
    return message_make(query=query_make(sender_number=number), template=template_make(account=account))


def pump() -> None:
    async def work() -> None:
        try:
            await Pump("test", lambda: False, idle_seconds=0.1).run(10)
        finally:
            await close_client()

    asyncio.run(work())


# --- registered and shown ------------------------------------------------------------------------------------------------


def test_it_is_a_distribution_that_the_machine_knows(installed: None) -> None:
    assert version("pigeon-post") == "1.0"


def test_it_is_offered_beside_the_others(installed: None) -> None:
    assert ("pigeon", "Pigeon Post") in [(choice.slug, choice.label) for choice in providers_available()]


def test_it_is_gone_when_the_package_is() -> None:
    registry_forget()
    assert "pigeon" not in [choice.slug for choice in providers_available()]


def test_its_codes_are_listed(installed: None) -> None:
    rows = [row for row in code_rows(provider="pigeon") if row.provider == "pigeon"]
    assert [row.code for row in rows] == ["NO_CORN", "WRONG_KEY", "TIRED", "NO_ROOF", "TORN", "HAWK"]


@pytest.mark.django_db
def test_an_account_of_it_is_added_and_asked_for_its_credentials(installed: None) -> None:
    admin: Client = client_of(Role.ADMIN)
    assert "Pigeon Post" in text_of(admin.get(address("provideraccount_add")))
    form = {"name": "Palomar", "provider": "pigeon", "external_id": "pigeonry-1", "is_active": "on"}
    page = text_of(admin.post(address("provideraccount_add"), form, follow=True))
    assert "On the door of the pigeonry." in page
    account = ProviderAccount.objects.get()
    answer = admin.post(
        address("provideraccount_change", account.pk),
        {"name": "Palomar", "external_id": "pigeonry-1", "is_active": "on", "credential_api_key": "k-1"},
    )
    account.refresh_from_db()
    assert (answer.status_code, credentials_decrypt(bytes(account.credentials))) == (302, {"api_key": "k-1"})
    page = text_of(admin.get(address("provideraccount_change", account.pk)))
    assert "X-Hook-Secret: SECRET" in page
    assert "Templates are entered by hand." in page


# --- sending and receiving -----------------------------------------------------------------------------------------------


def test_a_message_goes_out_through_the_dispatcher(account: ProviderAccount, pigeonry: Pigeonry) -> None:
    message = message_of(account)
    pump()
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == ("accepted", "F-1")
    flight = pigeonry.flights[0]
    assert (flight["path"], flight["key"]) == ("/v1/flights", "Bearer key-of-the-pigeonry")
    assert (flight["reference"], flight["to"]) == (str(message.reference), message.recipient_phone)
    assert flight["template"]["values"] == ["Carla", "Ana", "viernes 21, 15:30 h"]


def test_its_webhooks_move_the_message_and_bring_the_answer(
    account: ProviderAccount, client: Client, pigeonry: Pigeonry
) -> None:
    message = message_of(account)
    pump()
    landed = {
        "kind": "flight", "flight": "F-1", "reference": str(message.reference), "state": "landed",
        "to": message.recipient_phone, "at": "2026-11-23T12:00:00Z",
    }  # fmt: skip
    letter = {
        "kind": "letter", "letter": "L-1", "pigeonry": "5491155550199", "from": message.recipient_phone,
        "words": "Sí, reservar", "answers": "F-1", "at": "2026-11-23T12:01:00Z",
    }  # fmt: skip
    answer = client.post(
        account.webhook_path,
        json.dumps({"feathers": [landed, letter]}),
        content_type="application/json",
        headers={"X-Hook-Secret": SECRET},
    )
    deliveries_process_waiting()
    message.refresh_from_db()
    assert (answer.status_code, WebhookDelivery.objects.get().state) == (200, "processed")
    assert (message.state, message.customer.inbound_messages.get().text) == ("delivered", "Sí, reservar")


def test_a_webhook_without_its_secret_is_refused(account: ProviderAccount, client: Client) -> None:
    answer = client.post(account.webhook_path, "{}", content_type="application/json")
    assert (answer.status_code, WebhookDelivery.objects.exists()) == (403, False)


# --- its author's own tests ----------------------------------------------------------------------------------------------


def test_its_author_runs_the_contract_suite_against_it() -> None:
    """As docs/providers/adding-one.md says, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "tests/contract", "-k", "pigeon", "-q", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
