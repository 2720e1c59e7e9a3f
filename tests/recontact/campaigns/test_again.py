"""A person has the lost messages of a campaign tried again: told before the click, each once, and the books balance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from providers.contracts import DeliveryStatus, StatusEvent
from providers.errors import Reason
from providers.parking import park, unpark
from recontact.books import differences
from recontact.campaigns import ahead
from recontact.campaigns.again import campaign_retry, message_retry, retries_make, retry_blocker
from recontact.campaigns.control import campaign_cancel, campaign_launch, campaign_pause, campaign_resume
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.lost import MOST_TRIES, retry_prospect
from recontact.campaigns.start import CannotStart
from recontact.customers import customer_identify, opt_out_add
from recontact.delivery import status_apply
from recontact.dispatch.recheck import recheck
from recontact.dispatch.sweep import campaigns_complete
from recontact.erasure import CannotErase, customer_erase
from recontact.models import Campaign, CampaignRetry, CostEntry, Customer, Incident, Message, OptOut
from recontact.windows import window_extend
from templates_app.models import Template
from tests.due import due_of
from tests.factories import campaign_make, prices_end, prices_set, user_make
from tests.recontact.campaigns.both_books import books_of
from tests.recontact.chains import accepted, fail

DOWN, UNREACHABLE = Reason.PROVIDER_DOWN, Reason.RECIPIENT_UNREACHABLE


def _launched(recipients: int = 4, **fields: Any) -> Campaign:
    campaign = campaign_make(recipients=recipients, **fields)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    return campaign


def _lose(state: str, reason: str, *, count: int = 1, **fields: Any) -> list[Message]:
    """The first queued ones end like that, by the steps that lead there."""
    found = list(Message.objects.filter(state="queued").order_by("pk")[:count])
    for message in found:
        rows = Message.objects.filter(pk=message.pk)
        if state != "expired":
            rows.update(state="sending", attempt_number=1)
            message.attempts.create(number=1, claimed_at=timezone.now(), outcome="rejected")
        rows.update(state=state, reason=reason, settled_at=timezone.now(), **fields)
    return found


def _ask(campaign: Campaign) -> CampaignRetry:
    campaign = Campaign.objects.select_related("template").get(pk=campaign.pk)
    return campaign_retry(campaign_id=campaign.pk, user=user_make(), seen=retry_prospect(campaign).token)


def _refused(campaign: Campaign) -> dict[str, int]:
    return dict(retry_prospect(Campaign.objects.select_related("template").get(pk=campaign.pk)).refused)


def _proved(campaign: Campaign) -> None:
    books_of(campaign)
    assert list(differences()) == []


# --- before the click ---


@pytest.mark.django_db
def test_it_says_how_many_may_be_tried_what_it_costs_and_why_the_others_may_not() -> None:
    campaign = _launched(9)
    _lose("rejected", DOWN, count=3)
    _lose("failed", Reason.BILLING)
    _lose("expired", Reason.NUMBER_BLOCKED)
    _lose("failed", UNREACHABLE, count=2)
    (opted_out,) = _lose("rejected", DOWN)
    opt_out_add(customer=opted_out.customer, scope=OptOut.Scope.ALL, source="customer's word")

    prospect = retry_prospect(campaign)

    assert (prospect.count, prospect.totals) == (5, {"USD": Decimal("0.1300")})
    assert prospect.refused == [
        ("The phone has no WhatsApp, or cannot receive this message.", 2),
        ("Asked for no messages", 1),
    ]


def _erased(message: Message) -> None:
    customer_erase(customer_id=message.customer_id, user=user_make())


def _wrote(message: Message) -> None:
    window_extend(customer_id=message.customer_id, sender_number_id=message.sender_number_id, inbound_at=timezone.now())


def _was_tried_often(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(try_number=MOST_TRIES)


def _got_another_template(_message: Message) -> None:
    Template.objects.update(content_hash="another")


def _arrived_as_another_row(message: Message) -> None:
    other = Message.objects.filter(state="queued").latest("pk")
    Message.objects.filter(pk=other.pk).update(customer=message.customer)


def _has_no_price(_message: Message) -> None:
    prices_end()


def _is_proven(message: Message) -> None:
    event = StatusEvent(
        str(message.reference), DeliveryStatus.DELIVERED, timezone.now(), reference=str(message.reference)
    )
    status_apply(message.account_id, event)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (_erased, "Had their data erased"),
        (_wrote, "Wrote in the last 24 hours"),
        (_was_tried_often, "Tried 6 times already"),
        (_got_another_template, "The template changed since"),
        (_arrived_as_another_row, "Same person as another row"),
        (_has_no_price, "Price not known"),
        (_is_proven, "The provider reports that it arrived"),
    ],
)
def test_who_must_not_get_it_any_more_is_not_tried_again(happens: Callable[[Message], None], words: str) -> None:
    campaign = _launched(2)
    (lost,) = _lose("rejected", DOWN)
    happens(lost)
    assert _refused(campaign) == {words: 1}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": Campaign.State.CANCELLED}, "cancelled"),
        ({"state": Campaign.State.PLANNED}, "not begun"),
        ({"launched_at": timezone.now() - timedelta(days=31)}, "time is over"),
    ],
)
def test_a_campaign_that_is_over_or_has_not_begun_is_refused(change: dict[str, Any], said: str) -> None:
    campaign = _launched(1)
    _lose("rejected", DOWN)
    Campaign.objects.update(**change)
    with pytest.raises(CannotStart, match=said):
        _ask(campaign)


@pytest.mark.django_db
def test_a_parked_number_is_refused_with_its_reason() -> None:
    campaign = _launched(1)
    _lose("rejected", DOWN)
    assert campaign.sender_number is not None
    park(campaign.sender_number, reason=Reason.NUMBER_BLOCKED, until=None)
    with pytest.raises(CannotStart, match="The sender number is stopped"):
        _ask(campaign)
    assert not CampaignRetry.objects.exists()


@pytest.mark.django_db
def test_a_price_that_rose_since_it_was_shown_is_shown_first() -> None:
    campaign = _launched(1)
    _lose("rejected", DOWN)
    seen = retry_prospect(campaign).token
    prices_set("0.5")
    with pytest.raises(CannotStart, match="once more"):
        campaign_retry(campaign_id=campaign.pk, user=user_make(), seen=seen)


@pytest.mark.django_db
def test_no_more_are_tried_than_were_shown() -> None:
    campaign = _launched(3)
    _lose("rejected", DOWN)
    seen = retry_prospect(campaign).token
    _lose("rejected", DOWN, count=2)
    campaign_retry(campaign_id=campaign.pk, user=user_make(), seen=seen)
    retries_make()
    assert Message.objects.filter(retry_of__isnull=False).count() == 1


@pytest.mark.django_db
def test_what_was_not_shown_by_the_portal_is_not_believed() -> None:
    campaign = _launched(1)
    _lose("rejected", DOWN)
    with pytest.raises(CannotStart, match="once more"):
        campaign_retry(campaign_id=campaign.pk, user=user_make(), seen="forged")


@pytest.mark.django_db
def test_the_prospect_of_many_is_one_query_as_of_few() -> None:
    campaign = _launched(12)
    _lose("rejected", DOWN)
    with CaptureQueriesContext(connection) as few:
        retry_prospect(campaign)
    _lose("rejected", DOWN, count=10)
    with CaptureQueriesContext(connection) as many:
        retry_prospect(campaign)
    assert len(few) == len(many)


# --- what the click makes ---


@pytest.mark.django_db
def test_a_completed_campaign_runs_again_with_new_messages_of_fresh_life_and_completes_again() -> None:
    campaign = _launched(2)
    lost = _lose("expired", "", expires_at=timezone.now() - timedelta(hours=1)) + _lose("failed", UNREACHABLE)
    assert campaigns_complete() == 1

    _ask(campaign)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.completed_at, campaigns_complete()) == (Campaign.State.RUNNING, None, 0)
    assert retries_make() == 1

    retry = Message.objects.get(retry_of__isnull=False)
    assert (retry.retry_of, retry.try_number, retry.state, retry.body) == (lost[0], 2, "queued", lost[0].body)
    assert retry.expires_at > timezone.now() + timedelta(days=2)
    assert CostEntry.objects.filter(message=retry).count() == 1
    assert retries_make() == 0
    wish = CampaignRetry.objects.get()
    assert (wish.planned, wish.made, wish.finished_at is not None) == (1, 1, True)
    _proved(campaign)
    Message.objects.filter(pk=retry.pk).update(state="cancelled")
    assert campaigns_complete() == 1


@pytest.mark.django_db
def test_what_it_makes_passes_the_second_check_at_the_claim() -> None:
    campaign = _launched(2)
    _lose("rejected", DOWN)
    _lose("expired", "")
    _ask(campaign)
    retries_make()
    tried = Message.objects.filter(retry_of__isnull=False)
    assert recheck(due_of(tried), number_id=tried[0].sender_number_id, now=timezone.now()) == {}


@pytest.mark.django_db
def test_a_wait_that_the_reason_asks_for_is_waited_for() -> None:
    campaign = _launched(1)
    _lose("rejected", Reason.MARKETING_LIMIT)
    _ask(campaign)
    retries_make()
    wait = Message.objects.get(retry_of__isnull=False).due_at - timezone.now()
    assert round(wait.total_seconds() / 3600) == 24


@pytest.mark.django_db
def test_who_was_put_off_to_tomorrow_puts_off_nobody_who_is_tried_again() -> None:
    campaign = _launched(3, pace=2)
    _lose("rejected", DOWN)
    put_off = Message.objects.filter(state="queued").latest("pk")
    Message.objects.filter(pk=put_off.pk).update(due_at=timezone.now() + timedelta(days=1), attempt_number=1)
    _ask(campaign)
    retries_make()
    assert Message.objects.get(retry_of__isnull=False).due_at - timezone.now() < timedelta(seconds=5)


@pytest.mark.django_db
def test_no_more_are_made_than_may_wait_in_the_queue_and_the_rest_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _launched(6)
    _lose("rejected", DOWN, count=6)
    monkeypatch.setattr(ahead, "AHEAD_AT_LEAST", 4)
    monkeypatch.setattr(ahead, "AHEAD_SECONDS", 0)
    _ask(campaign)
    assert (retries_make(), retries_make()) == (4, 0)
    _lose("failed", UNREACHABLE, count=4)
    assert retries_make() == 2
    _proved(campaign)


@pytest.mark.django_db
def test_a_price_above_the_one_that_was_shown_is_not_paid() -> None:
    campaign = _launched(1)
    _lose("rejected", DOWN)
    _ask(campaign)
    prices_set("0.5")
    retries_make()
    assert not Message.objects.filter(retry_of__isnull=False).exists()
    assert retries_make() == 0
    assert CampaignRetry.objects.get().finished_at is not None


@pytest.mark.django_db
def test_a_paused_campaign_and_a_parked_number_are_waited_for_and_a_cancelled_one_ends_it() -> None:
    campaign = _launched(1)
    _lose("rejected", DOWN)
    _ask(campaign)
    number = campaign.sender_number
    assert number is not None
    campaign_pause(campaign_id=campaign.pk)
    assert retries_make() == 0
    campaign_resume(campaign_id=campaign.pk)
    park(number, reason=Reason.NUMBER_BLOCKED, until=None)
    assert retries_make() == 0
    unpark(number)
    campaign_cancel(campaign_id=campaign.pk)
    assert retries_make() == 0
    assert CampaignRetry.objects.get().finished_at is not None
    _proved(campaign)


@pytest.mark.django_db
def test_what_fails_after_the_click_was_not_asked_for() -> None:
    campaign = _launched(3)
    _lose("rejected", DOWN)
    _ask(campaign)
    _lose("rejected", DOWN)
    retries_make()
    retries_make()
    assert Message.objects.filter(retry_of__isnull=False).count() == 1


# --- late proof ---


@pytest.mark.django_db
def test_proof_against_a_rejected_message_takes_its_queued_retry_back() -> None:
    campaign = _launched(1)
    (lost,) = _lose("rejected", DOWN)
    _ask(campaign)
    retries_make()
    _is_proven(lost)
    retry = Message.objects.get(retry_of=lost)
    assert (retry.state, retry.reason) == ("cancelled", "arrived_after_all")
    assert Incident.objects.get().kind == "proof_unsent"
    _proved(campaign)


@pytest.mark.django_db
def test_proof_against_a_rejected_message_after_its_retry_went_out_says_that_it_was_sent_twice() -> None:
    campaign = _launched(1)
    (lost,) = _lose("rejected", DOWN)
    _ask(campaign)
    retries_make()
    accepted(Message.objects.get(retry_of=lost))
    _is_proven(lost)
    assert set(Incident.objects.values_list("kind", flat=True)) == {"proof_unsent", "sent_twice"}


# --- one message ---


@pytest.mark.django_db
def test_one_lost_message_is_tried_again_at_once_and_once() -> None:
    campaign = _launched(2)
    lost, _other = _lose("rejected", DOWN, count=2)
    retry = message_retry(message_id=lost.pk, user=user_make())
    assert (retry.retry_of, retry.state) == (lost, "queued")
    with pytest.raises(CannotStart, match="tried again already"):
        message_retry(message_id=lost.pk, user=user_make())
    _proved(campaign)


@pytest.mark.django_db
def test_one_message_that_would_fail_again_is_refused_with_its_reason() -> None:
    _launched(1)
    (lost,) = _lose("failed", UNREACHABLE)
    with pytest.raises(CannotStart, match="no WhatsApp"):
        message_retry(message_id=lost.pk, user=user_make())


# --- at once ---


def _at_once(*actions: Callable[[], object]) -> None:
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            together.wait(5)
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(run, actions))


def _click(campaign: Campaign, told: list[str]) -> Callable[[], None]:
    user, seen = user_make(), retry_prospect(campaign).token

    def click() -> None:
        try:
            campaign_retry(campaign_id=campaign.pk, user=user, seen=seen)
        except CannotStart as refused:
            told.append(str(refused))

    return click


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_clicks_workers_and_everything_else_at_once_try_each_once(
    round_number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "BATCH", 5)
    campaign = _launched(40)
    lost = _lose("rejected", DOWN, count=20)
    for message in (Message.objects.filter(state="queued").order_by("pk"))[:10]:
        fail(accepted(message), UNREACHABLE)
    customers, user = list(Customer.objects.order_by("pk")[:20]), user_make()
    told: list[str] = []

    def wish_and_erase() -> None:
        for customer in customers[:4]:
            opt_out_add(customer=customer, scope=OptOut.Scope.ALL, source="customer's word")
        for customer in customers[4:8]:
            try:
                customer_erase(customer_id=customer.pk, user=user)
            except CannotErase:
                continue

    def merge() -> None:
        for place, customer in enumerate(customers[8:12]):
            customer_identify(phone=customer.phone or "", bsuid=f"AR.{place}")

    _at_once(_click(campaign, told), _click(campaign, told), retries_make, wish_and_erase, merge)
    for _ in range(10):
        retries_make()

    assert len(told) == 1
    assert CampaignRetry.objects.get().finished_at is not None
    tried = Message.objects.filter(retry_of__isnull=False)
    assert 12 <= tried.count() <= 20
    assert set(tried.values_list("retry_of", flat=True)) <= {message.pk for message in lost}
    erased = Customer.objects.filter(erased_at__isnull=False)
    assert not Message.objects.filter(customer__in=erased, recipient_phone__startswith="+").exists()
    _proved(campaign)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_pass_over_what_somebody_holds_and_take_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "BATCH", 3)
    campaign = _launched(9)
    lost = _lose("rejected", DOWN, count=9)
    _ask(campaign)
    with transaction.atomic():
        Message.objects.select_for_update().get(pk=lost[4].pk)
        _at_once(retries_make, retries_make, retries_make)
        held = Message.objects.filter(retry_of__isnull=False).count()
    retries_make()
    assert held == 4
    assert Message.objects.filter(retry_of__isnull=False).count() == 9
    _proved(campaign)


# --- whatever happens, the books balance ---

ENDS = st.lists(
    st.tuples(
        st.sampled_from(["rejected", "failed", "expired"]), st.sampled_from([DOWN, UNREACHABLE, Reason.BILLING, ""])
    ),
    min_size=1,
    max_size=6,
)


class AnyEnds(TestCase):
    """However often messages are lost and tried again, every chain counts once."""

    @effort(max_examples=20, deadline=None)
    @given(st.lists(ENDS, min_size=1, max_size=4), st.booleans())
    def test_however_often_it_is_tried_the_books_balance(self, rounds: list[Any], cancels: bool) -> None:
        campaign = _launched(5)
        for ends in rounds:
            for state, reason in ends:
                _lose(state, reason)
            if not retry_blocker(campaign) and retry_prospect(campaign).count:
                _ask(campaign)
                retries_make()
                retries_make()
            _proved(campaign)
        if cancels:
            campaign_cancel(campaign_id=campaign.pk)
        campaigns_complete()
        _proved(campaign)
        assert books_of(campaign).planned == 5
