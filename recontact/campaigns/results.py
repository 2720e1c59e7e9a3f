"""What came of a campaign beside its messages: who answered, and who asked for no more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from recontact.adding_up import zone
from recontact.campaigns.books_now import is_large
from recontact.models import Campaign, Message, OptOut


@dataclass(frozen=True, slots=True)
class Results:
    """Recipients who answered one of its messages, whether that opened a query or came into one that was open, and those who
    opted out since the campaign was launched."""

    answered: int
    opted_out: int


def campaign_results(campaign: Campaign) -> Results:
    """The results of a campaign; nothing before its launch. Two queries."""
    begun_at = campaign.created_at if campaign.source == Campaign.Source.QUERIES else campaign.launched_at
    if begun_at is None:
        return Results(0, 0)
    asked = OptOut.objects.filter(created_at__gte=begun_at, revoked_at=None)
    theirs = Message.objects.filter(campaign=campaign, customer__in=asked.values("customer"))
    answered = answered_summed(campaign) if is_large(campaign) else _answered(campaign)
    return Results(answered, theirs.values("customer").distinct().count())


def _answered(campaign: Campaign) -> int:
    rows = Message.objects.filter(campaign=campaign, answered_at__isnull=False)
    return rows.values("customer").distinct().count()


# As the books of a large one (recontact.campaigns.books_now), without reading its messages.
_SUM = """
    SELECT coalesce(sum(answered), 0)::bigint FROM (
        SELECT s.answered FROM recontact_costmonth s JOIN recontact_campaign c ON c.id = s.campaign_id
        JOIN providers_sendernumber n ON n.id = c.sender_number_id
        WHERE c.id = %(campaign)s AND s.day >= date_trunc('month', c.created_at AT TIME ZONE %(zone)s)::date
          AND s.account_id = n.account_id AND s.sender_number_id = c.sender_number_id
        UNION ALL SELECT answered FROM recontact_costchange WHERE campaign_id = %(campaign)s) s
"""


def answered_summed(campaign: Campaign) -> int:
    """How many of its messages were answered, by the sums that the database keeps: of a campaign however large."""
    with connection.cursor() as cursor:
        cursor.execute(_SUM, {"campaign": campaign.pk, "zone": zone()})
        return int(cursor.fetchone()[0])
