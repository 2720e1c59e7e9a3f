"""Two customers of one campaign turn out to be one person: he gets it once."""

from __future__ import annotations

from recontact.campaigns.recipients import SAME_PERSON, rows_of_people, still_unlaunched
from recontact.models import CampaignRecipient, Customer


def recipients_merge(*, keep: Customer, gone: Customer) -> None:
    """Give the rows of `gone` to `keep` (both locked). Where a campaign is for both, whoever has no message yet is left out
    (of two without one, `gone`), and the row of `gone` stays his: a campaign is for each customer once.
    """
    sendable = CampaignRecipient.objects.filter(outcome__in=CampaignRecipient.SENDABLE)
    mine = {row.campaign_id: row for row in sendable.filter(customer=keep)}
    for row in sendable.filter(customer=gone, campaign__in=mine):
        left_out = mine[row.campaign_id] if row.message_id is not None else row
        still_unlaunched(CampaignRecipient.objects.filter(pk=left_out.pk)).update(dropped=SAME_PERSON)
    rows_of_people(customers=[gone.pk]).exclude(outcome__in=CampaignRecipient.SENDABLE, campaign__in=mine).update(
        customer=keep
    )
