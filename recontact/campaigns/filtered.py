"""From a filter to a campaign's draft. The filter is kept as it was chosen; the planning looks up whom it means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from providers.models import SenderNumber
from recontact.campaigns.filters import Filter, QueryFilter, filter_stored
from recontact.campaigns.upload import SAME_FILE_DAYS, campaigns_with_same_file, draft_lock
from recontact.clock import database_now
from recontact.models import Campaign

#: Whoever makes a campaign of queries needs this as well: each uses up its query's recontact.
QUERIES_PERMISSION = "recontact.bulk_recontact"


@transaction.atomic
def campaign_draft_from_filter(*, wanted: Filter, name: str, user: Any) -> Campaign:
    """A draft for whom the filter matches when it is planned. One of queries has its sender number by the filter."""
    of_queries = isinstance(wanted, QueryFilter)
    return Campaign.objects.create(
        name=name.strip()[:200],
        source=Campaign.Source.FILTERED if of_queries else Campaign.Source.CUSTOMERS,
        state=Campaign.State.DRAFT,
        audience=filter_stored(wanted),
        sender_number_id=wanted.sender_number if isinstance(wanted, QueryFilter) else None,
        default_country=settings.DEFAULT_COUNTRY,
        created_by=user,
    )


@transaction.atomic
def campaign_filter_change(*, campaign_id: int, wanted: Filter) -> Campaign:
    """Another filter of the same kind for a draft. A plan made before no longer counts; a template that the new number's
    account has not is no longer chosen. Raises NotADraft."""
    campaign = draft_lock(campaign_id)
    campaign.audience = filter_stored(wanted)
    if isinstance(wanted, QueryFilter):
        number = SenderNumber.objects.get(pk=wanted.sender_number)
        campaign.sender_number = number
        if campaign.template is not None and campaign.template.account_id != number.account_id:
            campaign.template, campaign.mapping = None, {}
    campaign.state, campaign.planned_at, campaign.planning_since = Campaign.State.DRAFT, None, None
    campaign.rows_read = campaign.rows_total = 0
    campaign.save()
    return campaign


def campaigns_alike(campaign: Campaign) -> list[Campaign]:
    """The campaigns that are for the same people by what they were made of: the same file, or the same filter."""
    return campaigns_with_same_filter(campaign) if campaign.audience else campaigns_with_same_file(campaign)


def campaigns_with_same_filter(campaign: Campaign) -> list[Campaign]:
    """The campaigns of the last 30 days with the same filter, cancelled ones left out, newest first."""
    if not campaign.audience:
        return []
    since = database_now() - timedelta(days=SAME_FILE_DAYS)
    rows = Campaign.objects.filter(audience=campaign.audience, source=campaign.source, created_at__gte=since)
    rows = rows.exclude(pk=campaign.pk).exclude(state=Campaign.State.CANCELLED)
    return list(rows.select_related("created_by").order_by("-id"))
