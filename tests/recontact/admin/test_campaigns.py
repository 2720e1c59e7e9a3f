"""Campaigns: pausing, resuming, cancelling, and books that balance."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hsm_portal.models import User
from recontact import ledger
from recontact.campaigns.control import (
    LIMIT,
    TooManyQueries,
    campaign_cancel,
    campaign_from_queries,
    campaign_pause,
    campaign_resume,
)
from recontact.campaigns.mapping import TEXT, Filling
from recontact.campaigns.proof import campaign_books
from recontact.models import Campaign, Message, Recontact
from templates_app.models import Template
from tests.factories import VALUES, query_make, rate_card_make, sender_number_make, template_make

MAPPING = {key: Filling(TEXT, words) for key, words in VALUES.items()}


def campaign_make(user: User, *, count: int = 3) -> Campaign:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template: Template = template_make(account=number.account)
    queries = [query_make(sender_number=number) for _query in range(count)]
    return campaign_from_queries(
        query_ids=[query.pk for query in queries],
        template_id=template.pk,
        mapping=MAPPING,
        user=user,
        send_key=f"campaign-{template.pk}",
        name="pagos",
    )


def test_it_runs_only_when_all_its_messages_are_queued(manager: User) -> None:
    campaign = campaign_make(manager)

    assert (campaign.state, campaign.state_reason) == ("running", "")
    assert Message.objects.filter(campaign=campaign, state="queued").count() == 3


def test_it_refuses_more_than_one_request_can_queue(manager: User) -> None:
    with pytest.raises(TooManyQueries, match=str(LIMIT)):
        campaign_from_queries(
            query_ids=range(LIMIT + 1), template_id=1, mapping={}, user=manager, send_key="k", name="muchas"
        )
    assert not Campaign.objects.exists()


def test_it_is_paused_and_goes_on(manager: User) -> None:
    campaign = campaign_make(manager)

    assert campaign_pause(campaign_id=campaign.pk)
    assert not campaign_pause(campaign_id=campaign.pk)
    assert campaign_resume(campaign_id=campaign.pk)
    assert not campaign_resume(campaign_id=campaign.pk)


def test_it_gives_the_queries_their_right_back_when_it_is_cancelled(manager: User) -> None:
    campaign = campaign_make(manager)
    gone = Message.objects.filter(campaign=campaign)[0]
    Message.objects.filter(pk=gone.pk).update(state="sending")

    assert campaign_cancel(campaign_id=campaign.pk) == 2

    assert set(Recontact.objects.values_list("message", "state")) == {
        (gone.pk, "reserved"),
        *((pk, "released") for pk in Message.objects.exclude(pk=gone.pk).values_list("pk", flat=True)),
    }
    assert campaign_cancel(campaign_id=campaign.pk) is None


def test_it_cannot_be_resumed_once_it_is_cancelled(client: Client, manager: User) -> None:
    campaign = campaign_make(manager)
    campaign_cancel(campaign_id=campaign.pk)

    client.post(f"/manager/recontact/campaign/{campaign.pk}/control/", {"action": "resume"})

    campaign.refresh_from_db()
    assert campaign.state == "cancelled"


def test_it_balances_its_books_whatever_became_of_the_messages(manager: User) -> None:
    campaign = campaign_make(manager, count=4)
    first, second, third, _fourth = Message.objects.filter(campaign=campaign)
    Message.objects.filter(pk__in=[first.pk, second.pk]).update(state="sending")
    Message.objects.filter(pk=first.pk).update(state="uncertain")
    Message.objects.filter(pk=second.pk).update(state="read")
    Message.objects.filter(pk=third.pk).update(state="cancelled")
    ledger.settle([second.pk, third.pk])

    books = campaign_books(campaign.pk)

    assert books.balance
    assert books.planned == 4
    assert {state: count for state, count in books.by_state.items() if count} == {
        "queued": 1, "uncertain": 1, "read": 1, "cancelled": 1,
    }  # fmt: skip
    assert f"{books.estimate:.4f}" == "0.0780"


def test_it_counts_the_last_of_a_chain_of_retries(manager: User) -> None:
    campaign = campaign_make(manager, count=1)
    first = Message.objects.get(campaign=campaign)
    Message.objects.filter(pk=first.pk).update(state="sending")
    Message.objects.filter(pk=first.pk).update(state="failed")
    again = Message.objects.get(pk=first.pk)
    again.pk, again.reference, again.query, again.retry_of, again.state = None, None, None, first, "queued"  # type: ignore[assignment]
    again.reference = Message._meta.get_field("reference").get_default()
    again.save()

    books = campaign_books(campaign.pk)

    assert (books.planned, books.by_state["queued"], books.by_state["failed"], books.balance) == (1, 1, 0, True)


def test_it_shows_only_its_live_part_when_asked_for_it(client: Client, manager: User) -> None:
    campaign = campaign_make(manager)

    page = client.get(f"/manager/recontact/campaign/{campaign.pk}/change/", headers={"HX-Request": "true"})

    assert "<html" not in page.content.decode()
    assert "0 of 3" in page.content.decode()


def test_it_has_its_list_drawn_anew_once_it_no_longer_runs_and_its_figures_changed(
    client: Client, manager: User
) -> None:
    campaign = campaign_make(manager, count=1)
    page = f"/manager/recontact/campaign/{campaign.pk}/change/"
    fragment = {"HX-Request": "true"}
    seen = re.findall(r"\?seen=([\w-]+)", client.get(page).content.decode())[0]
    assert "HX-Trigger" not in client.get(f"{page}?seen={seen}", headers=fragment)

    Message.objects.filter(campaign=campaign).update(state="sending")
    Message.objects.filter(campaign=campaign).update(state="accepted")
    Campaign.objects.update(state="completed")
    live = client.get(f"{page}?seen={seen}", headers=fragment)
    assert live["HX-Trigger"] == "campaign-changed"
    seen = re.findall(r"\?seen=([\w-]+)", live.content.decode())[0]
    assert "HX-Trigger" not in client.get(f"{page}?seen={seen}", headers=fragment)

    whole = client.get(page, headers={**fragment, "HX-Target": "campaign-people"}).content.decode()
    assert 'id="campaign-people"' in whole


def test_its_page_takes_the_same_queries_however_many_recipients(client: Client, manager: User) -> None:
    counts = []
    for size in (2, 8):
        campaign = campaign_make(manager, count=size)
        client.get(f"/manager/recontact/campaign/{campaign.pk}/change/")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/manager/recontact/campaign/{campaign.pk}/change/")
        counts.append(len(captured))

    assert counts[0] == counts[1]
