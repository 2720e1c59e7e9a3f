"""I4: events may be doubled, late, out of order or early; state only moves forward, and proof wins."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DataError, connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from providers.contracts import Accepted, DeliveryStatus, PriceReport, StatusEvent
from recontact import delivery, ledger
from recontact.books import differences
from recontact.customers import opt_out_standing
from recontact.delivery import events_match, events_rematch, status_apply
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.record import Result, record
from recontact.ledger import release_by_person
from recontact.models import CostEntry, Customer, Incident, Message, MessageEvent, Recontact
from recontact.states import MESSAGE_MOVES, NEVER_SENT, MessageState
from tests.factories import message_make, user_make

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PRICED = PriceReport(billable=True, category="utility", pricing_type="regular")


def _event(message: Message, status: DeliveryStatus, **fields: Any) -> StatusEvent:
    fields.setdefault("provider_message_id", f"wamid.{message.pk}")
    fields.setdefault("reference", str(message.reference))
    fields.setdefault("occurred_at", NOW)
    return StatusEvent(status=status, **fields)


def _apply(message: Message, *statuses: DeliveryStatus, **fields: Any) -> None:
    for status in statuses:
        status_apply(message.account_id, _event(message, status, **fields))
    message.refresh_from_db()


def _accepted() -> Message:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state="sending", attempt_number=1, claimed_at=timezone.now())
    message.attempts.create(number=1, claimed_at=timezone.now(), outcome="accepted")
    Message.objects.filter(pk=message.pk).update(state="accepted", provider_message_id=f"wamid.{message.pk}")
    ledger.settle([message.pk])
    message.refresh_from_db()
    return message


@pytest.mark.django_db
def test_it_moves_forward_and_keeps_the_moments() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ)
    assert message.state == Message.State.READ
    assert message.sent_at == message.delivered_at == message.read_at == NOW


@pytest.mark.django_db
def test_the_words_of_a_failure_name_nobody_even_if_the_event_does_not_say_who_it_is_about() -> None:
    message = _accepted()
    words = f"{message.recipient_phone[-8:]} is blocked"
    _apply(message, DeliveryStatus.FAILED, recipient_phone="", error_detail=words)
    assert MessageEvent.objects.get().detail == message.provider_detail == "••• is blocked"


@pytest.mark.django_db
def test_the_words_of_a_failure_name_no_phone() -> None:
    message = _accepted()
    words = "whatsapp:+5491155550100 or 011 5555-0100 is blocked"
    _apply(message, DeliveryStatus.FAILED, recipient_phone="+5491155550100", error_detail=words)
    assert MessageEvent.objects.get().detail == message.provider_detail == "whatsapp:••• or ••• is blocked"


@pytest.mark.django_db
def test_read_implies_delivered() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.READ)
    assert (message.state, message.delivered_at) == (Message.State.READ, NOW)


@pytest.mark.django_db
def test_a_late_sent_does_not_take_read_back() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.READ, DeliveryStatus.DELIVERED, DeliveryStatus.SENT)
    assert message.state == Message.State.READ
    assert MessageEvent.objects.filter(message=message, effect="known").count() == 2


@pytest.mark.django_db
def test_a_price_that_comes_with_delivered_after_read_is_charged() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.READ)
    _apply(message, DeliveryStatus.DELIVERED, price=PRICED)
    assert CostEntry.objects.filter(message=message, kind=CostEntry.Kind.REPORT).count() == 1
    assert list(differences()) == []


@pytest.mark.django_db
def test_the_same_event_twice_is_kept_once_and_charged_once() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.DELIVERED, DeliveryStatus.DELIVERED, price=PRICED)
    assert MessageEvent.objects.count() == 1
    assert CostEntry.objects.filter(kind=CostEntry.Kind.REPORT).count() == 1


@pytest.mark.django_db
def test_an_event_of_a_lost_answer_settles_an_uncertain_message_by_our_reference() -> None:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state="sending", attempt_number=1)
    Message.objects.filter(pk=message.pk).update(state="uncertain")
    _apply(message, DeliveryStatus.SENT)
    assert (message.state, message.provider_message_id) == (Message.State.SENT, f"wamid.{message.pk}")
    assert message.recontact.state == Recontact.State.SPENT


@pytest.mark.django_db
def test_proof_moves_even_a_queued_message_so_that_it_does_not_go_again() -> None:
    message = message_make()
    _apply(message, DeliveryStatus.DELIVERED)
    assert message.state == Message.State.DELIVERED
    message.recontact.refresh_from_db()
    assert message.recontact.state == Recontact.State.SPENT


@pytest.mark.django_db
def test_late_proof_of_delivery_wins_over_failed_and_is_billed() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.FAILED, error_code="131026", error_reason="recipient_unreachable")
    assert (message.state, message.billed) == (Message.State.FAILED, False)
    _apply(message, DeliveryStatus.DELIVERED, price=PRICED)
    assert (message.state, message.billed) == (Message.State.DELIVERED, True)


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(NEVER_SENT - {MessageState.REJECTED}))
def test_proof_against_a_message_that_was_not_sent_is_an_incident_that_stays(state: str) -> None:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state=state)
    ledger.settle([message.pk])
    _apply(message, DeliveryStatus.DELIVERED, DeliveryStatus.DELIVERED)
    assert message.state == state
    assert Incident.objects.get().message == message


@pytest.mark.django_db
def test_proof_for_a_recontact_that_a_person_gave_back_is_an_incident() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.FAILED)
    release_by_person(recontact_id=message.recontact.pk, user=user_make(), reason="falló")
    _apply(message, DeliveryStatus.DELIVERED)
    assert (message.state, message.billed) == (Message.State.DELIVERED, True)
    assert Incident.objects.get().kind == Incident.Kind.PROOF_AGAINST_UNSENT
    assert list(differences()) == []  # the incident accounts for it


@pytest.mark.django_db
def test_two_provider_ids_for_one_reference_are_an_incident() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.SENT, provider_message_id="wamid.another")
    assert Incident.objects.get().kind == Incident.Kind.SENT_TWICE


@pytest.mark.django_db
def test_an_event_before_its_message_is_known_waits_and_is_matched_later() -> None:
    message = _accepted()
    Message.objects.filter(pk=message.pk).update(provider_message_id="")
    event = status_apply(message.account_id, _event(message, DeliveryStatus.FAILED, reference=""))
    assert (event.message_id, event.effect) == (None, "unmatched")
    assert events_rematch() == 0
    Message.objects.filter(pk=message.pk).update(provider_message_id=f"wamid.{message.pk}")
    assert events_rematch() == 1
    message.refresh_from_db()
    assert message.state == Message.State.FAILED


@pytest.mark.django_db
def test_events_of_another_system_on_the_same_number_crowd_out_none_of_ours() -> None:
    message = _accepted()
    for number in range(3):
        foreign = _event(message, DeliveryStatus.SENT, provider_message_id=f"wamid.foreign{number}", reference="")
        status_apply(message.account_id, foreign)
    Message.objects.filter(pk=message.pk).update(provider_message_id="")
    status_apply(message.account_id, _event(message, DeliveryStatus.DELIVERED, reference=""))
    Message.objects.filter(pk=message.pk).update(provider_message_id=f"wamid.{message.pk}")
    assert events_rematch(limit=2) == 1
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED


def _events_fail_of(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event of the message cannot be applied, whatever the reason."""
    apply = delivery._apply

    def failing(of: Message, event: MessageEvent) -> str:
        if of.pk == message.pk:
            raise DataError("value too long")
        return apply(of, event)

    monkeypatch.setattr(delivery, "_apply", failing)


