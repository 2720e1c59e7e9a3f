"""Failures that come by webhook go through the same table as answers; trying again makes a new message of the chain (I8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries, Settings

from providers.contracts import DeliveryStatus, StatusEvent
from providers.errors import Reason, Unavailable
from providers.models import SenderNumber
from providers.parking import park, unpark
from recontact.books import balance, differences
from recontact.campaigns.control import campaign_cancel, campaign_pause, campaign_resume
from recontact.campaigns.proof import campaign_books
from recontact.customers import opt_out_standing
from recontact.delivery import status_apply
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.record import Result, record
from recontact.dispatch.sweep import campaigns_complete
from recontact.erasure import customer_erase
from recontact.models import Campaign, Customer, Incident, Message, Query, Recontact
from recontact.retries import MAX_TRIES
from recontact.states import ALIVE
from templates_app.models import Template
from tests.factories import message_make, prices_end, query_make, template_make, user_make
from tests.recontact.chains import accepted, campaign_message, fail

pytestmark = pytest.mark.django_db


def _retry(message: Message) -> Message | None:
    return Message.objects.filter(retry_of=message).first()


def _minutes_until_due(message: Message) -> int:
    retry = _retry(message)
    assert retry is not None
    return round((retry.due_at - timezone.now()).total_seconds() / 60)


def test_a_failure_that_nothing_follows_from_costs_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    message = campaign_message()
    with django_assert_max_num_queries(12):
        fail(message, Reason.RECIPIENT_UNREACHABLE)


# --- trying again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "minutes"),
    [
        (Reason.THROUGHPUT, 0),
        (Reason.MARKETING_LIMIT, 24 * 60),
        (Reason.MEDIA_FETCH, 5),
        (Reason.PROVIDER_ERROR, 5),
        (Reason.NUMBER_BLOCKED, 0),
        (Reason.TEMPLATE_PAUSED, 0),
        (Reason.BILLING, 0),
    ],
)
def test_a_campaigns_message_is_tried_again_when_the_table_says_so(reason: Reason, minutes: int) -> None:
    message = campaign_message()
    fail(message, reason)
    retry = _retry(message)
    assert retry is not None
    assert (message.state, retry.state, retry.try_number) == (Message.State.FAILED, Message.State.QUEUED, 2)
    assert (retry.recipient_phone, retry.body, retry.campaign_id) == (
        message.recipient_phone,
        message.body,
        message.campaign_id,
    )
    assert _minutes_until_due(message) == minutes
    assert list(differences()) == []


@pytest.mark.parametrize(
    "reason", [Reason.RECIPIENT_UNREACHABLE, Reason.MARKETING_OPT_OUT, Reason.DUPLICATE, "", "a word of tomorrow"]
)
def test_what_would_fail_again_is_not_tried_again(reason: str) -> None:
    message = campaign_message()
    fail(message, reason)
    assert _retry(message) is None


def test_the_same_report_again_tries_nothing_again() -> None:
    message = campaign_message()
    fail(message, Reason.MEDIA_FETCH)
    fail(message, Reason.MEDIA_FETCH)
    assert Message.objects.filter(campaign=message.campaign).count() == 2


def test_a_querys_recontact_is_never_tried_again_by_itself() -> None:
    message = accepted(message_make())
    fail(message, Reason.MEDIA_FETCH)
    assert _retry(message) is None
    assert message.recontact.state == Recontact.State.SPENT


def test_a_recontact_of_a_campaign_from_queries_is_never_tried_again_by_itself() -> None:
    message = message_make()
    assert message.template is not None
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    Message.objects.filter(pk=message.pk).update(campaign=campaign)
    fail(accepted(message), Reason.MEDIA_FETCH)
    assert Message.objects.count() == 1


def test_the_database_refuses_a_retry_that_uses_a_querys_right() -> None:
    first = accepted(message_make())
    fail(first, Reason.MEDIA_FETCH)
    again = message_make(template=template_make(name="otra", account=first.account), query=_sister(first))
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=again.pk).update(retry_of=first)


def _sister(message: Message) -> Query:
    return query_make(sender_number=message.sender_number)


def test_the_tries_of_one_recipient_have_an_end_and_their_pauses_grow() -> None:
    message = campaign_message()
    for number in range(1, MAX_TRIES + 1):
        fail(message, Reason.MEDIA_FETCH)
        retry = _retry(message)
        if number < MAX_TRIES:
            assert _minutes_until_due(message) == 5 * 2 ** (number - 1)
            assert retry is not None
            message = accepted(retry)
    assert retry is None
    assert Message.objects.filter(campaign=message.campaign).count() == MAX_TRIES


def test_a_wait_beyond_the_campaigns_time_is_not_waited_for() -> None:
    message = campaign_message()
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now() + timedelta(hours=3))
    fail(message, Reason.MARKETING_LIMIT)
    assert _retry(message) is None


def test_a_cancelled_campaign_tries_nothing_again() -> None:
    message = campaign_message()
    assert message.campaign_id is not None
    campaign_cancel(campaign_id=message.campaign_id)
    fail(message, Reason.MEDIA_FETCH)
    assert _retry(message) is None


def test_a_retry_of_a_paused_campaign_waits_in_it() -> None:
    message = campaign_message(state=Campaign.State.PAUSED, state_reason="person")
    fail(message, Reason.MEDIA_FETCH)
    assert (_retry(message) is not None, Campaign.objects.get().state) == (True, Campaign.State.PAUSED)


def test_a_completed_campaign_runs_again_for_a_retry_and_completes_again() -> None:
    message = campaign_message()
    assert campaigns_complete() == 1
    fail(message, Reason.MEDIA_FETCH)
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.completed_at, campaigns_complete()) == (Campaign.State.RUNNING, None, 0)
    Message.objects.filter(retry_of=message).update(state="skipped")
    assert campaigns_complete() == 1


def test_nobody_is_tried_again_after_his_data_were_erased() -> None:
    message = campaign_message()
    customer_erase(customer_id=message.customer_id, user=user_make())
    fail(message, Reason.MEDIA_FETCH)
    message.refresh_from_db()
    assert (message.state, _retry(message)) == (Message.State.FAILED, None)


def test_nothing_is_tried_again_whose_template_is_another_by_now() -> None:
    message = campaign_message()
    Template.objects.update(content_hash="another")
    fail(message, Reason.MEDIA_FETCH)
    assert (_retry(message), Campaign.objects.get().state) == (None, Campaign.State.RUNNING)


def test_nothing_is_tried_again_whose_price_is_no_longer_known() -> None:
    message = campaign_message()
    prices_end()
    fail(message, Reason.MEDIA_FETCH)
    assert _retry(message) is None


def test_the_books_count_the_last_of_the_chain() -> None:
    message = campaign_message()
    fail(message, Reason.MEDIA_FETCH)
    assert message.campaign_id is not None
    books = campaign_books(message.campaign_id)
    assert (books.planned, books.by_state["queued"], books.by_state["failed"], books.balance) == (1, 1, 0, True)
    assert balance(campaign_id=message.campaign_id).planned == 1


def test_two_recipients_that_turn_out_to_be_one_person_disturb_no_campaign() -> None:
    message = campaign_message()
    other = Message.objects.get(pk=message.pk)
    other.pk, other.recipient_phone, other.recipient_bsuid = None, "", "AR.5"
    other.reference = Message._meta.get_field("reference").get_default()
    other.customer = Customer.objects.create(bsuid="AR.5")
    other.provider_message_id = "wamid.other"
    other.save()
    event = StatusEvent(
        "wamid.other",
        DeliveryStatus.SENT,
        timezone.now(),
        recipient_phone=message.recipient_phone,
        recipient_bsuid="AR.5",
    )
    status_apply(message.account_id, event)
    assert set(Message.objects.filter(campaign=message.campaign).values_list("customer", flat=True)) == {
        message.customer_id
    }


# --- the failed one arrived after all ----------------------------------------------------------------------------------


def _arrive(message: Message) -> None:
    status_apply(message.account_id, StatusEvent(message.provider_message_id, DeliveryStatus.DELIVERED, timezone.now()))


def test_late_proof_takes_a_queued_retry_back() -> None:
    message = campaign_message()
    fail(message, Reason.MEDIA_FETCH)
    _arrive(message)
    retry = _retry(message)
    assert retry is not None
    assert (retry.state, retry.reason) == (Message.State.CANCELLED, "arrived_after_all")
    assert not Incident.objects.exists()


def test_late_proof_after_the_retry_went_out_is_an_incident() -> None:
    message = campaign_message()
    fail(message, Reason.MEDIA_FETCH)
    retry = _retry(message)
    assert retry is not None
    accepted(retry)
    _arrive(message)
    assert Incident.objects.get().kind == Incident.Kind.SENT_TWICE


def test_a_retry_that_fails_after_the_first_try_arrived_is_the_last() -> None:
    message = campaign_message()
    fail(message, Reason.MEDIA_FETCH)
    retry = _retry(message)
    assert retry is not None
    accepted(retry)
    _arrive(message)
    retry.refresh_from_db()
    fail(retry, Reason.MEDIA_FETCH)
    assert retry.state == Message.State.FAILED
    assert _retry(retry) is None


def _third_try(message: Message) -> Message:
    """The queued third try of `message`, both before it failed."""
    fail(message, Reason.MEDIA_FETCH)
    second = _retry(message)
    assert second is not None
    fail(accepted(second), Reason.MEDIA_FETCH)
    third = _retry(second)
    assert third is not None
    return third


def test_a_retry_that_comes_back_to_the_queue_after_the_first_try_arrived_does_not_go_out(
    settings: Settings,
) -> None:
    settings.PAIR_SECONDS = 0
    message = campaign_message()
    third = _third_try(message)
    Message.objects.filter(pk=third.pk).update(due_at=timezone.now())
    Message.objects.filter(query__isnull=False).update(due_at=timezone.now() + timedelta(minutes=9))
    [lease] = leases_take("test")
    [claimed] = claim(lease, 10)
    _arrive(message)
    record([Result(claimed, Unavailable(Reason.NOT_STARTED))])
    assert claim(lease, 10) == []
    third.refresh_from_db()
    assert (third.state, third.reason) == (Message.State.SKIPPED, "arrived_after_all")


def test_two_tries_that_both_arrived_are_an_incident_even_with_a_third_taken_back() -> None:
    message = campaign_message()
    third = _third_try(message)
    second = third.retry_of
    assert second is not None
    _arrive(message)
    assert not Incident.objects.exists()
    _arrive(second)
    assert Incident.objects.get().message == second


# --- parks, waits, wishes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "parked"),
    [
        (Reason.TEMPLATE_PAUSED, "template"),
        (Reason.NUMBER_BLOCKED, "sender_number"),
        (Reason.BILLING, "account"),
        (Reason.RECIPIENT_UNREACHABLE, ""),
    ],
)
def test_a_late_failure_parks_what_an_answer_would_park(reason: Reason, parked: str) -> None:
    message = accepted(message_make())
    fail(message, reason, error_code="131")
    rows = {"template": message.template, "sender_number": message.sender_number, "account": message.account}
    for name, row in rows.items():
        assert row is not None
        row.refresh_from_db()
        assert (name, row.is_parked) == (name, name == parked)


def test_a_park_with_an_end_lasts_from_the_failure_on() -> None:
    message = accepted(message_make())
    fail(message, Reason.RECIPIENT_LIMIT, at=timezone.now() - timedelta(hours=23))
    number = SenderNumber.objects.get()
    assert number.parked_until is not None
    assert timedelta(0) < number.parked_until - timezone.now() < timedelta(hours=1, minutes=1)


def test_a_failure_whose_park_is_over_parks_nothing() -> None:
    message = accepted(message_make())
    fail(message, Reason.RECIPIENT_LIMIT, at=timezone.now() - timedelta(hours=25))
    assert not SenderNumber.objects.get().is_parked


def test_a_failure_older_than_a_persons_release_does_not_park_again() -> None:
    message = accepted(message_make())
    park(message.account, reason="billing")
    unpark(message.account)
    fail(message, Reason.BILLING, at=timezone.now() - timedelta(minutes=5))
    message.account.refresh_from_db()
    assert not message.account.is_parked


def test_a_report_that_is_replayed_after_a_release_does_not_park_again() -> None:
    message = accepted(message_make())
    fail(message, Reason.BILLING)
    unpark(message.account)
    fail(message, Reason.BILLING, at=timezone.now())
    message.account.refresh_from_db()
    assert not message.account.is_parked


@pytest.mark.parametrize(("reason", "held"), [(Reason.ACCOUNT_RATE, True), (Reason.PAIR_RATE, False)])
def test_a_late_throttle_holds_the_number_for_what_is_left_of_its_wait(reason: Reason, held: bool) -> None:
    message = accepted(message_make())
    fail(message, reason)
    assert (SenderNumber.objects.get().throttled_until is not None) == held


def test_who_asked_the_provider_for_no_more_gets_no_more() -> None:
    message = accepted(message_make())
    fail(message, Reason.RECIPIENT_OPTED_OUT)
    assert opt_out_standing(message.customer_id, category="utility") is not None


def test_a_parked_template_of_a_late_failure_has_the_providers_words() -> None:
    message = accepted(message_make())
    fail(message, Reason.TEMPLATE_DISABLED, error_code="132016", error_detail="disabled for good")
    template = Template.objects.get()
    assert (template.parked_reason, template.parked_detail) == ("template_disabled", "132016 disabled for good")


# --- any order ---------------------------------------------------------------------------------------------------------

STEPS = ["fail", "give up", "deliver", "accept the retry", "sweep", "cancel", "pause", "resume"]


class AnyOrder(TestCase):
    """Property: whatever happens to a chain in whatever order, one of it at most is alive, and the books are right."""

    @settings(max_examples=60, deadline=None)
    @given(steps=st.lists(st.sampled_from(STEPS), max_size=12), which=st.data())
    def test_a_chain_has_at_most_one_end_that_is_alive(self, steps: list[str], which: st.DataObject) -> None:
        first = campaign_message()
        campaign = Campaign.objects.get()
        for step in steps:
            chain = list(Message.objects.filter(campaign=campaign).order_by("pk"))
            self._do(step, which.draw(st.sampled_from(chain)), campaign)
            self._prove(campaign)
        assert Message.objects.get(pk=first.pk).try_number == 1

    def _do(self, step: str, message: Message, campaign: Campaign) -> None:
        went_out = bool(message.provider_message_id)
        if step == "fail" and went_out:
            fail(message, Reason.MEDIA_FETCH)
        elif step == "give up" and went_out:
            fail(message, Reason.RECIPIENT_UNREACHABLE)
        elif step == "deliver" and went_out:
            _arrive(message)
        elif step == "accept the retry" and message.state == Message.State.QUEUED:
            accepted(message)
        elif step == "sweep":
            campaigns_complete()
        elif step == "cancel":
            campaign_cancel(campaign_id=campaign.pk)
        elif step == "pause":
            campaign_pause(campaign_id=campaign.pk)
        elif step == "resume":
            campaign_resume(campaign_id=campaign.pk)

    def _prove(self, campaign: Campaign) -> None:
        chain = Message.objects.filter(campaign=campaign)
        assert chain.filter(state__in=list(ALIVE)).count() <= 1
        assert chain.count() <= MAX_TRIES
        assert campaign_books(campaign.pk).planned == 1
        assert campaign_books(campaign.pk).balance
        assert list(differences()) == []
        campaign.refresh_from_db()
        if campaign.state in (Campaign.State.COMPLETED, Campaign.State.CANCELLED):
            assert not chain.filter(state="queued").exists()
