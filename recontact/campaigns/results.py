"""What came of a campaign beside its messages: who answered, and who asked for no more."""

from __future__ import annotations

from dataclasses import dataclass

from recontact.models import Campaign, Message, OptOut, Query


@dataclass(frozen=True, slots=True)
class Results:
    """Recipients whose answer opened a query, and those who opted out since the campaign was launched."""

    answered: int
    opted_out: int


def campaign_results(campaign: Campaign) -> Results:
    """The results of a campaign from a file or from customers; nothing before its launch. Two queries."""
    if campaign.launched_at is None or campaign.source == Campaign.Source.QUERIES:
        return Results(0, 0)
    answered = Message.objects.filter(campaign=campaign, query__origin=Query.Origin.CAMPAIGN)
    asked = OptOut.objects.filter(created_at__gte=campaign.launched_at, revoked_at=None)
    theirs = Message.objects.filter(campaign=campaign, customer__in=asked.values("customer"))
    return Results(
        answered.values("customer").distinct().count(),
        theirs.values("customer").distinct().count(),
    )
