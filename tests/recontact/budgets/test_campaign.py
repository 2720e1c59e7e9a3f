"""A campaign at its budgets: its whole price at once, its messages draw from that, and what is left goes back at its end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from providers.errors import Reason
from recontact import ledger
from recontact.books import differences
from recontact.budgets.reserve import BUDGET, campaign_reserve, campaign_shares
from recontact.budgets.settle import changes_add_up
from recontact.campaigns.again import campaign_retry, message_retry, retries_make
from recontact.campaigns.control import campaign_cancel, campaign_launch, campaign_pause, campaign_resume
from recontact.campaigns.filters import QueryFilter
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.lost import retry_prospect
from recontact.campaigns.start import CannotStart
from recontact.clock import database_now
from recontact.dispatch.sweep import campaigns_complete
from recontact.models import Budget, BudgetPeriod, BudgetReservation, Campaign, Message
from recontact.retries import retry_queue
from recontact.states import MessageState
from tests.factories import (
    budget_make,
    campaign_make,
    customer_make,
    prices_set,
    query_make,
    recipients_make,
    sender_number_make,
    template_make,
    user_make,
)
from tests.recontact.campaigns.audiences import filtered, number_make

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.026")
NOTHING = Decimal(0)


def priced(count: int = 10, **fields: object) -> Campaign:
    """A planned campaign of that many recipients at 0.026 each."""
    campaign = campaign_make(**fields)  # type: ignore[arg-type]
    recipients_make(campaign=campaign, count=count, estimate=PRICE, currency="USD", market="AR")
    return campaign


def launched(campaign: Campaign) -> Campaign:
    return campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def sums() -> tuple[Decimal, Decimal]:
    changes_add_up()
    assert list(differences()) == []
    period = BudgetPeriod.objects.get()
    assert period.campaigns == period.used
    return period.reserved, period.spent


def ended(message: Message, state: str) -> None:
    """The message went the whole way to `state`."""
    for step in (MessageState.ACCEPTED, state):
        Message.objects.filter(pk=message.pk).update(state=step)


def test_the_whole_price_is_reserved_when_it_is_launched() -> None:
    budget_make()
    assert launched(priced()).state == Campaign.State.RUNNING
    assert sums() == (10 * PRICE, NOTHING)


def test_its_messages_draw_from_that_and_reserve_nothing_more() -> None:
    budget_make(amount="0.26")
    launched(priced())
    campaigns_launch()
    assert Message.objects.count() == 10
    assert sums() == (10 * PRICE, NOTHING)


def test_one_that_does_not_fit_is_parked_and_nothing_of_it_is_reserved_or_sent() -> None:
    budget_make(amount="0.25")
    campaign = launched(priced())
    campaigns_launch()
    assert (campaign.state, campaign.state_reason, campaign.launched_at) == (Campaign.State.PARKED, BUDGET, None)
    assert not Message.objects.exists()
    assert sums() == (NOTHING, NOTHING)


def test_it_says_how_much_is_missing() -> None:
    budget_make(amount="0.25")
    [share] = campaign_shares(priced(), at=database_now())
    assert (share.left, share.price, share.missing) == (Decimal("0.25"), Decimal("0.26"), Decimal("0.01"))
    assert not share.fits


def test_and_goes_on_when_it_is_resumed_after_the_budget_was_raised() -> None:
    budget = budget_make(amount="0.25")
    campaign = launched(priced())
    campaign_resume(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PARKED
    budget.amount = Decimal("0.26")
    budget.save()
    BudgetPeriod.objects.update(amount=budget.amount)
    campaign_resume(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert campaign.launched_at is not None
    assert sums() == (10 * PRICE, NOTHING)


def test_what_became_of_its_messages_is_charged_or_kept_for_its_own_retries() -> None:
    budget_make()
    launched(priced())
    campaigns_launch()
    delivered, failed, *_rest = Message.objects.order_by("pk")
    ended(delivered, "delivered")
    ended(failed, "failed")
    assert sums() == (9 * PRICE, PRICE)


def test_a_retry_takes_the_place_of_what_failed() -> None:
    budget_make(amount="0.26")
    launched(priced())
    campaigns_launch()
    for message in Message.objects.order_by("pk"):
        ended(message, "failed")
    failed = Message.objects.order_by("pk").first()
    assert failed is not None
    failed.refresh_from_db()
    retry = retry_queue(message=failed, due_at=database_now())
    assert retry is not None
    assert sums() == (10 * PRICE, NOTHING)
    Message.objects.filter(pk=retry.pk).update(state=MessageState.DELIVERED)
    assert sums() == (9 * PRICE, PRICE)


@pytest.mark.parametrize(("risen", "tried"), [("0.0261", False), ("0.0259", True)])
def test_by_itself_nothing_is_tried_again_at_a_higher_price_than_what_failed_had(risen: str, tried: bool) -> None:
    budget_make(amount="0.26")
    launched(priced())
    campaigns_launch()
    failed = Message.objects.earliest("pk")
    ended(failed, "failed")
    failed.refresh_from_db()
    prices_set(risen)
    assert (retry_queue(message=failed, due_at=database_now()) is not None) is tried
    assert sum(sums()) <= 10 * PRICE


def test_what_is_left_goes_back_when_it_is_completed_and_what_is_on_its_way_stays() -> None:
    budget_make()
    campaign = launched(priced())
    campaigns_launch()
    first, second, *rest = Message.objects.order_by("pk")
    ended(first, "delivered")
    ended(second, "sent")
    for message in rest:
        ended(message, "failed")
    assert campaigns_complete() == 1
    assert sums() == (PRICE, PRICE)
    Message.objects.filter(pk=second.pk).update(state=MessageState.DELIVERED)
    assert sums() == (NOTHING, 2 * PRICE)
    Message.objects.filter(pk=rest[0].pk).update(state=MessageState.READ)
    assert sums() == (NOTHING, 3 * PRICE)
    assert BudgetReservation.objects.get(campaign=campaign).ahead == 0


def test_and_when_it_is_cancelled() -> None:
    budget_make()
    campaign = launched(priced())
    campaigns_launch()
    recipients_make(campaign=campaign, count=5)
    ended(Message.objects.order_by("pk")[0], "sent")
    campaign_cancel(campaign_id=campaign.pk)
    assert sums() == (PRICE, NOTHING)


def test_pausing_and_resuming_reserves_nothing_twice() -> None:
    budget_make()
    campaign = launched(priced())
    for _ in range(2):
        campaign_pause(campaign_id=campaign.pk)
        campaign_resume(campaign_id=campaign.pk)
        campaigns_launch()
    assert sums() == (10 * PRICE, NOTHING)


def test_one_that_asks_for_nothing_more_goes_on_where_the_budget_was_lowered_below_what_it_holds() -> None:
    budget_make()
    campaign = launched(priced())
    campaign_pause(campaign_id=campaign.pk)
    BudgetPeriod.objects.update(amount=Decimal("0.25"))
    Budget.objects.update(amount=Decimal("0.25"))
    campaign_resume(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    campaign_pause(campaign_id=campaign.pk)
    campaign.recipients.update(estimate=2 * PRICE)
    campaign_resume(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason) == (Campaign.State.PARKED, BUDGET)


def test_a_dearer_plan_reserves_the_difference_when_it_is_resumed() -> None:
    budget_make()
    campaign = launched(priced())
    campaign_pause(campaign_id=campaign.pk)
    campaign.recipients.update(estimate=2 * PRICE)
    campaign_resume(campaign_id=campaign.pk)
    assert sums() == (20 * PRICE, NOTHING)


def test_the_agents_share_is_out_of_its_reach_whatever_they_used() -> None:
    budget_make(amount="0.40", agents_share=50)
    assert launched(priced(8)).state == Campaign.State.PARKED
    assert launched(priced(7)).state == Campaign.State.RUNNING


def test_one_scheduled_for_another_period_counts_there() -> None:
    budget_make(period=Budget.Period.DAY)
    tomorrow = timezone.now() + timedelta(days=1)
    assert launched(priced(starts_at=tomorrow)).state == Campaign.State.SCHEDULED
    period = BudgetPeriod.objects.get()
    assert period.starts_at <= tomorrow < period.ends_at
    assert sums() == (10 * PRICE, NOTHING)


def test_every_budget_that_counts_it_must_have_room() -> None:
    number = sender_number_make()
    budget_make(name="all")
    budget_make(name="account", scope=Budget.Scope.ACCOUNT, account=number.account, amount="0.10")
    budget_make(name="files", scope=Budget.Scope.SOURCE, source=Campaign.Source.FILE)
    budget_make(name="customers", scope=Budget.Scope.SOURCE, source=Campaign.Source.CUSTOMERS, amount="0.01")
    campaign = priced(sender_number=number, template=template_make(account=number.account), created_by=user_make())
    assert [share.budget.name for share in campaign_shares(campaign, at=database_now())] == ["all", "account", "files"]
    assert launched(campaign).state == Campaign.State.PARKED
    assert not BudgetReservation.objects.exists()


def test_one_that_ended_reserves_more_for_what_is_tried_again_and_gives_back_the_rest() -> None:
    budget_make(amount="0.31")
    campaign = launched(priced())
    campaigns_launch()
    first, second, *rest = Message.objects.order_by("pk")
    for message in (first, second):
        ended(message, "failed")
    for message in rest:
        ended(message, "delivered")
    campaigns_complete()
    assert sums() == (NOTHING, 8 * PRICE)
    campaign.refresh_from_db()

    assert campaign_reserve(campaign, at=database_now(), extra={"USD": 5 * PRICE})  # too much: nothing is held
    assert campaign_reserve(campaign, at=database_now(), extra={"USD": 3 * PRICE}) == []
    first.refresh_from_db()
    retry = retry_queue(message=first, due_at=database_now())
    assert retry is not None
    assert sums() == (3 * PRICE, 8 * PRICE)
    ended(retry, "delivered")
    campaigns_complete()
    assert sums() == (NOTHING, 9 * PRICE)


def test_opening_it_again_before_its_changes_are_added_up_counts_each_once() -> None:
    budget_make()
    campaign = launched(priced(2))
    campaigns_launch()
    first, second = Message.objects.order_by("pk")
    ended(first, "delivered")
    ended(second, "sent")
    campaigns_complete()
    changes_add_up()
    Message.objects.filter(pk=second.pk).update(state="failed")
    campaign.refresh_from_db()
    campaign_reserve(campaign, at=database_now(), extra={"USD": PRICE})
    assert [found for found in differences() if "budget" in found.check] == []
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.RUNNING)
    assert sums() == (PRICE, PRICE)


def test_messages_of_queries_by_filter_draw_from_their_campaign_too() -> None:
    budget_make()
    number = number_make()
    for _ in range(3):
        query_make(customer=customer_make(), sender_number=number, subject="cuota 3")
    campaign = filtered(QueryFilter(number.pk), number=number)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    assert Message.objects.exclude(query=None).count() == 3
    assert sums() == (3 * PRICE, NOTHING)
    first = Message.objects.earliest("pk")
    ended(first, "delivered")
    ledger.settle([first.pk])
    assert sums() == (2 * PRICE, PRICE)


def lost(campaign: Campaign) -> Campaign:
    """The campaign, launched and completed, all its messages lost."""
    launched(campaign)
    campaigns_launch()
    for message in Message.objects.order_by("pk"):
        ended(message, "failed")
    Message.objects.update(reason=Reason.PROVIDER_DOWN, settled_at=timezone.now())
    assert campaigns_complete() == 1
    return Campaign.objects.select_related("template").get(pk=campaign.pk)


def test_trying_the_lost_again_reserves_their_price_anew() -> None:
    budget_make()
    campaign = lost(priced())
    assert sums() == (NOTHING, NOTHING)
    campaign_retry(campaign_id=campaign.pk, user=campaign.created_by, seen=retry_prospect(campaign).token)
    assert sums() == (10 * PRICE, NOTHING)
    retries_make()
    assert Message.objects.filter(state=MessageState.QUEUED).count() == 10
    assert sums() == (10 * PRICE, NOTHING)


def test_trying_the_lost_again_is_refused_where_it_does_not_fit() -> None:
    budget = budget_make()
    campaign = lost(priced())
    assert sums() == (NOTHING, NOTHING)
    BudgetPeriod.objects.update(amount=Decimal("0.25"))
    Budget.objects.filter(pk=budget.pk).update(amount=Decimal("0.25"))
    with pytest.raises(CannotStart, match=r"0\.01 are missing"):
        campaign_retry(campaign_id=campaign.pk, user=campaign.created_by, seen=retry_prospect(campaign).token)
    message_retry(message_id=Message.objects.earliest("pk").pk, user=campaign.created_by)
    assert sums() == (PRICE, NOTHING)
