"""Which market a phone is charged in. Source: Meta, "Pricing on the WhatsApp Business Platform", read 2026-09-11."""

from __future__ import annotations

from datetime import date

import pytest

from providers.rates.markets import MARKET_NAMES, market_of, market_read

BEFORE, SINCE = date(2026, 9, 30), date(2026, 10, 1)


@pytest.mark.parametrize(
    ("phone", "market"),
    [
        ("+5491155554321", "AR"),
        ("+5511955554321", "BR"),
        ("+525512345678", "MX"),
        # +1 needs its area code: the United States and Canada, the Dominican Republic, Puerto Rico, Jamaica, others.
        ("+12025550123", "north_america"),
        ("+14165550123", "north_america"),
        ("+18095550123", "rest_of_latin_america"),
        ("+18295550123", "rest_of_latin_america"),
        ("+18495550123", "rest_of_latin_america"),
        ("+17875550123", "rest_of_latin_america"),
        ("+19395550123", "rest_of_latin_america"),
        ("+18765550123", "rest_of_latin_america"),
        ("+16585550123", "rest_of_latin_america"),
        ("+12425550123", "other"),
        ("+18685550123", "other"),
        # The rests of regions.
        ("+59899123456", "rest_of_latin_america"),
        ("+584121234567", "rest_of_latin_america"),
        ("+351912345678", "rest_of_western_europe"),
        ("+420601123456", "rest_of_central_eastern_europe"),
        ("+254712345678", "rest_of_africa"),
        ("+61412345678", "rest_of_asia_pacific"),
        ("+96171123456", "rest_of_middle_east"),
        ("+35812345678", "rest_of_western_europe"),
        ("+5351234567", "other"),
        ("+8502123456", "other"),
    ],
)
def test_the_longest_prefix_decides(phone: str, market: str) -> None:
    assert market_of(phone=phone) == market


@pytest.mark.parametrize(
    ("phone", "before", "since"),
    [
        ("+8801712345678", "rest_of_asia_pacific", "BD"),
        ("+9647901234567", "rest_of_middle_east", "IQ"),
        ("+96550012345", "rest_of_middle_east", "KW"),
        ("+212612345678", "rest_of_africa", "MA"),
        ("+9779841234567", "rest_of_asia_pacific", "NP"),
        ("+96892123456", "rest_of_middle_east", "OM"),
        ("+94712345678", "rest_of_asia_pacific", "LK"),
        ("+380501234567", "rest_of_central_eastern_europe", "UA"),
        # +7 is shared: the numbering plan tells which country it is.
        ("+77012345678", "RU", "KZ"),
        ("+79161234567", "RU", "RU"),
        ("+74951234567", "RU", "RU"),
    ],
)
def test_markets_added_in_october_2026_counted_as_something_else_before(phone: str, before: str, since: str) -> None:
    assert (market_of(phone=phone, on=BEFORE), market_of(phone=phone, on=SINCE)) == (before, since)
    assert market_of(phone=phone) == since


@pytest.mark.parametrize(
    ("bsuid", "market"),
    [
        ("AR.123", "AR"),
        ("US.123", "north_america"),
        ("UY.1", "rest_of_latin_america"),
        ("KZ.1", "KZ"),
        ("ZZ.1", "other"),
    ],
)
def test_without_a_phone_the_country_of_the_user_id_decides(bsuid: str, market: str) -> None:
    assert market_of(phone="", bsuid=bsuid) == market


@pytest.mark.parametrize("phone", ["", "+", "54", "+999999999999", "abc"])
def test_what_is_no_phone_is_other(phone: str) -> None:
    assert market_of(phone=phone) == "other"


def test_markets_are_read_by_code_and_by_metas_name() -> None:
    assert {market_read(name) for name in MARKET_NAMES.values()} == set(MARKET_NAMES)
    assert {market_read(code.upper()) for code in MARKET_NAMES} == set(MARKET_NAMES)
    assert market_read("rest of central and eastern europe") == "rest_of_central_eastern_europe"
    assert market_read("Atlantis") is None
