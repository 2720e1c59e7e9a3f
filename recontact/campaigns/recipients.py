"""The recipients of a campaign as rows: which are still to become a message."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet

from recontact.models import CampaignRecipient


def unlaunched(campaign_id: int | OuterRef) -> QuerySet[CampaignRecipient]:
    """The recipients without a message who were not left out either. Once the campaign is cancelled, nobody gets one."""
    rows = CampaignRecipient.objects.filter(campaign=campaign_id, outcome__in=CampaignRecipient.SENDABLE)
    return rows.filter(message=None, dropped="")
