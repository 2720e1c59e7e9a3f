"""Waits that a provider asks for: kept in the database, respected by everybody, and never longer than the message lives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.errors import Park, Reason, Rejected, SendError, Throttled, Unavailable
from providers.models import SenderNumber
from providers.parking import park
from providers.throttling import number_throttle
from recontact.books import differences
from recontact.customers import opt_out_add, opt_out_revoke, opt_out_standing
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take, numbers_due, numbers_due_within
from recontact.dispatch.record import Result, record
from recontact.dispatch.sweep import queued_to_expired
from recontact.models import Campaign, Message, NumberLease, OptOut, Recontact
from tests.factories import message_make, query_make, sender_number_make, template_make, user_make
from tests.plans import plan_explain
from tests.world import World


def _answered(error: SendError) -> Message:
    """A message whose one call came to this."""
    message = message_make()
    [lease] = leases_take("test")
    record([Result(each, error) for each in claim(lease, 10)])
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    message.refresh_from_db()
    return message


def _seconds_until(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - timezone.now()).total_seconds()


@pytest.mark.django_db
def test_a_throttle_stops_the_number_for_every_pump_until_it_is_over() -> None:
    message = _answered(Throttled(Reason.THROUGHPUT, retry_after=30))
    message_make(query=query_make(sender_number=message.sender_number), template=message.template)
    assert not numbers_due()
    assert leases_take("another pump") == []
    assert 25 < _seconds_until(SenderNumber.objects.get().throttled_until) <= 30
    SenderNumber.objects.update(throttled_until=timezone.now() - timedelta(seconds=1))
    assert len(leases_take("another pump")) == 1


@pytest.mark.django_db
def test_a_number_throttled_after_its_lease_was_taken_claims_nothing() -> None:
    message = message_make()
    [lease] = leases_take("test")
    number_throttle(number_id=message.sender_number_id, until=timezone.now() + timedelta(seconds=5))
    assert claim(lease, 10) == []


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [Reason.PAIR_RATE, Reason.MARKETING_LIMIT, Reason.TEMPLATE_SYNCING])
def test_a_limit_of_one_person_or_template_lets_the_number_go_on(reason: Reason) -> None:
    message = _answered(Throttled(reason, retry_after=60))
    message_make(query=query_make(sender_number=message.sender_number), template=message.template)
    assert SenderNumber.objects.get().throttled_until is None
    assert numbers_due()


@pytest.mark.django_db
def test_a_template_that_the_provider_is_still_taking_over_holds_its_own_messages_alone() -> None:
    message = message_make()
    query = query_make(sender_number=message.sender_number)
    same = message_make(query=query, template=message.template)
    sister = query_make(sender_number=message.sender_number)
    other = message_make(query=sister, template=template_make(account=message.account, name="otra"))
    Message.objects.exclude(pk=message.pk).update(due_at=timezone.now() + timedelta(seconds=2))
    [lease] = leases_take("test")
    record([Result(each, Throttled(Reason.TEMPLATE_SYNCING, retry_after=600)) for each in claim(lease, 10)])
    waits = [_seconds_until(Message.objects.get(pk=each.pk).due_at) for each in (message, same, other)]
    assert [round(wait / 600) for wait in waits] == [1, 1, 0]
    assert SenderNumber.objects.get().throttled_until is None


@pytest.mark.django_db
def test_an_accounts_rate_holds_all_its_numbers_and_no_other_accounts() -> None:
    message = message_make()
    sister, stranger = sender_number_make(account=message.account), sender_number_make()
    [lease] = leases_take("test")
    record([Result(each, Throttled(Reason.ACCOUNT_RATE, retry_after=300)) for each in claim(lease, 10)])
    held = set(SenderNumber.objects.exclude(throttled_until=None).values_list("pk", flat=True))
    assert held == {message.sender_number_id, sister.pk}
    assert stranger.pk not in held


@pytest.mark.django_db
def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    number = sender_number_make()
    for seconds in (60, 5):
        number_throttle(number_id=number.pk, until=timezone.now() + timedelta(seconds=seconds))
    number.refresh_from_db()
    assert _seconds_until(number.throttled_until) > 50


@pytest.mark.django_db
def test_a_wait_that_is_over_in_a_moment_keeps_the_pump_awake() -> None:
    message = _answered(Throttled(Reason.THROUGHPUT, retry_after=3))
    assert not numbers_due()
    assert (numbers_due_within(1), numbers_due_within(5)) == (False, True)
    assert message.state == Message.State.QUEUED


@pytest.mark.django_db
def test_a_wait_longer_than_the_messages_life_rejects_it_at_once_and_gives_the_right_back() -> None:
    message = _answered(Throttled(Reason.MARKETING_LIMIT, retry_after=86_400))
    assert (message.state, message.reason) == (Message.State.REJECTED, "marketing_limit")
    assert message.recontact.state == Recontact.State.RELEASED
    assert list(differences()) == []


@pytest.mark.django_db
def test_a_campaigns_message_waits_until_tomorrow() -> None:
    message = message_make()
    assert message.template is not None
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    expires_at = timezone.now() + timedelta(days=3)
    Message.objects.filter(pk=message.pk).update(campaign=campaign, expires_at=expires_at)
    [lease] = leases_take("test")
    record([Result(each, Throttled(Reason.MARKETING_LIMIT, retry_after=86_400)) for each in claim(lease, 10)])
    message.refresh_from_db()
    assert (message.state, message.failures) == (Message.State.QUEUED, 0)
    assert 86_000 < _seconds_until(message.due_at) <= 86_400


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "state"), [(24, "rejected"), (None, "queued"), (0.5, "queued")])
def test_a_park_longer_than_the_messages_life_rejects_it_and_one_without_an_end_lets_it_wait(
    hours: float | None, state: str
) -> None:
    until = None if hours is None else timezone.now() + timedelta(hours=hours)
    message = _answered(Unavailable(Reason.RECIPIENT_LIMIT, park=Park.NUMBER, park_until=until))
    assert message.state == state
    assert SenderNumber.objects.get().is_parked


@pytest.mark.django_db
def test_what_expires_behind_a_park_says_why_it_waited() -> None:
    message = message_make()
    park(message.sender_number, reason="number_blocked")
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert queued_to_expired() == 1
    message.refresh_from_db()
    assert (message.state, message.reason) == (Message.State.EXPIRED, "number_blocked")


# --- people who want no more -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        (Reason.MARKETING_OPT_OUT, OptOut.Scope.MARKETING),
        (Reason.RECIPIENT_BLOCKED_US, OptOut.Scope.MARKETING),
        (Reason.RECIPIENT_OPTED_OUT, OptOut.Scope.ALL),
    ],
)
def test_a_refusal_for_the_persons_wish_is_remembered_as_an_opt_out(reason: Reason, scope: str) -> None:
    message = _answered(Rejected(reason))
    opt_out = opt_out_standing(message.customer_id, category="marketing")
    assert (message.state, opt_out and opt_out.scope) == (Message.State.REJECTED, scope)


@pytest.mark.django_db
def test_another_refusal_is_no_opt_out() -> None:
    message = _answered(Rejected(Reason.RECIPIENT_UNREACHABLE))
    assert opt_out_standing(message.customer_id, category="marketing") is None


@pytest.mark.django_db
def test_an_old_refusal_does_not_undo_a_later_change_of_mind() -> None:
    message = message_make()
    [lease] = leases_take("test")
    refused = [Result(each, Rejected(Reason.RECIPIENT_OPTED_OUT)) for each in claim(lease, 10)]
    opt_out_add(customer=message.customer, scope=OptOut.Scope.ALL, source="la clienta")
    opt_out_revoke(customer=message.customer, scope=OptOut.Scope.ALL, source="la clienta")
    record(refused)
    assert opt_out_standing(message.customer_id, category="marketing") is None


# --- through the wire -------------------------------------------------------------------------------------------------


def test_a_throttled_number_is_not_asked_again_by_the_next_slices(world: World) -> None:
    world.simulator.knobs(fail_next=100, fail_code=130429)
    messages = [world.message() for _ in range(5)]
    SenderNumber.objects.update(throughput=1)
    world.pump(0.8)
    # The first answer's two seconds, drawn out so that a slow machine sees them too.
    SenderNumber.objects.exclude(throttled_until=None).update(throttled_until=timezone.now() + timedelta(minutes=1))
    Message.objects.update(due_at=timezone.now())
    world.pump(1.0)
    world.pump(1.0)
    asked = [len(world.simulator.get("requests", reference=str(each.reference))["data"]) for each in messages]
    assert sum(asked) == 1
    assert set(Message.objects.values_list("failures", flat=True)) == {0}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "look", [numbers_due, lambda: numbers_due_within(5), lambda: claim(leases_take("test")[0], 10)]
)
def test_what_is_due_tomorrow_is_not_read_to_find_what_is_due_now(look: Callable[[], Any]) -> None:
    message_make()
    with CaptureQueriesContext(connection) as queries:
        look()
    [*_before, statement] = [each["sql"] for each in queries if "due_at <=" in each["sql"]]
    plan = plan_explain(statement)
    # A clock that is asked anew at each row can be no condition of an index.
    assert "due_at <= (InitPlan" in plan
    assert "due_at <= clock_timestamp()" not in plan
