"""Reconciliation in the Manager: from the file to the messages behind a difference."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.models import ComparisonRow, Statement, StatementUpload, UsagePull
from recontact.reconciliation.jobs import jobs_run
from tests.factories import account_make
from tests.recontact.reconciliation.stage import Month, line

pytestmark = pytest.mark.django_db

LIST = "/manager/recontact/statement/"
TEXT = "Fecha,Pais,Rubro,Cantidad,Importe\n2026-10-03,Argentina,Avisos,2,0.052\n"


@pytest.fixture
def ops() -> Client:
    browser = Client()
    user = user_create(username="ops", password="clave-segura-1", roles=[Role.OPS])
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


def form(month: Month, text: str = TEXT, **other: str) -> dict[str, Any]:
    return {
        "account": month.account.pk,
        "kind": "invoice",
        "number": "F-1",
        "currency": "usd",
        "first_day": "2026-10-01",
        "last_day": "2026-10-31",
        "counted_by": "delivered",
        "file": SimpleUploadedFile("oct.csv", text.encode()),
        **other,
    }


def test_ops_brings_an_invoice_maps_it_and_sees_what_differs(ops: Client) -> None:
    month = Month()
    month.delivered(3)

    upload = ops.post(f"{LIST}import/", form(month), follow=True)
    assert "not known here" not in upload.content.decode()
    address = upload.redirect_chain[-1][0]
    columns = {"column-day": "Fecha", "column-market": "Pais", "column-count": "Cantidad", "column-amount": "Importe"}
    asked = ops.post(address, {**columns, "column-category": "Rubro"}, follow=True).content.decode()
    assert "The category “Avisos” is not known here" in asked
    assert 'value="store"' not in asked
    known = ops.post(address, {**columns, "column-category": "Rubro", "word-category-Avisos": "utility"}, follow=True)
    assert "US$ 0.05" in known.content.decode()

    assert "It is being stored" in ops.post(address, {"do": "store"}, follow=True).content.decode()
    jobs_run()
    page = ops.get(address, follow=True)

    assert page.redirect_chain[-1][0] == f"{LIST}{Statement.objects.get().pk}/change/"
    text = page.content.decode()
    assert "Differing" in text
    assert "US$ 0.0520" in text
    assert "−US$" not in text


def test_a_bad_file_comes_back_with_its_reasons_and_leaves_nothing(ops: Client) -> None:
    month = Month()

    damaged = ops.post(f"{LIST}import/", form(month, 'a,"b\n'))
    no_number = ops.post(f"{LIST}import/", form(month, number=" "))
    no_zone = ops.post(f"{LIST}import/", form(month, zone="Mars/Olympus", currency="XXQ", last_day="2025-01-01"))

    assert (damaged.status_code, no_number.status_code, no_zone.status_code) == (400, 400, 400)
    assert "a quote is not closed" in damaged.content.decode()
    assert set(no_number.context["form"].errors) == {"number"}
    assert set(no_zone.context["form"].errors) == {"zone", "currency", "last_day"}
    assert not StatementUpload.objects.exists()


def test_the_same_invoice_says_so_before_it_could_be_stored(ops: Client) -> None:
    month = Month()
    month.invoice(line(3, "AR", "utility", 1, "0.026"), number="F-1")

    page = ops.post(f"{LIST}import/", form(month), follow=True)

    assert "The number F-1 is there already" in page.content.decode()
    address = page.redirect_chain[-1][0]
    assert ops.post(address, {"do": "store"}).status_code == 400
    ops.post(address, {"do": "discard"})
    assert not StatementUpload.objects.exists()


def test_nobody_sees_the_upload_of_somebody_else(ops: Client) -> None:
    page = ops.post(f"{LIST}import/", form(Month()), follow=True)
    other = Client()
    user = user_create(username="ops2", password="clave-segura-1", roles=[Role.OPS])
    other.force_login(user, "django.contrib.auth.backends.ModelBackend")

    assert other.get(page.redirect_chain[-1][0]).status_code == 404


def test_a_row_leads_to_its_lines_and_messages_and_takes_a_note(ops: Client) -> None:
    month = Month()
    message = month.delivered(3)
    statement = month.invoice(line(3, "AR", "utility", 2, "0.052"))
    row = ComparisonRow.objects.get()
    address = f"{LIST}{statement.pk}/row/{row.pk}/"

    ops.post(address, {"text": "asked the provider"})

    text = ops.get(address).content.decode()
    assert f"#{message.pk}" in text
    assert "asked the provider" in text
    assert message.recipient_phone not in text
    assert "There is a note" in ops.get(f"{LIST}{statement.pk}/change/").content.decode()


def test_the_tolerance_compares_anew_and_nonsense_does_not(ops: Client) -> None:
    month = Month()
    month.delivered(3)
    statement = month.invoice(line(3, "AR", "utility", 1, "0.5"))

    ops.post(f"{LIST}{statement.pk}/compare/", {"tolerance": "-1"})
    assert ComparisonRow.objects.get().status == "differing"
    ops.post(f"{LIST}{statement.pk}/compare/", {"tolerance": "0.5"})
    assert "It is being compared" in ops.get(f"{LIST}{statement.pk}/change/").content.decode()
    jobs_run()

    assert ComparisonRow.objects.get().status == "agreed"


def test_withdrawing_needs_a_reason(ops: Client) -> None:
    statement = Month().invoice(line(3, "AR", "utility", 1, "0.5"))

    ops.post(f"{LIST}{statement.pk}/withdraw/", {"why": " "})
    assert Statement.objects.get().withdrawn_at is None
    ops.post(f"{LIST}{statement.pk}/withdraw/", {"why": "of another account"})

    assert "of another account" in ops.get(f"{LIST}{statement.pk}/change/").content.decode()


def test_its_files_hold_every_row_with_exact_amounts(ops: Client) -> None:
    month = Month()
    month.delivered(3)
    statement = month.invoice(line(3, "AR", "utility", 2, "0.052"), line(4, "BR", "marketing", 1, "0.1"))

    text = b"".join(ops.get(f"{LIST}{statement.pk}/file/csv/")).decode("utf-8-sig")
    book = b"".join(ops.get(f"{LIST}{statement.pk}/file/xlsx/"))

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1] == [
        "2026-10-03", "Argentina", "Utility", "Differing", "USD", "2", "1", "1", "0.052000", "0.026000", "0.026000", "",
    ]  # fmt: skip
    sheet: Any = openpyxl.load_workbook(io.BytesIO(book), read_only=True).active
    assert len(list(sheet.values)) == len(rows) == 3
    assert ops.get(f"{LIST}{statement.pk}/file/pdf/").status_code == 404


def test_lists_ask_the_same_number_of_queries_however_much_there_is(ops: Client) -> None:
    month = Month()
    statement = month.invoice(line(3, "AR", "utility", 1, "0.5"))
    page = f"{LIST}{statement.pk}/change/"

    def queries(address: str) -> int:
        ops.get(address)
        with CaptureQueriesContext(connection) as caught:
            assert ops.get(address).status_code == 200
        return len(caught)

    few = queries(LIST), queries(page)
    for day in range(4, 9):
        month.invoice(line(day, "AR", "utility", 1, "0.5"))
    many_rows = month.invoice(*(line(day, "BR", "utility", 1, "0.5") for day in range(1, 20)))

    assert (queries(LIST), queries(f"{LIST}{many_rows.pk}/change/")) == few


def test_a_provider_is_asked_from_the_page_which_says_who_cannot_be(ops: Client) -> None:
    month = Month()
    other = account_make(provider="vonage", name="Vonage Sur")
    page, days = f"{LIST}usage/", {"first_day": "2026-10-01", "last_day": "2026-10-31"}
    assert "Vonage Sur" in ops.get(page).content.decode()

    asked = ops.post(page, {"account": month.account.pk, **days}, follow=True).content.decode()
    twice = ops.post(page, {"account": month.account.pk, **days})
    cannot = ops.post(page, {"account": other.pk, **days})

    assert "To be asked" in asked
    assert (twice.status_code, cannot.status_code) == (400, 400)
    assert "import its invoice" in cannot.context["form"].errors["account"][0]
    assert UsagePull.objects.count() == 1


def test_what_was_asked_is_listed_with_as_many_queries_however_much_it_is(ops: Client) -> None:
    page = f"{LIST}usage/"

    def asked() -> None:
        UsagePull.objects.create(
            account=Month().account,
            first_day="2026-10-01",
            last_day="2026-10-31",
            state="failed",
            due_at=timezone.now(),
        )

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert ops.get(page).status_code == 200
        return len(caught)

    asked()
    queries()
    few = queries()
    asked()
    asked()
    assert queries() == few
