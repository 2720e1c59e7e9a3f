"""Nobody gets a campaign outside its hours in his own day, however long it waited."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from providers.contracts import Accepted
from providers.errors import Reason
from recontact.books import differences
from recontact.campaigns import ahead
from recontact.campaigns.again import campaign_retry
from recontact.campaigns.control import campaign_pause, campaign_resume
from recontact.campaigns.halts import halt_words
from recontact.campaigns.hours import opens_at
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.lost import retry_prospect
from recontact.campaigns.waiting import campaigns_waited
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.record import Result, record
from recontact.models import Campaign, Message
from tests.factories import campaign_make, recipients_make, user_make
from tests.recontact.campaigns.both_books import books_of
from tests.recontact.chains import fail

BUENOS_AIRES, MADRID = "America/Argentina/Buenos_Aires", "Europe/Madrid"
DAY = {"from_hour": time(9), "until_hour": time(20)}
NIGHT = {"from_hour": time(22), "until_hour": time(6)}


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "time_zone", "hours", "opens"),
    [
        (_at(13), BUENOS_AIRES, DAY, _at(13)),
        (_at(9), BUENOS_AIRES, DAY, _at(12)),
        (_at(23), BUENOS_AIRES, DAY, _at(12) + timedelta(days=1)),
        (_at(9), MADRID, DAY, _at(9)),
        (_at(19), MADRID, DAY, _at(8) + timedelta(days=1)),
        (_at(22, 59), MADRID, NIGHT, _at(22, 59)),
        (_at(3), MADRID, NIGHT, _at(3)),
        (_at(12), MADRID, NIGHT, _at(21)),
        (_at(3), "", {"from_hour": None, "until_hour": None}, _at(3)),
    ],
)
def test_the_hours_are_of_the_recipients_own_day(
    at: datetime, time_zone: str, hours: dict[str, time | None], opens: datetime
) -> None:
    assert opens_at(at, time_zone=time_zone, **hours) == opens


@pytest.mark.parametrize("time_zone", ["", "Nowhere/At_All"])
def test_an_unknown_zone_is_the_settings_own(time_zone: str, settings: Settings) -> None:
    settings.CAMPAIGN_TIME_ZONE = MADRID
    assert opens_at(_at(7), time_zone=time_zone, **DAY) == _at(8)


def _hour_now() -> dict[str, Any]:
    """Hours that began a little ago in UTC, and are over soon: it is never so in a zone twelve hours away."""
    now = timezone.now()
    return {"from_hour": (now - timedelta(hours=2)).time(), "until_hour": (now + timedelta(hours=2)).time()}


@pytest.mark.django_db
def test_who_sleeps_waits_for_his_hours_while_others_get_it() -> None:
    campaign = campaign_make(state=Campaign.State.RUNNING, **_hour_now())
    recipients_make(campaign=campaign, count=2, time_zone="Etc/GMT-12")
    recipients_make(campaign=campaign, count=3, time_zone="UTC")
    campaigns_launch()
    assert Message.objects.count() == 3
    put_off = set(campaign.recipients.filter(message=None).values_list("not_before", flat=True))
    assert len(put_off) == 1
    opens = put_off.pop()
    assert opens is not None
    assert timedelta(hours=9) < opens - timezone.now() < timedelta(hours=11)


@pytest.mark.django_db
def test_what_was_queued_when_the_hours_ended_waits_for_the_next_ones() -> None:
    campaign = campaign_make(state=Campaign.State.RUNNING, **_hour_now())
    recipients_make(campaign=campaign, count=3, time_zone="UTC")
    campaigns_launch()
    campaign_pause(campaign_id=campaign.pk)
    over = timezone.now() - timedelta(minutes=1)
    Campaign.objects.update(until_hour=over.time())
    campaign_resume(campaign_id=campaign.pk)
    due = Message.objects.earliest("due_at").due_at
    assert timedelta(hours=21) < due - timezone.now() < timedelta(hours=23)
    message = Message.objects.latest("due_at")
    assert message.expires_at - message.due_at > timedelta(hours=71)


def _launched(count: int, **fields: Any) -> Campaign:
    """A campaign whose hours it is, for so many people in UTC, with its first messages."""
    campaign = campaign_make(state=Campaign.State.RUNNING, launched_at=timezone.now(), **_hour_now(), **fields)
    recipients_make(campaign=campaign, count=count, time_zone="UTC")
    campaigns_launch()
    return campaign


def _hours_end() -> None:
    """A minute ago, in UTC."""
    Campaign.objects.update(until_hour=(timezone.now() - timedelta(minutes=1)).time())


def _claim() -> list[Claim]:
    return [claimed for lease in leases_take("test") for claimed in claim(lease, 100)]


@pytest.mark.django_db
def test_what_is_due_after_the_end_of_its_hours_is_not_claimed_but_put_off() -> None:
    """The queue reaches some time ahead: nobody needs to have looked at it since."""
    campaign = _launched(3)
    _hours_end()

    assert _claim() == []

    messages = list(Message.objects.all())
    assert {(message.state, message.reason) for message in messages} == {("queued", "hours")}
    for message in messages:
        assert timedelta(hours=21) < message.due_at - timezone.now() < timedelta(hours=23)
        assert message.expires_at - message.due_at > timedelta(hours=71)
    books_of(campaign)


@pytest.mark.django_db
def test_at_the_claim_too_the_hours_are_of_the_persons_own_day() -> None:
    campaign = _launched(2)
    recipients_make(campaign=campaign, count=3, time_zone="UTC")
    campaigns_launch()
    theirs = campaign.recipients.order_by("row_number")[:2]
    campaign.recipients.filter(pk__in=[recipient.pk for recipient in theirs]).update(time_zone="Etc/GMT-12")

    awake = campaign.recipients.filter(time_zone="UTC").values_list("message", flat=True)
    assert {each.message_id for each in _claim()} == set(awake)


@pytest.mark.django_db
def test_a_campaign_that_waited_for_a_limit_into_the_night_sends_nothing_when_it_goes_on() -> None:
    campaign = _launched(3)
    past = timezone.now() - timedelta(seconds=1)
    Campaign.objects.update(state="waiting", state_reason=Reason.RECIPIENT_LIMIT, waiting_until=past)
    _hours_end()
    assert campaigns_waited() == 1
    assert _claim() == []
    assert books_of(campaign).waiting == 3


@pytest.mark.django_db
def test_a_zone_whose_hours_are_over_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put off to their next day does not count as what waits to be sent."""
    monkeypatch.setattr(ahead, "AHEAD_AT_LEAST", 4)
    monkeypatch.setattr(ahead, "AHEAD_SECONDS", 0)
    campaign = _launched(6)
    assert Message.objects.count() == 4
    now = timezone.now()
    Campaign.objects.update(
        from_hour=(now - timedelta(hours=3)).time(), until_hour=(now - timedelta(minutes=30)).time()
    )
    recipients_make(campaign=campaign, count=4, time_zone="Etc/GMT+1")
    campaigns_launch()
    assert Message.objects.filter(due_at__lte=timezone.now()).count() == 4
    books_of(campaign)


