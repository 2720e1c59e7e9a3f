"""Campaigns by filter: planned from the database, launched as the recontacts of their queries, each query once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import SenderNumber
from recontact.books import differences
from recontact.campaigns import ahead, gathering
from recontact.campaigns.columns import Source
from recontact.campaigns.control import campaign_cancel, campaign_launch, campaign_resume
from recontact.campaigns.filtered import campaign_filter_change, campaigns_alike
from recontact.campaigns.filters import CustomerFilter, QueryFilter
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.plan import campaign_plan
from recontact.campaigns.proof import Books
from recontact.campaigns.results import campaign_results
from recontact.campaigns.start import CannotStart
from recontact.campaigns.upload import OPEN_STATES
from recontact.customers import customer_identify, opt_out_add
from recontact.dispatch.sweep import campaigns_complete
from recontact.inbound import customer_wrote
from recontact.models import Campaign, CampaignRecipient, Message, OptOut, Query, QueryEvent, Recontact
from recontact.outbox import query_recontact
from recontact.queries import query_resolve
from recontact.refusals import SendRefused
from recontact.windows import window_extend
from templates_app.models import Template
from tests.factories import customer_make, query_make, template_make, user_make
from tests.recontact.campaigns.audiences import PAYMENT, fates, filtered, filtered_draft, number_make
from tests.recontact.campaigns.both_books import books_of
from tests.world import World


def _queries(count: int, number: SenderNumber, **fields: Any) -> list[Query]:
    fields.setdefault("subject", "cuota 3")
    return [query_make(customer=customer_make(), sender_number=number, **fields) for _ in range(count)]


def _running(number: SenderNumber, **options: Any) -> Campaign:
    campaign = filtered(QueryFilter(number.pk, **options), number=number)
    return campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def _balanced(campaign: Campaign) -> Books:
    books = books_of(campaign)
    assert list(differences()) == []
    return books


# --- the plan ---


@pytest.mark.django_db
def test_queries_become_a_plan_with_the_values_of_each() -> None:
    number = number_make()
    query = query_make(
        customer=customer_make(name="Carla Benítez"), sender_number=number, subject="cuota\n3", data={"monto": 48.5}
    )
    mapping = {"body.1": Source("subject"), "body.2": Source("data:monto")}

    campaign = filtered(QueryFilter(number.pk), number=number, mapping=mapping)

    recipient = CampaignRecipient.objects.get()
    assert (campaign.state, campaign.rows_total, fates(campaign)) == ("planned", 1, [(1, "ready", "")])
    assert (recipient.query_id, recipient.customer_id) == (query.pk, query.customer_id)
    assert recipient.values == {"body.1": "cuota 3", "body.2": "48.5"}
    assert (recipient.market, str(recipient.estimate)) == ("AR", "0.026000")


@pytest.mark.django_db
def test_customers_become_a_plan_that_uses_no_querys_right() -> None:
    number = number_make()
    customer_make(name="Carla Benítez", tags=["mora"])
    customer_make(tags=["otra"])
    with_query = customer_make(tags=["mora"])
    query_make(customer=with_query, sender_number=number)
    mapping = {"body.1": Source("customer_first_name"), "body.2": Source("text", "$ 10")}

    campaign = filtered(CustomerFilter(tags=("mora",)), number=number, mapping=mapping)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()

    assert fates(campaign) == [(1, "ready", ""), (2, "left_out", "open_query_exists")]
    message = Message.objects.get()
    assert (message.query, message.origin, message.body[:10]) == (None, "manager", "Hola Carla")
    _balanced(campaign)


@pytest.mark.django_db
def test_who_cannot_be_sent_to_is_left_out_of_a_plan_of_queries_with_the_reason() -> None:
    number = number_make()
    used, out, open_window, _fine = _queries(4, number)
    template = template_make(account=number.account, name="otra", components=PAYMENT)
    ana = user_make(first_name="Ana")
    query_recontact(
        query_id=used.pk, template_id=template.pk, values={"body.1": "a", "body.2": "b"}, user=ana, send_key=None
    )
    opt_out_add(customer=out.customer, scope=OptOut.Scope.ALL, source="customer's word")
    window_extend(customer_id=open_window.customer_id, sender_number_id=number.pk, inbound_at=timezone.now())

    campaign = filtered(QueryFilter(number.pk, unused=False, window_closed=False), number=number)

    assert [fate[1:] for fate in fates(campaign)] == [
        ("left_out", "already_recontacted"),
        ("left_out", "opted_out"),
        ("left_out", "window_open"),
        ("ready", ""),
    ]
    assert CampaignRecipient.objects.get(query=used).params["by"] == str(ana)


@pytest.mark.django_db
def test_a_plan_is_what_matched_when_it_began_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two pages, one of the first page is resolved, one of the second no longer matches, and a new one comes."""
    monkeypatch.setattr(gathering, "PAGE", 2)
    monkeypatch.setattr("recontact.campaigns.plan.BATCH", 1)
    number = number_make()
    first, second, third, fourth = _queries(4, number)
    draft = filtered_draft(QueryFilter(number.pk, states=("pending",)), number=number)
    of_query, seen = gathering._of_query, []

    def meanwhile(query: Query, row_number: int, me: Any) -> Any:
        seen.append(query.pk)
        if query.pk == second.pk:
            Query.objects.filter(pk=first.pk).update(state=Query.State.RESOLVED)
            Query.objects.filter(pk=third.pk).update(state=Query.State.IN_PROGRESS)
            _queries(1, number)
        return of_query(query, row_number, me)

    monkeypatch.setattr(gathering, "_of_query", meanwhile)
    assert campaign_plan(draft.pk)
    assert seen == [first.pk, second.pk, fourth.pk]
    assert [fate[0] for fate in fates(draft)] == [1, 2, 3]


