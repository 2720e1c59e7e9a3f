"""Phone numbers as people type them, as WhatsApp writes them, and as roles without the permission may see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from django.utils.translation import gettext as _
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid phone: E.164 with `+`, and its ISO country (empty for a number of no single country)."""

    e164: str
    country: str


class InvalidPhone(ValueError):
    """The text is no phone number. Its message says so to a person."""


def phone_parse(text: str, *, default_country: str) -> Phone:
    """The phone in `text`, in any usual form; without a country code it is taken as of `default_country` (ISO).

    Argentina's and Mexico's mobile forms become the ones WhatsApp uses (+54 9 ..., +52 ...): an Argentine number without
    + is taken as a mobile, since that is where WhatsApp is; one written +54 without the 9 stays the fixed line it says.
    What stands before the number is no part of it: an apostrophe, `="`, a mark of direction. Raises InvalidPhone.
    """
    cleaned = _BEFORE.sub("", text).replace("＋", "+").strip()
    if cleaned.startswith("00"):
        cleaned = "+" + cleaned[2:]
    number = _valid(cleaned, default_country)
    if number is None and cleaned[:1].isdigit():
        # An international number typed without its +, as spreadsheets and WhatsApp's own ids have it.
        number = _valid("+" + cleaned, None)
    if number is None:
        raise InvalidPhone(_("This is not a phone number WhatsApp can reach: write it with its country code."))
    if not cleaned.startswith("+"):
        number = _argentine_mobile(number) or number
    return Phone(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        phonenumbers.region_code_for_number(number) or "",
    )


_BEFORE = re.compile(r"^[^\d+＋]+")


