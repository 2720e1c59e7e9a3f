"""What must stop a pump that already owns the number: parks, switches, another database, credentials that fit no key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from providers.models import ProviderAccount, SenderNumber
from providers.parking import park
from recontact.dispatch import claim as claiming
from recontact.dispatch.candidates import Due, candidates
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import account_unusable, leases_take
from recontact.dispatch.rate import RateLimit
from recontact.models import DispatchSwitch, Message
from tests.factories import account_make, message_make
from tests.world import World


def _number_off(number: SenderNumber) -> None:
    SenderNumber.objects.filter(pk=number.pk).update(is_active=False)


def _account_off(number: SenderNumber) -> None:
    ProviderAccount.objects.filter(pk=number.account_id).update(is_active=False)


def _number_parked(number: SenderNumber) -> None:
    park(number, reason="number_blocked")


def _account_parked(number: SenderNumber) -> None:
    park(number.account, reason="credentials", until=timezone.now() + timedelta(minutes=5))


@pytest.mark.django_db
@pytest.mark.parametrize("meanwhile", [_number_off, _account_off, _number_parked, _account_parked])
def test_a_number_stopped_after_the_lease_was_taken_claims_nothing(meanwhile: Callable[[SenderNumber], None]) -> None:
    message = message_make()
    [lease] = leases_take("test")
    meanwhile(message.sender_number)
    assert claim(lease, 10) == []
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


@pytest.mark.django_db
def test_a_message_put_back_together_with_a_park_is_not_claimed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    message = message_make()
    [lease] = leases_take("test")
    chosen = candidates

    def chosen_just_after_the_record(**asked: Any) -> list[Due]:
        _account_parked(message.sender_number)
        return chosen(**asked)

    monkeypatch.setattr(claiming, "candidates", chosen_just_after_the_record)

    assert claim(lease, 10) == []


@pytest.mark.django_db
def test_a_number_whose_park_is_over_claims_again() -> None:
    message = message_make()
    park(message.sender_number, reason="number_maintenance", until=timezone.now() - timedelta(seconds=1))
    [lease] = leases_take("test")
    assert [each.message_id for each in claim(lease, 10)] == [message.pk]


@pytest.mark.django_db
def test_a_pump_connected_to_another_database_claims_nothing() -> None:
    message_make()
    [lease] = leases_take("test")
    DispatchSwitch.objects.create(pk=1, identity="another server:00000001:5")
    assert claim(lease, 10) == []


def test_a_revoked_token_costs_few_calls_however_many_messages_wait(world: World) -> None:
    world.simulator.post(f"accounts/{world.account.external_id}", token_revoked=True)
    message = world.message()
    world.pump(4.0)
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED
    assert message.attempt_number <= 3


def test_credentials_that_fit_no_key_stop_their_own_account_alone(world: World) -> None:
    broken = message_make()
    ProviderAccount.objects.filter(pk=broken.account_id).update(credentials=b"not a token")
    message = world.message()
    world.pump(3.0)
    message.refresh_from_db()
    broken.refresh_from_db()
    assert (message.state, broken.state) == (Message.State.ACCEPTED, Message.State.QUEUED)
    assert ProviderAccount.objects.get(pk=broken.account_id).is_parked


def test_an_account_whose_adapter_is_gone_stops_itself_alone(world: World) -> None:
    broken = message_make()
    ProviderAccount.objects.filter(pk=broken.account_id).update(provider="uninstalled")
    message = world.message()
    world.pump(3.0)
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
    assert ProviderAccount.objects.get(pk=broken.account_id).is_parked


def test_a_turn_that_would_come_after_the_deadline_is_given_up_at_once() -> None:
    rate = RateLimit(10.0)
    rate.hold(60.0)
    began = time.monotonic()
    assert not asyncio.run(rate.take(began + 8.0))
    assert time.monotonic() - began < 8.0


def test_a_request_of_several_messages_takes_as_many_turns() -> None:
    began = time.monotonic()
    rate = RateLimit(10.0)
    assert asyncio.run(rate.take(began + 8.0, 5))
    assert began + 0.5 <= rate.next_at <= time.monotonic() + 0.5


def test_what_waits_for_its_turn_is_not_sent_when_the_provider_throttles_meanwhile() -> None:
    rate = RateLimit(0.5)

    async def throttled_while_waiting() -> list[bool]:
        now = time.monotonic()
        waiting = [asyncio.create_task(rate.take(now + 8.0)) for _ in range(2)]
        await asyncio.sleep(0.05)
        rate.hold(30.0)
        return await asyncio.gather(*waiting)

    assert asyncio.run(throttled_while_waiting()) == [True, False]


@pytest.mark.django_db
def test_an_adapters_own_error_is_not_quoted_for_it_may_hold_a_credential() -> None:
    account = account_make()
    account_unusable(account.pk, ValueError("invalid literal: 's3cret'"))
    account.refresh_from_db()
    assert (account.is_parked, account.parked_detail) == (True, "ValueError")
