"""How much of a portfolio's limit is used: people, each once, over all its numbers, in the last 24 hours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from providers.models import Portfolio, SenderNumber
from recontact.limits import people_by_number, portfolio_used, waiting_of
from recontact.models import Customer, Message, PortfolioUse
from tests.factories import customer_make, message_make, query_make, rate_card_make, sender_number_make, template_make
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db


@pytest.fixture
def portfolio() -> Portfolio:
    return Portfolio.objects.create(name="Grupo Sur", messaging_limit=4)


def number_of(portfolio: Portfolio | None) -> SenderNumber:
    number = sender_number_make(portfolio=portfolio)
    rate_card_make(account=number.account)
    template_make(account=number.account)
    return number


def sent(number: SenderNumber, customer: Customer | None = None, *, state: str = "sent", hours: float = 1) -> Message:
    template = number.account.templates.get()
    message = message_make(
        query=query_make(customer=customer or customer_make(), sender_number=number), template=template
    )
    claimed = timezone.now() - timedelta(hours=hours)
    for step in ("sending", state):
        Message.objects.filter(pk=message.pk).update(state=step, claimed_at=claimed)
    return message


def test_a_person_counts_once_over_all_numbers_of_the_portfolio(portfolio: Portfolio) -> None:
    first, second = number_of(portfolio), number_of(portfolio)
    customer = customer_make()
    sent(first, customer)
    sent(second, customer)
    sent(second)
    used = portfolio_used(portfolio)
    assert (used.people, used.limit, used.percent) == (2, 4, 50)
    assert people_by_number([first, second]) == {first.pk: 2, second.pk: 2}


@pytest.mark.parametrize(
    ("state", "hours", "counts"),
    [("uncertain", 1, 1), ("failed", 1, 1), ("rejected", 1, 0), ("sent", 25, 0), ("sent", 23.9, 1)],
)
def test_only_what_may_have_gone_out_in_the_last_day_counts(
    portfolio: Portfolio, state: str, hours: float, counts: int
) -> None:
    sent(number_of(portfolio), state=state, hours=hours)
    assert portfolio_used(portfolio).people == counts


def test_what_waits_uses_nothing_and_is_told_as_waiting(portfolio: Portfolio) -> None:
    number = number_of(portfolio)
    message = message_make(query=query_make(sender_number=number), template=number.account.templates.get())
    waiting = waiting_of(Q(sender_number=number))
    assert portfolio_used(portfolio).people == 0
    assert (waiting.count, waiting.due, waiting.oldest_due_at) == (1, 1, message.due_at)


def test_a_portfolio_without_a_known_limit_has_no_percent(portfolio: Portfolio) -> None:
    portfolio.messaging_limit = None
    assert portfolio_used(portfolio).percent == 0


def test_more_than_the_limit_is_all_of_it(portfolio: Portfolio) -> None:
    portfolio.messaging_limit = 1
    number = number_of(portfolio)
    sent(number)
    sent(number)
    assert portfolio_used(portfolio).percent == 100


def test_nobody_counts_for_a_number_without_a_limit(portfolio: Portfolio) -> None:
    alone, shared, free = number_of(None), number_of(portfolio), number_of(Portfolio.objects.create(name="Sin límite"))
    for number in (alone, free):
        sent(number)
    assert people_by_number([alone, shared, free]) == {shared.pk: 0}


def test_the_slots_that_the_sending_took_are_what_is_used(portfolio: Portfolio) -> None:
    number = number_of(portfolio)
    sent(number)
    PortfolioUse.objects.create(portfolio=portfolio, taken=3)
    assert portfolio_used(portfolio).people == 3
    assert people_by_number([number]) == {number.pk: 3}


def test_the_count_is_answered_by_its_index(portfolio: Portfolio) -> None:
    number = number_of(portfolio)
    rows = Message.objects.filter(
        kind="template", claimed_at__isnull=False, claimed_at__gte=timezone.now(), sender_number=number
    )
    statement = rows.order_by().values("customer").query.sql_with_params()
    plan = plan_explain(*statement, without=("seqscan", "bitmapscan"), only=("message_people_by_day",))
    assert "Index Only Scan using message_people_by_day" in plan
