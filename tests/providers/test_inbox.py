"""The inbox: item by item, once at a time, and as often as anybody likes."""

from __future__ import annotations

import copy
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections
from django.utils import timezone

from providers import events, inbox
from providers.contracts import InboundEvent, StatusEvent
from providers.events import CannotHandle
from providers.inbox import (
    DeliveryBusy,
    delivery_process,
    delivery_replay,
)
from providers.inbox_batch import deliveries_process_waiting
from providers.models import ProviderAccount, WebhookDelivery
from providers.tasks import inbox_process, inbox_sweep
from tests.deliveries import deliver, delivery_make, payload, payload_account_make

pytestmark = pytest.mark.django_db


class Recorder:
    """A handler that keeps what it was given, and fails where it is told to."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.failures: list[Exception] = []

    def __call__(self, account_id: int, event: Any) -> None:
        self.seen.append((account_id, event))
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Stands in for the apps above."""
    handler = Recorder()
    monkeypatch.setattr(events, "_HANDLERS", {StatusEvent: [handler], InboundEvent: [handler]})
    return handler


@pytest.fixture
def account() -> ProviderAccount:
    return payload_account_make()


def _batch_with_a_bad_item() -> dict[str, Any]:
    content = payload("webhook_statuses_batched_out_of_order")
    statuses = content["entry"][0]["changes"][0]["value"]["statuses"]
    statuses.insert(1, {"status": "sent", "timestamp": "1794153600"})
    return content


def test_it_hands_the_events_on_in_the_order_of_the_body(account: ProviderAccount, recorder: Recorder) -> None:
    deliver(account, payload("webhook_statuses_batched_out_of_order"))
    assert [event.status.value for _account, event in recorder.seen] == ["delivered", "sent", "read", "failed"]
    assert {account_id for account_id, _event in recorder.seen} == {account.pk}


def test_it_marks_a_delivery_without_problems_as_processed(account: ProviderAccount, recorder: Recorder) -> None:
    delivery = deliver(account, payload("webhook_statuses_batched_out_of_order"))
    assert (delivery.state, delivery.items, delivery.runs, delivery.problems) == ("processed", 4, 1, [])
    assert delivery.processed_at is not None


def test_one_bad_item_does_not_cost_the_good_ones(account: ProviderAccount, recorder: Recorder) -> None:
    delivery = deliver(account, _batch_with_a_bad_item())
    assert (delivery.state, delivery.items, len(recorder.seen)) == ("partial", 5, 4)
    assert [problem["position"] for problem in delivery.problems] == ["entry[0].changes[0].value.statuses[1]"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"object": "x"}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_webhook_fails_without_an_error(
    account: ProviderAccount, recorder: Recorder, body: bytes
) -> None:
    delivery = deliver(account, body)
    assert (delivery.state, len(delivery.problems), recorder.seen) == ("failed", 1, [])


def test_a_failing_handler_is_recorded_and_the_next_item_goes_on(account: ProviderAccount, recorder: Recorder) -> None:
    recorder.failures = [ValueError("+5491155550100 is personal")]
    delivery = deliver(account, payload("webhook_statuses_batched_out_of_order"))
    assert (delivery.state, len(recorder.seen)) == ("partial", 4)
    assert delivery.problems[0]["position"] == "item[0]"
    assert delivery.problems[0]["error"].startswith("StatusEvent: ValueError (tests/providers/test_inbox.py:")


def test_no_personal_data_enters_the_problems(account: ProviderAccount, recorder: Recorder) -> None:
    recorder.failures = [ValueError("+5491155550100 Lucía")]
    delivery = deliver(account, payload("webhook_inbound_text"))
    assert "5491155550100" not in str(delivery.problems)
    assert "Lucía" not in str(delivery.problems)


