"""Phones as people, spreadsheets and providers write them."""

from __future__ import annotations

import pytest

from recontact.phones import InvalidPhone, phone_for, phone_from_wire, phone_mask, phone_parse, phone_search_forms


@pytest.mark.parametrize(
    ("text", "e164", "country"),
    [
        ("11 15-5555-0100", "+5491155550100", "AR"),
        ("+54 9 11 5555-0100", "+5491155550100", "AR"),
        ("5491155550100", "+5491155550100", "AR"),
        ("11 5555-0100", "+5491155550100", "AR"),
        ("541155550100", "+5491155550100", "AR"),
        ("+54 11 4000-1000", "+541140001000", "AR"),
        ("011 15 5555 0100", "+5491155550100", "AR"),
        ("351 15 555 0100", "+5493515550100", "AR"),
        ("+52 1 55 1234 5678", "+525512345678", "MX"),
        ("5215512345678", "+525512345678", "MX"),
        ("+55 11 98765-4321", "+5511987654321", "BR"),
        ("00598 99 123 456", "+59899123456", "UY"),
    ],
)
def test_it_reads_the_usual_forms(text: str, e164: str, country: str) -> None:
    phone = phone_parse(text, default_country="AR")
    assert (phone.e164, phone.country) == (e164, country)


@pytest.mark.parametrize("text", ["", "hola", "123", "+", "+54", "٣٤", "15-5555-0100-0100-0100", "\x00"])
def test_it_refuses_what_is_no_phone(text: str) -> None:
    with pytest.raises(InvalidPhone):
        phone_parse(text, default_country="AR")


def test_it_keeps_mexicans_under_one_form_whatever_the_provider_writes() -> None:
    assert phone_from_wire("5215512345678") == phone_parse("+52 55 1234 5678", default_country="MX").e164
    assert phone_from_wire("5491155550100") == "+5491155550100"
    assert phone_from_wire("") == ""


def test_it_masks_all_but_the_country_and_the_last_four() -> None:
    assert phone_mask("+5491155550142") == "+54 •••• 0142"
    assert phone_for("+5491155550142", whole=False) == "+54 •••• 0142"
    assert phone_for("+5491155550142", whole=True) == "+54 9 11 5555-0142"
    assert phone_for(None, whole=True) == ""


def test_it_is_found_by_the_whole_number_the_national_one_and_its_end() -> None:
    forms = phone_search_forms("+5491155550142")
    assert {"5491155550142", "1155550142", "55550142", "0142"} <= set(forms)
