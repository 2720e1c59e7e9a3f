"""The dashboard's figures are the books' own, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact import figures, ledger
from recontact.costs.rollup import costs_add_up
from recontact.models import Message, ServiceWindow
from tests.factories import budget_make, message_make, template_make
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of() -> Callable[[Role], Client]:
    def log_in(role: Role) -> Client:
        browser = Client()
        user = user_create(username=role.value.lower(), password="clave-segura-1", roles=[role])
        browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return browser

    return log_in


def moved(*states: str) -> Message:
    message = message_make()
    for state in states:
        Message.objects.filter(pk=message.pk).update(state=state)
    ledger.settle([message.pk])
    return message


def test_it_counts_every_message_of_today_once() -> None:
    moved("sending", "read")
    moved("sending", "delivered")
    moved("sending", "sent")
    moved("sending", "failed")
    moved("sending", "uncertain")
    moved("cancelled")
    moved()
    yesterday = moved("sending", "read")
    Message.objects.filter(pk=yesterday.pk).update(created_at=timezone.now() - timedelta(days=1, hours=1))

    assert figures.today() == figures.Today(
        read=1, delivered=1, on_its_way=1, failed=1, waiting=1, uncertain=1, not_sent=1
    )
    assert figures.today().sent == 4


def test_it_spends_nothing_on_what_failed_or_never_left() -> None:
    moved("sending", "delivered")
    moved("sending", "failed")
    moved("cancelled")

    assert figures.spent() == {"USD": (Decimal("0.026000"), Decimal("0.026000"))}


def test_it_counts_recontacts_and_those_the_customer_answered() -> None:
    answered = moved("sending", "read")
    moved("sending", "read")
    now = timezone.now()
    ServiceWindow.objects.create(
        customer=answered.customer, sender_number=answered.sender_number,
        last_inbound_at=now, expires_at=now + timedelta(hours=24),
    )  # fmt: skip

    assert figures.recontacts() == figures.Recontacts(count=2, answered=1)


def test_it_knows_how_deep_the_queue_is_and_since_when() -> None:
    first = message_make()
    message_make()
    moved("sending", "uncertain")

    queue = figures.queue()

    assert (queue.depth, queue.oldest, queue.uncertain) == (2, first.due_at, 1)


def test_the_queue_is_read_by_its_indexes_however_much_was_sent() -> None:
    for state in ("queued", "uncertain"):
        plan = plan_explain(*Message.objects.filter(state=state).values("due_at").query.sql_with_params())
        assert "Seq Scan" not in plan


@pytest.mark.parametrize("added_up", [False, True])
def test_it_counts_what_went_out_by_each_number_today(added_up: bool) -> None:
    read = moved("sending", "read")
    moved("sending", "failed")
    if added_up:
        costs_add_up()

    assert (read.sender_number, None, 1) in figures.numbers()


def test_it_puts_each_message_into_its_hour() -> None:
    moved("sending", "failed")
    message = moved("sending", "read")
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - timedelta(hours=3))

    hours, sent, lost = figures.by_hour()

    assert len(hours) == len(sent) == len(lost) == 24
    assert (sent[-4], lost[-1], sum(sent), sum(lost)) == (1, 1, 1, 1)


def test_it_puts_the_spend_on_its_day_and_account() -> None:
    message = moved("sending", "read")

    _days, series = figures.spend_by_day()

    assert series == {f"{message.account.name} (USD)": [0.0] * 13 + [0.026]}


def test_it_names_templates_that_want_attention() -> None:
    template_make()
    paused = template_make(status="PAUSED")
    changing = template_make(coming_category="marketing")

    assert {template.pk for template in figures.templates_in_trouble()} == {paused.pk, changing.pk}


def test_it_shows_costs_only_to_who_may_see_them(client_of: Callable[[Role], Client]) -> None:
    moved("sending", "read")

    assert "Spent today" in client_of(Role.OPS).get("/manager/").content.decode()
    user = user_create(username="sin", password="clave-segura-1", roles=[])
    user.is_staff = True
    user.save()
    nobody = Client()
    nobody.force_login(user, "django.contrib.auth.backends.ModelBackend")
    page = nobody.get("/manager/").content.decode()
    assert "Spent today" not in page
    assert "Sent today" not in page


def test_it_takes_the_same_queries_however_much_there_is(client_of: Callable[[Role], Client]) -> None:
    client = client_of(Role.ADMIN)
    counts = []
    for _round in range(2):
        for _message in range(3):
            moved("sending", "read")
        client.get("/manager/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/manager/")
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_it_shows_the_first_templates_in_trouble_and_the_way_to_all(client_of: Callable[[Role], Client]) -> None:
    for number in range(6):
        template_make(name=f"vencida_{number}", status="PAUSED")

    page = client_of(Role.MANAGER).get("/manager/").content.decode()

    assert page.count(">vencida_") == 5
    assert ">All templates</a>" in page


def test_it_shows_the_budgets_to_who_keeps_or_is_bound_by_them(client_of: Callable[[Role], Client]) -> None:
    budget_make(amount="0.05", alert_shares=[50])
    message_make()
    for role in (Role.MANAGER, Role.OPS):
        context = client_of(role).get("/manager/").context
        assert [standing.alert for standing in context["alerted"]] == [50]
        assert [whole for _day, _month, whole in context["spent"]] == ["US$ 0"]
    assert "budgets" not in client_of(Role.COORDINATOR).get("/manager/").context
