"""The frequency cap: who got, or is to get, a message of another campaign within the last days.

Asked when a campaign is planned, again when each batch is launched, and before a lost message is tried again: it annoyed
nobody, but another campaign may have written since. Whoever makes a campaign's message locks its customer (but for what is
tried again by itself), so of two campaigns planned at the same time only one writes to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from recontact.models import Campaign, Message
from recontact.states import NEVER_SENT, MessageState

RECENT_CAMPAIGN = "recent_campaign"
_NOBODY_GOT = NEVER_SENT | {MessageState.FAILED}


def recently_written(*, campaign: Campaign, customers: set[int], now: datetime) -> dict[int, dict[str, Any]]:
    """Of these customers, those that another campaign wrote to within the cap's days: its name and the days, for the sentence.

    None where there is no cap, or the campaign also writes to those. One query.
    """
    if not _is_capped(campaign) or not customers:
        return {}
    rows = written_lately(campaign=campaign, now=now).filter(customer__among=customers)
    names = rows.order_by("created_at").values_list("customer_id", "campaign__name")
    days = settings.CAMPAIGN_FREQUENCY_CAP_DAYS
    return {customer_id: {"campaign": name, "days": days} for customer_id, name in names}


def written_lately(*, campaign: Campaign, now: datetime) -> QuerySet[Message]:
    """What other campaigns wrote to anybody within the cap's days; none where there is no cap, or it does not matter to this
    one. To be narrowed to customers: by itself it is all of the last days."""
    if not _is_capped(campaign):
        return Message.objects.none()
    rows = Message.objects.filter(created_at__gte=now - timedelta(days=settings.CAMPAIGN_FREQUENCY_CAP_DAYS))
    return rows.exclude(campaign=None).exclude(campaign=campaign).exclude(state__in=_NOBODY_GOT)


def _is_capped(campaign: Campaign) -> bool:
    return bool(settings.CAMPAIGN_FREQUENCY_CAP_DAYS) and not campaign.include_recent
