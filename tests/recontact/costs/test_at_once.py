"""Sums that are added up, read and built anew by several at once, while messages move and a worker is lost half way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import connection, transaction

from recontact.books import differences
from recontact.costs import rollup
from recontact.costs.asked import month_of, question_read
from recontact.costs.grouped import costs_grouped
from recontact.costs.rollup import costs_add_up, costs_rebuild
from recontact.models import CostChange, CostEntry, Message
from tests.factories import message_make, query_make, rate_card_make, sender_number_make, template_make
from tests.recontact.costs.test_grouped import TODAY

MESSAGES = 24
PRICE = Decimal("0.026")


@pytest.fixture
def messages(transactional_db: None) -> list[Message]:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    return [message_make(query=query_make(sender_number=number), template=template) for _ in range(MESSAGES)]


def at_once(*works: Callable[[], object]) -> None:
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            ready.wait()
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result()


def test_messages_move_while_the_sums_are_added_up_and_built_anew(messages: list[Message]) -> None:
    whole: list[int] = []

    def move(mine: list[Message]) -> Callable[[], None]:
        def work() -> None:
            for message in mine:
                for state in ("sending", "accepted", "delivered", "read"):
                    Message.objects.filter(pk=message.pk).update(state=state)
                with transaction.atomic():
                    CostEntry.objects.create(
                        message=message, kind="report", amount=Decimal("0.031"), currency="USD", market="AR",
                        category="utility",
                    )  # fmt: skip

        return work

    def add_up() -> None:
        for _ in range(30):
            costs_add_up()

    def rebuild() -> None:
        for _ in range(5):
            costs_rebuild()

    def read() -> None:
        question = question_read({"currency": "USD"}, today=TODAY)
        whole.extend(costs_grouped(question).total.messages for _ in range(20))

    at_once(move(messages[::2]), move(messages[1::2]), add_up, add_up, rebuild, read)

    assert set(whole) == {MESSAGES}, "a reader saw a message twice, or not at all"
    costs_add_up()
    assert not CostChange.objects.exists()
    assert [each for each in differences() if "cost" in each.check or "price" in each.check] == []
    total = costs_grouped(question_read({}, today=TODAY)).total
    assert (total.read, total.spent) == (MESSAGES, MESSAGES * Decimal("0.031"))


def test_a_worker_that_is_lost_half_way_adds_nothing_and_loses_nothing(
    messages: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = CostChange.objects.count()
    broken = rollup._ADD.replace("SELECT count(*) FROM taken", "SELECT 1 / 0 FROM taken")
    with monkeypatch.context() as patch:
        patch.setattr(rollup, "_ADD", broken)
        with suppress(Exception):
            costs_add_up()

    assert CostChange.objects.count() == before > 0
    costs_add_up()
    assert costs_grouped(question_read({}, today=TODAY)).total.messages == MESSAGES


def test_of_two_who_add_up_at_once_one_does_nothing(messages: list[Message]) -> None:
    added: list[int] = []

    at_once(*[lambda: added.append(costs_add_up()) for _ in range(4)])

    assert sum(added) == MESSAGES
    assert month_of(TODAY)[0] in set(rollup_days())


def rollup_days() -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT day FROM recontact_costmonth")
        return [row[0] for row in cursor.fetchall()]
