"""A campaign from a file begins, waits, stops, goes on and ends; at any moment everybody in it has one fate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from providers.parking import park, unpark
from recontact.books import differences
from recontact.campaigns import ahead, launch
from recontact.campaigns.control import campaign_cancel, campaign_launch, campaign_pause, campaign_resume, may_pause
from recontact.campaigns.halts import halt_words
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.outcome_words import code_words
from recontact.campaigns.proof import Books
from recontact.campaigns.start import CannotStart
from recontact.customers import customer_identify, customer_merge, opt_out_add
from recontact.dispatch.claim import claim
from recontact.dispatch.hold import template_postpone
from recontact.dispatch.lease import leases_take
from recontact.dispatch.sweep import campaigns_complete
from recontact.erasure import customer_erase
from recontact.models import Campaign, CampaignRecipient, Customer, Message, OptOut
from recontact.windows import window_extend
from templates_app.models import Template
from tests.factories import campaign_make, prices_end, recipients_make, user_make
from tests.recontact.campaigns.both_books import books_of

pytestmark = pytest.mark.django_db


def _running(recipients: int = 3, **fields: Any) -> Campaign:
    campaign = campaign_make(recipients=recipients, **fields)
    return campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def _state(campaign: Campaign) -> tuple[str, str]:
    campaign.refresh_from_db()
    return campaign.state, campaign.state_reason


def _balanced(campaign: Campaign) -> Books:
    books = books_of(campaign)
    assert list(differences()) == []
    return books


def test_a_draft_cannot_be_launched() -> None:
    campaign = campaign_make(recipients=1, state=Campaign.State.DRAFT)
    with pytest.raises(CannotStart, match="plan"):
        campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def test_a_campaign_that_reaches_nobody_cannot_be_launched() -> None:
    campaign = campaign_make()
    recipients_make(campaign=campaign, count=2, outcome="left_out", code="opted_out")
    with pytest.raises(CannotStart, match="Nobody"):
        campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def test_a_campaign_whose_template_changed_since_its_plan_cannot_be_launched() -> None:
    campaign = campaign_make(recipients=1)
    Template.objects.update(content_hash="other")
    with pytest.raises(CannotStart, match="Plan it again"):
        campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def test_rows_that_the_plan_left_out_get_no_message() -> None:
    campaign = campaign_make(recipients=2)
    recipients_make(campaign=campaign, count=3, outcome="left_out", code="opted_out")
    recipients_make(campaign=campaign, count=1, outcome="error", code="invalid_phone")
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    assert campaigns_launch() == 2
    books = _balanced(campaign)
    assert (books.planned, books.by_state["queued"], books.left_out, books.errors) == (2, 2, 3, 1)


def test_what_each_person_reads_is_what_was_planned_for_him() -> None:
    campaign = campaign_make()
    recipients_make(campaign=campaign, count=1, values={"body.1": "Luz", "body.2": "Ana", "body.3": "lunes"})
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    message = Message.objects.get()
    assert message.body.startswith("Hola Luz, soy Ana")
    assert (message.estimate, message.origin, message.query) == (Decimal("0.026"), "manager", None)


def test_launching_again_makes_no_second_message() -> None:
    _running()
    campaigns_launch()
    assert (campaigns_launch(), Message.objects.count()) == (0, 3)


def test_it_launches_no_more_than_a_little_ahead_and_in_whole_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AHEAD_AT_LEAST", 4)
    monkeypatch.setattr(ahead, "AHEAD_SECONDS", 0)
    campaign = _running(10)
    assert campaigns_launch() == 4
    _first_queued().update(state="cancelled")
    assert campaigns_launch() == 0  # one at a time costs as much as many
    _first_queued().update(state="cancelled")
    assert campaigns_launch() == 2
    assert _balanced(campaign).unlaunched == 4


def _first_queued() -> QuerySet[Message]:
    return Message.objects.filter(pk=Message.objects.filter(state="queued").earliest("pk").pk)


def test_who_must_wait_for_a_day_after_a_try_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AHEAD_AT_LEAST", 4)
    monkeypatch.setattr(ahead, "AHEAD_SECONDS", 0)
    _running(12)
    campaigns_launch()
    Message.objects.update(due_at=timezone.now() + timedelta(days=1), attempt_number=1)
    assert campaigns_launch() == 4


def test_a_queue_that_a_template_holds_back_is_not_filled_any_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AHEAD_AT_LEAST", 4)
    monkeypatch.setattr(ahead, "AHEAD_SECONDS", 0)
    campaign = _running(12)
    campaigns_launch()
    template_postpone(template_id=campaign.template_id or 0, until=timezone.now() + timedelta(hours=1))
    assert campaigns_launch() == 0


def test_the_pace_spaces_the_messages() -> None:
    _running(4, pace=2)
    campaigns_launch()
    due = list(Message.objects.order_by("pk").values_list("due_at", flat=True))
    assert [(later - due[0]).total_seconds() for later in due] == [0.0, 0.5, 1.0, 1.5]


def _claimed(limit: int = 100) -> int:
    return sum(len(claim(lease, limit)) for lease in leases_take("test"))


@pytest.mark.parametrize(("pace", "most"), [(1, 1), (2, 2), (20, 22)])
def test_what_waited_while_it_was_paused_goes_at_its_pace_too(pace: int, most: int) -> None:
    campaign = _running(30, pace=pace)
    campaigns_launch()
    assert campaign_pause(campaign_id=campaign.pk)
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert campaign_resume(campaign_id=campaign.pk)
    [lease] = leases_take("test")
    assert [len(claim(lease, 100)) for _ in range(2)] == [most, 0]
    Message.objects.filter(state="sending").update(claimed_at=timezone.now() - timedelta(seconds=1.1))
    assert len(claim(lease, 100)) == min(most, 30 - most)


def test_the_pace_of_one_campaign_holds_back_no_other() -> None:
    slow = _running(5, pace=1)
    _running(5, sender_number=slow.sender_number, template=slow.template)
    campaigns_launch()
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert _claimed() == 6


def test_a_scheduled_campaign_begins_at_its_hour() -> None:
    campaign = _running(starts_at=timezone.now() + timedelta(hours=1))
    assert campaigns_launch() == 0
    assert _state(campaign) == (Campaign.State.SCHEDULED, "")
    Campaign.objects.update(starts_at=timezone.now() - timedelta(seconds=1))
    assert campaigns_launch() == 3
    assert _state(campaign) == (Campaign.State.RUNNING, "")


def test_a_paused_schedule_waits_for_its_hour_again() -> None:
    campaign = _running(starts_at=timezone.now() + timedelta(hours=1))
    assert campaign_pause(campaign_id=campaign.pk)
    assert campaign_resume(campaign_id=campaign.pk)
    assert _state(campaign) == (Campaign.State.SCHEDULED, "")


def test_nobody_gets_it_before_his_hour() -> None:
    campaign = _running(1)
    later = timezone.now() + timedelta(hours=9)
    recipients_make(campaign=campaign, count=2, not_before=later)
    assert campaigns_launch() == 1
    assert _balanced(campaign).unlaunched == 2
    CampaignRecipient.objects.filter(not_before=later).update(not_before=timezone.now() - timedelta(seconds=1))
    assert campaigns_launch() == 2


def test_a_paused_campaign_makes_no_messages_and_goes_on_where_it_was() -> None:
    campaign = _running()
    campaign_pause(campaign_id=campaign.pk)
    assert campaigns_launch() == 0
    campaign_resume(campaign_id=campaign.pk)
    assert campaigns_launch() == 3


def test_a_parked_campaign_may_be_paused_and_then_does_not_go_on_by_itself() -> None:
    campaign = _running()
    assert campaign.sender_number is not None
    park(campaign.sender_number, reason="account_blocked")
    campaigns_launch()
    assert _state(campaign) == (Campaign.State.PARKED, "number_parked")
    assert may_pause(campaign)
    assert campaign_pause(campaign_id=campaign.pk)
    unpark(campaign.sender_number)
    assert _state(campaign) == (Campaign.State.PAUSED, "person")
    assert campaign_resume(campaign_id=campaign.pk)
    assert campaigns_launch() == 3


@pytest.mark.parametrize("reason", ["price_changed", "budget", "cannot_make"])
def test_a_campaign_parked_for_a_persons_word_is_not_paused_so_that_it_asks_for_its_approval(reason: str) -> None:
    """A pause would be ended without what resuming from there has to ask."""
    campaign = _running()
    Campaign.objects.update(state=Campaign.State.PARKED, state_reason=reason)
    assert not campaign_pause(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason, may_pause(campaign)) == (Campaign.State.PARKED, reason, False)


def test_cancelling_ends_everybody() -> None:
    campaign = _running()
    assert campaigns_launch() == 3
    recipients_make(campaign=campaign, count=2)
    assert campaign_cancel(campaign_id=campaign.pk) == 5
    assert campaigns_launch() == 0
    books = _balanced(campaign)
    assert (books.planned, books.by_state["cancelled"], books.unlaunched, books.waiting) == (5, 5, 0, 0)


def test_it_is_not_completed_before_everybody_has_had_his_turn() -> None:
    campaign = _running()
    campaigns_launch()
    recipients_make(campaign=campaign, count=1)
    Message.objects.update(state="cancelled")
    assert campaigns_complete() == 0
    campaigns_launch()
    Message.objects.update(state="cancelled")
    assert campaigns_complete() == 1
    assert _state(campaign)[0] == Campaign.State.COMPLETED


# --- what was true when it was planned, and is no longer ---


def _opts_out(customer: Customer) -> None:
    opt_out_add(customer=customer, scope=OptOut.Scope.ALL, source="customer's word")


def _is_erased(customer: Customer) -> None:
    customer_erase(customer_id=customer.pk, user=user_make())


def _writes(customer: Customer) -> None:
    number = Campaign.objects.get().sender_number
    assert number is not None
    window_extend(customer_id=customer.pk, sender_number_id=number.pk, inbound_at=timezone.now())


@pytest.mark.parametrize(
    ("happens", "code"),
    [(_opts_out, "opted_out"), (_is_erased, "customer_erased"), (_writes, "window_open")],
)
def test_who_must_not_get_it_any_more_is_left_out_at_his_turn(happens: Callable[[Customer], None], code: str) -> None:
    campaign = campaign_make()
    (recipient,) = recipients_make(campaign=campaign, count=1)
    CampaignRecipient.objects.update(customer=customer_identify(phone=recipient.phone))
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    happens(Customer.objects.get())
    campaigns_launch()
    assert CampaignRecipient.objects.get().dropped == code
    books = _balanced(campaign)
    assert (books.planned, books.dropped, Message.objects.count()) == (1, 1, 0)
    assert campaigns_complete() == 1


def test_an_erased_persons_wish_still_counts_when_his_phone_comes_in_a_file() -> None:
    customer = customer_identify(phone="+5491155550100")
    _opts_out(customer)
    _is_erased(customer)
    campaign = campaign_make()
    recipients_make(campaign=campaign, count=1, phone="+5491155550100")
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    assert CampaignRecipient.objects.get().dropped == "opted_out"


def test_two_rows_of_one_person_get_one_message() -> None:
    campaign = campaign_make()
    recipients_make(campaign=campaign, count=1, phone="+5491155550100")
    recipients_make(campaign=campaign, count=1, phone="", bsuid="AR.1")
    customer_identify(phone="+5491155550100", bsuid="AR.1")
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    assert list(campaign.recipients.values_list("dropped", flat=True)) == ["", "same_person"]
    assert _balanced(campaign).planned == 2


@pytest.mark.parametrize("launched", [False, True])
def test_two_customers_of_a_campaign_may_turn_out_to_be_one(launched: bool) -> None:
    campaign = campaign_make()
    for phone in ("+5491155550100", "+5491155550200"):
        customer = customer_identify(phone=phone)
        recipients_make(campaign=campaign, count=1, phone=phone, customer=customer)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    if launched:
        campaigns_launch()
    keep, gone = Customer.objects.order_by("pk")
    customer_merge(keep=keep, gone=gone)
    campaigns_launch()
    assert Message.objects.count() == (2 if launched else 1)
    assert _balanced(campaign).unlaunched == 0


# --- parked ---


def _recycled(campaign: Campaign, recipient: CampaignRecipient) -> CampaignRecipient:
    """Make the row one of a person to whose phone the campaign wrote when that was another's: no message can be made of it."""
    campaigns_launch()
    written = Message.objects.filter(campaign=campaign).latest("pk")
    Customer.objects.filter(pk=written.customer_id).update(phone=None, bsuid=f"AR.{written.pk}")
    now_his = customer_identify(phone=written.recipient_phone)
    CampaignRecipient.objects.filter(pk=recipient.pk).update(customer=now_his, phone="", bsuid="AR.1")
    return recipient


