"""Files of prices: Meta's forms and our own are read whole, or refused with row, column and reason and nothing stored."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from providers.models import ProviderAccount, Rate, RateCard
from providers.rates.comparing import card_compare
from providers.rates.exporting import card_csv
from providers.rates.files import MAX_BYTES
from providers.rates.importing import ImportRefused, NewCard, card_import
from providers.rates.publishing import card_publish
from tests.factories import account_make, rate_card_make

pytestmark = pytest.mark.django_db

APRIL = datetime(2027, 4, 1, 3, tzinfo=UTC)
META = """Market,Currency,Marketing,Utility,Authentication,Authentication-International
Argentina,USD,0.0618,0.0260,0.0260,n/a
India,USD,0.0118,0.0014,0.0014,0.0304
Rest of Central & Eastern Europe,USD,0.0860,0.0212,0.0212,
"""
TIERS = """Market,Currency,Category,From,To,Rate
India,USD,Utility,0,100000,0.0014
India,USD,Utility,100001,500000,0.0013
India,USD,Utility,500001,MAX,0.0012
"""


@pytest.fixture
def account() -> ProviderAccount:
    return account_make()


def bring(account: ProviderAccount, *files: str | bytes, **fields: Any) -> RateCard:
    new = NewCard(account=account, name="Meta USD", valid_from=APRIL, **fields)
    return card_import(new, *(body.encode() if isinstance(body, str) else body for body in files))


def problems(account: ProviderAccount, *files: str | bytes, **fields: Any) -> list[tuple[int, str, str]]:
    before = (RateCard.objects.count(), Rate.objects.count())
    with pytest.raises(ImportRefused) as refused:
        bring(account, *files, **fields)
    assert (RateCard.objects.count(), Rate.objects.count()) == before
    return [(problem.row, problem.column, problem.reason) for problem in refused.value.problems]


def prices(card: RateCard) -> dict[tuple[str, str, int], str]:
    return {(rate.market, rate.category, rate.tier_from): f"{rate.price:f}" for rate in card.rates.all()}


def test_metas_list_becomes_a_draft(account: ProviderAccount) -> None:
    card = bring(account, META)
    assert (card.status, card.currency) == ("draft", "USD")
    found = prices(card)
    assert found["AR", "marketing", 0] == "0.061800"
    assert found["IN", "authentication_international", 0] == "0.030400"
    assert found["rest_of_central_eastern_europe", "utility", 0] == "0.021200"
    assert len(found) == 3 * 3 + 1


def test_metas_tiers_take_the_place_of_the_list_price(account: ProviderAccount) -> None:
    found = prices(bring(account, META, TIERS))
    tiers = {key: price for key, price in found.items() if key[:2] == ("IN", "utility")}
    assert tiers == {
        ("IN", "utility", 0): "0.001400",
        ("IN", "utility", 100_000): "0.001300",
        ("IN", "utility", 500_000): "0.001200",
    }


def test_a_workbook_is_read_as_the_csv_is(account: ProviderAccount) -> None:
    workbook = openpyxl.Workbook()
    sheet: Any = workbook.active
    for line in META.splitlines():
        sheet.append([float(cell) if cell[:2] == "0." else cell for cell in line.split(",")])
    body = io.BytesIO()
    workbook.save(body)
    assert prices(bring(account, body.getvalue())) == prices(bring(account, META))


def test_a_formula_without_a_value_is_refused_and_one_with_a_value_is_what_the_sheet_shows(
    account: ProviderAccount,
) -> None:
    """A library writes formulas without their values: read as empty, a price would be missing in silence."""
    workbook = openpyxl.Workbook()
    sheet: Any = workbook.active
    for line in META.replace("0.0618", "=0.0600+0.0018").splitlines():
        sheet.append(line.split(","))
    body = io.BytesIO()
    workbook.save(body)

    [(row, _column, why)] = problems(account, body.getvalue())
    assert (row, "2 holds a formula without a value" in why) == (0, True)

    shown = with_values(body.getvalue(), "<v></v>", "<v>0.0618</v>")
    assert prices(bring(account, shown)) == prices(bring(account, META))


def with_values(workbook: bytes, before: str, after: str) -> bytes:
    """The workbook as a spreadsheet saves it, with what it worked out."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(saved, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            if entry.filename.startswith("xl/worksheets/sheet"):
                assert before.encode() in text or b"<v/>" in text or b"<v />" in text
                for empty in (before, "<v/>", "<v />"):
                    text = text.replace(empty.encode(), after.encode())
            new.writestr(entry, text)
    return saved.getvalue()


