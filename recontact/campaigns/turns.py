"""Reading a batch's rows: whose turn it is, and, locked, those that still wait for a message, with their customers.

The statements are built once and planned each time: how large a campaign is shows only then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from recontact.campaigns.ahead import BATCH
from recontact.campaigns.recipients import (
    LAUNCHING_COLUMNS,
    PERSON_COLUMNS,
    TURN_COLUMNS,
    Launching,
    Person,
    Turn,
    unlaunched,
)
from recontact.models import Campaign, CampaignRecipient, Customer
from recontact.prepared import Prepared


def _turns(campaign: Any) -> QuerySet[CampaignRecipient, Any]:
    return unlaunched(campaign).order_by("not_before", "row_number").values_list(*TURN_COLUMNS)


# Compared with a clock that moves on at each row, the index would be read to its end: a million rows for each batch.
_WHOSE_HOUR_CAME = Prepared(
    lambda campaign, now: _turns(campaign).filter(not_before__lte=now)[:BATCH], moments=["now"], kept=False
)
_AT_ANY_HOUR = Prepared(lambda campaign: _turns(campaign).filter(not_before=None)[:BATCH], kept=False)


def turns_next(campaign: Campaign, limit: int, now: datetime) -> list[Turn]:
    """The next rows, at most a batch: those whose hour has come first, then those that may go at any hour."""
    found = _WHOSE_HOUR_CAME(campaign=campaign.pk, now=now)
    if len(found) < limit:
        found += _AT_ANY_HOUR(campaign=campaign.pk)
    return [Turn(*row) for row in found[:limit]]


_CUSTOMERS_LOCKED = Prepared(
    lambda customers: (
        Customer.objects.filter(pk__among=[customers])
        .order_by("pk")
        .select_for_update(skip_locked=True, no_key=True)
        .values_list(*PERSON_COLUMNS)
    ),
    kept=False,
)
# By their ids alone: of a campaign that was planned just now the planner knows too little to keep to that index.
_RECIPIENTS_LOCKED = Prepared(
    lambda recipients: (
        CampaignRecipient.objects.filter(pk__among=[recipients])
        .annotate(values_text=Cast("values", TextField()))
        .order_by()
        .select_for_update(skip_locked=True, no_key=True)
        .values_list(*LAUNCHING_COLUMNS)
    ),
    kept=False,
)


def rows_locked(identified: dict[int, int]) -> tuple[list[Launching], dict[int, Person]]:
    """The rows still to be launched whose customer nobody else works on, with their customers; both locked.

    A row that was given another customer meanwhile waits for the next batch.
    """
    held = _CUSTOMERS_LOCKED(customers=list(set(identified.values())))
    free = {person.pk: person for person in (Person(*row) for row in held)}
    wanted = [pk for pk, customer_id in identified.items() if customer_id in free]
    found = (Launching(*row) for row in _RECIPIENTS_LOCKED(recipients=wanted))
    recipients = [each for each in found if each.is_unlaunched and each.customer_id in (None, identified[each.pk])]
    for recipient in recipients:
        recipient.customer_id = identified[recipient.pk]
    return sorted(recipients, key=lambda each: (each.not_before is None, each.not_before, each.row_number)), free
