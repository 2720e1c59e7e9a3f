"""The recipients of a campaign as rows: which are still to become a message."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet

from recontact.models import CampaignRecipient

#: Why a row is left out at its turn whose person is written to by another row of the campaign.
SAME_PERSON = "same_person"


@dataclass(slots=True)
class Turn:
    """A recipient whose turn it is: what has to be known to find or make his customer. Of a row, and cheaper than its model."""

    pk: int
    campaign_id: int
    phone: str
    bsuid: str
    name: str
    customer_id: int | None
    time_zone: str
    dropped: str = ""


#: The columns of a turn, in their order.
TURN_COLUMNS = ("pk", "campaign_id", "phone", "bsuid", "name", "customer_id", "time_zone")


def unlaunched(campaign_id: int | OuterRef) -> QuerySet[CampaignRecipient]:
    """The recipients without a message who were not left out either. Once the campaign is cancelled, nobody gets one."""
    return still_unlaunched(CampaignRecipient.objects.filter(campaign=campaign_id))


def is_unlaunched(recipient: CampaignRecipient) -> bool:
    """Whether this one is."""
    return recipient.outcome in CampaignRecipient.SENDABLE and recipient.message_id is None and recipient.dropped == ""


def still_unlaunched(rows: QuerySet[CampaignRecipient]) -> QuerySet[CampaignRecipient]:
    """Those of the rows that are."""
    return rows.filter(outcome__in=CampaignRecipient.SENDABLE, message=None, dropped="")
