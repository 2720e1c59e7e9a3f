"""Many deliveries at once: in bulk what can be, one by one what is left, and nothing of it spoils anything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from providers import events, inbox_batch
from providers.contracts import InboundEvent, StatusEvent
from providers.inbox_batch import deliveries_process_waiting
from providers.models import ProviderAccount, WebhookDelivery
from tests.deliveries import WABA_ID, delivery_make, payload
from tests.factories import account_make

pytestmark = pytest.mark.django_db


class Bulk:
    """A handler with its form for many: keeps what each was given, and leaves or fails as it is told."""

    def __init__(self) -> None:
        self.alone: list[str] = []
        self.together: list[list[str]] = []
        self.left: set[int] = set()
        self.error: Exception | None = None
        self.meanwhile: Callable[[], Any] | None = None

    def one(self, _account_id: int, event: Any) -> None:
        self.alone.append(_word(event))

    def written(self, account_id: int, event: Any) -> None:
        self.one(account_id, event)

    def many(self, told: Sequence[tuple[int, Any]]) -> set[int]:
        self.together.append([_word(event) for _account, event in told])
        ProviderAccount.objects.update(name="told")
        if self.meanwhile is not None:
            self.meanwhile()
        if self.error is not None:
            raise self.error
        return self.left


def _word(event: Any) -> str:
    return str(event.status if isinstance(event, StatusEvent) else event.kind)


@pytest.fixture
def bulk(monkeypatch: pytest.MonkeyPatch) -> Bulk:
    """Stands in for the apps above: statuses have a form for many, what customers write has none."""
    made = Bulk()
    handler = made.one
    monkeypatch.setattr(events, "_HANDLERS", {StatusEvent: [handler], InboundEvent: [made.written]})
    monkeypatch.setattr(events, "_IN_BULK", {handler: made.many})
    return made


@pytest.fixture
def account() -> ProviderAccount:
    return account_make(external_id=WABA_ID, name="untold")


def _states() -> list[tuple[str, int, int]]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", "items", "runs"))


def test_statuses_of_many_deliveries_go_together_and_the_rest_alone(account: ProviderAccount, bulk: Bulk) -> None:
    for name in ("webhook_status_sent", "webhook_inbound_text", "webhook_status_read"):
        delivery_make(account, payload(name))
    assert deliveries_process_waiting() == 3
    assert (bulk.together, bulk.alone) == ([["sent", "read"]], ["text"])
    assert _states() == [("processed", 1, 1)] * 3
    assert all(WebhookDelivery.objects.values_list("keys", flat=True))


def test_what_a_bulk_leaves_goes_one_by_one(account: ProviderAccount, bulk: Bulk) -> None:
    bulk.left = {1, 3}
    delivery_make(account, payload("webhook_statuses_batched_out_of_order"))
    deliveries_process_waiting()
    assert bulk.together == [["delivered", "sent", "read", "failed"]]
    assert (bulk.alone, _states()) == (["sent", "failed"], [("processed", 4, 1)])


def test_a_bulk_that_fails_is_undone_and_all_of_it_goes_one_by_one(account: ProviderAccount, bulk: Bulk) -> None:
    bulk.error = ValueError("+5491155550100 is personal")
    delivery_make(account, payload("webhook_status_sent"))
    delivery_make(account, payload("webhook_status_read"))
    deliveries_process_waiting()
    account.refresh_from_db()
    assert (bulk.alone, account.name) == (["sent", "read"], "untold")
    assert _states() == [("processed", 1, 1)] * 2


def test_a_delivery_that_cannot_be_read_costs_the_others_nothing(account: ProviderAccount, bulk: Bulk) -> None:
    delivery_make(account, b"{")
    delivery_make(account, payload("webhook_status_read"))
    deliveries_process_waiting()
    assert [state for state, _items, _runs in _states()] == ["failed", "processed"]


def test_deliveries_broken_off_once_go_together_in_small_batches_and_then_alone(
    account: ProviderAccount, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_batch, "BATCH_AGAIN", 2)
    for name in ("webhook_status_sent", "webhook_status_read", "webhook_status_delivered"):
        delivery_make(account, payload(name))
    bulk.error = OperationalError("gone")
    _broken_off(monkeypatch)
    # Nobody reads them while their lease runs.
    assert deliveries_process_waiting() == 0
    _leases_end()
    _broken_off(monkeypatch)
    _leases_end()
    bulk.error = None
    assert deliveries_process_waiting() == 3
    assert bulk.together == [["sent", "read", "delivered"], ["sent", "read"], ["delivered"]]
    # One of them may be what ended the worker twice.
    assert bulk.alone == ["sent", "read"]
    assert _states() == [("processed", 1, 3)] * 2 + [("processed", 1, 2)]


def _broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(type(connections["default"]), "is_usable", lambda _self: False)
        with pytest.raises(OperationalError):
            deliveries_process_waiting()


def _leases_end() -> None:
    WebhookDelivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_what_was_taken_over_while_it_was_read_again_is_left_to_him(account: ProviderAccount, bulk: Bulk) -> None:
    first = delivery_make(account, payload("webhook_status_sent"))
    WebhookDelivery.objects.update(runs=1, claimed_until=timezone.now() - timedelta(seconds=1))
    bulk.meanwhile = lambda: WebhookDelivery.objects.filter(pk=first.pk).update(runs=3)
    deliveries_process_waiting()
    assert _states() == [("received", 0, 3)]


def test_bodies_claimed_at_once_are_bounded(
    account: ProviderAccount, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(3):
        delivery_make(account, payload("webhook_status_sent"))
    monkeypatch.setattr(inbox_batch, "BATCH_BYTES", 1)
    assert deliveries_process_waiting() == 3
    assert bulk.together == [["sent"]] * 3


def test_a_bulk_is_no_longer_than_its_bound(
    account: ProviderAccount, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_batch, "BULK", 3)
    delivery_make(account, payload("webhook_statuses_batched_out_of_order"))
    deliveries_process_waiting()
    assert bulk.together == [["delivered", "sent", "read"], ["failed"]]


def test_what_somebody_else_took_over_is_left_to_him(
    account: ProviderAccount, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_batch, "LEASE", timedelta(0))
    bulk.left = {0, 1}
    first = delivery_make(account, payload("webhook_status_sent"))
    delivery_make(account, payload("webhook_status_read"))
    one = bulk.one

    def taken_over(account_id: int, event: Any) -> None:
        one(account_id, event)
        WebhookDelivery.objects.exclude(pk=first.pk).update(runs=7)

    monkeypatch.setattr(events, "_HANDLERS", {StatusEvent: [taken_over]})
    monkeypatch.setattr(events, "_IN_BULK", {taken_over: bulk.many})
    deliveries_process_waiting(2)
    assert (bulk.alone, _states()) == (["sent"], [("processed", 1, 1), ("received", 0, 7)])
