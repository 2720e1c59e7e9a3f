"""A person is left alone for some days after a campaign: looked at when it is planned, and again when his turn comes."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone, translation
from pytest_django import Settings

from providers.errors import Reason
from providers.models import SenderNumber
from recontact.books import differences
from recontact.campaigns import ahead
from recontact.campaigns.again import message_retry
from recontact.campaigns.control import campaign_cancel, campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.lost import retry_prospect
from recontact.campaigns.outcome_words import why_words
from recontact.campaigns.start import CannotStart
from recontact.models import Campaign, CampaignRecipient, Message
from recontact.retries import retry_queue
from tests.factories import campaign_make, rate_card_make, recipients_make, sender_number_make, template_make
from tests.recontact.campaigns.both_books import books_of


@pytest.fixture(autouse=True)
def cap(settings: Settings) -> None:
    settings.CAMPAIGN_FREQUENCY_CAP_DAYS = 7


@pytest.fixture
def number() -> SenderNumber:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template_make(account=number.account)
    return number


def _launched(number: SenderNumber, name: str, phones: list[str], **fields: Any) -> Campaign:
    """A campaign to these phones, planned when nobody had written to them yet, and launched."""
    campaign = campaign_make(sender_number=number, template=number.account.templates.get(), **fields)
    Campaign.objects.filter(pk=campaign.pk).update(name=name)
    for phone in phones:
        recipients_make(campaign=campaign, count=1, phone=phone)
    return campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


PHONES = [f"+5491155{row:06d}" for row in range(40)]


@pytest.mark.django_db
def test_of_two_campaigns_planned_at_the_same_time_the_second_leaves_the_first_ones_people_out(
    number: SenderNumber,
) -> None:
    first = _launched(number, "Deudores", PHONES[:3])
    second = _launched(number, "Ofertas", PHONES[2:5])
    campaigns_launch()
    assert (first.messages.count(), second.messages.count()) == (3, 2)
    dropped = second.recipients.get(dropped="recent_campaign")
    with translation.override("en"):
        words = why_words(dropped, dropped.dropped)
    assert words == "“Deudores” wrote to the customer in the last 7 days."
    assert books_of(second).balance


@pytest.mark.django_db
@pytest.mark.parametrize("ended", ["cancelled", "long ago"])
def test_a_message_that_was_never_sent_or_is_long_gone_holds_nobody_back(number: SenderNumber, ended: str) -> None:
    first = _launched(number, "Deudores", PHONES[:3])
    campaigns_launch()
    if ended == "cancelled":
        campaign_cancel(campaign_id=first.pk)
    else:
        Message.objects.update(created_at=timezone.now() - timedelta(days=8))
    second = _launched(number, "Ofertas", PHONES[:3])
    campaigns_launch()
    assert second.messages.count() == 3


@pytest.mark.django_db
def test_a_campaign_may_write_to_them_all_the_same(number: SenderNumber) -> None:
    _launched(number, "Deudores", PHONES[:3])
    campaigns_launch()
    second = _launched(number, "Corte de agua", PHONES[:3], include_recent=True)
    campaigns_launch()
    assert second.messages.count() == 3


@pytest.mark.django_db
def test_without_a_cap_nobody_is_left_out(number: SenderNumber, settings: Settings) -> None:
    settings.CAMPAIGN_FREQUENCY_CAP_DAYS = 0
    campaigns = [_launched(number, name, PHONES[:3]) for name in ("uno", "dos")]
    campaigns_launch()
    assert [campaign.messages.count() for campaign in campaigns] == [3, 3]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_launchers_at_the_same_moment_write_to_nobody_twice(
    number: SenderNumber, monkeypatch: pytest.MonkeyPatch, round_number: int
) -> None:
    monkeypatch.setattr(ahead, "BATCH", 5)
    campaigns = [_launched(number, name, PHONES) for name in ("uno", "dos", "tres")]
    together = threading.Barrier(3)

    def run(_launcher: int) -> None:
        try:
            together.wait(5)
            campaigns_launch()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    for _ in range(10):
        campaigns_launch()
    people = Counter(Message.objects.values_list("recipient_phone", flat=True))
    assert people == Counter(PHONES)
    assert CampaignRecipient.objects.filter(dropped="recent_campaign").count() == 80
    assert [books_of(campaign).balance for campaign in campaigns] == [True] * 3
    assert list(differences()) == []


# --- what is tried again ----------------------------------------------------------------------------------------------


def _lost(campaign: Campaign, *, state: str) -> Message:
    """Its one message went out and did not arrive, or was refused."""
    message = campaign.messages.get()
    Message.objects.filter(pk=message.pk).update(state="sending", attempt_number=1)
    message.attempts.create(number=1, claimed_at=timezone.now(), outcome="accepted")
    for step in ("accepted", "failed") if state == "failed" else (state,):
        Message.objects.filter(pk=message.pk).update(state=step, reason=Reason.PROVIDER_DOWN, settled_at=timezone.now())
    message.refresh_from_db()
    return message


def _why_not(campaign: Campaign) -> list[tuple[str, int]]:
    with translation.override("en"):
        return retry_prospect(Campaign.objects.select_related("template").get(pk=campaign.pk)).refused


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_who_got_another_campaigns_message_since_gets_no_retry_of_a_lost_one(number: SenderNumber, state: str) -> None:
    first = _launched(number, "Deudores", PHONES[:1])
    campaigns_launch()
    lost = _lost(first, state=state)
    second = _launched(number, "Ofertas", PHONES[:1])
    campaigns_launch()
    assert second.messages.count() == 1, "what never arrived holds nobody back"

    assert _why_not(first) == [("Written to by another campaign lately", 1)]
    with pytest.raises(CannotStart, match="another campaign"):
        message_retry(message_id=lost.pk, user=first.created_by)
    assert retry_queue(message=lost, due_at=timezone.now()) is None


@pytest.mark.django_db
def test_two_campaigns_whose_messages_were_both_lost_do_not_hold_each_other_back(number: SenderNumber) -> None:
    first = _launched(number, "Deudores", PHONES[:1])
    campaigns_launch()
    lost = _lost(first, state="failed")
    second = _launched(number, "Ofertas", PHONES[:1])
    campaigns_launch()
    other = _lost(second, state="failed")

    assert retry_queue(message=lost, due_at=timezone.now()) is not None
    assert retry_queue(message=other, due_at=timezone.now()) is None
    assert _why_not(second) == [("Written to by another campaign lately", 1)]


@pytest.mark.django_db
def test_a_campaign_that_may_write_to_them_all_the_same_tries_its_lost_ones_again(number: SenderNumber) -> None:
    first = _launched(number, "Deudores", PHONES[:1], include_recent=True)
    campaigns_launch()
    lost = _lost(first, state="failed")
    _launched(number, "Ofertas", PHONES[:1])
    campaigns_launch()

    assert _why_not(first) == []
    assert retry_queue(message=lost, due_at=timezone.now()) is not None


@pytest.mark.django_db
def test_who_was_put_off_until_tomorrow_does_not_slow_the_campaigns_pace_down(number: SenderNumber) -> None:
    campaign = _launched(number, "Deudores", PHONES[:1], pace=10)
    campaigns_launch()
    Message.objects.update(due_at=timezone.now() + timedelta(days=1))
    recipients_make(campaign=campaign, count=3)
    campaigns_launch()
    due = Message.objects.order_by("due_at").values_list("due_at", flat=True)
    assert due[2] < timezone.now() + timedelta(seconds=5)