@pytest.mark.django_db
def test_as_many_queries_of_the_database_plan_many_as_few() -> None:
    number = number_make()
    _queries(2, number)
    campaign = filtered(QueryFilter(number.pk), number=number)
    with CaptureQueriesContext(connection) as for_few:
        campaign_plan(campaign.pk)
    _queries(20, number)
    with CaptureQueriesContext(connection) as for_many:
        campaign_plan(campaign.pk)
    assert len(for_many) == len(for_few)


@pytest.mark.django_db
def test_a_filter_that_cannot_be_read_stops_the_plan_with_the_reason() -> None:
    number = number_make()
    draft = filtered_draft(QueryFilter(number.pk), number=number)
    Campaign.objects.update(audience={"version": 99})
    assert not campaign_plan(draft.pk)
    draft.refresh_from_db()
    assert "another version" in draft.plan_problem


@pytest.mark.django_db
def test_another_filter_makes_the_plan_count_no_longer_and_keeps_only_a_template_of_its_account() -> None:
    number, other = number_make(), number_make()
    campaign = filtered(QueryFilter(number.pk), number=number)
    changed = campaign_filter_change(campaign_id=campaign.pk, wanted=QueryFilter(number.pk, unused=False))
    assert (changed.state in OPEN_STATES, changed.planned_at, changed.template is not None) == (True, None, True)
    changed = campaign_filter_change(campaign_id=campaign.pk, wanted=QueryFilter(other.pk))
    assert (changed.sender_number, changed.template) == (other, None)


@pytest.mark.django_db
def test_a_campaign_with_the_same_filter_is_told() -> None:
    number = number_make()
    first = filtered_draft(QueryFilter(number.pk, tags=("a", "b")), number=number)
    filtered_draft(QueryFilter(number.pk), number=number)
    same = filtered_draft(QueryFilter(number.pk, tags=("b", "a")), number=number)
    assert campaigns_alike(same) == [first]
    campaign_cancel(campaign_id=first.pk)
    assert campaigns_alike(same) == []


# --- the launch ---


@pytest.mark.django_db
def test_each_message_is_its_querys_recontact() -> None:
    number = number_make()
    (query,) = _queries(1, number)
    campaign = _running(number)
    assert campaigns_launch() == 1
    message, row = Message.objects.get(), Recontact.objects.get()
    assert (message.query_id, message.origin, row.message_id, row.state) == (query.pk, "bulk", message.pk, "reserved")
    assert row.reserved_by == campaign.created_by
    query.refresh_from_db()
    assert query.preview == message.body
    assert QueryEvent.objects.get(query=query, kind="recontacted").actor == campaign.created_by
    _balanced(campaign)


def _resolved(query: Query) -> None:
    query_resolve(query_id=query.pk, user=user_make(), resolution="listo")


def _answered_today(query: Query) -> None:
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=timezone.now())


def _answered_before_the_launch(query: Query) -> None:
    """More than a day ago, so that his window is closed again, and after the plan was made."""
    Campaign.objects.update(planned_at=timezone.now() - timedelta(days=3))
    Query.objects.filter(pk=query.pk).update(last_inbound_at=timezone.now() - timedelta(days=2))


def _recontacted(query: Query) -> None:
    template = Template.objects.get()
    values = {"body.1": "a", "body.2": "b"}
    query_recontact(query_id=query.pk, template_id=template.pk, values=values, user=None, send_key=None)


