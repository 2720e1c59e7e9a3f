"""Files as people have them: any delimiter and encoding, numbers for phones, and files that are none, named in a sentence."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from recontact.campaigns import workbooks
from recontact.campaigns.cells import RoundedPhone, cell_text, phone_text
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.sheets import sheet_facts, sheet_rows
from tests.recontact.campaigns.audiences import csv_bytes, xlsx_bytes

ROWS = (("teléfono", "nombre", "dirección"), ("1155550100", "Begoña", "Ñandú 5"), ("1155550101", "Íñigo", "Güemes 3"))


def _rows(name: str, body: bytes) -> list[tuple[int, dict[str, str]]]:
    return [(row.number, dict(row.texts)) for row in sheet_rows(io.BytesIO(body), sheet_facts(name, io.BytesIO(body)))]


READ = [(2, dict(zip(ROWS[0], ROWS[1], strict=True))), (3, dict(zip(ROWS[0], ROWS[2], strict=True)))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_it_reads_a_csv_of_any_common_delimiter_and_encoding(delimiter: str, encoding: str) -> None:
    assert _rows("clientes.csv", csv_bytes(*ROWS, delimiter=delimiter, encoding=encoding)) == READ


def test_it_reads_a_workbook() -> None:
    assert _rows("clientes.xlsx", xlsx_bytes(*ROWS, sheet="Campaign")) == READ


def test_it_reads_the_line_that_names_the_delimiter() -> None:
    assert _rows("a.csv", b"sep=;\r\nphone;monto\r\n1155550100;1,5\r\n") == [
        (3, {"phone": "1155550100", "monto": "1,5"})
    ]


def test_rows_keep_their_number_in_the_file_when_some_are_empty() -> None:
    body = xlsx_bytes((), ("phone", "nombre"), (), ("1155550100", "Ana"), (None, None), (1155550101, "Eva"))

    assert [number for number, _texts in _rows("a.xlsx", body)] == [4, 6]


def test_columns_of_the_same_name_are_told_apart_and_those_without_a_name_are_not_read() -> None:
    body = csv_bytes(("phone", "monto", "monto", ""), ("1155550100", "1", "2", "3"))

    assert _rows("a.csv", body) == [(2, {"phone": "1155550100", "monto": "1", "monto (2)": "2"})]


def test_a_quoted_cell_may_hold_the_delimiter_and_line_breaks() -> None:
    assert _rows("a.csv", b'phone,nota\n1155550100,"uno, dos\ntres"\n') == [
        (2, {"phone": "1155550100", "nota": "uno, dos\ntres"})
    ]


@pytest.mark.parametrize(
    "name", ["phone", "Phone", "TELÉFONO", " celular ", "WhatsApp", "Número", "numero_de_telefono"]
)
def test_it_finds_the_column_of_phones_by_its_usual_names(name: str) -> None:
    assert sheet_facts("a.csv", io.BytesIO(csv_bytes(("x", name), ("1", "1155550100")))).phone == name.strip()


@pytest.mark.parametrize(
    ("columns", "phone"),
    [
        (("teléfono", "celular"), "celular"),
        (("Número", "Tel", "Móvil"), "Móvil"),
        (("celular", "whatsapp", "PHONE"), "PHONE"),
    ],
)
def test_of_several_columns_of_phones_it_takes_that_of_mobiles(columns: tuple[str, ...], phone: str) -> None:
    body = csv_bytes(columns, ["1155550100"] * len(columns))

    assert sheet_facts("a.csv", io.BytesIO(body)).phone == phone


@pytest.mark.parametrize("before", ["\ufeff\ufeff", "\u200b", "\u200e"])
def test_what_cannot_be_seen_is_no_part_of_a_columns_name(before: str) -> None:
    body = f"{before}phone;nombre\n1155550100;Ana".encode()

    assert _rows("a.csv", body) == [(2, {"phone": "1155550100", "nombre": "Ana"})]


def test_a_columns_name_is_in_one_line_however_it_stands_in_its_cell() -> None:
    body = xlsx_bytes(("phone", "Nombre\nde  pila", "Nombre de pila"), ("1155550100", "Ana", "Eva"))

    assert _rows("a.xlsx", body) == [(2, {"phone": "1155550100", "Nombre de pila": "Ana", "Nombre de pila (2)": "Eva"})]


def test_hidden_rows_are_counted_wherever_the_file_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"11555501{number:02}", "hidden='1'") for number in range(60)]
    body = xlsx_bytes(("phone", "nombre"), *rows, hidden=[3, 4, 61])

    for piece in (50, 51, 97, 1_000_000):
        monkeypatch.setattr("recontact.campaigns.hidden_rows._PIECE", piece)
        assert sheet_facts("a.xlsx", io.BytesIO(body)).hidden == 3


def test_the_hidden_rows_of_another_sheet_are_not_counted() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(*ROWS)))
    workbook.create_sheet("otra").append(["x"])
    workbook["otra"].row_dimensions[1].hidden = True
    body = io.BytesIO()
    workbook.save(body)

    assert sheet_facts("a.xlsx", body).hidden == 0


def test_the_line_ends_of_another_system_are_not_read_as_words() -> None:
    body = xlsx_bytes(("phone", "nombre"), ("1155550100_x000D_", "Ana_x000D_\n"), ("1155550101", "un_x005F_x000D_"))

    assert [list(texts.values()) for _number, texts in _rows("a.xlsx", body)] == [
        ["1155550100", "Ana"],
        ["1155550101", "un_x000D_"],
    ]


@pytest.mark.parametrize(
    ("body", "row"),
    [
        (b"\r\n\r\nphone;nombre\r\n1155550100;Ana", 4),
        (b"\r\n" * 30 + b"phone;nombre\r\n1155550100;Ana", 32),
        (b"PK;phone\r\n7;1155550100", 2),
        (b"phone\tapellido, nombre\r\n1155550100\tD\xc3\xadaz, Ana", 2),
        (b"nombre;monto;phone\r\nAna;1,5;1155550100", 2),
    ],
)
def test_the_delimiter_is_the_one_that_makes_a_header(body: bytes, row: int) -> None:
    assert [(number, texts["phone"]) for number, texts in _rows("a.csv", body)] == [(row, "1155550100")]


def test_a_text_written_as_a_formula_is_that_text() -> None:
    body = b'phone;codigo;otro\r\n="1155550100";="007";="a"&"b"\r\n"=""1155550101""";"=""008""";=\r\n'

    assert [texts for _number, texts in _rows("a.csv", body)] == [
        {"phone": "1155550100", "codigo": "007", "otro": '="a"&"b"'},
        {"phone": "1155550101", "codigo": "008", "otro": "="},
    ]


