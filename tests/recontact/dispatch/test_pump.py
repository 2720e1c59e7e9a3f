"""The pump through the real adapter to the simulator process: every kind of answer, and what becomes of the message."""

from __future__ import annotations

import threading

import pytest
from django.utils import timezone
from pytest_django import Settings

from providers.parking import park, unpark
from recontact.dispatch.lease import leases_take
from recontact.dispatch.sweep import queued_to_expired
from recontact.dispatch.switch import dispatch_halt, dispatch_resume
from recontact.models import Attempt, Message, Recontact
from recontact.outbox import text_send
from recontact.windows import window_extend
from tests.factories import user_make
from tests.world import World


def test_it_sends_a_queued_message_once_and_spends_the_recontact(world: World) -> None:
    message = world.message()
    world.pump()
    message.refresh_from_db()
    assert (message.state, message.attempt_number) == (Message.State.ACCEPTED, 1)
    [accepted] = world.accepted(message)
    assert accepted["wamid"] == message.provider_message_id
    assert message.recontact.state == Recontact.State.SPENT


def test_it_keeps_the_redacted_exchange_with_the_attempt(world: World) -> None:
    message = world.message()
    world.pump()
    attempt = message.attempts.get()
    assert (attempt.outcome, attempt.http_status) == (Attempt.Outcome.ACCEPTED, 200)
    kept = f"{attempt.request} {attempt.response}"
    assert message.recipient_phone[1:] not in kept
    assert "token-of-the-tests" not in kept
    assert "Carla" not in kept


@pytest.mark.parametrize(
    ("digits", "state", "ledger", "reason"),
    [
        ("33", "rejected", "released", "recipient_unreachable"),
        ("20", "rejected", "released", "template_paused"),
        ("08", "uncertain", "reserved", "provider_error"),
        ("23", "uncertain", "reserved", "provider_error"),
        ("40", "uncertain", "reserved", "provider_error"),
        ("24", "uncertain", "reserved", "provider_error"),
        ("25", "uncertain", "reserved", "no_answer"),
        ("07", "uncertain", "reserved", "no_answer"),
        ("27", "uncertain", "reserved", "unreadable_answer"),
        ("28", "uncertain", "reserved", "unreadable_answer"),
        ("05", "queued", "reserved", "throughput"),
        ("06", "queued", "reserved", "pair_rate"),
        ("18", "queued", "reserved", "credentials"),
        ("16", "queued", "reserved", "account_blocked"),
        ("21", "queued", "reserved", "number_blocked"),
    ],
)
def test_it_makes_of_each_answer_what_the_contract_page_says(
    world: World, digits: str, state: str, ledger: str, reason: str
) -> None:
    message = world.message(digits=digits)
    world.pump(1.0)
    message.refresh_from_db()
    assert (message.state, message.recontact.state, message.reason) == (state, ledger, reason)
    assert message.attempt_number == len(world.simulator.get("requests", reference=str(message.reference))["data"])


def test_it_never_sends_an_uncertain_message_again(world: World) -> None:
    message = world.message(digits="25")
    world.pump()
    world.pump()
    message.refresh_from_db()
    assert message.state == Message.State.UNCERTAIN
    assert len(world.accepted(message)) == 1


def test_it_uses_up_no_retry_when_throttled_and_sends_later(world: World) -> None:
    world.simulator.knobs(fail_next=1, fail_code=130429)
    message = world.message()
    world.pump(1.0)
    message.refresh_from_db()
    assert (message.state, message.failures) == (Message.State.QUEUED, 0)
    assert message.due_at > timezone.now()
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
    world.pump()
    message.refresh_from_db()
    assert (message.state, message.attempt_number) == (Message.State.ACCEPTED, 2)
    assert len(world.accepted(message)) == 1


def test_it_parks_the_account_when_the_token_is_revoked_and_loses_nothing(world: World) -> None:
    world.simulator.post(f"accounts/{world.account.external_id}", token_revoked=True)
    messages = [world.message() for _ in range(3)]
    world.pump()
    world.account.refresh_from_db()
    assert (world.account.is_parked, world.account.parked_reason) == (True, "credentials")
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.QUEUED}
    world.simulator.post(f"accounts/{world.account.external_id}", token_revoked=False)
    unpark(world.account)
    world.pump()
    assert [len(world.accepted(message)) for message in messages] == [1, 1, 1]


def test_it_waits_out_an_outage_until_the_message_expires_and_gives_the_right_back(
    world: World, settings: Settings
) -> None:
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:9"}
    message = world.message()
    for _ in range(6):
        Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
        world.pump(1.0)
    message.refresh_from_db()
    assert (message.state, message.reason, message.failures) == (Message.State.QUEUED, "network", 6)
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now())
    queued_to_expired()
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == (Message.State.EXPIRED, Recontact.State.RELEASED)


def test_it_gives_up_after_five_refusals_that_might_have_passed(world: World) -> None:
    world.simulator.knobs(fail_next=5, fail_code=131053)
    message = world.message()
    for _ in range(5):
        Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
        world.pump(1.0)
    message.refresh_from_db()
    assert (message.state, message.reason, message.failures) == (Message.State.REJECTED, "media_fetch", 5)
    assert message.recontact.state == Recontact.State.RELEASED


def test_it_does_not_touch_a_parked_number(world: World) -> None:
    message = world.message()
    park(world.number, reason="number_blocked")
    assert not world.pump()
    assert world.accepted(message) == []


def test_it_sends_free_text_in_the_order_it_was_written(world: World) -> None:
    query = world.query()
    window_extend(customer_id=query.customer_id, sender_number_id=world.number.pk, inbound_at=timezone.now())
    wa_id = (query.customer.phone or "")[1:]
    world.simulator.post(
        "inbound", phone_number_id=world.number.external_id, **{"from": wa_id}, type="text", text="Hola"
    )
    user = user_make()
    for number in range(4):
        text_send(query_id=query.pk, text=f"mensaje {number}", user=user, send_key=None)
    world.pump()
    sent = world.simulator.get("messages", to=wa_id)["data"]
    assert [item["rendered"] for item in sent] == [f"mensaje {number}" for number in range(4)]


def test_two_pumps_on_one_number_send_each_message_once(world: World) -> None:
    messages = [world.message() for _ in range(30)]
    pumps = [threading.Thread(target=world.pump, args=(60.0,)) for _ in range(2)]
    for thread in pumps:
        thread.start()
    for thread in pumps:
        thread.join()
    assert [len(world.accepted(message)) for message in messages] == [1] * 30
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.ACCEPTED}


def test_it_stops_at_once_when_a_person_stops_all_sending(world: World) -> None:
    user = user_make()
    dispatch_halt(user=user, note="prueba")
    message = world.message()
    world.pump(1.0)
    assert world.accepted(message) == []
    dispatch_resume(user=user, note="sigue")
    world.pump()
    assert len(world.accepted(message)) == 1


def test_it_records_what_flies_and_claims_no_more_when_it_is_told_to_stop(world: World) -> None:
    world.simulator.knobs(latency_ms=300)
    messages = [world.message() for _ in range(200)]
    stop = threading.Event()
    threading.Timer(0.6, stop.set).start()
    world.pump(stop=stop.is_set)
    states = list(Message.objects.values_list("state", flat=True))
    assert set(states) <= {Message.State.ACCEPTED, Message.State.QUEUED}
    assert Message.State.QUEUED in states
    sent = sum(len(world.accepted(message)) for message in messages)
    assert sent == states.count(Message.State.ACCEPTED)
    assert leases_take("next pump"), "the number is free again"
