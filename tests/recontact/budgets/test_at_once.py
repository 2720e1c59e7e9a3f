"""Campaigns and agents at one budget at the same moment, on real connections: never beyond it, to the last fraction of a cent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import InternalError, OperationalError, connection, connections, transaction

from recontact import ledger
from recontact.books import differences
from recontact.budgets import reserve
from recontact.budgets.counting import period_count
from recontact.budgets.settle import changes_add_up
from recontact.campaigns.control import campaign_cancel, campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.cancelling import message_cancel
from recontact.models import BudgetAlert, BudgetPeriod, BudgetReservation, Campaign, Message, Query
from recontact.refusals import SendRefused
from templates_app.models import Template
from tests.factories import (
    budget_make,
    campaign_make,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    recipients_make,
    sender_number_make,
    template_make,
)

pytestmark = pytest.mark.django_db(transaction=True)

PRICE = Decimal("0.026")
ROUNDS = 3
each_round = pytest.mark.parametrize("round_number", range(ROUNDS))


def _at_once(*actions: Callable[[], object]) -> None:
    """Run the actions in threads that start together; what one of them raises is raised here."""
    together = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            together.wait(5)
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(run, actions))


def _campaign(template: Template, count: int) -> Campaign:
    number = sender_number_make(account=template.account)
    campaign = campaign_make(sender_number=number, template=template)
    recipients_make(campaign=campaign, count=count, estimate=PRICE, currency="USD", market="AR")
    return campaign


def _launch(campaign: Campaign) -> Callable[[], object]:
    return lambda: campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)


def _send(query: Query, template: Template) -> Callable[[], object]:
    def send() -> None:
        with suppress(SendRefused):
            message_make(query=query, template=template)

    return send


@pytest.fixture
def template() -> Template:
    template = template_make()
    rate_card_make(account=template.account)
    return template


def _queries(template: Template, count: int) -> list[Query]:
    number = sender_number_make(account=template.account)
    return [query_make(sender_number=number, customer=customer_make()) for _ in range(count)]


def _delivered(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(state="delivered")
    ledger.settle([message.pk])


def _proved() -> BudgetPeriod:
    changes_add_up()
    assert list(differences()) == []
    return BudgetPeriod.objects.get()


@each_round
def test_campaigns_and_agents_never_exceed_it_together(template: Template, round_number: int) -> None:
    # Room for 31 messages; 4 campaigns of 10 and 6 agents want 46.
    budget_make(amount="0.81", agents_share=20)
    campaigns = [_campaign(template, 10) for _ in range(4)]
    queries = _queries(template, 6)
    _at_once(*map(_launch, campaigns), *[_send(query, template) for query in queries])
    running = Campaign.objects.filter(state=Campaign.State.RUNNING).count()
    sent = Message.objects.count()
    period = _proved()
    assert period.used == (10 * running + sent) * PRICE <= Decimal("0.81")
    # Campaigns may use 0.648: two of them; the agents always find what is kept for them.
    assert (running, sent) == (2, 6)


@each_round
def test_agents_alone_use_it_up_exactly(template: Template, round_number: int) -> None:
    budget_make(amount="0.13")
    _at_once(*[_send(query, template) for query in _queries(template, 8)])
    assert Message.objects.count() == 5
    assert _proved().used == 5 * PRICE == Decimal("0.13")
    assert BudgetAlert.objects.count() == 3


@each_round
def test_everything_at_once_leaves_sums_that_are_those_of_the_rows(template: Template, round_number: int) -> None:
    budget_make(amount="5.00")
    campaigns = [_campaign(template, 30) for _ in range(2)]
    for campaign in campaigns:
        _launch(campaign)()
    messages = [message_make(query=query, template=template) for query in _queries(template, 3)]
    period = BudgetPeriod.objects.get()
    _at_once(
        campaigns_launch,
        lambda: campaign_cancel(campaign_id=campaigns[0].pk),
        changes_add_up,
        changes_add_up,
        lambda: period_count(period),
        lambda: _delivered(messages[0]),
        lambda: message_cancel(message_id=messages[1].pk),
    )
    campaigns_launch()
    assert _proved().used == (30 + 2) * PRICE


def test_the_period_is_locked_before_the_customer_and_the_query(template: Template) -> None:
    budget_make()
    [query] = _queries(template, 1)
    message_make(query=_queries(template, 1)[0], template=template)
    refused: list[BaseException] = []

    def try_to_send() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
        try:
            message_make(query=query, template=template)
        except OperationalError as error:
            refused.append(error)

    with transaction.atomic():
        BudgetPeriod.objects.select_for_update().get()
        _at_once(try_to_send)
        # It waited at the budget, so it holds neither.
        Query.objects.select_for_update(nowait=True).select_related("customer").get(pk=query.pk)
    assert len(refused) == 1


def test_a_launch_whose_connection_dies_after_it_reserved_leaves_nothing(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget_make()
    campaign = _campaign(template, 10)
    hold = reserve._hold

    def hold_and_die(*args: object) -> None:
        hold(*args)  # type: ignore[arg-type]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(reserve, "_hold", hold_and_die)
    with pytest.raises((OperationalError, InternalError)):
        _at_once(_launch(campaign))
    monkeypatch.undo()
    assert not BudgetReservation.objects.exists()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PLANNED
    _launch(campaign)()
    assert _proved().used == 10 * PRICE


def test_adding_up_that_dies_half_way_is_done_again_and_counts_once(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget_make()
    for query in _queries(template, 2):
        _delivered(message_make(query=query, template=template))

    def die(_periods: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr("recontact.budgets.settle.alerts_note", die)
    with pytest.raises((OperationalError, InternalError)):
        _at_once(changes_add_up)
    monkeypatch.undo()
    period = _proved()
    assert (period.reserved, period.spent) == (Decimal(0), 2 * PRICE)
