"""Campaigns whose request broke off half way: which queries were never tried, and how what was queued goes out."""

from __future__ import annotations

import threading
import time
from collections.abc import ItemsView
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from hsm_portal.models import User
from recontact.campaigns.control import campaign_from_queries, campaign_resume, is_abandoned
from recontact.campaigns.mapping import TEXT, Filling
from recontact.campaigns.proof import never_tried
from recontact.models import Campaign, Customer, Message, Query
from tests.factories import VALUES, query_make, rate_card_make, sender_number_make, template_make, user_make

MAPPING = {key: Filling(TEXT, words) for key, words in VALUES.items()}
PERMISSIONS = [
    "recontact.view_query",
    "recontact.view_all_queries",
    "recontact.view_campaign",
    "recontact.change_campaign",
]


class WorkerDied(BaseException):
    """What no handler of the application catches."""


class MappingUntil(dict[str, Filling]):
    """A mapping that can be read for `last` queries; at the next one the worker is gone."""

    def __init__(self, last: int) -> None:
        super().__init__(MAPPING)
        self.left = last

    def items(self) -> ItemsView[str, Filling]:  # type: ignore[override]
        if not self.left:
            raise WorkerDied
        self.left -= 1
        return super().items()


def queries_made(count: int) -> list[Query]:
    number = sender_number_make()
    rate_card_make(account=number.account)
    return [query_make(sender_number=number) for _query in range(count)]


def campaign_of(
    queries: list[Query], user: User, *, mapping: dict[str, Filling] | None = None, send_key: str = "once"
) -> Campaign:
    return campaign_from_queries(
        query_ids=[query.pk for query in queries],
        template_id=template_make(account=queries[0].sender_number.account, name=f"pagos_{send_key}").pk,
        mapping=MAPPING if mapping is None else mapping,
        user=user,
        send_key=send_key,
        name="pagos",
    )


def broken_off(
    user: User, *, done: int, of: int, age: timedelta = timedelta(minutes=2)
) -> tuple[Campaign, list[Query]]:
    """A campaign whose worker died after `done` queries, `age` ago."""
    queries = queries_made(of)
    with pytest.raises(WorkerDied):
        campaign_of(queries, user, mapping=MappingUntil(done))
    Campaign.objects.update(created_at=timezone.now() - age)
    Message.objects.update(created_at=timezone.now() - age)
    return Campaign.objects.get(), queries


@pytest.fixture
def user(db: None) -> User:
    return user_make(permissions=PERMISSIONS)


@pytest.fixture
def client(user: User) -> Client:
    browser = Client()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


def test_it_names_the_queries_that_were_never_tried(user: User) -> None:
    campaign, queries = broken_off(user, done=2, of=5)

    assert never_tried(campaign) == [query.pk for query in queries[2:]]


def test_a_refused_query_was_tried(user: User) -> None:
    queries = queries_made(2)
    Query.objects.filter(pk=queries[0].pk).update(state=Query.State.RESOLVED)

    campaign = campaign_of(queries, user)

    assert (campaign.asked, never_tried(campaign)) == ([query.pk for query in queries], [])


def test_what_was_queued_goes_out_when_it_is_resumed(user: User) -> None:
    campaign, _queries = broken_off(user, done=2, of=5)

    assert campaign_resume(campaign_id=campaign.pk)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason, campaign.messages.count()) == ("running", "", 2)


def test_it_is_not_resumed_while_its_messages_are_being_queued(user: User) -> None:
    campaign, _queries = broken_off(user, done=2, of=5, age=timedelta(seconds=30))

    assert not campaign_resume(campaign_id=campaign.pk)


def test_a_slow_request_is_not_taken_for_a_dead_one(user: User) -> None:
    campaign, _queries = broken_off(user, done=2, of=5)
    Message.objects.update(created_at=timezone.now())

    assert not is_abandoned(campaign)


def test_those_never_tried_can_be_selected_again(user: User) -> None:
    campaign, queries = broken_off(user, done=2, of=5)

    again = campaign_of(queries[2:], user, send_key="again")

    assert again.messages.count() == 3
    assert never_tried(campaign) == [query.pk for query in queries[2:]]


def test_its_page_names_them_and_offers_to_resume(client: Client, user: User) -> None:
    campaign, queries = broken_off(user, done=1, of=3)

    page = client.get(f"/manager/recontact/campaign/{campaign.pk}/change/").content.decode()

    assert "2 queries were never tried" in page
    assert all(f">#{query.pk}</a>" in page for query in queries[1:])
    assert "3 asked for = 1 queued + 0 refused + 2 never tried." in page
    assert 'value="resume"' in page


def test_its_page_only_waits_while_the_messages_are_being_queued(client: Client, user: User) -> None:
    campaign, _queries = broken_off(user, done=1, of=3, age=timedelta(seconds=5))

    page = client.get(f"/manager/recontact/campaign/{campaign.pk}/change/").content.decode()

    assert "The messages are being queued." in page
    assert "never tried" not in page
    assert 'value="resume"' not in page


@pytest.mark.django_db(transaction=True)
def test_a_query_that_ran_into_a_deadlock_is_tried_again() -> None:
    queries = queries_made(2)
    user = user_make(permissions=PERMISSIONS)
    locked = threading.Event()
    other = threading.Thread(target=lock_backwards, args=(queries[0], locked))
    other.start()
    locked.wait(5)

    campaign = campaign_of(queries, user)

    other.join()
    assert (campaign.state, campaign.messages.count(), never_tried(campaign)) == ("running", 2, [])


def lock_backwards(query: Query, locked: threading.Event) -> None:
    """Lock the query, and once somebody waits for it, its customer, whom the other one has: the other one is the victim."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout TO '20s'")
            Query.objects.select_for_update().get(pk=query.pk)
            locked.set()
            for _look in range(200):
                # Of this database: others of the server belong to tests that run beside this one.
                cursor.execute(
                    """SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                                      WHERE datname = current_database() AND wait_event_type = 'Lock')"""
                )
                if cursor.fetchone() == (True,):
                    break
                time.sleep(0.02)
            Customer.objects.select_for_update().get(pk=query.customer_id)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_query_that_stays_locked_is_left_untried_and_the_others_go_on() -> None:
    queries = queries_made(3)
    user = user_make(permissions=PERMISSIONS)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Query.objects.select_for_update().get(pk=queries[1].pk)
            locked.set()
            done.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    locked.wait(5)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout TO '100ms'")
        campaign = campaign_of(queries, user)
    finally:
        done.set()
        other.join()
        connection.close()

    assert (campaign.state, never_tried(campaign)) == ("running", [queries[1].pk])