@pytest.mark.django_db
def test_an_event_that_cannot_be_applied_keeps_none_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = _accepted(), _accepted()
    for message in (bad, good):
        Message.objects.filter(pk=message.pk).update(provider_message_id="")
        status_apply(message.account_id, _event(message, DeliveryStatus.SENT, reference=""))
        Message.objects.filter(pk=message.pk).update(provider_message_id=f"wamid.{message.pk}")
    _events_fail_of(bad, monkeypatch)
    assert events_rematch() == 1
    assert set(Message.objects.values_list("pk", "state")) == {(bad.pk, "accepted"), (good.pk, "sent")}
    monkeypatch.undo()
    assert events_rematch() == 1


@pytest.mark.django_db
def test_an_acceptance_is_recorded_whatever_came_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    message = message_make()
    [lease] = leases_take("test")
    [claimed] = claim(lease, 1)
    status_apply(message.account_id, _event(message, DeliveryStatus.SENT, reference=""))
    _events_fail_of(message, monkeypatch)
    record([Result(claimed, Accepted(f"wamid.{message.pk}"))])
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == ("accepted", "spent")
    monkeypatch.undo()
    assert events_rematch() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("price", [{"category": "x" * 60}, {"category": "utility", "pricing_type": "x" * 300}])
def test_a_price_in_words_too_long_for_its_books_does_not_hide_the_delivery(price: dict[str, str]) -> None:
    message = _accepted()
    amount = PriceReport(billable=True, amount=Decimal("0.05"), currency="USD", **price)
    _apply(message, DeliveryStatus.DELIVERED, price=amount)
    assert (message.state, CostEntry.objects.get(kind="report").amount) == (Message.State.DELIVERED, Decimal("0.05"))


