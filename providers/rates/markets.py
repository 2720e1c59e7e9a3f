"""Meta's markets by calling code, and as of when. Pure.

Source: Meta, "Pricing on the WhatsApp Business Platform", read 2026-09-11, with the markets added on 2026-10-01. Of the rests
of regions that page names only Latin America's countries; the others are Meta's list of countries and regions as secondary
copies of 2026 have it. Where an account's card has no row for a market, its row `other` counts.
"""

from __future__ import annotations

from datetime import date

import phonenumbers

OTHER = "other"
NORTH_AMERICA = "north_america"
AFRICA = "rest_of_africa"
ASIA_PACIFIC = "rest_of_asia_pacific"
EASTERN_EUROPE = "rest_of_central_eastern_europe"
LATIN_AMERICA = "rest_of_latin_america"
MIDDLE_EAST = "rest_of_middle_east"
WESTERN_EUROPE = "rest_of_western_europe"

#: Markets of one country: calling code -> country, and the country's name in Meta's files.
_STANDALONE: dict[str, tuple[str, str]] = {
    "54": ("AR", "Argentina"), "55": ("BR", "Brazil"), "56": ("CL", "Chile"), "57": ("CO", "Colombia"),
    "20": ("EG", "Egypt"), "33": ("FR", "France"), "49": ("DE", "Germany"), "852": ("HK", "Hong Kong"),
    "36": ("HU", "Hungary"), "91": ("IN", "India"), "62": ("ID", "Indonesia"), "972": ("IL", "Israel"),
    "39": ("IT", "Italy"), "60": ("MY", "Malaysia"), "52": ("MX", "Mexico"), "31": ("NL", "Netherlands"),
    "234": ("NG", "Nigeria"), "92": ("PK", "Pakistan"), "51": ("PE", "Peru"), "48": ("PL", "Poland"),
    "974": ("QA", "Qatar"), "40": ("RO", "Romania"), "7": ("RU", "Russia"), "966": ("SA", "Saudi Arabia"),
    "65": ("SG", "Singapore"), "27": ("ZA", "South Africa"), "34": ("ES", "Spain"), "90": ("TR", "Turkey"),
    "971": ("AE", "United Arab Emirates"), "44": ("GB", "United Kingdom"),
}  # fmt: skip

#: Markets of their own since then, and what they counted as before.
ADDED_ON = date(2026, 10, 1)
_ADDED: dict[str, tuple[str, str, str]] = {
    "880": ("BD", "Bangladesh", ASIA_PACIFIC), "964": ("IQ", "Iraq", MIDDLE_EAST), "965": ("KW", "Kuwait", MIDDLE_EAST),
    "212": ("MA", "Morocco", AFRICA), "977": ("NP", "Nepal", ASIA_PACIFIC), "968": ("OM", "Oman", MIDDLE_EAST),
    "94": ("LK", "Sri Lanka", ASIA_PACIFIC), "380": ("UA", "Ukraine", EASTERN_EUROPE),
}  # fmt: skip
#: It shares +7 with Russia, and counted as Russia before.
_KAZAKHSTAN = ("KZ", "Kazakhstan", "RU")

_REGIONS: dict[str, dict[str, str]] = {
    LATIN_AMERICA: {
        "591": "BO", "506": "CR", "1809": "DO", "1829": "DO", "1849": "DO", "593": "EC", "503": "SV", "502": "GT",
        "509": "HT", "504": "HN", "1658": "JM", "1876": "JM", "505": "NI", "507": "PA", "595": "PY", "1787": "PR",
        "1939": "PR", "598": "UY", "58": "VE",
    },
    AFRICA: {
        "213": "DZ", "244": "AO", "229": "BJ", "267": "BW", "226": "BF", "257": "BI", "237": "CM", "235": "TD",
        "242": "CG", "291": "ER", "251": "ET", "241": "GA", "220": "GM", "233": "GH", "245": "GW", "225": "CI",
        "254": "KE", "266": "LS", "231": "LR", "218": "LY", "261": "MG", "265": "MW", "223": "ML", "222": "MR",
        "258": "MZ", "264": "NA", "227": "NE", "250": "RW", "221": "SN", "232": "SL", "252": "SO", "211": "SS",
        "249": "SD", "268": "SZ", "255": "TZ", "228": "TG", "216": "TN", "256": "UG", "260": "ZM",
    },
    ASIA_PACIFIC: {
        "93": "AF", "61": "AU", "855": "KH", "86": "CN", "81": "JP", "856": "LA", "976": "MN", "64": "NZ",
        "675": "PG", "63": "PH", "886": "TW", "992": "TJ", "66": "TH", "993": "TM", "998": "UZ", "84": "VN",
    },
    EASTERN_EUROPE: {
        "355": "AL", "374": "AM", "994": "AZ", "375": "BY", "359": "BG", "385": "HR", "420": "CZ", "995": "GE",
        "30": "GR", "371": "LV", "370": "LT", "373": "MD", "389": "MK", "381": "RS", "421": "SK", "386": "SI",
    },
    WESTERN_EUROPE: {
        "43": "AT", "32": "BE", "45": "DK", "358": "FI", "353": "IE", "47": "NO", "351": "PT", "46": "SE", "41": "CH",
    },
    MIDDLE_EAST: {"973": "BH", "962": "JO", "961": "LB", "967": "YE"},
}  # fmt: skip

