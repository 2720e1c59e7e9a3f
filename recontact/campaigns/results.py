"""What came of a campaign beside its messages: who answered, and who asked for no more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from recontact.models import Campaign, Message, OptOut, Query


@dataclass(frozen=True, slots=True)
class Results:
    """Recipients whose answer opened a query, or came into theirs, and those who opted out since the campaign was launched."""

    answered: int
    opted_out: int


def campaign_results(campaign: Campaign) -> Results:
    """The results of a campaign that was planned; nothing before its launch. Two queries. An answer to a query's recontact is
    one that came into the query after it."""
    if campaign.launched_at is None or campaign.source == Campaign.Source.QUERIES:
        return Results(0, 0)
    sent = Message.objects.filter(campaign=campaign)
    if campaign.source == Campaign.Source.FILTERED:
        answered = sent.filter(accepted_at__isnull=False, query__last_inbound_at__gt=F("accepted_at"))
    else:
        answered = sent.filter(query__origin=Query.Origin.CAMPAIGN)
    asked = OptOut.objects.filter(created_at__gte=campaign.launched_at, revoked_at=None)
    theirs = Message.objects.filter(campaign=campaign, customer__in=asked.values("customer"))
    return Results(
        answered.values("customer").distinct().count(),
        theirs.values("customer").distinct().count(),
    )
