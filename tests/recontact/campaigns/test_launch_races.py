"""Launching at the same moment as everything else, on real connections: once per recipient, and nobody waits in a circle."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from recontact.books import differences
from recontact.campaigns import ahead, launch
from recontact.campaigns.ahead import Room
from recontact.campaigns.control import campaign_cancel, campaign_launch, campaign_pause
from recontact.campaigns.launch import campaigns_launch, launch_in_turns
from recontact.customers import customer_identify, opt_out_add
from recontact.dispatch.sweep import campaigns_complete
from recontact.erasure import CannotErase, customer_erase
from recontact.models import Campaign, CampaignRecipient, Customer, Message, OptOut
from tests.factories import campaign_make, recipients_make, user_make
from tests.recontact.campaigns.both_books import books_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3
each_round = pytest.mark.parametrize("round_number", range(ROUNDS))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many transactions for few rows."""
    monkeypatch.setattr(ahead, "BATCH", 7)


@pytest.fixture
def campaign() -> Campaign:
    campaign = campaign_make(recipients=60)
    return campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def _at_once(*actions: Callable[[], object]) -> None:
    """Run the actions in threads that start together; what one of them raises is raised here."""
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            together.wait(5)
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(run, actions))


def _until_all_had_their_turn(campaign: Campaign) -> None:
    """As beat does."""
    for _ in range(20):
        campaigns_launch()
    assert books_of(campaign).unlaunched == 0


def _proved(campaign: Campaign) -> None:
    books_of(campaign)
    assert list(differences()) == []
    people = Counter(Message.objects.values_list("recipient_phone", "recipient_bsuid"))
    assert [count for count in people.values() if count > 1] == []


@each_round
def test_several_launchers_make_one_message_for_each(campaign: Campaign, round_number: int) -> None:
    _at_once(*[launch_in_turns] * 4)
    _until_all_had_their_turn(campaign)
    assert Message.objects.count() == 60
    _proved(campaign)


def test_one_launcher_works_while_a_second_goes_away_at_once(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, seconds_turn = threading.Event(), threading.Event()
    batch_launch = launch.batch_launch

    def slowly(*, campaign_id: int, room: Room) -> int:
        begun.set()
        assert seconds_turn.wait(10)
        return batch_launch(campaign_id=campaign_id, room=room)

    def second() -> None:
        assert begun.wait(10)
        assert campaigns_launch() == 0
        seconds_turn.set()

    monkeypatch.setattr(launch, "batch_launch", slowly)
    _at_once(campaigns_launch, second)

    assert Message.objects.count() == 60
    assert campaigns_launch() == 0  # the lock is free again: it looked, and nothing was left
    _proved(campaign)


@each_round
def test_a_campaign_cancelled_while_it_launches_leaves_nothing_queued(campaign: Campaign, round_number: int) -> None:
    _at_once(launch_in_turns, launch_in_turns, lambda: campaign_cancel(campaign_id=campaign.pk))
    assert not Message.objects.filter(state="queued").exists()
    assert campaigns_launch() == 0
    books = books_of(campaign)
    assert books.by_state["cancelled"] == books.planned == 60
    _proved(campaign)


@each_round
def test_a_campaign_paused_while_it_launches_launches_no_more(campaign: Campaign, round_number: int) -> None:
    _at_once(campaigns_launch, lambda: campaign_pause(campaign_id=campaign.pk))
    made = Message.objects.count()
    assert campaigns_launch() == 0
    assert Message.objects.count() == made
    _proved(campaign)


@each_round
def test_a_campaign_is_not_completed_while_it_launches(campaign: Campaign, round_number: int) -> None:
    _at_once(campaigns_launch, campaigns_complete, campaigns_complete)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    _until_all_had_their_turn(campaign)
    _proved(campaign)


def _customers(campaign: Campaign) -> list[Customer]:
    """All recipients, known as customers already."""
    for recipient in campaign.recipients.all():
        CampaignRecipient.objects.filter(pk=recipient.pk).update(customer=customer_identify(phone=recipient.phone))
    return list(Customer.objects.order_by("-pk"))


@each_round
def test_wishes_and_erasures_while_it_launches_reach_those_without_a_message(
    campaign: Campaign, round_number: int
) -> None:
    customers, user = _customers(campaign), user_make()

    def wish() -> None:
        for customer in customers[:30]:
            opt_out_add(customer=customer, scope=OptOut.Scope.ALL, source="customer's word")

    def erase() -> None:
        for customer in customers[20:50]:
            try:
                customer_erase(customer_id=customer.pk, user=user)
            except CannotErase:
                continue

    _at_once(campaigns_launch, wish, erase)
    _until_all_had_their_turn(campaign)
    erased = Customer.objects.filter(erased_at__isnull=False)
    assert not Message.objects.filter(customer__in=erased, recipient_phone__startswith="+").exists()
    _proved(campaign)


@each_round
def test_two_who_turn_out_to_be_one_while_it_launches_get_it_once_or_had_it_already(
    campaign: Campaign, round_number: int
) -> None:
    customers = _customers(campaign)
    for number in range(20):
        recipients_make(
            campaign=campaign, count=1, phone="", bsuid=f"AR.{number}", customer=customer_identify(bsuid=f"AR.{number}")
        )

    def merge() -> None:
        for number, customer in enumerate(customers[:20]):
            customer_identify(phone=customer.phone or "", bsuid=f"AR.{number}")

    _at_once(campaigns_launch, merge)
    _until_all_had_their_turn(campaign)
    left_out = campaign.recipients.filter(dropped="same_person").count()
    assert Message.objects.count() + left_out == 80
    _proved(campaign)
