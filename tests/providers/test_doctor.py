"""A check of an account is asked for once, done once, kept, and compared with the one before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from providers import doctor
from providers.abilities import Check, Health
from providers.contracts import RemoteNumber
from providers.credentials import credentials_encrypt
from providers.doctor import checkup_is_given_up, checkup_request, checkup_run, checkups_latest, checkups_request_all
from providers.errors import ProviderCallError, Reason
from providers.models import Checkup, ProviderAccount
from providers.tasks import account_checkup, accounts_checkup
from tests.deliveries import payload_account_make
from tests.factories import CREDENTIALS, account_make, sender_number_make
from tests.providers.simulator.server import APP_SECRET, PHONE_NUMBER_ID, TOKEN, VERIFY_TOKEN, WABA_ID, SimulatorProcess
from tests.providers.stub import SLUG, StubProvider, stub_registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[ProviderAccount]:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    account = account_make(provider=SLUG, credentials=credentials_encrypt({"api_key": "k"}))
    sender_number_make(account=account, external_id="77")
    with stub_registered(monkeypatch, StubProvider, numbers=[RemoteNumber("77", "+5491155550199")]):
        yield account


def checked(account: ProviderAccount) -> Checkup:
    checkup = checkup_run(checkup_id=checkup_request(account_id=account.pk).pk)
    assert checkup is not None
    return checkup


def row(checkup: Checkup, check: Check) -> dict[str, Any]:
    return next(row for row in checkup.findings if row["check"] == check.value)


def test_asking_twice_asks_once(account: ProviderAccount, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first, second = checkup_request(account_id=account.pk), checkup_request(account_id=account.pk)
    with redis.Redis.from_url(django_settings.REDIS_URL) as broker:
        assert (first.pk, broker.llen("default")) == (second.pk, 1)


def test_a_check_is_done_once(account: ProviderAccount) -> None:
    checkup = checked(account)
    assert (checkup.state, checkup.health) == ("done", "bad")  # nothing answers at the webhook's address
    assert checkup_run(checkup_id=checkup.pk) is None


def test_its_health_is_that_of_its_worst_finding(account: ProviderAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "account_findings", lambda _account: [])
    assert checked(account).health == "unknown"


def test_a_finding_keeps_the_moment_since_when_it_is_so(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = checked(account)
    monkeypatch.setattr(StubProvider, "templates", ProviderCallError(Reason.PROVIDER_DOWN))
    second = checked(account)
    assert row(second, Check.NUMBER)["since"] == row(first, Check.NUMBER)["since"]
    assert row(second, Check.TEMPLATES)["since"] > row(first, Check.TEMPLATES)["since"]


def test_a_check_that_no_worker_finishes_is_given_up(account: ProviderAccount) -> None:
    stuck = checkup_request(account_id=account.pk)
    Checkup.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
    assert checkup_is_given_up(stuck)
    assert checkup_request(account_id=account.pk).pk != stuck.pk


def test_a_broker_that_is_away_does_not_fail_the_asking(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_args: Any, **_options: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("celery.current_app.send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        assert checkup_request(account_id=account.pk).state == "waiting"


def test_old_checks_go(account: ProviderAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "KEPT", 2)
    for _day in range(4):
        checked(account)
    assert Checkup.objects.count() == 2


def test_the_last_check_of_each_active_account_is_known(account: ProviderAccount) -> None:
    checked(account)
    last = checked(account)
    checkup_request(account_id=account.pk)
    assert checkups_latest() == [last]
    ProviderAccount.objects.update(is_active=False)
    assert checkups_latest() == []


def test_every_active_account_is_asked_daily(account: ProviderAccount) -> None:
    account_make(is_active=False)
    accounts_checkup()
    assert [checkup.account_id for checkup in Checkup.objects.all()] == [account.pk]
    assert checkups_request_all() == 1


def test_the_task_does_the_check(account: ProviderAccount) -> None:
    account_checkup(checkup_request(account_id=account.pk).pk)
    assert Checkup.objects.get().state == "done"


def test_a_handshake_is_remembered(client: Client) -> None:
    account = payload_account_make()
    query = {"hub.mode": "subscribe", "hub.verify_token": CREDENTIALS["verify_token"], "hub.challenge": "5"}
    assert client.get(account.webhook_path, {**query, "hub.verify_token": "guess"}).status_code == 403
    account.refresh_from_db()
    assert account.handshake_at is None
    assert client.get(account.webhook_path, query).content == b"5"
    account.refresh_from_db()
    assert account.handshake_at is not None


def test_it_checks_a_real_account_over_real_http(simulator: SimulatorProcess, settings: Any) -> None:
    settings.PROVIDER_BASE_URLS = {"meta": simulator.url}
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    values = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    account = account_make(external_id=WABA_ID, credentials=credentials_encrypt(values))
    sender_number_make(account=account, external_id=PHONE_NUMBER_ID, phone="+5491155550199")
    good = {row["check"] for row in checked(account).findings if row["health"] == Health.GOOD}
    assert good >= {Check.CREDENTIALS, Check.NUMBER, Check.TEMPLATES, Check.CLOCK, Check.WEBHOOK_PROTECTION}
