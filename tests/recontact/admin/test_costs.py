"""The page of costs: what it says, where its cells lead, and its files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.costs.workbook import workbook
from recontact.models import Message
from tests.factories import (
    budget_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
    user_make,
)
from tests.recontact.costs.test_grouped import delivered

pytestmark = pytest.mark.django_db

ADDRESS = "/manager/recontact/costcell/"


@pytest.fixture
def ops() -> Client:
    browser = Client()
    user = user_create(username="ops", password="clave-segura-1", roles=[Role.OPS])
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


def page(ops: Client, query: str = "") -> str:
    response = ops.get(f"{ADDRESS}?{query}")
    assert response.status_code == 200
    return response.content.decode()


def downloaded(ops: Client, path: str) -> bytes:
    response: Any = ops.get(f"{ADDRESS}file/{path}")
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def read_workbook(data: bytes) -> list[tuple[Any, ...]]:
    sheet: Any = openpyxl.load_workbook(io.BytesIO(data), read_only=True).active
    return list(sheet.values)


def test_it_says_what_was_spent_and_what_each_delivered_message_cost(ops: Client) -> None:
    delivered(message_make(), reported="0.031", state="read")
    delivered(message_make(), state="failed")
    budget_make()

    text = page(ops)

    assert "US$ 0.03" in text
    assert "1 delivered of 2 sent" in text
    assert "US$ 0.03 not charged: failed, or free" in text
    assert "Presupuesto del mes" in text


def test_its_table_says_the_currency_once_and_names_each_figure_for_a_phone(ops: Client) -> None:
    delivered(message_make(), reported="1031.5", state="read")

    text = page(ops)
    table = text[
        text.index('<table class="plain costs') : text.index("</table>", text.index('<table class="plain costs'))
    ]

    assert "US$" not in table
    assert '<td class="figure strong" data-label="Spent">1,031.50</td>' in table
    assert '<span class="small">USD</span></header>' in text


def test_who_brings_invoices_finds_the_way_to_it_here(ops: Client) -> None:
    manager = Client()
    user = user_create(username="manager", password="clave-segura-1", roles=[Role.MANAGER])
    manager.force_login(user, "django.contrib.auth.backends.ModelBackend")

    assert "/recontact/statement/import/" in page(ops)
    assert "/recontact/statement/import/" not in page(manager)


def test_each_cell_leads_to_exactly_its_messages(ops: Client) -> None:
    user = user_make()
    mine = delivered(message_make(user=user))
    delivered(message_make())
    old = delivered(message_make(user=user))
    Message.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))

    for by in ("agent,day", "account,market", "provider,month", "number,week", "category,team", "campaign,account"):
        response = ops.get(f"{ADDRESS}?by={by}&agent={user.pk}")
        [row] = response.context["rows"]
        listed = ops.get(row.address)
        assert listed.status_code == 200, row.address
        assert [message.pk for message in listed.context["cl"].result_list] == [mine.pk], by


def test_a_name_leads_to_the_costs_of_it_alone(ops: Client) -> None:
    delivered(message_make(user=(user := user_make())))
    delivered(message_make())

    rows = ops.get(f"{ADDRESS}?by=agent").context["rows"]
    alone = next(address for row in rows for name, address in row.names if address.endswith(f"agent={user.pk}"))

    assert ops.get(f"{ADDRESS}?{alone}").context["total"].delivered == 1


def test_it_shows_this_month_and_says_so_when_it_is_asked_nonsense(ops: Client) -> None:
    response = ops.get(f"{ADDRESS}?by=phone")

    assert response.status_code == 400
    assert "What you see is this month" in response.content.decode()


def test_a_currency_that_is_not_there_is_not_shown_as_nothing_spent(ops: Client) -> None:
    delivered(message_make(), reported="0.031")

    assert ops.get(f"{ADDRESS}?currency=EUR").context["currency"] == "USD"


def test_it_asks_the_same_number_of_queries_however_much_there_is(ops: Client) -> None:
    delivered(message_make(user=user_make()))
    page(ops, "by=agent,account")
    with CaptureQueriesContext(connection) as few:
        page(ops, "by=agent,account")
    for _ in range(4):
        delivered(message_make(user=user_make()))
    with CaptureQueriesContext(connection) as many:
        page(ops, "by=agent,account")

    assert len(many) == len(few)


def test_more_groups_than_a_page_are_paged(ops: Client) -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    for _ in range(51):
        delivered(message_make(query=query_make(sender_number=number), template=template, user=user_make()))

    assert "Page 1 of 2" in page(ops, "by=agent")
    assert len(ops.get(f"{ADDRESS}?by=agent&page=2").context["rows"]) == 1


def test_its_files_hold_every_group_with_exact_amounts(ops: Client) -> None:
    number = sender_number_make()
    number.account.name = "=cmd()"
    number.account.save()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    delivered(message_make(query=query_make(sender_number=number), template=template), reported="0.031")
    delivered(message_make(), reported="40", currency="ARS")

    text = downloaded(ops, "csv/?by=account").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    cells = read_workbook(downloaded(ops, "xlsx/?by=account"))

    dollars = next(row for row in rows if row["Currency"] == "USD" and row["Account"] == "'=cmd()")
    assert (dollars["Spent"], dollars["Reported"], dollars["Delivered"]) == ("0.031000", "0.031000", "1")
    assert {row["Currency"] for row in rows} == {"USD", "ARS"}
    assert len(cells) == len(rows) + 1
    assert any("=cmd()" in row and Decimal(str(row[cells[0].index("Spent")])) == Decimal("0.031") for row in cells[1:])


def test_everything_day_by_day_adds_up_to_the_page(ops: Client) -> None:
    delivered(message_make(user=user_make()), reported="0.031")
    delivered(message_make(), state="read")

    text = downloaded(ops, "csv/?whole=1").decode("utf-8-sig")

    spent = sum(Decimal(row["Spent"]) for row in csv.DictReader(io.StringIO(text)))
    assert spent == ops.get(ADDRESS).context["total"].spent


def test_a_workbook_of_any_length_is_sent_in_pieces_that_a_spreadsheet_reads() -> None:
    rows = ([number, Decimal("0.000001"), "ñ <&> \x00", timezone.localdate(), None] for number in range(5_000))

    pieces = list(workbook("Costs", rows))

    assert len(pieces) > 5
    values = read_workbook(b"".join(pieces))
    assert len(values) == 5_000
    assert values[-1][0] == 4_999
    assert values[0][2] == "ñ <&> "


def test_it_compares_with_every_accounts_prices(ops: Client) -> None:
    delivered(message_make())

    text = ops.get(f"{ADDRESS}elsewhere/?from={timezone.localdate():%Y-%m}-01").content.decode()

    assert "All of it by its rate cards" in text
    assert "US$ 0.03" in text
