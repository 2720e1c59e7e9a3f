"""When a planned campaign leaves and how long it takes, for the pages that are looked at before the launch."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour

from recontact.campaigns.outcomes import recipients_of
from recontact.models import Campaign, CampaignRecipient


def campaign_hours(campaign: Campaign) -> list[tuple[datetime | None, int]]:
    """The hours before which nobody of them gets it, with how many; None first: at once. One query."""
    rows = recipients_of(campaign, *CampaignRecipient.SENDABLE).annotate(hour=TruncHour("not_before"))
    counts = rows.order_by("hour").values("hour").annotate(count=Count("pk"))
    found = [(row["hour"], row["count"]) for row in counts]
    return sorted(found, key=lambda entry: entry[0] is not None)


def campaign_duration(campaign: Campaign, recipients: int) -> timedelta | None:
    """How long so many messages take at the campaign's pace; None before it has a number."""
    per_second = campaign_pace(campaign)
    return None if per_second is None else timedelta(seconds=round(recipients / per_second))


def campaign_pace(campaign: Campaign) -> int | None:
    """Messages per second at which it leaves at best: its own or its number's, the slower one. None without a number."""
    number = campaign.sender_number
    if number is None:
        return None
    return min(campaign.pace or number.throughput, number.throughput)
