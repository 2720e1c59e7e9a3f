"""The hours of a campaign in each recipient's own day: whose turn it is not waits until his hours begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import connection
from django.db.models import F

from recontact.campaigns.recipients import Turn, still_unlaunched
from recontact.models import Campaign, CampaignRecipient, Message
from recontact.phones import PRESENT_ZONES
from recontact.states import MessageState

#: Why a message waits, or a campaign nobody of which has his hours now.
HOURS = "hours"


def opens_at(at: datetime, *, time_zone: str, from_hour: time | None, until_hour: time | None) -> datetime:
    """`at`, or the next moment when the hours begin in that zone (empty or unknown: settings.CAMPAIGN_TIME_ZONE).

    Hours that end before they begin last over midnight.
    """
    if from_hour is None or until_hour is None or from_hour == until_hour:
        return at
    local = at.astimezone(zone_of(time_zone))
    now = local.time()
    has_begun, is_over = now >= from_hour, now >= until_hour
    if has_begun and not is_over if from_hour < until_hour else has_begun or not is_over:
        return at
    day = local.date() if now < from_hour else local.date() + timedelta(days=1)
    return datetime.combine(day, from_hour, tzinfo=local.tzinfo).astimezone(at.tzinfo)


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; for an empty or unknown one the portal's (settings.CAMPAIGN_TIME_ZONE)."""
    try:
        return ZoneInfo(PRESENT_ZONES.get(name, name) or settings.CAMPAIGN_TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.CAMPAIGN_TIME_ZONE)


def has_hours(campaign: Campaign) -> bool:
    """Whether the campaign leaves at some hours only."""
    return campaign.from_hour is not None and campaign.until_hour is not None


def recipients_in_hours(campaign: Campaign, recipients: Sequence[Turn], now: datetime) -> list[Turn]:
    """Those whose hours it is; the others' `not_before` is set to when theirs begin."""
    closed = _closed(campaign, {recipient.time_zone for recipient in recipients}, now)
    for time_zone, opens in closed.items():
        ids = [recipient.pk for recipient in recipients if recipient.time_zone == time_zone]
        still_unlaunched(CampaignRecipient.objects.filter(pk__in=ids)).update(not_before=opens)
    return [recipient for recipient in recipients if recipient.time_zone not in closed]


def queued_postpone(campaign: Campaign, now: datetime) -> int:
    """Put off what is queued for people whose hours are over: it waited for a person, a number or a limit. How many.

    Passes over what somebody holds, so it waits for nobody; the next call finds it.
    """
    queued = Message.objects.filter(
        campaign=campaign, sender_number=campaign.sender_number_id, state=MessageState.QUEUED, due_at__lte=now
    )
    rows = CampaignRecipient.objects.filter(campaign=campaign, outcome__in=CampaignRecipient.SENDABLE)
    # By the customer, so that a second try waits as the first one would.
    rows = rows.filter(customer__in=queued.values("customer"))
    count = 0
    for time_zone, opens in _closed(
        campaign, rows.order_by().values_list("time_zone", flat=True).distinct(), now
    ).items():
        theirs = queued.filter(customer__in=rows.filter(time_zone=time_zone).values("customer"))
        ids = list(theirs.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        count += Message.objects.filter(pk__in=ids, state=MessageState.QUEUED).update(
            due_at=opens, expires_at=F("expires_at") + (opens - now), reason=HOURS
        )
    return count


# What waits for its hours alone: not while anything may still come back to the queue, or a person's wish is being carried out.
_AWAIT = """
    UPDATE recontact_campaign c SET state = 'waiting', state_reason = %(hours)s, waiting_until = w.until
    FROM (SELECT least(
        (SELECT min(r.not_before) FROM recontact_campaignrecipient r
         WHERE r.campaign_id = %(campaign)s AND r.outcome IN ('ready', 'corrected') AND r.message_id IS NULL AND r.dropped = ''),
        (SELECT min(m.due_at) FROM recontact_message m
         WHERE m.campaign_id = %(campaign)s AND m.sender_number_id = %(number)s AND m.state = 'queued')) AS until) w
    WHERE c.id = %(campaign)s AND c.state = 'running' AND w.until > %(now)s + interval '1 minute'
      AND NOT EXISTS (SELECT FROM recontact_campaignrecipient r WHERE r.campaign_id = c.id AND r.not_before IS NULL
                      AND r.outcome IN ('ready', 'corrected') AND r.message_id IS NULL AND r.dropped = '')
      AND (EXISTS (SELECT FROM recontact_campaignrecipient r WHERE r.campaign_id = c.id AND r.not_before > %(now)s
                   AND r.outcome IN ('ready', 'corrected') AND r.message_id IS NULL AND r.dropped = '')
           OR EXISTS (SELECT FROM recontact_message m WHERE m.campaign_id = c.id AND m.sender_number_id = %(number)s
                      AND m.state = 'queued' AND m.reason = %(hours)s))
      AND NOT EXISTS (SELECT FROM recontact_message m WHERE m.campaign_id = c.id AND m.state = 'sending')
      AND NOT EXISTS (SELECT FROM recontact_campaignretry t WHERE t.campaign_id = c.id AND t.finished_at IS NULL)
"""


def hours_await(campaign: Campaign, now: datetime) -> bool:
    """Let a running campaign with hours, whose batch found nobody, wait until the next of its people has his hours. False:
    somebody may still be sent to before."""
    with connection.cursor() as cursor:
        cursor.execute(
            _AWAIT, {"campaign": campaign.pk, "number": campaign.sender_number_id, "now": now, "hours": HOURS}
        )
        return bool(cursor.rowcount)


def hours_awaited_no_longer(campaign: Campaign, due_at: datetime) -> None:
    """Something of the campaign (its row locked) is due at `due_at`: it waits for nobody's hours beyond that."""
    rows = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.WAITING, state_reason=HOURS)
    rows.filter(waiting_until__gt=due_at).update(waiting_until=due_at)


def _closed(campaign: Campaign, time_zones: Iterable[str], now: datetime) -> dict[str, datetime]:
    """Zone -> when the hours begin there, of those where it is not the hour."""
    hours = {"from_hour": campaign.from_hour, "until_hour": campaign.until_hour}
    opening = {time_zone: opens_at(now, time_zone=time_zone, **hours) for time_zone in time_zones}
    return {time_zone: opens for time_zone, opens in opening.items() if opens > now}
