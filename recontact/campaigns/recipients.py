"""The recipients of a campaign as rows: which are still to become a message."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Q, QuerySet

from recontact.models import CampaignRecipient

#: Why a row is left out at its turn whose person is written to by another row of the campaign.
SAME_PERSON = "same_person"
#: Why a row is left out of which no message could be made, or why a campaign is parked of none of whose rows one could.
CANNOT_MAKE = "cannot_make"


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


@dataclass(slots=True)
class Launching:
    """A recipient of a batch, locked: what his message is made of. `values_text` is their JSON. Of a row, as a turn is."""

    pk: int
    customer_id: int | None
    query_id: int | None
    values_text: str
    estimate: Decimal | None
    currency: str
    not_before: datetime | None
    row_number: int
    outcome: str
    message_id: int | None
    dropped: str

    @property
    def is_unlaunched(self) -> bool:
        """Whether it is one of `unlaunched`."""
        return self.outcome in CampaignRecipient.SENDABLE and self.message_id is None and self.dropped == ""


#: The columns of a recipient to launch, in their order; `values_text` is to be annotated.
LAUNCHING_COLUMNS = (
    *("pk", "customer_id", "query_id", "values_text", "estimate", "currency", "not_before", "row_number", "outcome"),
    *("message_id", "dropped"),
)


@dataclass(slots=True)
class Person:
    """The customer of a recipient of a batch, locked. Of a row, as a turn is."""

    pk: int
    phone: str | None
    bsuid: str | None
    erased_at: datetime | None
    merged_into_id: int | None


#: The columns of a person, in their order.
PERSON_COLUMNS = ("pk", "phone", "bsuid", "erased_at", "merged_into_id")


def unlaunched(campaign_id: int | OuterRef) -> QuerySet[CampaignRecipient]:
    """The recipients without a message who were not left out either. Once the campaign is cancelled, nobody gets one."""
    return still_unlaunched(CampaignRecipient.objects.filter(campaign=campaign_id))


def still_unlaunched(rows: QuerySet[CampaignRecipient]) -> QuerySet[CampaignRecipient]:
    """Those of the rows that are."""
    return rows.filter(outcome__in=CampaignRecipient.SENDABLE, message=None, dropped="")


def rows_of_people(
    *, customers: Collection[int], phones: Collection[str | None] = (), bsuids: Collection[str | None] = ()
) -> QuerySet[CampaignRecipient]:
    """The rows, sendable or not, with one of these customers, phones or business-scoped ids."""
    sendable = Q(outcome__in=CampaignRecipient.SENDABLE)
    found = Q(pk=None)
    # Each with either half said: an index holds one of them.
    for theirs in (
        Q(customer__in=customers),
        Q(phone__in=[phone for phone in phones if phone]),
        Q(bsuid__in=[bsuid for bsuid in bsuids if bsuid]),
    ):
        found |= (theirs & sendable) | (theirs & ~sendable)
    return CampaignRecipient.objects.filter(found)
