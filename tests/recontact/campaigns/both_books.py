"""A campaign's books by every row, and by the sums that a large one's page reads: always the same."""

from __future__ import annotations

from recontact.campaigns.books_now import books_summed
from recontact.campaigns.proof import Books, campaign_books
from recontact.models import Campaign


def books_of(campaign: Campaign) -> Books:
    """The books, which balance and are the same in both ways."""
    counted = campaign_books(campaign.pk)
    assert counted.balance
    assert books_summed([campaign]) == {campaign.pk: counted}
    return counted