def test_a_row_of_which_no_message_can_be_made_holds_up_nobody() -> None:
    campaign = _running(1)
    bad, *_rest = recipients_make(campaign=campaign, count=1)
    CampaignRecipient.objects.filter(pk=bad.pk).update(not_before=timezone.now() + timedelta(hours=1))
    _recycled(campaign, bad)
    CampaignRecipient.objects.filter(pk=bad.pk).update(not_before=None)
    recipients_make(campaign=campaign, count=3)
    other = _running(2)

    campaigns_launch()

    assert Message.objects.filter(campaign=campaign).count() == 4
    assert Message.objects.filter(campaign=other).count() == 2
    bad.refresh_from_db()
    assert (bad.dropped, _state(campaign)) == ("cannot_make", (Campaign.State.RUNNING, ""))
    assert _balanced(campaign).dropped == 1
    assert code_words(bad.dropped) != bad.dropped


def test_where_no_row_can_be_made_the_campaign_is_parked_and_nobody_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_messages: object) -> None:
        raise ValueError

    campaign = _running(3)
    with monkeypatch.context() as patch:
        patch.setattr(launch, "messages_copy", broken)
        assert campaigns_launch() == 0
    assert _state(campaign) == (Campaign.State.PARKED, "cannot_make")
    assert halt_words("cannot_make") != "cannot_make"
    assert _balanced(campaign).unlaunched == 3
    assert campaign_resume(campaign_id=campaign.pk)
    assert campaigns_launch() == 3


