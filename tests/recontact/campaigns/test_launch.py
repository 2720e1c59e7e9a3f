"""Recipients become messages, each once, a little ahead of the sending."""

from __future__ import annotations

from recontact.books import differences
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch.sweep import campaigns_complete
from recontact.models import Campaign
from tests.factories import campaign_make
from tests.recontact.campaigns.both_books import books_of
from tests.world import World


def test_it_sends_each_recipient_one_message_and_its_books_balance(world: World) -> None:
    campaign = campaign_make(sender_number=world.number, template=world.template, recipients=12)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    assert campaigns_launch() == 12
    world.pump()
    assert campaigns_complete() == 1
    campaign.refresh_from_db()
    books = books_of(campaign)
    assert campaign.state == Campaign.State.COMPLETED
    assert (books.planned, books.by_state["accepted"], books.unlaunched, books.balance) == (12, 12, 0, True)
    assert world.duplicates() == 0
    assert all(world.accepted(message) for message in campaign.messages.all())
    assert list(differences()) == []