def test_a_byte_that_is_no_utf_8_spoils_the_names_of_no_other_row() -> None:
    rows = "".join(f"11555501{row:02d},Begoña\n" for row in range(20))
    body = f"phone,nombre\n{rows}".encode() + b"1155550150,Pe\xf1a\n"

    with pytest.raises(SheetProblem, match="Row 22 has characters that do not fit"):
        sheet_facts("a.csv", io.BytesIO(body))
    assert _rows("a.csv", b"phone,nombre\n1155550150,Pe\xf1a\n1155550151,\xc3\xb1\xe1\xe9\n")[0][1]["nombre"] == "Peña"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (1155550100, "1155550100"),
        (1155550100.0, "1155550100"),
        (5.4911555501e12, "5491155550100"),
        (0.1 + 0.2, "0.3"),
        (48210.5, "48210.5"),
        (1e-7, "0.0000001"),
        (float("inf"), "#NUM!"),
        (True, "TRUE"),
        (datetime(2026, 11, 15), "2026-11-15"),  # noqa: DTZ001
        (datetime(2026, 11, 15, 18, 30), "2026-11-15 18:30"),  # noqa: DTZ001
        (date(2026, 11, 15), "2026-11-15"),
        ("  Ana\x00 ", "Ana"),
    ],
)
def test_a_cell_becomes_what_a_person_would_write(value: Any, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("5.491155550100E12", "5491155550100"),
        ("5,4911555501E+12", "5491155550100"),
        ("1155550100.0", "1155550100"),
        ("011 15-5555-0100", "011 15-5555-0100"),
    ],
)
def test_a_phone_that_a_spreadsheet_took_for_a_number_is_read(typed: str, phone: str) -> None:
    assert phone_text(typed) == phone


