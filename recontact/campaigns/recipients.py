"""The recipients of a campaign as rows: which are still to become a message."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet

from recontact.models import CampaignRecipient

#: Why a row is left out at its turn whose person is written to by another row of the campaign.
SAME_PERSON = "same_person"


def unlaunched(campaign_id: int | OuterRef) -> QuerySet[CampaignRecipient]:
    """The recipients without a message who were not left out either. Once the campaign is cancelled, nobody gets one."""
    return still_unlaunched(CampaignRecipient.objects.filter(campaign=campaign_id))


def still_unlaunched(rows: QuerySet[CampaignRecipient]) -> QuerySet[CampaignRecipient]:
    """Those of the rows that are."""
    return rows.filter(outcome__in=CampaignRecipient.SENDABLE, message=None, dropped="")