#: +1 is shared: who is neither in North America nor in the rest of Latin America counts as other.
_OTHER_AREAS = (
    "242", "246", "264", "268", "284", "340", "345", "441", "473", "649", "664", "670", "671", "684", "721", "758",
    "767", "784", "868", "869",
)  # fmt: skip

_PREFIXES: dict[str, str] = {
    **{code: country for code, (country, _name) in _STANDALONE.items()},
    **{code: country for code, (country, _name, _before) in _ADDED.items()},
    **{code: region for region, codes in _REGIONS.items() for code in codes},
    **{f"1{area}": OTHER for area in _OTHER_AREAS},
    "1": NORTH_AMERICA,
}
_LONGEST = max(map(len, _PREFIXES))

#: For a customer known only by business-scoped id, whose country prefix is the one country on the wire.
_BY_COUNTRY: dict[str, str] = {
    **{country: country for country, _name in _STANDALONE.values()},
    **{country: country for country, _name, _before in _ADDED.values()},
    **{country: region for region, codes in _REGIONS.items() for country in codes.values()},
    "KZ": "KZ",
    "US": NORTH_AMERICA,
    "CA": NORTH_AMERICA,
}

_BEFORE: dict[str, str] = {country: before for country, _name, before in (*_ADDED.values(), _KAZAKHSTAN)}

#: Every market there is -> its name in Meta's files.
MARKET_NAMES: dict[str, str] = {
    **dict(_STANDALONE.values()),
    **{country: name for country, name, _before in (*_ADDED.values(), _KAZAKHSTAN)},
    NORTH_AMERICA: "North America",
    AFRICA: "Rest of Africa",
    ASIA_PACIFIC: "Rest of Asia Pacific",
    EASTERN_EUROPE: "Rest of Central & Eastern Europe",
    LATIN_AMERICA: "Rest of Latin America",
    MIDDLE_EAST: "Rest of Middle East",
    WESTERN_EUROPE: "Rest of Western Europe",
    OTHER: "Other",
}


def market_of(*, phone: str, bsuid: str = "", on: date | None = None) -> str:
    """The market of a recipient: by the phone's longest known prefix, else by the BSUID's country, else `other`.

    `on`: the day it is charged on, of the account's time zone; None = by the list of today.
    """
    market = _by_phone(phone.lstrip("+")) or _BY_COUNTRY.get(bsuid[:2].upper(), OTHER)
    return _BEFORE.get(market, market) if on is not None and on < ADDED_ON else market


def market_read(text: str) -> str | None:
    """The market that a file means: by its code here or by its name in Meta's files; None: there is no such market."""
    return _BY_TEXT.get(_plain(text))


def _by_phone(digits: str) -> str:
    """Empty when the phone says nothing."""
    for length in range(_LONGEST, 0, -1):
        market = _PREFIXES.get(digits[:length])
        if market is not None and len(digits) > length:
            return _seven(digits) if market == "RU" else market
    return ""


def _seven(digits: str) -> str:
    """Russia or Kazakhstan: the calling code does not tell, the numbering plan does."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return "RU"
    return "KZ" if region == "KZ" else "RU"


def _plain(text: str) -> str:
    return " ".join(text.replace("&", " and ").replace("_", " ").split()).casefold()


_BY_TEXT: dict[str, str] = {
    **{_plain(name): market for market, name in MARKET_NAMES.items()},
    **{_plain(market): market for market in MARKET_NAMES},
    "türkiye": "TR",
}
