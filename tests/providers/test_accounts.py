"""Credentials set, kept and rotated; the system checks; what expires."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import timezone

from providers import retention
from providers.accounts import account_credentials_merge, account_resume, sender_number_resume
from providers.calls import provider_call_record
from providers.contracts import Exchange
from providers.credentials import credentials_decrypt
from providers.models import ProviderAccount, ProviderCall, SenderNumber, WebhookDelivery
from providers.parking import park
from providers.retention import raw_data_expire
from tests.deliveries import delivery_make
from tests.factories import CREDENTIALS, account_make, sender_number_make

pytestmark = pytest.mark.django_db


def _credentials(account: ProviderAccount) -> dict[str, str]:
    return credentials_decrypt(bytes(account.credentials))


def test_an_empty_secret_keeps_its_value_and_an_entered_one_replaces_it() -> None:
    account = account_make()
    account_credentials_merge(account=account, values={"access_token": " new-token ", "app_secret": ""})
    assert _credentials(account)["access_token"] == "new-token"
    assert _credentials(account)["app_secret"] == CREDENTIALS["app_secret"]


def test_what_is_no_secret_can_be_emptied() -> None:
    account = account_make()
    account_credentials_merge(account=account, values={"graph_version": "v25.0"})
    account_credentials_merge(account=account, values={"graph_version": ""})
    assert "graph_version" not in _credentials(account)


def test_undeclared_values_are_not_stored() -> None:
    account = account_make()
    account_credentials_merge(account=account, values={"something": "else"})
    assert "something" not in _credentials(account)


def test_a_resumed_account_may_send_again() -> None:
    account = account_make()
    park(account, reason="billing")
    account_resume(account_id=account.pk)
    assert not ProviderAccount.objects.get().is_parked


@pytest.mark.parametrize("parked", [True, False])
def test_a_resumed_account_lets_its_numbers_wait_no_longer(parked: bool) -> None:
    number, other = sender_number_make(), sender_number_make()
    SenderNumber.objects.update(throttled_until=timezone.now() + timedelta(hours=1))
    if parked:
        park(number.account, reason="billing")
    account_resume(account_id=number.account_id)
    assert list(SenderNumber.objects.filter(throttled_until=None)) == [number]
    assert SenderNumber.objects.get(pk=other.pk).throttled_until is not None


def test_a_resumed_number_waits_no_longer() -> None:
    number = sender_number_make()
    other = sender_number_make(account=number.account)
    SenderNumber.objects.update(throttled_until=timezone.now() + timedelta(hours=1))
    park(number, reason="number_blocked")
    sender_number_resume(number_id=number.pk)
    assert list(SenderNumber.objects.filter(throttled_until=None)) == [number]
    assert SenderNumber.objects.get(pk=other.pk).throttled_until is not None


def test_rotation_puts_every_account_under_the_newest_key(settings: Any) -> None:
    account = account_make()
    new = Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, *settings.CREDENTIALS_KEYS]
    call_command("rotate_credentials", stdout=io.StringIO())
    settings.CREDENTIALS_KEYS = [new]
    account.refresh_from_db()
    assert _credentials(account) == CREDENTIALS


def test_rotation_names_the_accounts_that_fit_no_key_and_does_the_others() -> None:
    account_make(name="Clínica Sur")
    broken = account_make(name="Clínica Norte")
    ProviderAccount.objects.filter(pk=broken.pk).update(credentials=b"junk")
    output = io.StringIO()
    with pytest.raises(CommandError, match="Clínica Norte"):
        call_command("rotate_credentials", stdout=output)
    assert "1 accounts" in output.getvalue()


def _ids(*, tags: list[str] | None = None, deploy: bool = False) -> set[str]:
    messages = run_checks(tags=tags, databases=["default"], include_deployment_checks=deploy)
    return {str(message.id) for message in messages if str(message.id).startswith("providers.")}


def test_the_checks_are_content_with_a_sound_account() -> None:
    account_make()
    assert _ids(deploy=True) == set()


def test_a_missing_credential_is_named() -> None:
    account = account_make(name="Clínica Sur")
    ProviderAccount.objects.update(credentials=b"")
    messages = [str(message.msg) for message in run_checks(tags=["database"], databases=["default"])]
    named = [name for name in CREDENTIALS if any(name in text and account.name in text for text in messages)]
    assert named == list(CREDENTIALS)


def test_an_account_that_is_switched_off_misses_nothing() -> None:
    account_make(is_active=False)
    ProviderAccount.objects.update(credentials=b"")
    assert _ids() == set()


def test_without_the_database_no_account_is_looked_at(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        run_checks(tags=["database"], databases=[])


def test_credentials_under_a_lost_key_are_an_error() -> None:
    account_make()
    ProviderAccount.objects.update(credentials=b"junk")
    assert _ids() == {"providers.E004"}


def test_an_unknown_provider_is_an_error() -> None:
    account_make(provider="nobody")
    assert _ids() == {"providers.E004"}


@pytest.mark.parametrize("keys", [[], [""], ["too short"]])
def test_unusable_keys_are_an_error(settings: Any, keys: list[str]) -> None:
    settings.CREDENTIALS_KEYS = keys
    assert "providers.E001" in _ids(tags=["security"])


def test_a_base_url_without_tls_is_named_before_a_deployment(settings: Any) -> None:
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:8800"}
    assert (_ids(), _ids(deploy=True)) == (set(), {"providers.W002"})


def test_a_base_url_of_no_provider_is_an_error(settings: Any) -> None:
    settings.PROVIDER_BASE_URLS = {"mata": "https://example.com"}
    assert _ids() == {"providers.E003"}


def test_raw_data_expires_by_age_and_only_then(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RAW_DATA_RETENTION_DAYS = 30
    monkeypatch.setattr(retention, "BATCH", 2)
    account = account_make()
    for _number in range(4):
        delivery_make(account, b"{}")
        exchange = Exchange("GET", "https://example.com", None, 200, None, 12)
        provider_call_record(account_id=account.pk, purpose="numbers", exchange=exchange)
    old = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.exclude(pk=WebhookDelivery.objects.latest("pk").pk).update(received_at=old)
    ProviderCall.objects.exclude(pk=ProviderCall.objects.latest("pk").pk).update(made_at=old)
    assert raw_data_expire() == 6
    assert (WebhookDelivery.objects.count(), ProviderCall.objects.count()) == (1, 1)
