"""The webhook address: what is stored, what is refused, what is answered."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client

from providers.credentials import credentials_encrypt
from providers.models import ProviderAccount, WebhookDelivery
from tests.deliveries import PAYLOADS, payload_account_make, signature, webhook_post
from tests.factories import CREDENTIALS

pytestmark = pytest.mark.django_db

BODY = (PAYLOADS / "webhook_status_delivered.json").read_bytes()


@pytest.fixture
def account() -> ProviderAccount:
    return payload_account_make()


@pytest.fixture
def strict() -> Client:
    """As a provider calls: with the CSRF checks of production on."""
    return Client(enforce_csrf_checks=True)


def test_it_stores_the_raw_bytes_and_answers_200(strict: Client, account: ProviderAccount) -> None:
    answer = webhook_post(strict, account, BODY)
    delivery = WebhookDelivery.objects.get()
    assert (answer.status_code, bytes(delivery.body), delivery.state) == (200, BODY, "received")


def test_it_keeps_no_cookies_and_no_addresses(client: Client, account: ProviderAccount) -> None:
    headers = {"Cookie": "sessionid=secret", "X-Forwarded-For": "10.1.2.3", "Authorization": "Bearer x"}
    webhook_post(client, account, BODY, **headers)
    assert set(WebhookDelivery.objects.get().headers) == {"content-type", "x-hub-signature-256"}


@pytest.mark.parametrize("given", ["", "sha256=00", "ñ", signature(BODY, "another secret"), signature(BODY + b" ")])
def test_it_stores_nothing_with_a_bad_signature(client: Client, account: ProviderAccount, given: str) -> None:
    answer = webhook_post(client, account, BODY, **{"X-Hub-Signature-256": given})
    account.refresh_from_db()
    assert (answer.status_code, WebhookDelivery.objects.count()) == (403, 0)
    assert account.last_webhook_at is None


def test_it_answers_404_for_an_unknown_key(client: Client, account: ProviderAccount) -> None:
    account.webhook_key = uuid.uuid4()
    assert webhook_post(client, account, BODY).status_code == 404


def test_it_answers_404_under_another_provider(client: Client, account: ProviderAccount) -> None:
    path = account.webhook_path.replace(account.provider, "other")
    assert client.post(path, data=BODY, content_type="application/json").status_code == 404


def test_it_refuses_a_huge_body_before_reading_it(
    client: Client, account: ProviderAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_MAX_BYTES = len(BODY) - 1
    monkeypatch.setattr("django.http.HttpRequest.body", property(lambda _self: pytest.fail("the body was read")))
    answer = webhook_post(client, account, BODY)
    assert (answer.status_code, WebhookDelivery.objects.count()) == (413, 0)


def test_it_stores_what_is_no_json_when_the_signature_fits(client: Client, account: ProviderAccount) -> None:
    answer = webhook_post(client, account, b"\x00\xff no json")
    assert (answer.status_code, WebhookDelivery.objects.count()) == (200, 1)


def test_it_stores_for_an_account_that_is_switched_off(client: Client, account: ProviderAccount) -> None:
    ProviderAccount.objects.update(is_active=False)
    assert webhook_post(client, account, BODY).status_code == 200
    assert WebhookDelivery.objects.count() == 1


def test_it_notes_when_the_last_webhook_came(client: Client, account: ProviderAccount) -> None:
    webhook_post(client, account, BODY)
    account.refresh_from_db()
    assert account.last_webhook_at is not None


def test_it_asks_for_another_delivery_when_the_credentials_are_unreadable(
    client: Client, account: ProviderAccount
) -> None:
    ProviderAccount.objects.update(credentials=b"not a token")
    assert webhook_post(client, account, BODY).status_code == 503
    assert WebhookDelivery.objects.count() == 0


def test_what_could_not_be_stored_is_not_answered_as_if_it_were(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any) -> None:
        raise OperationalError("the disk is full")

    monkeypatch.setattr("providers.inbox_storing._store_once", away)
    answer = webhook_post(Client(raise_request_exception=False), account, BODY)
    assert (answer.status_code, WebhookDelivery.objects.count()) == (500, 0)


def test_it_stores_while_the_broker_is_away(
    client: Client, account: ProviderAccount, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        answer = webhook_post(client, account, BODY)
    assert (answer.status_code, len(callbacks)) == (200, 1)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_it_refuses_other_methods(client: Client, account: ProviderAccount, method: str) -> None:
    assert getattr(client, method)(account.webhook_path).status_code == 405


def test_it_answers_the_handshake_with_the_challenge(client: Client, account: ProviderAccount) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "test-verify-token", "hub.challenge": "115811"}
    answer = client.get(account.webhook_path, query)
    assert (answer.status_code, answer.content) == (200, b"115811")
    assert answer["Content-Type"].startswith("text/plain")


def test_it_refuses_a_handshake_with_another_token(client: Client, account: ProviderAccount) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "115811"}
    answer = client.get(account.webhook_path, query)
    assert (answer.status_code, answer.content) == (403, b"")


def test_an_answer_costs_one_statement_once_the_account_is_known(
    client: Client, account: ProviderAccount, django_assert_num_queries: Any
) -> None:
    webhook_post(client, account, BODY)
    with django_assert_num_queries(1):
        webhook_post(client, account, BODY)
    assert WebhookDelivery.objects.count() == 2


def test_a_changed_secret_counts_at_once(client: Client, account: ProviderAccount) -> None:
    assert webhook_post(client, account, BODY).status_code == 200
    credentials = credentials_encrypt({**CREDENTIALS, "app_secret": "a new secret"})
    ProviderAccount.objects.update(credentials=credentials)
    fresh = signature(BODY, "a new secret")
    answers = [webhook_post(client, account, BODY).status_code]
    answers.append(webhook_post(client, account, BODY, **{"X-Hub-Signature-256": fresh}).status_code)
    answers.append(webhook_post(client, account, BODY).status_code)
    assert (answers, WebhookDelivery.objects.count()) == ([403, 200, 403], 2)


def test_an_account_that_lost_its_secret_meanwhile_is_found_as_it_is_stored(
    client: Client, account: ProviderAccount
) -> None:
    webhook_post(client, account, BODY)
    ProviderAccount.objects.update(credentials=b"not a token")
    assert webhook_post(client, account, BODY).status_code == 503
    assert WebhookDelivery.objects.count() == 1


def test_a_deleted_account_gets_nothing_more(client: Client, account: ProviderAccount) -> None:
    webhook_post(client, account, BODY)
    ProviderAccount.objects.all().delete()
    assert webhook_post(client, account, BODY).status_code == 404


def test_the_key_of_an_address_counts_at_once(client: Client, account: ProviderAccount) -> None:
    webhook_post(client, account, BODY)
    ProviderAccount.objects.update(webhook_key=uuid.uuid4())
    assert webhook_post(client, account, BODY).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_it_stores_on_a_connection_that_died_meanwhile(client: Client, account: ProviderAccount) -> None:
    webhook_post(client, account, BODY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert webhook_post(client, account, BODY).status_code == 200
    assert WebhookDelivery.objects.count() == 2