def test_a_database_that_is_away_leaves_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_messages: object) -> None:
        raise psycopg.OperationalError

    campaign = _running(3)
    with monkeypatch.context() as patch:
        patch.setattr(launch, "messages_copy", away)
        with pytest.raises(psycopg.OperationalError):
            campaigns_launch()
    assert _state(campaign) == (Campaign.State.RUNNING, "")
    assert campaigns_launch() == 3


def test_a_template_that_changes_parks_the_campaign_before_the_next_batch() -> None:
    campaign = _running()
    Template.objects.update(category=Template.Category.MARKETING)
    assert campaigns_launch() == 0
    assert _state(campaign) == (Campaign.State.PARKED, "template_changed")
    assert _balanced(campaign).unlaunched == 3


def test_a_number_that_stops_parks_the_campaign_until_it_is_released() -> None:
    campaign = _running()
    assert campaign.sender_number is not None
    park(campaign.sender_number, reason="number_blocked")
    campaigns_launch()
    assert _state(campaign) == (Campaign.State.PARKED, "number_parked")
    unpark(campaign.sender_number)
    assert _state(campaign) == (Campaign.State.RUNNING, "")
    assert campaigns_launch() == 3


def test_a_price_above_the_plans_parks_the_campaign_until_a_person_agrees() -> None:
    campaign = campaign_make(state=Campaign.State.RUNNING)
    recipients_make(campaign=campaign, count=2, estimate=Decimal("0.02"), currency="USD", market="AR")
    assert campaigns_launch() == 0
    assert _state(campaign) == (Campaign.State.PARKED, "price_changed")
    campaign_resume(campaign_id=campaign.pk)
    assert campaigns_launch() == 2
    assert set(campaign.recipients.values_list("estimate", flat=True)) == {Decimal("0.026")}


