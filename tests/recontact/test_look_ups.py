"""Look-ups: a message without certainty is asked for with growing pauses, and settled only by what proves something."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from providers.abilities import LookUp, LookUpAnswer
from providers.contracts import DeliveryStatus, StatusEvent
from providers.errors import ProviderCallError, Reason, Uncertain
from providers.models import ProviderAccount, ProviderCall
from recontact.books import differences
from recontact.delivery import status_apply
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.record import Result, record
from recontact.erasure import customer_erase
from recontact.look_ups import PER_RUN, doubtful_look_up, look_up_apply, unheard_look_up
from recontact.models import Incident, LookUpRecord, Message, MessageEvent, NumberLease, Recontact
from templates_app.models import Template
from tests.factories import message_make, query_make, template_make, user_make
from tests.plans import joined_by_loops
from tests.recontact.asking import SLUG, AskingAdapter, Told, asking_provider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Told]:
    with asking_provider(monkeypatch, settings) as told:
        yield told


def _uncertain(*, minutes: float = 2, provider: str = SLUG, **fields: Any) -> Message:
    """A message whose answer was lost so long ago, on an account whose webhooks arrive."""
    query = query_make(**fields)
    ProviderAccount.objects.filter(pk=query.sender_number.account_id).update(
        provider=provider, last_webhook_at=timezone.now()
    )
    account = query.sender_number.account
    template = Template.objects.filter(account=account).first() or template_make(account=account)
    message = message_make(query=query, template=template)
    for lease in leases_take("test"):
        record([Result(each, Uncertain(Reason.NO_ANSWER)) for each in claim(lease, 10)])
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=minutes))
    message.refresh_from_db()
    return message


def test_what_the_provider_knows_settles_the_message_and_the_proof_is_kept(told: Told) -> None:
    message = _uncertain()
    told.answer = {"found": ["sent", "delivered"], "id": "id-1"}
    assert doubtful_look_up() == 1
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.DELIVERED, "id-1")
    assert message.recontact.state == Recontact.State.SPENT
    look_up = LookUpRecord.objects.get()
    assert (look_up.outcome, look_up.settled, look_up.message) == ("found", True, message)
    call = look_up.calls.get()
    assert (call.purpose, call.status, call.account_id) == ("look_up", 200, message.account_id)
    assert list(differences()) == []


def test_the_kept_exchange_names_no_phone(told: Told) -> None:
    message = _uncertain()
    doubtful_look_up()
    assert message.recipient_phone[1:] not in str(ProviderCall.objects.values().get())


def test_the_kept_words_of_a_failed_look_up_name_nobody(told: Told) -> None:
    message = _uncertain()
    problem = ProviderCallError(Reason.PROVIDER_DOWN, detail=f"nothing of {message.recipient_phone[-8:]} here")
    record_of = look_up_apply(message_id=message.pk, asked_at=timezone.now(), answer=problem)
    assert record_of.detail == "provider_down  nothing of ••• here"


def test_what_is_known_to_be_another_message_says_nothing_about_this_one(told: Told) -> None:
    other = _uncertain()
    message = _uncertain(sender_number=other.sender_number)
    told.answer = {"found": ["delivered"], "id": "id-1"}
    Message.objects.filter(pk=other.pk).update(provider_message_id="id-1", state=Message.State.ACCEPTED)
    assert doubtful_look_up() == 0
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.UNCERTAIN, "")
    assert LookUpRecord.objects.get().outcome == "unknown"


def test_a_fact_without_an_id_of_the_providers_settles_its_own_message_alone(told: Told) -> None:
    first, second = _uncertain(), _uncertain()
    told.answer = {"found": ["sent"]}
    assert doubtful_look_up() == 2
    assert set(MessageEvent.objects.values_list("message", flat=True)) == {first.pk, second.pk}
    assert not Incident.objects.exists()


def test_a_webhook_that_named_no_reference_is_found_to_be_ours_by_the_look_up(told: Told) -> None:
    message = _uncertain()
    status_apply(message.account_id, StatusEvent("id-1", DeliveryStatus.DELIVERED, timezone.now()))
    told.answer = {"found": ["delivered"], "id": "id-1"}
    assert doubtful_look_up() == 1
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.DELIVERED, "id-1")


def test_a_failure_that_is_found_goes_through_the_table(told: Told) -> None:
    message = _uncertain()
    told.answer = {"found": ["failed"], "id": "id-1", "why": "billing"}
    doubtful_look_up()
    message.refresh_from_db()
    assert (message.state, ProviderAccount.objects.get().is_parked) == (Message.State.FAILED, True)


def test_it_asks_first_after_a_minute(told: Told) -> None:
    _uncertain(minutes=0.8)
    doubtful_look_up()
    assert told.asked == []


def test_it_asks_again_after_half_of_the_messages_age(told: Told) -> None:
    message = _uncertain(minutes=60)
    doubtful_look_up()
    doubtful_look_up()
    assert told.asked == [str(message.reference)]
    message.refresh_from_db()
    assert message.look_up_at is not None
    assert 29 < (message.look_up_at - timezone.now()).total_seconds() / 60 < 31
    Message.objects.update(look_up_at=timezone.now())
    doubtful_look_up()
    assert len(told.asked) == 2


def test_it_asks_for_two_days_and_no_longer(told: Told) -> None:
    _uncertain(minutes=48 * 60 + 1)
    doubtful_look_up()
    assert told.asked == []


def test_only_so_many_are_asked_for_in_one_run(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        _uncertain()
    monkeypatch.setattr("recontact.look_ups.PER_RUN", 2)
    # What is chosen must not be chosen again for each row that it is held against.
    with joined_by_loops():
        doubtful_look_up()
    assert len(told.asked) == 2 < PER_RUN


def test_a_message_that_somebody_else_is_settling_is_passed_over(told: Told) -> None:
    message = _uncertain()
    locked, asked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Message.objects.select_for_update().get(pk=message.pk)
            locked.set()
            asked.wait(5)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    locked.wait(5)
    doubtful_look_up()
    asked.set()
    other.join()
    assert told.asked == []


def test_an_account_that_cannot_be_asked_is_not(told: Told) -> None:
    _uncertain(provider="uninstalled")
    assert doubtful_look_up() == 0
    assert told.asked == []


def test_credentials_that_fit_no_key_keep_no_other_account_back(told: Told) -> None:
    broken, message = _uncertain(), _uncertain()
    ProviderAccount.objects.filter(pk=broken.account_id).update(credentials=b"not a token")
    doubtful_look_up()
    assert told.asked == [str(message.reference)]


# --- the provider does not have it -----------------------------------------------------------------------------------


def _absent(told: Told, *, minutes: float) -> Message:
    message = _uncertain(minutes=minutes)
    told.answer = {"absent": True}
    doubtful_look_up()
    message.refresh_from_db()
    return message


def _proves_after(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    capabilities = replace(AskingAdapter.capabilities, absence_proves_after=seconds)
    monkeypatch.setattr(AskingAdapter, "capabilities", capabilities)


def test_absence_proves_nothing_where_no_page_says_so(told: Told) -> None:
    message = _absent(told, minutes=60)
    assert (message.state, LookUpRecord.objects.get().outcome) == (Message.State.UNCERTAIN, "absent")


def test_absence_after_the_time_that_the_page_names_settles_as_not_sent(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    _proves_after(monkeypatch, 600)
    message = _absent(told, minutes=11)
    assert (message.state, message.reason) == (Message.State.REJECTED, "absent")
    assert message.recontact.state == Recontact.State.RELEASED
    assert LookUpRecord.objects.get().settled
    assert list(differences()) == []


def test_absence_before_that_time_settles_nothing(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    _proves_after(monkeypatch, 600)
    assert _absent(told, minutes=10).state == Message.State.UNCERTAIN


@pytest.mark.parametrize(("late", "state"), [(-1, Message.State.UNCERTAIN), (0, Message.State.REJECTED)])
def test_that_time_counts_from_the_last_moment_at_which_the_call_may_have_been_under_way(
    late: float, state: str, told: Told, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    _proves_after(monkeypatch, 600)
    message = _uncertain(minutes=60)
    assert message.claimed_at is not None
    # As late as a call may begin, as long as it may take, and by how much its limit may be late.
    ended = message.claimed_at + timedelta(seconds=8 + settings.PROVIDER_TIMEOUT_SECONDS + 5)
    asked_at = ended + timedelta(seconds=600 + late)
    look_up_apply(message_id=message.pk, asked_at=asked_at, answer=LookUpAnswer(absent=True))
    message.refresh_from_db()
    assert message.state == state


def test_the_settings_may_name_the_time(told: Told, settings: Settings) -> None:
    settings.LOOK_UP_ABSENCE_SECONDS = {SLUG: 60.0}
    assert _absent(told, minutes=3).state == Message.State.REJECTED


@pytest.mark.parametrize("last", [None, timezone.now() - timedelta(days=2)], ids=["never", "before the send"])
def test_absence_settles_nothing_while_no_webhook_arrives(
    told: Told, monkeypatch: pytest.MonkeyPatch, last: Any
) -> None:
    _proves_after(monkeypatch, 600)
    message = _uncertain(minutes=60)
    ProviderAccount.objects.update(last_webhook_at=last)
    told.answer = {"absent": True}
    doubtful_look_up()
    message.refresh_from_db()
    assert message.state == Message.State.UNCERTAIN


def test_proof_that_comes_after_absence_is_an_incident(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    _proves_after(monkeypatch, 60)
    message = _absent(told, minutes=30)
    late = StatusEvent("id-1", DeliveryStatus.DELIVERED, timezone.now(), reference=str(message.reference))
    status_apply(message.account_id, late)
    message.refresh_from_db()
    assert (message.state, Incident.objects.get().kind) == (Message.State.REJECTED, Incident.Kind.PROOF_AGAINST_UNSENT)


# --- no answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answer", "outcome"), [(500, {}, "failed"), (200, {}, "unknown"), (200, {"broken": True}, "failed")]
)
def test_no_answer_settles_nothing_and_is_asked_again(told: Told, status: int, answer: Any, outcome: str) -> None:
    message = _uncertain()
    told.status, told.answer = status, answer
    assert doubtful_look_up() == 0
    message.refresh_from_db()
    assert (message.state, LookUpRecord.objects.get().outcome) == (Message.State.UNCERTAIN, outcome)
    assert message.look_up_at is not None


def test_what_an_adapter_had_nothing_to_ask_with_leaves_no_trace(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_self: AskingAdapter, _message: LookUp) -> LookUpAnswer:
        return LookUpAnswer()

    monkeypatch.setattr(AskingAdapter, "look_up", nothing)
    _uncertain()
    assert doubtful_look_up() == 0
    assert not LookUpRecord.objects.exists()


def test_one_answer_that_cannot_be_applied_keeps_no_other_back(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _uncertain(), _uncertain()
    told.answer = {"found": ["sent"], "id": "id-x"}
    monkeypatch.setattr("recontact.look_ups.status_apply", _fails_for(str(first.reference)))
    assert doubtful_look_up() == 1
    second.refresh_from_db()
    assert second.state == Message.State.SENT


def _fails_for(reference: str) -> Any:
    def apply(account_id: int, event: Any) -> Any:
        if event.reference == reference:
            raise RuntimeError("cannot be written")
        return status_apply(account_id, event)

    return apply


# --- not a word ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "asked"), [(1, 0), (3, 1), (49, 0)])
def test_an_accepted_message_that_nobody_reported_on_is_asked_for_after_hours(
    told: Told, hours: float, asked: int
) -> None:
    message = _uncertain()
    accepted_at = timezone.now() - timedelta(hours=hours)
    Message.objects.filter(pk=message.pk).update(
        state="accepted", provider_message_id="id-1", accepted_at=accepted_at, claimed_at=accepted_at
    )
    told.answer = {"found": ["read"], "id": "id-1"}
    unheard_look_up()
    message.refresh_from_db()
    assert len(told.asked) == asked
    assert message.state == (Message.State.READ if asked else Message.State.ACCEPTED)


def test_absence_of_an_accepted_message_settles_nothing(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    _proves_after(monkeypatch, 60)
    message = _uncertain()
    accepted_at = timezone.now() - timedelta(hours=3)
    Message.objects.filter(pk=message.pk).update(
        state="accepted", provider_message_id="id-1", accepted_at=accepted_at, claimed_at=accepted_at
    )
    told.answer = {"absent": True}
    unheard_look_up()
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED


def test_erasing_a_customer_takes_the_exchanges_and_the_providers_words_along(told: Told) -> None:
    message = _uncertain()
    told.answer = {"found": ["read"], "id": "id-1"}
    doubtful_look_up()
    LookUpRecord.objects.update(detail="de Carla")
    customer_erase(customer_id=message.customer_id, user=user_make())
    assert (LookUpRecord.objects.get().detail, ProviderCall.objects.count()) == ("", 0)