def test_what_a_refusal_repeats_of_a_cell_is_short(account: ProviderAccount) -> None:
    [(_row, _column, why)] = problems(account, META.replace("Argentina", "A" * 50_000))
    assert len(why) < 200


def test_a_csv_with_semicolons_may_have_decimal_commas(account: ProviderAccount) -> None:
    lines = META.replace(",", ";").replace("0.", "0,")
    assert prices(bring(account, "\ufeff" + lines)) == prices(bring(account, META))


def test_what_is_exported_can_be_imported_again(account: ProviderAccount) -> None:
    own = (
        "what,market,category,beyond,up_to,amount,currency,exempt_codes\n"
        "rate,AR,utility,0,150000,0.026,USD,\nrate,AR,utility,150000,,0.0247,USD,\n"
        "per_message,,,,,0.005,USD,\npercent,,marketing,,,6,USD,\nfailed,,,,,0.001,USD,63010 63012\nmonthly,,,,,500,USD,\n"
    )
    card = bring(account, own)
    fees = {(fee.kind, fee.category, f"{fee.value:f}", tuple(fee.exempt_codes)) for fee in card.fees.all()}
    assert fees == {
        ("per_message", "", "0.005000", ()),
        ("percent", "marketing", "6.000000", ()),
        ("failed", "", "0.001000", ("63010", "63012")),
        ("monthly", "", "500.000000", ()),
    }
    again = bring(account, card_csv(card))
    assert card_csv(again) == card_csv(card)


