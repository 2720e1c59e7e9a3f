"""Phones as people, spreadsheets and providers write them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from recontact import phones
from recontact.campaigns.hours import zone_of
from recontact.phones import (
    PRESENT_ZONES,
    InvalidPhone,
    phone_country,
    phone_for,
    phone_from_wire,
    phone_mask,
    phone_parse,
    phone_search_forms,
    phone_time_zone,
)


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
        ("+54 9 11 15 5555-0100", "+5491155550100", "AR"),
        ("549 011 5555 0100", "+5491155550100", "AR"),
        ("+549375715555123", "+5493757555123", "AR"),
        ("+52 044 55 1234 5678", "+525512345678", "MX"),
        ("'+541140001000", "+541140001000", "AR"),
        ("(+54) 11 4000-1000", "+541140001000", "AR"),
        ("'5215512345678", "+525512345678", "MX"),
        ("\u202a5215512345678\u202c", "+525512345678", "MX"),
        ("\uff0b52 55 1234 5678", "+525512345678", "MX"),
    ],
)
def test_it_reads_the_usual_forms(text: str, e164: str, country: str) -> None:
    phone = phone_parse(text, default_country="AR")
    assert (phone.e164, phone.country) == (e164, country)


@pytest.mark.parametrize("text", ["044 55 1234 5678", "045 55 1234 5678", "01 55 1234 5678", "1 55 1234 5678"])
def test_it_reads_what_mexicans_wrote_before_a_mobile(text: str) -> None:
    assert phone_parse(text, default_country="MX").e164 == "+525512345678"


@pytest.mark.parametrize("text", ["", "hola", "123", "+", "+54", "٣٤", "15-5555-0100-0100-0100", "\x00"])
def test_it_refuses_what_is_no_phone(text: str) -> None:
    with pytest.raises(InvalidPhone):
        phone_parse(text, default_country="AR")


def test_it_keeps_mexicans_under_one_form_whatever_the_provider_writes() -> None:
    assert phone_from_wire("5215512345678") == phone_parse("+52 55 1234 5678", default_country="MX").e164
    assert phone_from_wire("5491155550100") == "+5491155550100"
    assert phone_from_wire("") == ""


@pytest.fixture
def without_older_names(tmp_path: Path) -> Iterator[None]:
    """A system that has only the present names of zones, as Debian 13."""
    system = next(path for path in map(Path, zoneinfo.TZPATH) if path.exists())
    for file in system.glob("*/**/*"):
        name = file.relative_to(system)
        if file.is_file() and str(name) not in PRESENT_ZONES and name.parts[0] in _REGIONS:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).symlink_to(file)
    _forget()
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    yield
    zoneinfo.reset_tzpath()
    _forget()


_REGIONS = {"Africa", "America", "Asia", "Atlantic", "Europe", "Indian", "Pacific", "Australia", "Antarctica", "Arctic"}


def _forget() -> None:
    zoneinfo.ZoneInfo.clear_cache()
    phones._prefix_time_zone.cache_clear()
    phones._zone.cache_clear()


@pytest.mark.usefixtures("without_older_names")
def test_each_region_has_its_zone_also_where_only_the_present_names_are_known() -> None:
    with pytest.raises(zoneinfo.ZoneInfoNotFoundError):
        zoneinfo.ZoneInfo("America/Buenos_Aires")

    found = {prefix: phone_time_zone(f"+{prefix}") for prefix in TIMEZONE_DATA}

    assert found["54"] == "America/Argentina/Buenos_Aires"
    assert found["91"] == "Asia/Kolkata"
    assert [prefix for prefix, zone in found.items() if not zone and set(TIMEZONE_DATA[prefix]) - {"Etc/Unknown"}] == []
    assert str(zone_of("America/Buenos_Aires")) == "America/Argentina/Buenos_Aires"


def test_it_masks_all_but_the_country_and_the_last_four() -> None:
    assert phone_mask("+5491155550142") == "+54 •••• 0142"
    assert phone_mask("+13125550142") == "+1 •••• 0142"
    assert phone_mask("+390612345678") == "+39 •••• 5678"
    assert phone_for("+5491155550142", whole=False) == "+54 •••• 0142"
    assert phone_for("+5491155550142", whole=True) == "+54 9 11 5555-0142"
    assert phone_for(None, whole=True) == ""


def test_it_is_found_by_the_whole_number_the_national_one_and_its_end() -> None:
    forms = phone_search_forms("+5491155550142")
    assert {"5491155550142", "1155550142", "55550142", "0142"} <= set(forms)


def _examples() -> list[str]:
    """A phone of each kind of each country."""
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in phonenumbers.PhoneNumberType.values()
    ]
    return [phonenumbers.format_number(each, phonenumbers.PhoneNumberFormat.E164) for each in found if each is not None]


def _is_as_parsed(e164: str) -> bool:
    """Whether the country and the search forms are those that parsing the whole phone gives."""
    try:
        number = phonenumbers.parse(e164, None)
        country, national = phonenumbers.region_code_for_number(number) or "", str(number.national_number)
    except phonenumbers.NumberParseException:
        country, national = "", e164[1:]
    forms = [e164[1:], national, national.removeprefix("9"), e164[1:][-8:], e164[1:][-4:]]
    return phone_country(e164) == country and phone_search_forms(e164) == list(dict.fromkeys(filter(None, forms)))


def test_country_and_search_forms_are_those_of_the_parsed_phone_in_every_country() -> None:
    assert [e164 for e164 in _examples() if not _is_as_parsed(e164)] == []


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_and_of_whatever_looks_like_a_phone(e164: str) -> None:
    assert _is_as_parsed(e164)