@pytest.mark.parametrize("typed", ["5.49116E+12", "5,49E+12", "5E12"])
def test_a_phone_that_lost_its_digits_is_not_guessed(typed: str) -> None:
    with pytest.raises(RoundedPhone):
        phone_text(typed)


def _zip(**files: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

STRICT = b'<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main" conformance="strict"/>'

BAD_FILES = [
    ("a.xlsx", xlsx_bytes(ROWS[0], ROWS[1], sheet="Hoja1"), "no sheet named “campaign”. Its sheets are: Hoja1"),
    ("a.csv", csv_bytes(("nombre", "monto"), ("Ana", "1")), "no column “phone”"),
    ("a.csv", csv_bytes(("nombre", "monto"), ("Ana", "1")), "Its columns are: nombre, monto."),
    ("a.csv", b"", "The file is empty"),
    ("a.csv", b"\xef\xbb\xbf\r\n \r\n", "The file is empty"),
    ("a.xlsx", xlsx_bytes(), "The file is empty"),
    ("a.csv", b"phone,nombre\r\n", "a header row and no customers"),
    ("a.xlsx", b"<html><table><tr><td>phone</td></tr></table></html>", "a web page"),
    ("a.csv", b"\xef\xbb\xbf<!DOCTYPE html>", "a web page"),
    ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    ("a.xls", OLE, "an old .xls"),
    ("a.pdf", b"%PDF-1.7", "neither an .xlsx workbook nor a .csv"),
    ("a.xlsx", b"phone,nombre\r\n1,2", "neither an .xlsx workbook nor a .csv"),
    ("a.xlsx", b"PK\x03\x04 and no more", "damaged"),
    ("a.xlsx", _zip(**{"word/document.xml": b"<x/>"}), "an archive, not a workbook"),
    ("a.xlsx", _zip(**{"xl/workbook.xml": b"<x"}), "damaged"),
    ("a.xlsx", _zip(**{"xl/workbook.xml": STRICT}), "saved as “Strict Open XML”"),
    ("a.csv", b'phone,nombre\r\n1155550100,"Ana\r\n1155550101,Eva\r\n', "Row 2 cannot be read"),
]


@pytest.mark.parametrize(("name", "body", "sentence"), BAD_FILES)
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(name: str, body: bytes, sentence: str) -> None:
    with pytest.raises(SheetProblem) as caught:
        _rows(name, body)

    assert sentence in str(caught.value)


def test_a_small_file_that_unpacks_to_a_huge_one_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 10_000_000)
    bomb = _zip(**{"xl/workbook.xml": b" " * 10_000_001})

    with pytest.raises(SheetProblem, match="unpacks to more"):
        sheet_facts("a.xlsx", io.BytesIO(bomb))


def test_a_row_that_says_it_is_the_last_of_a_billion_ends_the_reading() -> None:
    body = xlsx_bytes(("phone",), ("1155550100",))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    files[sheet] = files[sheet].replace(b'r="A2"', b'r="A999999999"').replace(b'<row r="2"', b'<row r="999999999"')

    with pytest.raises(SheetProblem, match="more than 1048576 rows"):
        _rows("a.xlsx", _zip(**files))