@pytest.mark.django_db
def test_an_event_without_an_id_belongs_to_no_message() -> None:
    message = message_make()
    event = status_apply(
        message.account_id, _event(message, DeliveryStatus.DELIVERED, provider_message_id="", reference="")
    )
    message.refresh_from_db()
    assert (event.message_id, message.state) == (None, Message.State.QUEUED)


@pytest.mark.django_db(transaction=True)
def test_a_record_does_not_wait_for_an_event_that_somebody_else_is_matching() -> None:
    message = _accepted()
    early = _event(message, DeliveryStatus.SENT, provider_message_id="wamid.early", reference="")
    event = status_apply(message.account_id, early)
    locked, recorded = threading.Event(), threading.Event()

    def match_slowly() -> None:
        with transaction.atomic():
            MessageEvent.objects.select_for_update().get(pk=event.pk)
            locked.set()
            recorded.wait(5)
        connection.close()

    other = threading.Thread(target=match_slowly)
    other.start()
    locked.wait(5)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout TO '1s'")
        events_match([(message.account_id, "wamid.early")])
    recorded.set()
    other.join()
    event.refresh_from_db()
    assert event.message_id is None


@pytest.mark.django_db
def test_an_event_of_hours_ago_is_tried_again_every_few_minutes_only() -> None:
    message = _accepted()
    event = status_apply(
        message.account_id, _event(message, DeliveryStatus.SENT, provider_message_id="x", reference="")
    )
    MessageEvent.objects.filter(pk=event.pk).update(received_at=timezone.now() - timedelta(hours=2))
    assert events_rematch() == 0
    Message.objects.filter(pk=message.pk).update(provider_message_id="x")
    assert events_rematch() == 0
    cache.clear()
    assert events_rematch() == 1


@pytest.mark.django_db
def test_an_unmatched_event_is_given_up_after_seven_days_but_kept() -> None:
    message = _accepted()
    event = status_apply(
        message.account_id, _event(message, DeliveryStatus.SENT, provider_message_id="x", reference="")
    )
    MessageEvent.objects.filter(pk=event.pk).update(received_at=timezone.now() - timedelta(days=8))
    Message.objects.filter(pk=message.pk).update(provider_message_id="x")
    assert events_rematch() == 0
    assert MessageEvent.objects.filter(pk=event.pk).exists()