@pytest.mark.django_db
def test_a_campaign_nobody_of_which_has_his_hours_waits_until_the_next_of_them_has() -> None:
    campaign = _launched(2)
    recipients_make(campaign=campaign, count=2, time_zone="UTC")
    _hours_end()
    campaigns_launch()
    campaign.refresh_from_db()

    assert (campaign.state, campaign.state_reason) == (Campaign.State.WAITING, "hours")
    assert halt_words(campaign.state_reason) != campaign.state_reason
    assert campaign.waiting_until == Message.objects.earliest("due_at").due_at
    assert campaign.waiting_until is not None
    assert timedelta(hours=21) < campaign.waiting_until - timezone.now() < timedelta(hours=23)

    long_ago = timezone.now() - timedelta(hours=1)
    Campaign.objects.update(waiting_until=long_ago, **_hour_now())
    Message.objects.update(due_at=long_ago)
    campaign.recipients.filter(message=None).update(not_before=long_ago)
    assert campaigns_waited() == 1
    campaigns_launch()
    campaign.refresh_from_db()
    assert (campaign.state, len(_claim())) == (Campaign.State.RUNNING, 4)
    assert list(differences()) == []


@pytest.mark.django_db
def test_a_campaign_does_not_wait_for_hours_while_a_call_may_come_back_to_its_queue() -> None:
    campaign = _launched(2)
    assert len(_claim()) == 2
    recipients_make(campaign=campaign, count=2, time_zone="UTC")
    _hours_end()
    campaigns_launch()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


def _waits_for_others(campaign: Campaign) -> Message:
    """One got it; the campaign waits for the hours of the others."""
    record([Result(claimed, Accepted(f"wamid.{claimed.message_id}")) for claimed in _claim()])
    recipients_make(campaign=campaign, count=2, time_zone="Etc/GMT-12")
    campaigns_launch()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.WAITING
    return Message.objects.get()


@pytest.mark.django_db
def test_who_is_tried_again_by_itself_does_not_wait_for_the_hours_of_others() -> None:
    campaign = _launched(1)
    fail(_waits_for_others(campaign), Reason.MEDIA_FETCH)
    campaign.refresh_from_db()
    assert campaign.waiting_until == Message.objects.get(retry_of__isnull=False).due_at


@pytest.mark.django_db
def test_a_person_who_has_lost_messages_tried_again_does_not_wait_for_the_hours_of_others() -> None:
    campaign = _launched(1)
    message = _waits_for_others(campaign)
    Message.objects.filter(pk=message.pk).update(state="failed", reason=Reason.PROVIDER_DOWN)
    campaign_retry(campaign_id=campaign.pk, user=user_make(), seen=retry_prospect(campaign).token)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.waiting_until) == (Campaign.State.RUNNING, None)
    # Nor does it wait again before that is done.
    campaigns_launch()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
