"""Statuses that nothing but their recipient and time tell whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from providers.contracts import Accepted, DeliveryStatus, StatusEvent
from providers.errors import Reason, Uncertain
from providers.models import ProviderAccount, SenderNumber
from recontact.books import differences
from recontact.delivery import events_rematch, status_apply
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.record import Result, record
from recontact.models import Incident, Message, MessageEvent, NumberLease, Query, Recontact
from tests.factories import customer_make, message_make, query_make, rate_card_make, sender_number_make, template_make
from tests.recontact.asking import AskingAdapter, MuteAdapter, registered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mute_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with registered(monkeypatch, MuteAdapter):
        yield


def _query(*, provider: str = MuteAdapter.slug, **fields: Any) -> Query:
    query = query_make(**fields)
    ProviderAccount.objects.filter(pk=query.sender_number.account_id).update(provider=provider)
    return query


def _claimed(query: Query | None = None) -> tuple[Message, Claim]:
    query = query or _query()
    template = template_make(account=query.sender_number.account, name=f"plantilla_{query.pk}")
    message = message_make(query=query, template=template)
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    [claimed] = [each for lease in leases_take("test") for each in claim(lease, 10)]
    return message, claimed


def _uncertain(query: Query | None = None) -> tuple[Message, Claim]:
    """A message whose answer, with the provider's id in it, was lost."""
    message, claimed = _claimed(query)
    record([Result(claimed, Uncertain(Reason.NO_ANSWER))])
    return message, claimed


def _report(message: Message, status: DeliveryStatus = DeliveryStatus.SENT, **fields: Any) -> MessageEvent:
    """What the provider says, without any reference."""
    fields.setdefault("recipient_phone", message.recipient_phone.removeprefix("+"))
    fields.setdefault("provider_message_id", "gs-1")
    fields.setdefault("occurred_at", timezone.now())
    fields.setdefault("sender_external_id", message.sender_number.external_id)
    event = status_apply(message.account_id, StatusEvent(status=status, **fields))
    message.refresh_from_db()
    return event


def test_a_status_to_the_same_person_is_adopted_by_the_one_message_in_doubt() -> None:
    message, _claim = _uncertain()
    _report(message)
    assert (message.state, message.provider_message_id) == (Message.State.SENT, "gs-1")
    assert message.recontact.state == Recontact.State.SPENT
    _report(message, DeliveryStatus.READ)
    assert message.state == Message.State.READ
    assert list(differences()) == []


@pytest.mark.parametrize("sender", ["", "the number's phone"])
def test_the_sender_may_be_told_by_its_phone_or_not_at_all(sender: str) -> None:
    message, _claim = _uncertain()
    _report(message, sender_external_id=sender and message.sender_number.phone.removeprefix("+"))
    assert message.state == Message.State.SENT


def test_a_failure_may_be_adopted_too() -> None:
    message, _claim = _uncertain()
    _report(message, DeliveryStatus.FAILED, error_reason="recipient_unreachable")
    assert message.state == Message.State.FAILED


def test_of_two_messages_that_it_could_be_about_none_adopts_it() -> None:
    first, _claim = _uncertain()
    number = sender_number_make(account=first.account)
    second, _claim = _uncertain(_query(customer=first.customer, sender_number=number))
    _report(first, sender_external_id="")
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.UNCERTAIN}
    assert second.recipient_phone == first.recipient_phone


def test_the_sender_tells_two_messages_to_one_person_apart() -> None:
    first, _claim = _uncertain()
    number = sender_number_make(account=first.account)
    second, _claim = _uncertain(_query(customer=first.customer, sender_number=number))
    _report(second)
    first.refresh_from_db()
    assert (first.state, second.state) == (Message.State.UNCERTAIN, Message.State.SENT)


@pytest.mark.parametrize(
    "fields",
    [
        {"recipient_phone": "5491100000000"},
        {"recipient_phone": ""},
        {"after": timedelta(minutes=12)},
        {"after": -timedelta(minutes=5)},
        {"sender_external_id": "another number"},
        {"status": DeliveryStatus.READ},
        {"status": DeliveryStatus.UNKNOWN},
    ],
    ids=["another person", "nobody named", "too late", "before the send", "another number", "read", "unknown word"],
)
def test_what_may_be_about_something_else_is_not_adopted(fields: dict[str, Any]) -> None:
    message, _claim = _uncertain()
    told = {name: value for name, value in fields.items() if name not in ("status", "after")}
    if "after" in fields:
        told["occurred_at"] = timezone.now() + fields["after"]
    _report(message, fields.get("status", DeliveryStatus.SENT), **told)
    assert message.state == Message.State.UNCERTAIN
    assert MessageEvent.objects.get().message is None


def test_another_accounts_status_is_not_adopted() -> None:
    message, _claim = _uncertain()
    other = _query().sender_number
    status_apply(
        other.account_id,
        StatusEvent("gs-1", DeliveryStatus.SENT, timezone.now(), recipient_phone=message.recipient_phone),
    )
    message.refresh_from_db()
    assert message.state == Message.State.UNCERTAIN


def test_where_references_tell_whose_it_is_nothing_is_adopted_and_no_person_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with registered(monkeypatch, AskingAdapter):
        message, _claim = _uncertain(_query(provider=AskingAdapter.slug))
        _report(message)
    assert message.state == Message.State.UNCERTAIN
    assert MessageEvent.objects.get().recipient_hash == ""


def test_a_status_that_is_quicker_than_the_answer_waits_for_it() -> None:
    message, claimed = _claimed()
    _report(message)
    assert message.state == Message.State.SENDING
    record([Result(claimed, Accepted("gs-1"))])
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.SENT, "gs-1")


def test_a_status_that_is_quicker_than_the_loss_of_the_answer_is_adopted_afterwards() -> None:
    message, claimed = _claimed()
    _report(message)
    record([Result(claimed, Uncertain(Reason.NO_ANSWER))])
    assert events_rematch() == 1
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.SENT, "gs-1")


def test_a_status_of_another_message_that_was_just_accepted_is_not_adopted_by_the_one_in_doubt() -> None:
    doubtful, _claim = _uncertain()
    number = sender_number_make(account=doubtful.account)
    other, claimed = _claimed(_query(customer=doubtful.customer, sender_number=number))
    _report(doubtful, sender_external_id="")
    record([Result(claimed, Accepted("gs-1"))])
    doubtful.refresh_from_db()
    other.refresh_from_db()
    assert (doubtful.state, other.state) == (Message.State.UNCERTAIN, Message.State.SENT)


def test_a_late_answer_with_another_id_than_the_adopted_one_is_an_incident() -> None:
    message, claimed = _uncertain()
    _report(message)
    record([Result(claimed, Accepted("gs-2"))])
    assert Incident.objects.get().kind == Incident.Kind.SENT_TWICE


def test_an_argentine_phone_is_known_with_and_without_its_nine() -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    message, _claim = _uncertain(_query(customer=customer_make(phone="+5491155550123"), sender_number=number))
    _report(message, recipient_phone="541155550123")
    assert message.state == Message.State.SENT
    assert SenderNumber.objects.count() == 1