@lru_cache(maxsize=2_000)
def _parsed(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    """Kept a while, because a batch asks several things of each phone. Never changed by anyone."""
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _valid(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    number = _parsed(text, country)
    if number is None:
        return None
    number = _mobile_form(number)
    return number if phonenumbers.is_valid_number(number) else None


def _mobile_form(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    """Mexico dropped the 1 after 52, and 044 and 045 before mobiles, in 2019; old lists still have them. In Argentina the 9
    is written before the 0 or the 15 that it stands for."""
    national = str(number.national_number)
    if number.country_code == 52 and len(national) == 11 and national.startswith("1"):
        return phonenumbers.PhoneNumber(country_code=52, national_number=int(national[1:]))
    if number.country_code == 52 and len(national) == 12 and national.startswith(("44", "45")):
        return phonenumbers.PhoneNumber(country_code=52, national_number=int(national[2:]))
    if number.country_code == 54 and len(national) > 11 and national.startswith("9"):
        without = _parsed(national[1:], "AR")
        return number if without is None else _argentine_mobile(without) or without
    return number


def _argentine_mobile(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber | None:
    """The mobile form (with the 9) of an Argentine number without it, if that is a valid number."""
    national = str(number.national_number)
    if number.country_code != 54 or national.startswith("9"):
        return None
    mobile = phonenumbers.PhoneNumber(country_code=54, national_number=int(f"9{national}"))
    return mobile if phonenumbers.is_valid_number(mobile) else None


def phone_variants(e164: str) -> list[str]:
    """The phone and the other form the same Argentine may be known under (with or without the 9), exact one first."""
    if e164.startswith("+549"):
        return [e164, f"+54{e164[4:]}"]
    if e164.startswith("+54"):
        return [e164, f"+549{e164[3:]}"]
    return [e164]


def phone_from_wire(text: str) -> str:
    """A provider's `wa_id` as E.164 with `+`; Mexico's old 521 form becomes the one customers are kept under."""
    digits = text.removeprefix("+")
    # Nearly always it is digits already: every status has one.
    if not (digits.isascii() and digits.isdigit()):
        digits = "".join(filter(str.isdigit, text))
    if len(digits) == 13 and digits.startswith("521"):
        digits = "52" + digits[3:]
    return f"+{digits}" if digits else ""


def phone_display(e164: str) -> str:
    """The phone with the spaces people expect; what cannot be read stays as it is."""
    number = _parsed(e164, None)
    if number is None:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def phone_mask(e164: str) -> str:
    """Country code and last four digits: enough to recognize, too little to call."""
    plan, national = _split(e164)
    if plan is not None:
        return f"+{plan.calling_code} •••• {national[-4:]}"
    number = _parsed(e164, None)
    if number is None:
        return "••••"
    return f"+{number.country_code} •••• {str(number.national_number)[-4:]}"


def phone_for(e164: str | None, *, whole: bool) -> str:
    """The phone as the reader may see it: whole with the permission, masked without; empty stays empty."""
    if not e164 or not e164.startswith("+"):
        return ""
    return phone_display(e164) if whole else phone_mask(e164)


def phone_country(e164: str) -> str:
    """The ISO country of an E.164 phone, or empty."""
    plan, _national = _split(e164)
    if plan is not None and len(plan.regions) == 1:
        return plan.regions[0]
    number = _parsed(e164, None)
    return (phonenumbers.region_code_for_number(number) or "") if number is not None else ""


def phone_search_forms(e164: str) -> list[str]:
    """The digit strings under which people look a phone up: whole, without the country, the last eight and four."""
    digits = e164.lstrip("+")
    plan, national = _split(e164)
    if plan is None:
        number = _parsed(e164, None)
        national = str(number.national_number) if number is not None else digits
    forms = [digits, national, national.removeprefix("9"), digits[-8:], digits[-4:]]
    return list(dict.fromkeys(form for form in forms if form))


@dataclass(frozen=True, slots=True)
class _Plan:
    """A country's numbers: its calling code, its countries (several share one), and what may stand before a national number."""

    calling_code: str
    regions: tuple[str, ...]
    prefix: re.Pattern[str] | None


#: What is certainly E.164: a tenth of parsing it. Anything else is left to libphonenumber.
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")


def _split(e164: str) -> tuple[_Plan | None, str]:
    """An E.164 phone's plan and national number as libphonenumber parses it; None where only parsing can tell."""
    if _E164.fullmatch(e164) is None:
        return None, ""
    for length in (2, 1, 3):
        plan = _plan(e164[1 : 1 + length])
        if plan is not None:
            break
    else:
        return None, ""
    national = e164[1 + length :]
    found = plan.prefix.match(national) if plan.prefix is not None else None
    # What might be a prefix may be part of the number as well.
    return (None, "") if found is not None and found.end() > 0 else (plan, str(int(national)))


@cache
def _plan(calling_code: str) -> _Plan | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code))
    if regions is None:
        return None
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(calling_code), regions[0])
    prefix = metadata.national_prefix_for_parsing if metadata is not None else None
    return _Plan(calling_code, regions, re.compile(prefix) if prefix else None)


def phone_time_zone(e164: str) -> str:
    """The time zone of a phone's region by libphonenumber's table; empty when it has none.

    A mobile of a country with several may be of each: then it is the middle one of them, which is never far off.
    """
    return _prefix_time_zone(e164.lstrip("+")[:TIMEZONE_LONGEST_PREFIX])


#: The present names of zones that libphonenumber's table calls by older ones. A system may lack these: Debian has them in a
#: package of their own since its release 13, and so has Python's image on it.
PRESENT_ZONES = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Choibalsan": "Asia/Ulaanbaatar",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
}


@lru_cache(maxsize=50_000)
def _prefix_time_zone(prefix: str) -> str:
    lengths = range(len(prefix), 0, -1)
    zones = next((TIMEZONE_DATA[prefix[:length]] for length in lengths if prefix[:length] in TIMEZONE_DATA), ())
    known = [found for zone in zones if (found := _zone(PRESENT_ZONES.get(zone, zone))) is not None]
    by_offset = sorted(known, key=lambda zone: datetime.now(zone).utcoffset() or timedelta())
    return by_offset[len(by_offset) // 2].key if by_offset else ""


@cache
def _zone(name: str) -> ZoneInfo | None:
    """The zone as this system knows it; None where it does not, which is no reason to fail for whose phone it is."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