def _opted_out(query: Query) -> None:
    opt_out_add(customer=query.customer, scope=OptOut.Scope.ALL, source="customer's word")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (_resolved, "query_closed"),
        (_answered_today, "window_open"),
        (_answered_before_the_launch, "answered"),
        (_recontacted, "already_recontacted"),
        (_opted_out, "opted_out"),
    ],
)
def test_what_happened_since_the_plan_leaves_a_query_out_with_the_reason(
    happens: Callable[[Query], None], code: str
) -> None:
    number = number_make()
    query, _other = _queries(2, number)
    campaign = filtered(QueryFilter(number.pk), number=number)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    happens(query)
    campaigns_launch()
    assert CampaignRecipient.objects.get(query=query).dropped == code
    books = _balanced(campaign)
    assert (books.planned, books.dropped, Message.objects.filter(campaign=campaign).count()) == (2, 1, 1)


@pytest.mark.django_db
def test_cancelling_gives_the_queries_their_right_back() -> None:
    number = number_make()
    _queries(3, number)
    campaign = _running(number)
    campaigns_launch()
    assert campaign_cancel(campaign_id=campaign.pk) == 3
    assert set(Recontact.objects.values_list("state", flat=True)) == {"released"}
    again = _running(number)
    assert campaigns_launch() == 3
    _balanced(again)


@pytest.mark.django_db
def test_what_is_queued_in_an_older_category_gives_its_right_back_and_the_rest_goes_on_in_the_new_one() -> None:
    number = number_make()
    _queries(1, number)
    campaign = _running(number)
    campaigns_launch()
    _queries(1, number)
    CampaignRecipient.objects.create(
        campaign=campaign, row_number=2, outcome="ready", query=(query := Query.objects.latest("pk")),
        customer=query.customer, phone=query.customer.phone or "", market="AR", values={"body.1": "a", "body.2": "b"},
    )  # fmt: skip
    Template.objects.update(category="marketing")
    Campaign.objects.update(state=Campaign.State.PARKED, state_reason="template_changed")
    campaign_resume(campaign_id=campaign.pk)
    campaigns_launch()
    states = list(Message.objects.order_by("pk").values_list("state", "category"))
    assert states == [("skipped", "utility"), ("queued", "marketing")]
    assert list(Recontact.objects.order_by("pk").values_list("state", flat=True)) == ["released", "reserved"]
    _balanced(campaign)


@pytest.mark.django_db
def test_only_who_may_recontact_many_queries_launches_a_campaign_of_queries() -> None:
    number = number_make()
    _queries(1, number)
    campaign = filtered(QueryFilter(number.pk), number=number)
    with pytest.raises(CannotStart, match="many queries"):
        campaign_launch(campaign_id=campaign.pk, user=user_make(permissions=["recontact.add_campaign"]))


@pytest.mark.django_db
def test_who_answered_after_his_recontact_is_counted() -> None:
    number = number_make()
    answers, _silent = _queries(2, number)
    campaign = _running(number)
    campaigns_launch()
    Message.objects.update(state="accepted", claimed_at=timezone.now(), accepted_at=timezone.now())
    at = timezone.now() + timedelta(milliseconds=1)
    customer_wrote(customer=answers.customer, sender_number=number, at=at, preview="Sí", context_message_id="")
    campaign.refresh_from_db()
    assert campaign_results(campaign).answered == 1


# --- with the simulator, and at once ---


@pytest.mark.django_db(transaction=True)
def test_a_campaign_of_queries_runs_to_its_end_and_every_query_is_used_up_or_free(world: World) -> None:
    queries = [world.query(), world.query(), world.query(digits="02")]
    campaign = filtered(
        QueryFilter(world.number.pk),
        number=world.number,
        template=world.template,
        mapping={f"body.{place}": Source("customer_first_name") for place in (1, 2, 3)},
    )
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    world.pump()
    campaigns_complete()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.COMPLETED
    assert world.duplicates() == 0
    states = dict(Recontact.objects.values_list("query_id", "message__state"))
    assert sorted(states) == [query.pk for query in queries]
    assert sum(len(world.accepted(message)) for message in Message.objects.all()) == sum(
        state != "rejected" for state in states.values()
    )
    _balanced(campaign)


def _at_once(*actions: Callable[[], object]) -> None:
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            together.wait(5)
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(run, actions))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_of_two_campaigns_over_the_same_queries_at_once_each_query_gets_one_message(
    round_number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "BATCH", 3)
    number = number_make()
    queries = _queries(20, number)
    one, two = _running(number), _running(number)

    def by_hand() -> None:
        for query in queries[::4]:
            with suppress(SendRefused):
                _recontacted(query)

    def merge() -> None:
        for place, query in enumerate(queries[:5]):
            customer_identify(phone=query.customer.phone or "", bsuid=f"AR.{place}")

    _at_once(campaigns_launch, campaigns_launch, by_hand, merge)
    for _ in range(10):
        campaigns_launch()

    assert Message.objects.count() == Recontact.objects.count() == 20
    assert Recontact.objects.values("query").distinct().count() == 20
    for campaign in (one, two):
        assert _balanced(campaign).unlaunched == 0
