"""An answer to a campaign opens a query with the campaign as its origin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.errors import Reason
from recontact.books import differences
from recontact.campaigns.launch import campaigns_launch
from recontact.inbound import ANSWER_WITHIN, customer_wrote
from recontact.models import Campaign, Message, Query
from tests.factories import campaign_make
from tests.recontact.chains import accepted, fail

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    """A campaign's message that the provider accepted."""
    campaign_make(state=Campaign.State.RUNNING, recipients=1)
    campaigns_launch()
    return accepted(Message.objects.get())


def _writes(message: Message, *, about: str = "", after: timedelta = timedelta(0)) -> Query:
    return customer_wrote(
        customer=message.customer,
        sender_number=message.sender_number,
        at=timezone.now() + after,
        preview="Sí",
        context_message_id=about,
    )


def test_an_answer_that_refers_to_it_opens_a_query_of_the_campaign(message: Message) -> None:
    query = _writes(message, about=message.provider_message_id)
    message.refresh_from_db()
    assert (query.origin, message.query) == (Query.Origin.CAMPAIGN, query)
    assert list(differences()) == []


def test_an_answer_that_refers_to_nothing_does_too(message: Message) -> None:
    query = _writes(message)
    message.refresh_from_db()
    assert (query.origin, message.query) == (Query.Origin.CAMPAIGN, query)


def test_who_writes_long_after_it_asks_something_of_his_own(message: Message) -> None:
    long_ago = timezone.now() - ANSWER_WITHIN - timedelta(hours=1)
    Message.objects.update(claimed_at=long_ago)
    assert _writes(message).origin == Query.Origin.INBOUND


def test_who_answered_already_asks_something_of_his_own(message: Message) -> None:
    _writes(message)
    Query.objects.update(state=Query.State.RESOLVED)
    assert _writes(message).origin == Query.Origin.INBOUND


def test_an_answer_to_a_second_try_belongs_to_the_campaign_too(message: Message) -> None:
    fail(message, Reason.MEDIA_FETCH)
    second = accepted(Message.objects.get(retry_of=message))
    query = _writes(second, about=second.provider_message_id)
    message.refresh_from_db()
    assert (query.origin, message.query) == (Query.Origin.CAMPAIGN, query)
    assert list(differences()) == []
