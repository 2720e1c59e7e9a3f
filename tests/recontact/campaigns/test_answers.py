"""An answer to a campaign opens a query with the campaign as its origin, and is counted among its results."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.errors import Reason
from recontact.books import differences
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.results import Results, answered_summed, campaign_results
from recontact.customers import opt_out_add
from recontact.inbound import ANSWER_WITHIN, customer_wrote
from recontact.models import Campaign, Message, OptOut, Query
from tests.factories import campaign_make, message_make, query_make, user_make
from tests.recontact.chains import accepted, fail

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    """A campaign's message that the provider accepted."""
    campaign_make(state=Campaign.State.RUNNING, launched_at=timezone.now(), recipients=1)
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


def _results(message: Message) -> Results:
    """The results, counted from the messages and by the sums."""
    assert message.campaign_id is not None
    campaign = Campaign.objects.get(pk=message.campaign_id)
    found = campaign_results(campaign)
    if campaign.sender_number_id is not None:
        assert answered_summed(campaign) == found.answered
    return found


def test_who_answers_and_asks_for_no_more_is_counted_once_each(message: Message) -> None:
    assert _results(message) == Results(0, 0)
    _writes(message)
    _writes(message, about=message.provider_message_id)
    opt_out_add(customer=message.customer, scope=OptOut.Scope.ALL, source="customer's word")
    assert _results(message) == Results(1, 1)


def test_an_answer_that_came_into_an_open_query_is_counted(message: Message) -> None:
    query = query_make(customer=message.customer, sender_number=message.sender_number)
    assert _writes(message) == query
    assert _results(message).answered == 1


def test_what_he_writes_about_something_else_much_later_is_not_counted(message: Message) -> None:
    Message.objects.update(claimed_at=timezone.now() - ANSWER_WITHIN - timedelta(hours=1))
    _writes(message)
    assert _results(message).answered == 0


def test_an_answer_to_a_campaign_of_selected_queries_is_counted() -> None:
    message = message_make()
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    Message.objects.filter(pk=message.pk).update(campaign=campaign)
    message = accepted(Message.objects.get(pk=message.pk))
    _writes(message)
    assert _results(message).answered == 1
