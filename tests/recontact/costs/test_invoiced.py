"""Invoiced beside estimated and reported: on the page, in its files, over the API, and only by what invoices tell."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from recontact.costs.asked import Question
from recontact.costs.files import costs_csv
from recontact.costs.grouped import costs_grouped
from recontact.costs.invoiced import invoiced_grouped
from recontact.reconciliation.storing import statement_withdraw
from tests.api_client import client_make
from tests.recontact.reconciliation.stage import FIRST, LAST, Month, line

pytestmark = pytest.mark.django_db


def october(*by: str, currency: str = "USD", **only: str) -> Question:
    return Question(FIRST, LAST, by, currency, only)


def test_it_adds_up_lines_by_what_invoices_tell() -> None:
    month = Month()
    month.invoice(
        line(3, "AR", "utility", 2, "1.5"), line(3, "BR", "marketing", 1, "2"), line(9, "AR", "utility", 2, "4")
    )

    assert invoiced_grouped(october()).total == Decimal("7.5")
    assert invoiced_grouped(october("market", "category")).groups == {
        ("AR", "utility"): Decimal("5.5"),
        ("BR", "marketing"): Decimal(2),
    }
    assert invoiced_grouped(october("day", "account")).groups == {
        (date(2026, 10, 3), month.account.pk): Decimal("3.5"),
        (date(2026, 10, 9), month.account.pk): Decimal(4),
    }
    assert invoiced_grouped(october("provider", "week", market="AR")).total == Decimal("5.5")
    assert invoiced_grouped(october("month")).groups == {(FIRST,): Decimal("7.5")}


def test_its_groups_have_the_keys_of_the_costs() -> None:
    month = Month()
    month.delivered(3)
    month.invoice(line(3, "AR", "utility", 1, "0.026"))

    for by in (("provider", "account"), ("market", "category"), ("day", "month"), ("week", "account")):
        question = october(*by)
        [group] = costs_grouped(question).groups
        assert invoiced_grouped(question).of(group.keys) == Decimal("0.026"), by


def test_by_number_campaign_team_or_agent_invoices_tell_nothing() -> None:
    Month().invoice(line(3, "AR", "utility", 1, "0.026"))

    for name in ("number", "campaign", "team", "agent"):
        grouped, narrowed = invoiced_grouped(october(name)), invoiced_grouped(october(**{name: "1"}))
        assert (grouped.is_by_this, grouped.total) == (False, Decimal("0.026"))
        assert (narrowed.is_told, narrowed.total) == (False, None)


def test_a_line_without_a_day_is_of_its_whole_period() -> None:
    month = Month()
    month.invoice(line(None, "AR", "utility", 1, "5"), by_day=False)
    month.invoice(line(None, "AR", "utility", 1, "7"), by_day=False, first_day=date(2026, 9, 15))

    assert invoiced_grouped(october("month")).groups == {(FIRST,): Decimal(5)}
    assert invoiced_grouped(october("day")).groups == {(None,): Decimal(5)}
    assert invoiced_grouped(october()).partly == Decimal(7)
    longer = Question(date(2026, 9, 1), LAST, (), "USD")
    assert invoiced_grouped(longer).total == Decimal(12)


def test_usage_another_currency_and_what_was_withdrawn_do_not_count() -> None:
    month = Month()
    month.invoice(line(3, "AR", "utility", 1, "1"), kind="usage", number="")
    month.invoice(line(3, "AR", "utility", 1, "2"), currency="ARS")
    gone = month.invoice(line(3, "AR", "utility", 1, "4"))
    statement_withdraw(gone.pk, why="wrong", user_id=None)

    assert invoiced_grouped(october()).total is None
    assert invoiced_grouped(october(currency="ARS")).total == Decimal(2)


def test_the_file_has_a_column_and_says_when_it_is_not_by_this() -> None:
    month = Month()
    month.delivered(3)
    month.invoice(line(3, "AR", "utility", 1, "0.03"))

    [row] = csv.DictReader(io.StringIO("".join(costs_csv(october("account"))).lstrip("\ufeff")))
    [other] = csv.DictReader(io.StringIO("".join(costs_csv(october("agent"))).lstrip("\ufeff")))

    assert (row["Invoiced"], row["Spent"]) == ("0.030000", "0.026000")
    assert (other["Invoiced (not by this)"], other["Spent"]) == ("", "0.026000")


def test_the_api_tells_it_for_each_group_and_in_all() -> None:
    month = Month()
    month.delivered(3)
    month.invoice(line(3, "AR", "utility", 1, "0.03"), line(None, "", "other_charge", None, "1"))
    api, period = client_make(), "costs?from=2026-10-01&until=2026-10-31&currency=USD"

    by_market, by_agent = api.read(f"{period}&by=market"), api.read(f"{period}&by=agent")

    assert (by_market["results"][0]["invoiced"], by_market["total"]["invoiced"]) == ("0.030000", "1.030000")
    assert (by_agent["results"][0]["invoiced"], by_agent["invoiced_by_this"]) == (None, False)
