"""Nobody gets a campaign outside its hours in his own day, however long it waited."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from recontact.campaigns.control import campaign_pause, campaign_resume
from recontact.campaigns.hours import opens_at
from recontact.campaigns.launch import campaigns_launch
from recontact.models import Campaign, Message
from tests.factories import campaign_make, recipients_make

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
