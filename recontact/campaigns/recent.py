"""The frequency cap: who got, or is to get, a message of another campaign within the last days.

Asked when a campaign is planned and again when each batch is launched. There the customers are locked, and whoever makes a
campaign's message locks its customer, so of two campaigns planned at the same time only one writes to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from recontact.models import Campaign, Message
from recontact.states import NEVER_SENT

RECENT_CAMPAIGN = "recent_campaign"


def recently_written(*, campaign: Campaign, customers: set[int], now: datetime) -> dict[int, dict[str, Any]]:
    """Of these customers, those that another campaign wrote to within the cap's days: its name and the days, for the sentence.

    None where there is no cap, or the campaign also writes to those. One query.
    """
    days = settings.CAMPAIGN_FREQUENCY_CAP_DAYS
    if not days or campaign.include_recent or not customers:
        return {}
    rows = Message.objects.filter(customer__among=customers, created_at__gte=now - timedelta(days=days))
    rows = rows.exclude(campaign=None).exclude(campaign=campaign).exclude(state__in=NEVER_SENT)
    names = rows.order_by("created_at").values_list("customer_id", "campaign__name")
    return {customer_id: {"campaign": name, "days": days} for customer_id, name in names}