def test_what_a_handler_did_before_it_failed_is_undone(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_way(account_id: int, _event: Any) -> None:
        ProviderAccount.objects.filter(pk=account_id).update(name="half done")
        raise CannotHandle("The other half cannot be done.")

    monkeypatch.setattr(events, "_HANDLERS", {InboundEvent: [half_way]})
    delivery = deliver(account, payload("webhook_inbound_text"))
    assert delivery.problems == [{"position": "item[0]", "error": "InboundEvent: The other half cannot be done."}]
    assert not ProviderAccount.objects.filter(name="half done").exists()


def test_one_failing_handler_does_not_cost_the_other(
    account: ProviderAccount, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(account_id: int, event: Any) -> None:
        raise CannotHandle("No.")

    monkeypatch.setattr(events, "_HANDLERS", {InboundEvent: [broken, recorder]})
    delivery = deliver(account, payload("webhook_inbound_text"))
    assert (len(recorder.seen), delivery.state) == (1, "failed")


def test_it_tries_again_when_another_transaction_was_in_the_way(account: ProviderAccount, recorder: Recorder) -> None:
    recorder.failures = [IntegrityError("somebody was faster"), IntegrityError("twice")]
    delivery = deliver(account, payload("webhook_inbound_text"))
    assert (len(recorder.seen), delivery.state) == (3, "processed")


def test_a_lost_connection_leaves_the_delivery_for_the_next_look(
    account: ProviderAccount, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = delivery_make(account, payload("webhook_inbound_text"))
    recorder.failures = [OperationalError("gone")]
    with monkeypatch.context() as broken:
        broken.setattr(type(connections["default"]), "is_usable", lambda _self: False)
        with pytest.raises(OperationalError):
            delivery_process(delivery.pk)
    WebhookDelivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert deliveries_process_waiting() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.runs) == ("processed", 2)


def test_a_delivery_that_breaks_off_each_time_is_left_to_a_person(account: ProviderAccount, recorder: Recorder) -> None:
    delivery = delivery_make(account, payload("webhook_inbound_text"))
    WebhookDelivery.objects.update(runs=inbox.MOST_RUNS)
    delivery_process(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, recorder.seen) == ("failed", [])


def test_it_gives_up_on_what_is_always_in_the_way(account: ProviderAccount, recorder: Recorder) -> None:
    recorder.failures = [IntegrityError("again")] * 9
    delivery = deliver(account, payload("webhook_inbound_text"))
    assert (len(recorder.seen), delivery.state) == (inbox.TRIES, "failed")


@pytest.mark.parametrize("broken", [{"credentials": b"junk"}, {"provider": "nobody"}])
def test_a_delivery_of_an_unusable_account_fails_and_can_be_replayed(
    account: ProviderAccount, recorder: Recorder, broken: dict[str, Any]
) -> None:
    sound = {name: getattr(account, name) for name in broken}
    ProviderAccount.objects.update(**broken)
    delivery = deliver(account, payload("webhook_inbound_text"))
    ProviderAccount.objects.update(**sound)
    assert (delivery.state, delivery_replay(delivery_id=delivery.pk).state) == ("failed", "processed")


def test_a_processed_delivery_is_not_read_again_by_itself(account: ProviderAccount, recorder: Recorder) -> None:
    delivery = deliver(account, payload("webhook_inbound_text"))
    assert delivery_process(delivery.pk) is None
    assert (deliveries_process_waiting(), len(recorder.seen)) == (0, 1)


def test_a_replay_reads_it_once_more(account: ProviderAccount, recorder: Recorder) -> None:
    recorder.failures = [CannotHandle("Not yet.")]
    delivery = deliver(account, payload("webhook_inbound_text"))
    replayed = delivery_replay(delivery_id=delivery.pk)
    assert (delivery.state, replayed.state, replayed.runs, replayed.problems) == ("failed", "processed", 2, [])


def test_a_replay_is_refused_while_a_worker_reads(account: ProviderAccount) -> None:
    delivery = delivery_make(account, payload("webhook_inbound_text"))
    WebhookDelivery.objects.update(claimed_until=timezone.now() + timedelta(seconds=60))
    with pytest.raises(DeliveryBusy):
        delivery_replay(delivery_id=delivery.pk)


def test_a_replay_of_what_has_expired_finds_nothing() -> None:
    with pytest.raises(WebhookDelivery.DoesNotExist):
        delivery_replay(delivery_id=1)


def test_it_reads_no_more_than_asked(account: ProviderAccount, recorder: Recorder) -> None:
    delivery_make(account, payload("webhook_status_sent"))
    delivery_make(account, payload("webhook_status_read"))
    assert (deliveries_process_waiting(1), len(recorder.seen)) == (1, 1)


def test_waiting_deliveries_are_read_oldest_first(account: ProviderAccount, recorder: Recorder) -> None:
    first, second = payload("webhook_status_sent"), payload("webhook_status_read")
    delivery_make(account, first)
    delivery_make(account, second)
    assert deliveries_process_waiting() == 2
    assert [event.status.value for _account, event in recorder.seen] == ["sent", "read"]


def test_unknown_fields_are_kept_and_no_problem(account: ProviderAccount, recorder: Recorder) -> None:
    content = {"entry": [{"id": "1", "changes": [{"field": "something_new", "value": {"a": 1}}]}]}
    delivery = deliver(account, content)
    assert (delivery.state, delivery.items) == ("processed", 1)


def test_a_long_delivery_keeps_its_lease(
    account: ProviderAccount, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LEASE", timedelta(0))
    delivery = deliver(account, payload("webhook_statuses_batched_out_of_order"))
    assert (delivery.state, len(recorder.seen)) == ("processed", 4)


def test_a_worker_that_lost_its_lease_stops(
    account: ProviderAccount, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(account_id: int, event: Any) -> None:
        recorder(account_id, event)
        WebhookDelivery.objects.update(runs=7)

    monkeypatch.setattr(events, "_HANDLERS", {StatusEvent: [taken_over]})
    monkeypatch.setattr(inbox, "LEASE", timedelta(0))
    delivery = deliver(account, payload("webhook_statuses_batched_out_of_order"))
    assert (len(recorder.seen), WebhookDelivery.objects.get(pk=delivery.pk).state) == (1, "received")


def test_the_task_reads_what_waits(account: ProviderAccount, recorder: Recorder) -> None:
    delivery_make(account, payload("webhook_inbound_text"))
    inbox_process()
    assert len(recorder.seen) == 1


def test_the_sweep_finds_what_no_wake_reached(account: ProviderAccount, recorder: Recorder) -> None:
    delivery_make(account, payload("webhook_inbound_text"))
    inbox_sweep()
    assert len(recorder.seen) == 1


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A handler that all workers reach at once, if the inbox lets them."""
    seen: list[Any] = []
    lock, meeting = threading.Lock(), threading.Event()

    def handler(_account_id: int, event: Any) -> None:
        with lock:
            seen.append(event)
        meeting.wait(0.3)

    monkeypatch.setattr(events, "_HANDLERS", {InboundEvent: [handler]})
    return seen


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_read_one_delivery_at_once(slow: list[Any]) -> None:
    delivery = delivery_make(payload_account_make(), payload("webhook_inbound_text"))
    results: list[Any] = []

    def worker() -> None:
        results.append(delivery_process(delivery.pk))
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slow) == 1
    assert sorted(result is None for result in results) == [False, True, True, True]


@pytest.mark.django_db(transaction=True)
def test_workers_share_the_waiting_deliveries(slow: list[Any]) -> None:
    account = payload_account_make()
    for number in range(4):
        content = copy.deepcopy(payload("webhook_inbound_text"))
        content["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = f"wamid.{number}"
        delivery_make(account, content)
    counts: list[int] = []

    def worker() -> None:
        counts.append(deliveries_process_waiting())
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 4
    assert {event.provider_message_id for event in slow} == {f"wamid.{number}" for number in range(4)}
