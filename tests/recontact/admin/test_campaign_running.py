"""The page of a launched campaign from a file: its counts, its recipients by state, stopping it, and its download."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.admin_pages.campaign_people import PER_PAGE, _page
from recontact.campaigns import books_now
from recontact.campaigns.columns import TEXT, Source
from recontact.campaigns.control import campaign_cancel, campaign_from_queries, campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.mapping import Filling
from recontact.campaigns.plan import campaign_plan, campaign_plan_request
from recontact.campaigns.pricing import PRICE_CHANGED
from recontact.campaigns.proof import campaign_books
from recontact.campaigns.upload import NotADraft, campaign_configure, campaign_draft_from_file
from recontact.customers import customer_identify, opt_out_add
from recontact.models import Campaign, CampaignRecipient, CostEntry, Message, OptOut, Query
from recontact.queries import query_resolve
from tests.factories import VALUES, query_make, rate_card_make, sender_number_make, template_make
from tests.plans import plan_explain
from tests.recontact.chains import accepted, fail

MAPPING = {key: Source(TEXT, words) for key, words in VALUES.items()}


def planned(user: User, *, count: int = 3) -> Campaign:
    """A campaign of `count` recipients and one row without a phone, ready to be launched."""
    number = sender_number_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    rows = "".join(f"+54 9 11 5555-{row:04};Cliente {row}\n" for row in range(1, count + 1))
    campaign = campaign_draft_from_file(
        name="pagos.csv", body=BytesIO(f"phone;nombre\n{rows};Nadie\n".encode()), user=user
    )
    campaign_configure(
        campaign_id=campaign.pk,
        template_id=template.pk,
        sender_number_id=number.pk,
        mapping=MAPPING,
        default_country="AR",
    )
    assert campaign_plan(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def running(user: User, *, count: int = 3) -> Campaign:
    campaign = planned(user, count=count)
    campaign = campaign_launch(campaign_id=campaign.pk, user=user)
    campaigns_launch()
    return campaign


def address(campaign: Campaign, part: str = "change") -> str:
    return f"/manager/recontact/campaign/{campaign.pk}/{part}/"


def test_it_accounts_for_every_row_on_the_page(client: Client, manager: User) -> None:
    shown = client.get(address(running(manager))).content.decode()

    assert "The books balance" in shown
    assert "4 rows = 3 planned + 0 left out + 1 with an error." in shown


def test_it_shows_those_who_are_still_to_be_launched(client: Client, manager: User) -> None:
    campaign = campaign_launch(campaign_id=planned(manager).pk, user=manager)

    context = client.get(address(campaign) + "?state=unlaunched").context

    assert [line.name for line in context["people"]] == ["Cliente 1", "Cliente 2", "Cliente 3"]


def test_it_lists_the_recipients_in_one_state(client: Client, manager: User) -> None:
    campaign = running(manager)
    failed = Message.objects.filter(campaign=campaign).order_by("pk")[1]
    Message.objects.filter(pk=failed.pk).update(state="sending")
    Message.objects.filter(pk=failed.pk).update(state="rejected", reason="not_on_whatsapp")

    context = client.get(address(campaign) + "?state=rejected").context

    assert [(line.row_number, line.name) for line in context["people"]] == [(3, "Cliente 2")]


@pytest.mark.parametrize("state", ["", "queued"])
def test_it_goes_through_all_of_them_page_by_page(client: Client, manager: User, state: str) -> None:
    campaign = running(manager, count=PER_PAGE + 5)
    seen: list[str] = []
    after = ""

    while True:
        context = client.get(address(campaign), {"state": state, "after": after}).context
        seen += [line.name for line in context["people"]]
        if context["people_next"] is None:
            break
        after = str(context["people_next"])

    wanted = {f"Cliente {row}" for row in range(1, PER_PAGE + 6)} | (set() if state else {"Nadie"})
    assert set(seen) == wanted
    assert len(seen) == len(wanted)


def test_it_asks_the_database_as_often_however_many_there_are(client: Client, manager: User) -> None:
    few, many = running(manager, count=2), running(manager, count=PER_PAGE)

    def queries(campaign: Campaign) -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(address(campaign))
        return len(found)

    assert queries(many) == queries(few)


def _counts_rows(queries: CaptureQueriesContext) -> bool:
    """Whether all messages of a campaign were read, or all its recipients."""
    return any("count(DISTINCT f.query_id)" in query["sql"] for query in queries)


@pytest.mark.parametrize("part", ["change", "control"])
def test_of_a_large_one_nothing_is_counted_row_by_row(
    client: Client, manager: User, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    campaign = running(manager)
    monkeypatch.setattr(books_now, "LARGE", 3)
    fail(accepted(Message.objects.filter(campaign=campaign).earliest("pk")), "recipient_unreachable")

    with CaptureQueriesContext(connection) as queries:
        page = client.get(address(campaign, part))

    assert not _counts_rows(queries)
    assert page.context["books"] == campaign_books(campaign.pk)


def test_the_dashboard_counts_no_large_one_row_by_row(
    client: Client, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = running(manager)
    monkeypatch.setattr(books_now, "LARGE", 3)

    with CaptureQueriesContext(connection) as queries:
        page = client.get("/manager/")

    assert not _counts_rows(queries)
    assert page.context["campaigns"] == [(campaign, campaign_books(campaign.pk))]


def test_the_proof_of_a_large_one_is_counted_when_it_is_asked_for(
    client: Client, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = running(manager)
    assert "campaign-proof" not in client.get(address(campaign)).content.decode()
    monkeypatch.setattr(books_now, "LARGE", 3)
    assert "Count every row" in client.get(address(campaign)).content.decode()
    headers = {"HX-Request": "true", "HX-Target": "campaign-proof"}

    with CaptureQueriesContext(connection) as queries:
        proof = client.get(address(campaign), headers=headers).content.decode()
        again = client.get(address(campaign), headers=headers).content.decode()

    assert "counted row by row at" in proof
    assert "4 rows = 3 planned + 0 left out + 1 with an error." in proof
    assert again == proof
    assert sum("count(DISTINCT f.query_id)" in query["sql"] for query in queries) == 1


@pytest.mark.parametrize("state", ["failed", "rejected", "expired"])
def test_the_lost_are_found_along_their_index_however_old_the_campaign_is(
    client: Client, manager: User, state: str
) -> None:
    rows = _page(running(manager), state, None).values_list("pk", flat=True)[:51]

    plan = plan_explain(
        *rows.query.sql_with_params(), without=["seqscan", "bitmapscan", "sort"], only=["message_lost_by_campaign"]
    )

    assert "Index Scan Backward using message_lost_by_campaign" in plan
    assert "Sort" not in plan


def test_it_asks_once_more_before_it_cancels(client: Client, manager: User) -> None:
    campaign = running(manager)

    asked = client.get(address(campaign, "control")).content.decode()
    client.post(address(campaign, "control"), {"action": "cancel"})

    campaign.refresh_from_db()
    assert "cannot be resumed" in asked
    assert campaign.state == Campaign.State.CANCELLED
    assert Message.objects.filter(campaign=campaign, state="cancelled").count() == 3


def test_it_is_paused_and_resumed(client: Client, manager: User) -> None:
    campaign = running(manager)

    client.post(address(campaign, "control"), {"action": "pause"})
    paused = client.get(address(campaign)).content.decode()
    client.post(address(campaign, "control"), {"action": "resume"})

    campaign.refresh_from_db()
    assert "Paused: nobody else gets it" in paused
    assert campaign.state == Campaign.State.RUNNING


def test_its_download_names_every_row(client: Client, manager: User) -> None:
    campaign = running(manager)

    answer = client.get(address(campaign, "result/csv"))

    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 5
    assert "+5491155550001" in lines[1]
    assert "Queued" in lines[1]
    assert "0.026" in lines[1]


def test_its_download_tells_the_last_try_of_each_and_what_the_provider_charged(client: Client, manager: User) -> None:
    campaign = running(manager)
    first = accepted(Message.objects.filter(campaign=campaign).earliest("pk"))
    fail(first, "provider_down")
    retry = Message.objects.get(retry_of=first)
    CostEntry.objects.create(
        message=retry,
        kind=CostEntry.Kind.REPORT,
        amount=Decimal("0.02"),
        currency="USD",
        market="AR",
        category="utility",
    )

    answer = client.get(address(campaign, "result/csv"))

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode().removeprefix("\ufeff"))))
    told = next(row for row in rows if row["Message"] == str(retry.pk))
    assert (told["Try"], told["State"], told["Reported"]) == ("2", "Queued", "0.020000")
    assert str(first.pk) not in {row["Message"] for row in rows}


def _lines(client: Client, campaign: Campaign) -> list[dict[str, str]]:
    answer = client.get(address(campaign, "result/csv"))
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode().removeprefix("\ufeff"))))


def test_its_download_gives_each_row_the_state_that_the_books_count(client: Client, manager: User) -> None:
    campaign = planned(manager, count=4)
    campaign_launch(campaign_id=campaign.pk, user=manager)
    opt_out_add(customer=customer_identify(phone="+5491155550001"), scope=OptOut.Scope.ALL, source="")
    CampaignRecipient.objects.filter(phone="+5491155550004").update(not_before=timezone.now() + timedelta(hours=1))
    campaigns_launch()
    sent = accepted(Message.objects.earliest("pk"))
    fail(sent, "recipient_unreachable")

    rows = _lines(client, campaign)
    assert [row["State"] for row in rows] == ["Left out at launch", "Failed", "Queued", "Not yet launched", ""]
    assert [bool(row["Estimate"]) for row in rows] == [False, True, True, True, False]
    assert [bool(row["Ended"]) for row in rows] == [False, True, False, False, False]

    campaign_cancel(campaign_id=campaign.pk)
    states = Counter(row["State"] for row in _lines(client, campaign))
    books = campaign_books(campaign.pk)
    assert (
        (states["Cancelled"], states["Failed"], states["Left out at launch"])
        == (
            books.by_state["cancelled"],
            books.by_state["failed"],
            books.dropped,
        )
        == (2, 1, 1)
    )


def test_a_campaign_of_selected_queries_has_the_download_too(client: Client, manager: User) -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    gets_it, closed, untried = (query_make(sender_number=number) for _ in range(3))
    query_resolve(query_id=closed.pk, user=manager, resolution="x")
    campaign = campaign_from_queries(
        query_ids=[gets_it.pk, closed.pk],
        template_id=template_make(account=number.account).pk,
        mapping={key: Filling(TEXT, words) for key, words in VALUES.items()},
        user=manager,
        send_key="once",
        name="pagos",
    )
    Campaign.objects.update(asked=[gets_it.pk, closed.pk, untried.pk])
    accepted(Message.objects.get())

    assert address(campaign, "result/csv") in client.get(address(campaign)).content.decode()
    rows = _lines(client, campaign)
    assert [int(row["Query"]) for row in rows] == [gets_it.pk, closed.pk, untried.pk]
    assert [row["State"] for row in rows] == ["Accepted", "", ""]
    assert [row["What happens"] for row in rows] == ["", "Left out", "Never tried"]
    assert rows[0]["Provider's id"] == Message.objects.get().provider_message_id
    assert rows[0]["Estimate"]
    assert rows[0]["Accepted"]
    assert rows[1]["Why"]


def test_its_download_hides_phones_from_who_may_not_see_them(
    client_of: Callable[[Role], Client], manager: User
) -> None:
    campaign = running(manager)

    answer = client_of(Role.OPS).get(address(campaign, "result/csv"))

    assert b"5555" not in b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_campaign_that_began_is_never_planned_anew(client: Client, manager: User) -> None:
    campaign = running(manager)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.AWAITING, state_reason=PRICE_CHANGED)
    seen = client.get(address(campaign, "approval")).context["seen"]

    client.post(address(campaign, "approval"), {"seen": seen, "action": "back"})

    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason) == (Campaign.State.PARKED, PRICE_CHANGED)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.PLANNED)
    with pytest.raises(NotADraft):
        campaign_plan_request(campaign_id=campaign.pk)


def test_a_campaign_that_began_is_not_discarded_as_if_nothing_were_sent(client: Client, manager: User) -> None:
    campaign = running(manager)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.AWAITING, state_reason=PRICE_CHANGED)

    client.post(address(campaign, "discard"))

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.AWAITING


def test_it_counts_who_answered_and_who_asked_for_no_more(client: Client, manager: User) -> None:
    campaign = running(manager)
    answered, left, _silent = Message.objects.filter(campaign=campaign).order_by("pk")
    query = query_make(customer=answered.customer, sender_number=answered.sender_number, origin=Query.Origin.CAMPAIGN)
    Message.objects.filter(pk=answered.pk).update(query=query, answered_at=timezone.now())
    OptOut.objects.create(customer=left.customer, scope="all", source="BAJA")

    context = client.get(address(campaign)).context

    assert (context["results"].answered, context["results"].opted_out) == (1, 1)


@pytest.mark.parametrize("reason", ["price_changed", "template_changed", "number_parked", "recipient_limit"])
def test_it_says_in_words_why_it_stands_still(client: Client, manager: User, reason: str) -> None:
    campaign = running(manager)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.PARKED, state_reason=reason)

    shown = client.get(address(campaign)).content.decode()

    assert reason not in shown
    assert 'class="notice stopped"' in shown


def test_the_cancelled_are_also_those_who_had_no_message_yet(client: Client, manager: User) -> None:
    campaign = campaign_launch(campaign_id=planned(manager).pk, user=manager)
    client.post(address(campaign, "control"), {"action": "cancel"})

    context = client.get(address(campaign) + "?state=cancelled").context

    assert [line.row_number for line in context["people"]] == [2, 3, 4]