@pytest.mark.parametrize(
    ("file", "row", "column", "reason"),
    [
        (META.replace("Utility", "Utilities"), 1, "utility", "lacks these columns"),
        (META.replace(",0.0118", ",-0.0118"), 3, "marketing", "negative"),
        (META.replace("Argentina,USD", "Argentina,USX"), 2, "currency", "no currency “USX”"),
        (META.replace("India,USD", "India,EUR"), 3, "currency", "a card has one currency"),
        (META.replace("Argentina", "Atlantis"), 2, "market", "no market “Atlantis”"),
        (META.replace("0.0618", "abc"), 2, "marketing", "is no number"),
        (META.replace("0.0618", "1e-2"), 2, "marketing", "is no number"),
        (META.replace("0.0618", "NaN"), 2, "marketing", "is no number"),
        (META.replace("0.0618", '"0,0618"'), 2, "marketing", "is no number"),
        (META.replace("0.0618", "Infinity"), 2, "marketing", "is no number"),
        (META.replace("0.0618", "=1+1"), 2, "marketing", "is no number"),
        (META.replace("0.0618", '"1,234.5"'), 2, "marketing", "is no number"),
        (META.replace("0.0618", "9" * 400), 2, "marketing", "too large"),
        ("a,b\n1,2\n", 1, "market, currency, marketing, utility, authentication", "lacks these columns"),
        (META.replace(",", ";").replace("0.0618", "1.500"), 2, "marketing", "thousands or decimals"),
        (META.replace(",", ";").replace("0.0618", "1.234,5"), 2, "marketing", "is no number"),
        (META + "AR,USD,1\n" * 100_000, 0, "", "more than 5000 rows"),
        (META + "Argentina,USD,1,1,1,\n" * 100_000, 0, "", "larger than 2 MB"),
        (META.replace("0.0618", "0.06180001"), 2, "marketing", "more than six decimals"),
        (META.replace("0.0618", "61800000"), 2, "marketing", "too large"),
        (META + "Argentina,USD,1,1,1,\n", 0, "", "Two rows say the price"),
        (META.replace("Marketing", "Utility"), 1, "utility", "stands there twice"),
        ("", 0, "", "empty"),
        ("Market,Currency,Marketing,Utility,Authentication\n", 0, "", "no prices"),
        (TIERS.replace("100001,500000", "200000,500000"), 0, "", "volume tiers of IN"),
        (TIERS.replace("100001,500000", "100001,9"), 3, "up_to", "ends before it begins"),
        (TIERS.replace("0.0013", ""), 3, "rate", "price is missing"),
        (TIERS.replace("100000,", "many,"), 2, "to", "no number of messages"),
        ("what,amount,currency\nbonus,1,USD\n", 2, "what", "not known here"),
        ("what,amount,currency\npercent,101,USD\n", 2, "amount", "more than 100 percent"),
        ('Market,"Currency\n', 0, "", "quote is not closed"),
    ],
)
def test_a_wrong_file_is_refused_with_row_column_and_reason(
    account: ProviderAccount, file: str, row: int, column: str, reason: str
) -> None:
    found = problems(account, file)
    assert [(at, where) for at, where, why in found if reason in why] == [(row, column)], found


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"PK\x03\x04 junk", "damaged"),
        (META.replace("Argentina", "Perú").encode("latin-1"), "neither a spreadsheet"),
        (META.encode("utf-16"), "neither a spreadsheet"),
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"\xff\xfe\x00junk", "neither a spreadsheet"),
        (b"a,b\x00", "neither a spreadsheet"),
        (b"x" * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_table_is_refused(account: ProviderAccount, body: bytes, reason: str) -> None:
    [(row, column, why)] = problems(account, body)
    assert (row, column, reason in why) == (0, "", True)


def test_every_wrong_row_is_told_at_once(account: ProviderAccount) -> None:
    file = META.replace("0.0618", "-1").replace("0.0118", "x").replace("India", "Atlantis")
    assert [(row, column) for row, column, _why in problems(account, file)] == [
        (2, "marketing"),
        (3, "market"),
        (3, "marketing"),
    ]


def test_two_files_in_two_currencies_are_refused(account: ProviderAccount) -> None:
    [(_row, column, why)] = problems(account, META, TIERS.replace("USD", "EUR"))
    assert (column, "different currencies" in why) == ("currency", True)


def test_dates_that_overlap_are_refused_before_anything_is_stored(account: ProviderAccount) -> None:
    rate_card_make(account=account, valid_from=APRIL)
    [(_row, column, why)] = problems(account, META)
    assert (column, "overlap" in why) == ("valid_from", True)
    [(_row, column, _why)] = problems(account_make(), META, valid_to=APRIL)
    assert column == "valid_to"


def test_the_preview_tells_old_new_and_percent(account: ProviderAccount) -> None:
    card_publish(bring(account, META).pk)
    later = NewCard(account=account, name="July", valid_from=APRIL.replace(month=7))
    changed = META.replace("0.0618", "0.0680").replace("0.0304", "n/a").encode()
    comparison = card_compare(card_import(later, changed))
    told = {(change.market, change.category): (change.old, change.new, change.percent) for change in comparison.changes}
    assert told == {
        # 0.0680 / 0.0618 = 1.10032
        ("AR", "marketing"): (Decimal("0.0618"), Decimal("0.0680"), Decimal("10.0")),
        ("IN", "authentication_international"): (Decimal("0.0304"), None, None),
    }
    assert comparison.same == 8


def test_a_providers_report_covers_what_is_known_of_it() -> None:
    covers = {
        slug: bring(account_make(provider=slug), META).report_covers for slug in ("meta", "vonage", "twilio", "infobip")
    }
    assert covers == {"meta": "all", "vonage": "fee", "twilio": "fee", "infobip": "all"}