@pytest.mark.django_db
def test_another_accounts_event_moves_nothing() -> None:
    message, other = _accepted(), message_make()
    status_apply(other.account_id, _event(message, DeliveryStatus.READ))
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED


@pytest.mark.django_db
def test_a_price_in_sent_is_no_charge_and_delivered_is() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.SENT, price=PRICED)
    assert (message.billed, CostEntry.objects.filter(kind="report").count()) == (None, 0)
    _apply(message, DeliveryStatus.DELIVERED, price=PRICED)
    report = CostEntry.objects.get(kind="report")
    assert (message.billed, report.amount, report.currency, report.category) == (
        True,
        Decimal("0.026"),
        "USD",
        "utility",
    )


@pytest.mark.django_db
def test_a_price_that_comes_only_with_read_is_taken_then() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.DELIVERED)
    _apply(message, DeliveryStatus.READ, price=PRICED)
    assert CostEntry.objects.get(kind="report").amount == Decimal("0.026")


@pytest.mark.django_db
def test_a_free_message_is_reported_as_zero_and_not_billed() -> None:
    message = _accepted()
    free = PriceReport(billable=False, category="utility", pricing_type="free_entry_point")
    _apply(message, DeliveryStatus.DELIVERED, price=free)
    assert (message.billed, CostEntry.objects.get(kind="report").amount) == (False, Decimal(0))


@pytest.mark.django_db
def test_a_provider_that_names_the_amount_is_taken_at_its_word() -> None:
    message = _accepted()
    price = PriceReport(billable=True, category="utility", amount=Decimal("0.0311"), currency="EUR")
    _apply(message, DeliveryStatus.DELIVERED, price=price)
    report = CostEntry.objects.get(kind="report")
    assert (report.amount, report.currency) == (Decimal("0.0311"), "EUR")


@pytest.mark.django_db
def test_an_amount_without_a_currency_is_none_of_ours() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.DELIVERED, price=PriceReport(True, "utility", amount=Decimal(9)))
    report = CostEntry.objects.get(kind="report")
    assert (report.amount, report.currency) == (Decimal("0.0260"), "USD")


@pytest.mark.django_db
def test_who_stopped_marketing_at_whatsapp_is_opted_out_here() -> None:
    message = _accepted()
    _apply(message, DeliveryStatus.FAILED, error_code="131050", error_reason="marketing_opt_out")
    assert opt_out_standing(message.customer_id, category="marketing") is not None
    assert opt_out_standing(message.customer_id, category="utility") is None


@pytest.mark.django_db
def test_a_status_with_phone_and_user_id_makes_two_customers_one() -> None:
    message = _accepted()
    other = Customer.objects.create(bsuid="AR.271", name="sólo id")
    phone = message.recipient_phone[1:]
    _apply(message, DeliveryStatus.SENT, recipient_phone=phone, recipient_bsuid="AR.271")
    other.refresh_from_db()
    assert other.merged_into_id == message.customer_id
    assert Customer.objects.get(pk=message.customer_id).bsuid == "AR.271"


STATUSES = st.lists(
    st.sampled_from([status for status in DeliveryStatus if status != DeliveryStatus.UNKNOWN]), max_size=8
)


class AnyOrder(TestCase):
    """Property: whatever arrives in whatever order, every move is legal, and the books agree."""

    @settings(max_examples=40, deadline=None)
    @given(statuses=STATUSES)
    def test_events_in_any_order_end_in_the_furthest_state_and_sound_books(
        self, statuses: list[DeliveryStatus]
    ) -> None:
        message = _accepted()
        reached = MessageState.ACCEPTED
        for status in statuses:
            _apply(message, status, price=PRICED)
            target = MessageState(status)
            reached = target if target in MESSAGE_MOVES[reached] else reached
            assert message.state == reached
        assert list(differences()) == []
        assert message.recontact.state == Recontact.State.SPENT
