"""Alerts: each share once per period, by mail to whoever has the permission, in his language."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connections

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.budgets.alerts import alerts_mail
from recontact.budgets.keeping import budget_keep
from recontact.models import Budget, BudgetAlert
from tests.factories import budget_make, message_make, query_make, template_make

PRICE = Decimal("0.026")


def reach(times: int, amount: str = "0.10", **fields: Any) -> None:
    """A budget at which that many messages of 0.026 were queued."""
    budget_make(amount=amount, **fields)
    query = query_make()
    template = template_make(account=query.sender_number.account)
    for _ in range(times):
        message_make(query=query_make(sender_number=query.sender_number), template=template)


def people() -> None:
    for role, language in ((Role.OPS, "en"), (Role.MANAGER, "es"), (Role.AGENT, "es")):
        name = role.value.lower()
        user_create(username=name, password="clave-segura-1", roles=[role], email=f"{name}@x.com", language=language)


@pytest.mark.django_db
def test_each_share_is_noted_once_when_it_is_reached() -> None:
    reach(3, alert_shares=[25, 50, 90])
    assert list(BudgetAlert.objects.order_by("share").values_list("share", flat=True)) == [25, 50]


@pytest.mark.django_db
def test_it_is_mailed_once_to_managers_and_ops_in_their_language_and_to_nobody_else() -> None:
    people()
    reach(2, alert_shares=[50])
    assert (alerts_mail(), alerts_mail()) == (1, 0)
    sent = {tuple(each.bcc): (each.subject, each.body) for each in mail.outbox}
    assert set(sent) == {("ops@x.com",), ("manager@x.com",)}
    subject, body = sent["ops@x.com",]
    assert subject == "Budget Presupuesto del mes: 50 % of the period is used"
    assert "0.05 of US$ 0.10" in body
    assert BudgetAlert.objects.get().mailed_at is not None


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    people()
    reach(2, alert_shares=[50])

    def away(_self: EmailBackend, _messages: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", away)
        assert alerts_mail() == 0
    assert alerts_mail() == 1
    assert len(mail.outbox) == 2


@pytest.mark.django_db
def test_a_lowered_amount_alerts_at_once() -> None:
    reach(1, amount="100")
    budget = budget_keep_lower("0.05")
    assert BudgetAlert.objects.get(period__budget=budget).share == 50


def budget_keep_lower(amount: str) -> Budget:
    budget = Budget.objects.get()
    budget.amount = Decimal(amount)
    budget.save()
    budget_keep(budget, opened=False)
    return budget


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_mail_it_once() -> None:
    people()
    reach(2, alert_shares=[50])
    together = threading.Barrier(4)

    def run(_number: int) -> int:
        try:
            together.wait(5)
            return alerts_mail()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 1
    assert len(mail.outbox) == 2