def test_a_lower_price_stops_nothing() -> None:
    campaign = campaign_make(state=Campaign.State.RUNNING)
    recipients_make(campaign=campaign, count=1, estimate=Decimal("0.05"), currency="USD", market="AR")
    assert campaigns_launch() == 1
    assert campaign.messages.get().estimate == Decimal("0.026")


def test_who_has_no_price_any_more_is_left_out() -> None:
    campaign = _running(1)
    prices_end()
    campaigns_launch()
    assert campaign.recipients.get().dropped == "price_unknown"


def _recategorized_when_two_of_four_are_queued(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.setattr(ahead, "AHEAD_AT_LEAST", 2)
    monkeypatch.setattr(ahead, "AHEAD_SECONDS", 0)
    campaign = campaign_make(state=Campaign.State.RUNNING)
    recipients_make(campaign=campaign, count=4, estimate=Decimal("0.026"), currency="USD", market="AR")
    assert campaigns_launch() == 2
    Template.objects.update(category=Template.Category.MARKETING)
    Campaign.objects.update(state=Campaign.State.PARKED, state_reason="template_changed")
    return campaign


def test_a_new_category_is_priced_again_when_a_person_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _recategorized_when_two_of_four_are_queued(monkeypatch)
    assert campaign_resume(campaign_id=campaign.pk)
    assert _state(campaign) == (Campaign.State.RUNNING, "")
    queued = Message.objects.filter(state="queued")
    assert set(queued.values_list("category", "estimate", "try_number")) == {("marketing", Decimal("0.0618"), 2)}
    Message.objects.filter(state="queued").update(state="cancelled")
    assert campaigns_launch() == 2
    books = _balanced(campaign)
    assert (books.planned, books.by_state["queued"], books.by_state["cancelled"], books.unlaunched) == (4, 2, 2, 0)


def test_a_new_category_asks_for_approval_where_its_sum_needs_it(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    campaign = _recategorized_when_two_of_four_are_queued(monkeypatch)
    settings.CAMPAIGN_APPROVAL_AMOUNT = Decimal("0.15")
    campaign_resume(campaign_id=campaign.pk)
    assert _state(campaign) == (Campaign.State.AWAITING, "price_changed")
    assert campaigns_launch() == 0


def test_an_edited_text_cannot_be_agreed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _recategorized_when_two_of_four_are_queued(monkeypatch)
    Template.objects.update(content_hash="other")
    campaign_resume(campaign_id=campaign.pk)
    _first_queued().update(state="cancelled")
    assert campaigns_launch() == 0
    assert _state(campaign) == (Campaign.State.PARKED, "template_changed")
