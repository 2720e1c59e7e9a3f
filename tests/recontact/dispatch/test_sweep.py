"""The safety nets: lost claims, expiry, a person's settlement, a restored database, records that come late."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from providers.contracts import Accepted
from providers.errors import Reason, Rejected, Throttled
from providers.models import ProviderAccount
from recontact.books import differences
from recontact.campaigns.control import campaign_cancel
from recontact.dispatch.claim import Claim, LeaseLost, claim
from recontact.dispatch.lease import Lease, leases_take
from recontact.dispatch.record import Result, record
from recontact.dispatch.settlement import CannotSettle, uncertain_settle
from recontact.dispatch.sweep import attempts_lost, campaigns_complete, lost_to_uncertain, queued_to_expired, sweep
from recontact.dispatch.switch import dispatch_halt, dispatch_may_run, dispatch_resume, dispatch_state
from recontact.dispatch.wake import QUEUE
from recontact.models import Attempt, Campaign, DispatchSwitch, Incident, Message, NumberLease, Recontact, Settlement
from tests.factories import message_make, user_make
from tests.plans import joined_by_loops

pytestmark = pytest.mark.django_db


def _lease() -> Lease:
    [lease] = leases_take("test")
    return lease


def _claimed(message: Message) -> Claim:
    [claimed] = claim(_lease(), 10)
    message.refresh_from_db()
    return claimed


def _lost(message: Message) -> Claim:
    """A claim whose pump died: past its lease, made uncertain by the sweep."""
    claimed = _claimed(message)
    Message.objects.filter(pk=message.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert lost_to_uncertain() == 1
    message.refresh_from_db()
    return claimed


def test_a_claim_past_its_lease_becomes_uncertain_and_keeps_the_right_reserved() -> None:
    message = message_make()
    _lost(message)
    assert message.state == Message.State.UNCERTAIN
    assert message.attempts.get().outcome == Attempt.Outcome.LOST
    assert message.recontact.state == Recontact.State.RESERVED


def test_an_attempt_that_nobody_recorded_ends_as_lost_when_a_webhook_settled_its_message() -> None:
    message = message_make()
    _claimed(message)
    Message.objects.filter(pk=message.pk).update(state=Message.State.DELIVERED)
    assert attempts_lost() == 0
    Attempt.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    assert attempts_lost() == 1
    assert message.attempts.get().outcome == Attempt.Outcome.LOST


def test_a_claim_within_its_lease_is_left_alone() -> None:
    message = message_make()
    _claimed(message)
    assert lost_to_uncertain() == 0


def test_only_so_many_claims_are_given_up_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        _claimed(message_make())
    Message.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr("recontact.dispatch.sweep._BATCH", 2)
    with joined_by_loops():
        assert lost_to_uncertain() == 2


def test_a_late_acceptance_settles_an_uncertain_message() -> None:
    message = message_make()
    claimed = _lost(message)
    record([Result(claimed, Accepted("wamid.late"))])
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (Message.State.ACCEPTED, "wamid.late")


def test_a_late_rejection_settles_an_uncertain_message_and_gives_the_right_back() -> None:
    message = message_make()
    claimed = _lost(message)
    record([Result(claimed, Rejected(Reason.RECIPIENT_UNREACHABLE))])
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == (Message.State.REJECTED, Recontact.State.RELEASED)


def test_a_late_throttle_never_queues_an_uncertain_message_again() -> None:
    message = message_make()
    claimed = _lost(message)
    record([Result(claimed, Throttled(Reason.THROUGHPUT, retry_after=1))])
    message.refresh_from_db()
    assert message.state == Message.State.UNCERTAIN


def test_an_old_attempts_word_does_not_touch_a_newer_attempt() -> None:
    message = message_make()
    first = _claimed(message)
    record([Result(first, Throttled(Reason.THROUGHPUT, retry_after=0))])
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second = _claimed(message)
    assert second.attempt_number == 2
    record([Result(first, Rejected(Reason.BAD_REQUEST))])
    message.refresh_from_db()
    assert message.state == Message.State.SENDING


def test_an_old_attempts_acceptance_is_proof_and_opens_an_incident_when_a_newer_one_was_accepted_too() -> None:
    message = message_make()
    first = _claimed(message)
    record([Result(first, Throttled(Reason.THROUGHPUT, retry_after=0))])
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second = _claimed(message)
    record([Result(second, Accepted("wamid.second"))])
    record([Result(first, Accepted("wamid.first"))])
    assert Incident.objects.get().kind == Incident.Kind.SENT_TWICE


def test_recording_the_same_result_twice_changes_nothing() -> None:
    message = message_make()
    result = Result(_claimed(message), Accepted("wamid.1"))
    record([result])
    record([result])
    message.refresh_from_db()
    assert (message.state, Incident.objects.count()) == (Message.State.ACCEPTED, 0)


def test_a_pump_whose_lease_was_taken_over_claims_nothing() -> None:
    message_make()
    old = _lease()
    NumberLease.objects.update(token=old.token + 1)
    with pytest.raises(LeaseLost):
        claim(old, 10)


def test_a_new_owner_gets_a_higher_token() -> None:
    message_make()
    first = _lease()
    assert leases_take("other") == []
    NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    [second] = leases_take("other")
    assert second.token == first.token + 1


def test_a_queued_message_past_its_time_expires_and_gives_the_right_back() -> None:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert queued_to_expired() == 1
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == (Message.State.EXPIRED, Recontact.State.RELEASED)


def test_what_ended_first_expires_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recontact.dispatch.sweep._BATCH", 1)
    first, last = message_make(), message_make()
    for message, minutes in ((first, 9), (last, 1)):
        Message.objects.filter(pk=message.pk).update(expires_at=timezone.now() - timedelta(minutes=minutes))
    assert queued_to_expired() == 1
    assert Message.objects.get(state=Message.State.EXPIRED) == first


def test_what_comes_back_to_the_queue_of_a_cancelled_campaign_is_cancelled_too() -> None:
    message = message_make()
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    Message.objects.filter(pk=message.pk).update(campaign=campaign)
    claimed = _claimed(message)
    assert campaign_cancel(campaign_id=campaign.pk) == 0
    record([Result(claimed, Throttled(Reason.THROUGHPUT, retry_after=1.0))])
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED
    Campaign.objects.update(completed_at=timezone.now() - timedelta(minutes=16))
    assert [each.check for each in differences()] == ["nothing of a cancelled campaign stays queued"]

    assert sweep()["cancelled"] == 1

    message.refresh_from_db()
    assert message.state == Message.State.CANCELLED
    assert message.recontact.state == Recontact.State.RELEASED
    assert list(differences()) == []


def test_a_campaign_is_completed_when_none_of_its_messages_is_alive() -> None:
    message = message_make()
    assert message.template is not None
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    Message.objects.filter(pk=message.pk).update(campaign=campaign)
    assert campaigns_complete() == 0
    Message.objects.filter(pk=message.pk).update(state=Message.State.SKIPPED)
    assert campaigns_complete() == 1


@pytest.mark.parametrize("state", ["parked", "paused"])
def test_a_parked_or_paused_campaign_ends_when_its_last_message_expired(state: str) -> None:
    message = message_make()
    assert message.template is not None
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make(), state=state)
    Message.objects.filter(pk=message.pk).update(campaign=campaign, state=Message.State.EXPIRED)
    assert campaigns_complete() == 1


def test_a_campaign_whose_messages_are_still_being_queued_is_not_completed() -> None:
    message = message_make()
    assert message.template is not None
    Campaign.objects.create(
        name="c", template=message.template, created_by=user_make(), state="paused", state_reason=Campaign.PREPARING
    )
    assert campaigns_complete() == 0


def test_the_sweep_may_run_twice() -> None:
    message_make()
    sweep()
    sweep()


@pytest.mark.parametrize(
    "step",
    ["lost_to_uncertain", "attempts_lost", "queued_to_expired", "slots_free", "campaigns_go_on", "events_rematch"],
)
def test_a_step_that_fails_keeps_nothing_from_being_sent(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message_make()

    def failing() -> int:
        raise ValueError(step)

    monkeypatch.setattr(f"recontact.dispatch.sweep.{step}", failing)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(QUEUE)
        with pytest.raises(ValueError, match=step):
            sweep()
        assert client.llen(QUEUE) == 1


# --- a person settles ---------------------------------------------------------------------------------------------


def _old_uncertain(*, webhook: bool) -> Message:
    message = message_make()
    _lost(message)
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=61))
    if webhook:
        ProviderAccount.objects.update(last_webhook_at=timezone.now())
    return message


def test_a_person_settles_as_not_sent_with_a_reason_and_the_right_comes_back() -> None:
    message, user = _old_uncertain(webhook=True), user_make()
    uncertain_settle(message_id=message.pk, outcome="rejected", reason="el cliente no recibió nada", user=user)
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == (Message.State.REJECTED, Recontact.State.RELEASED)
    assert Settlement.objects.get().user == user


def test_a_person_settles_as_sent() -> None:
    message = _old_uncertain(webhook=True)
    uncertain_settle(message_id=message.pk, outcome="accepted", reason="lo confirmó el cliente", user=user_make())
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == (Message.State.ACCEPTED, Recontact.State.SPENT)


@pytest.mark.parametrize("code", ["too_early", "webhooks_silent", "reason_missing", "not_uncertain"])
def test_a_person_may_not_settle_too_early_or_in_silence_or_without_a_reason(code: str) -> None:
    message = _old_uncertain(webhook=code != "webhooks_silent")
    if code == "too_early":
        Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=59))
    if code == "not_uncertain":
        Message.objects.filter(pk=message.pk).update(state=Message.State.DELIVERED)
    reason = " " if code == "reason_missing" else "porque sí"
    with pytest.raises(CannotSettle) as refused:
        uncertain_settle(message_id=message.pk, outcome="rejected", reason=reason, user=user_make())
    assert refused.value.code == code
    assert not Settlement.objects.exists()


# --- the switch ---------------------------------------------------------------------------------------------------


def test_the_first_look_adopts_the_database_as_the_books_own() -> None:
    assert dispatch_may_run()
    assert dispatch_state().identity.count(":") == 2


@pytest.mark.parametrize("part", [0, 1, 2])
def test_another_server_timeline_or_database_halts_until_a_person_resumes(part: int) -> None:
    assert dispatch_may_run()
    identity = dispatch_state().identity.split(":")
    identity[part] = "1"
    DispatchSwitch.objects.update(identity=":".join(identity))
    message_make()
    assert not dispatch_may_run()
    assert (dispatch_state().halted, dispatch_state().reason) == (True, "restored")
    assert claim(_lease(), 10) == []
    dispatch_resume(user=user_make(), note="revisado")
    assert dispatch_may_run()


def test_a_halt_claims_nothing() -> None:
    message_make()
    dispatch_halt(user=user_make(), note="")
    assert claim(_lease(), 10) == []


def test_identity_reads_the_real_server() -> None:
    assert dispatch_may_run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        [identifier] = cursor.fetchone()
    assert dispatch_state().identity.startswith(identifier)


def test_sweeps_during_a_long_campaign_pile_up_no_wakes_for_dispatchers_that_are_busy() -> None:
    message_make()
    for _ in range(4):
        sweep()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.llen(QUEUE) == 1
        client.delete(QUEUE)
        sweep()
        assert client.llen(QUEUE) == 1, "a wake that is lost is sent again"
