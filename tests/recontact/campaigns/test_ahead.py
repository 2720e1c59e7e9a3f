"""A campaign's queue holds some seconds of messages, filled by whole batches and counted once for several of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recontact.campaigns import ahead
from recontact.campaigns.ahead import Room
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import batch_launch, campaigns_launch
from recontact.models import Campaign, Message
from tests.factories import campaign_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """Runs at 20 a second: 120 wait in its queue, in batches of 20."""
    monkeypatch.setattr(ahead, "BATCH", 20)
    campaign = campaign_make(recipients=200)
    number = campaign.sender_number
    assert number is not None
    number.throughput = 20
    number.save()
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    return campaign


def _sent(count: int) -> None:
    ids = Message.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True)[:count]
    Message.objects.filter(pk__in=list(ids)).update(state="cancelled")


def test_the_queue_is_filled_and_counted_once_for_all_of_its_batches(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long the batches take on a machine that has other work.
    monkeypatch.setattr(ahead, "COUNT_AGAIN_SECONDS", 600.0)
    with CaptureQueriesContext(connection) as asked:
        assert campaigns_launch() == 120

    assert len([query for query in asked.captured_queries if "COUNT(*)" in query["sql"]]) == 1


def test_nothing_is_made_until_there_is_room_for_a_whole_batch(campaign: Campaign) -> None:
    campaigns_launch()

    _sent(19)
    assert campaigns_launch() == 0
    _sent(1)
    assert campaigns_launch() == 20


def test_what_is_sent_between_two_batches_makes_room_for_more_once_it_is_counted_again(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room()
    for _batch in range(6):
        assert batch_launch(campaign_id=campaign.pk, room=room) == 20
    assert batch_launch(campaign_id=campaign.pk, room=room) == 0

    _sent(40)
    assert batch_launch(campaign_id=campaign.pk, room=room) == 0
    monkeypatch.setattr(ahead, "COUNT_AGAIN_SECONDS", 0)

    assert [batch_launch(campaign_id=campaign.pk, room=room) for _batch in range(3)] == [20, 20, 0]


def test_a_pace_that_is_changed_between_two_batches_counts_at_once(campaign: Campaign) -> None:
    room = Room()
    for _batch in range(5):
        assert batch_launch(campaign_id=campaign.pk, room=room) == 20

    Campaign.objects.filter(pk=campaign.pk).update(pace=1)

    assert batch_launch(campaign_id=campaign.pk, room=room) == 0
