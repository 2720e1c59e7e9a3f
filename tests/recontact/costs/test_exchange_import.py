"""Exchange rates from a file: whole or not at all, and none is ever changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recontact.costs.exchange_import import ExchangeRefused, Imported, exchange_rates_import
from recontact.models import ExchangeRate
from tests.factories import user_make

pytestmark = pytest.mark.django_db

FILE = "from,to,rate,valid_from,source\nUSD,ARS,1450.25,2026-11-02,BNA\nEUR,USD,1.0834567891,2026-11-02,\n"


def problems(file: str) -> list[tuple[int, str]]:
    before = ExchangeRate.objects.count()
    with pytest.raises(ExchangeRefused) as refused:
        exchange_rates_import(file.encode())
    assert ExchangeRate.objects.count() == before
    return [(problem.row, problem.column) for problem in refused.value.problems]


def test_the_rates_of_a_file_are_stored_once() -> None:
    assert exchange_rates_import(FILE.encode(), source="ECB") == Imported(new=2, known=0)
    assert exchange_rates_import(FILE.encode()) == Imported(new=0, known=2)
    rows = ExchangeRate.objects.order_by("from_currency").values_list("from_currency", "rate", "valid_from", "source")
    assert list(rows) == [
        ("EUR", Decimal("1.0834567891"), date(2026, 11, 2), "ECB"),
        ("USD", Decimal("1450.2500000000"), date(2026, 11, 2), "BNA"),
    ]


def test_a_rate_that_is_there_is_not_changed_by_a_file() -> None:
    exchange_rates_import(FILE.encode())
    assert problems(FILE.replace("1450.25", "1451")) == [(2, "rate")]
    assert problems(FILE + "USD,CLP,950,2026-11-02,\nUSD,CLP,951,2026-11-02,\n") == [(5, "rate")]


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (FILE.replace("valid_from", "day"), (1, "valid_from")),
        (FILE.replace("USD,ARS", "USX,ARS"), (2, "from")),
        (FILE.replace("USD,ARS", "USD,USD"), (2, "to")),
        (FILE.replace("1450.25", "-1"), (2, "rate")),
        (FILE.replace("1450.25", "0"), (2, "rate")),
        (FILE.replace("1450.25", "1e3"), (2, "rate")),
        (FILE.replace("1450.25", "NaN"), (2, "rate")),
        (FILE.replace("1450.25", "Infinity"), (2, "rate")),
        (FILE.replace("1450.25", "9" * 30), (2, "rate")),
        (FILE.replace(",", ";").replace("1450.25", "1.450"), (2, "rate")),
        (FILE.replace("1450.25", "=A1"), (2, "rate")),
        (FILE.replace("1450.25", "1.00000000001"), (2, "rate")),
        (FILE.replace("2026-11-02,BNA", "02/11/2026,BNA"), (2, "valid_from")),
        ("from,to,rate,valid_from\n", (0, "")),
        ("", (0, "")),
    ],
)
def test_a_wrong_file_is_refused_with_row_and_column(file: str, place: tuple[int, str]) -> None:
    assert problems(file) == [place]


def test_it_is_brought_in_the_manager_by_who_may_add_rates() -> None:
    address = "/manager/recontact/exchangerate/import/"
    ops, other = Client(), Client()
    backend = "django.contrib.auth.backends.ModelBackend"
    ops.force_login(
        user_make(is_staff=True, permissions=["recontact.add_exchangerate", "recontact.view_exchangerate"]),
        backend=backend,
    )
    other.force_login(user_make(is_staff=True, permissions=["recontact.view_exchangerate"]), backend=backend)
    assert "Import exchange rates" in ops.get("/manager/recontact/exchangerate/").content.decode()
    assert other.get(address).status_code == 403
    wrong = ops.post(address, {"file": SimpleUploadedFile("r.csv", b"from,to\n")})
    assert (wrong.status_code, "lacks these columns" in wrong.content.decode()) == (400, True)
    page = ops.post(address, {"file": SimpleUploadedFile("r.csv", FILE.encode())}, follow=True).content.decode()
    assert "2 rates are new, 0 were there." in page
