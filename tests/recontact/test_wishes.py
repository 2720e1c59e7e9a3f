"""Marketing preferences and changes of number, as the platform reports them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from providers.contracts import IdentityChangeEvent
from providers.inbox import delivery_replay
from providers.models import ProviderAccount
from recontact.customers import opt_out_standing
from recontact.identity import identity_change_apply
from recontact.models import Customer, OptOut
from recontact.wishes import marketing_resume, marketing_stop
from tests.deliveries import CUSTOMER_BSUID, CUSTOMER_PHONE, deliver, payload, payload_account_make
from tests.factories import customer_make, query_make

pytestmark = pytest.mark.django_db

NEW_PHONE = "+5491155550177"
STOPPED_AT = 1794153600


@pytest.fixture
def account() -> ProviderAccount:
    return payload_account_make()


def _preference(value: str, seconds: int) -> dict[str, Any]:
    content = payload("webhook_user_preferences_stop")
    item = content["entry"][0]["changes"][0]["value"]["user_preferences"][0]
    item["value"], item["timestamp"] = value, STOPPED_AT + seconds
    return content


def _opted_out() -> bool:
    return opt_out_standing(Customer.objects.get().pk, category="marketing") is not None


def test_a_stop_opts_the_customer_out_of_marketing(account: ProviderAccount) -> None:
    customer = customer_make(phone=CUSTOMER_PHONE)
    deliver(account, payload("webhook_user_preferences_stop"))
    opt_out = OptOut.objects.get()
    assert (opt_out.customer, opt_out.scope, opt_out.source) == (customer, "marketing", "WhatsApp preference")


def test_a_resume_from_a_clock_that_is_ahead_does_not_outlive_the_next_stop() -> None:
    customer = customer_make()
    marketing_stop(customer=customer, at=timezone.now() - timedelta(hours=1), source="x")
    marketing_resume(customer=customer, at=timezone.now() + timedelta(days=300), source="x")
    assert marketing_stop(customer=customer, at=timezone.now() + timedelta(seconds=1), source="x")


def test_a_stop_of_somebody_unknown_is_remembered(account: ProviderAccount) -> None:
    deliver(account, payload("webhook_user_preferences_stop"))
    assert Customer.objects.get(phone=CUSTOMER_PHONE).opt_outs.count() == 1


def test_a_resume_ends_the_opt_out(account: ProviderAccount) -> None:
    deliver(account, _preference("stop", 0))
    deliver(account, _preference("resume", 1))
    assert not _opted_out()


@pytest.mark.parametrize("order", [("stop", "resume"), ("resume", "stop")])
def test_a_replayed_stop_does_not_undo_a_later_resume(account: ProviderAccount, order: tuple[str, str]) -> None:
    first = deliver(account, _preference(order[0], 0))
    deliver(account, _preference(order[1], 1))
    before = _opted_out()
    delivery_replay(delivery_id=first.pk)
    assert _opted_out() == before == (order[1] == "stop")


def test_a_resume_leaves_an_opt_out_of_everything(account: ProviderAccount) -> None:
    customer = customer_make(phone=CUSTOMER_PHONE)
    OptOut.objects.create(customer=customer, scope=OptOut.Scope.ALL, source="a letter")
    deliver(account, _preference("resume", 0))
    assert _opted_out()


def test_an_older_stop_that_comes_late_does_not_count() -> None:
    customer, now = customer_make(), timezone.now()
    marketing_stop(customer=customer, at=now - timedelta(hours=2), source="x")
    marketing_resume(customer=customer, at=now - timedelta(hours=1), source="x")
    assert not marketing_stop(customer=customer, at=now - timedelta(hours=1, minutes=30), source="x")


def test_a_changed_number_takes_the_customer_along(account: ProviderAccount) -> None:
    customer = customer_make(phone=CUSTOMER_PHONE)
    Customer.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    deliver(account, payload("webhook_system_user_changed_number"))
    customer.refresh_from_db()
    assert customer.phone == NEW_PHONE


def test_whoever_takes_up_the_old_number_is_not_taken_along_by_a_replay(account: ProviderAccount) -> None:
    customer_make(phone=CUSTOMER_PHONE)
    Customer.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    delivery = deliver(account, payload("webhook_system_user_changed_number"))
    newcomer = customer_make(phone=CUSTOMER_PHONE)
    Customer.objects.filter(pk=newcomer.pk).update(created_at=timezone.now() + timedelta(days=400))
    delivery_replay(delivery_id=delivery.pk)
    newcomer.refresh_from_db()
    assert newcomer.phone == CUSTOMER_PHONE


def test_a_changed_user_id_merges_whoever_had_the_new_one() -> None:
    customer = customer_make(phone=CUSTOMER_PHONE, bsuid="AR.OLD123456789")
    query = query_make(customer=customer_make(phone="", name=""))
    Customer.objects.filter(pk=query.customer_id).update(phone=None, bsuid=CUSTOMER_BSUID)
    event = IdentityChangeEvent(
        timezone.now() + timedelta(hours=1), old_bsuid="AR.OLD123456789", new_bsuid=CUSTOMER_BSUID
    )
    identity_change_apply(event)
    customer.refresh_from_db()
    query.refresh_from_db()
    assert (customer.bsuid, customer.phone, query.customer_id) == (CUSTOMER_BSUID, CUSTOMER_PHONE, customer.pk)


def test_a_change_of_nobody_we_know_changes_nothing() -> None:
    assert identity_change_apply(IdentityChangeEvent(timezone.now(), old_phone="+54911", new_phone="+54912")) is None
    assert not Customer.objects.exists()
