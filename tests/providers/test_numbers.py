"""Numbers read from the provider simulator over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from providers.credentials import credentials_encrypt
from providers.errors import ProviderCallError
from providers.models import Portfolio, ProviderAccount, ProviderCall, SenderNumber
from providers.numbers import numbers_sync
from tests.factories import account_make
from tests.providers.simulator.server import APP_SECRET, PHONE_NUMBER_ID, TOKEN, WABA_ID, SimulatorProcess

pytestmark = pytest.mark.django_db

PHONE = "+5491155550199"


@pytest.fixture
def account(simulator: SimulatorProcess, settings: Any) -> ProviderAccount:
    """The simulator's account."""
    settings.PROVIDER_BASE_URLS = {"meta": simulator.url}
    account = account_make(external_id=WABA_ID)
    account.credentials = credentials_encrypt({"access_token": TOKEN, "app_secret": APP_SECRET})
    account.save()
    return account


def test_it_adds_the_numbers_that_the_provider_lists(account: ProviderAccount) -> None:
    synced = numbers_sync(account_id=account.pk)
    number = SenderNumber.objects.get()
    assert (synced.added, synced.known, synced.missing) == (1, 0, 0)
    assert (number.external_id, number.phone, number.display_name) == (PHONE_NUMBER_ID, PHONE, "Ejemplo S.A.")


def test_a_second_sync_adds_nothing(account: ProviderAccount) -> None:
    numbers_sync(account_id=account.pk)
    assert numbers_sync(account_id=account.pk).known == 1
    assert (SenderNumber.objects.count(), Portfolio.objects.count() <= 1) == (1, True)


def test_a_number_entered_by_hand_learns_its_id(account: ProviderAccount) -> None:
    SenderNumber.objects.create(account=account, phone=PHONE, external_id="typed")
    numbers_sync(account_id=account.pk)
    assert SenderNumber.objects.get().external_id == PHONE_NUMBER_ID


def test_a_number_that_is_no_longer_listed_stays(account: ProviderAccount) -> None:
    SenderNumber.objects.create(account=account, phone="+5491155550000", external_id="gone")
    assert numbers_sync(account_id=account.pk).missing == 1
    assert SenderNumber.objects.filter(external_id="gone", is_active=True).exists()


def test_a_refused_call_changes_nothing_and_is_kept(account: ProviderAccount) -> None:
    account.credentials = credentials_encrypt({"access_token": "wrong"})
    account.save()
    with pytest.raises(ProviderCallError):
        numbers_sync(account_id=account.pk)
    call = ProviderCall.objects.get()
    assert (SenderNumber.objects.count(), call.purpose, call.status) == (0, "numbers", 401)
