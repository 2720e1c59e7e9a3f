"""Meta's markets by calling code, longest prefix first. Pure.

Source: Meta, "Pricing on the WhatsApp Business Platform", read 2026-09-11, with the markets added on 2026-10-01.
"""

from __future__ import annotations

OTHER = "other"

_STANDALONE: dict[str, str] = {
    "54": "AR", "55": "BR", "56": "CL", "57": "CO", "20": "EG", "33": "FR", "49": "DE", "852": "HK", "36": "HU",
    "91": "IN", "62": "ID", "972": "IL", "39": "IT", "60": "MY", "52": "MX", "31": "NL", "234": "NG", "92": "PK",
    "51": "PE", "48": "PL", "974": "QA", "40": "RO", "7": "RU", "966": "SA", "65": "SG", "27": "ZA", "34": "ES",
    "90": "TR", "971": "AE", "44": "GB", "880": "BD", "964": "IQ", "965": "KW", "212": "MA", "977": "NP",
    "968": "OM", "94": "LK", "380": "UA",
}  # fmt: skip

_REST_OF_LATIN_AMERICA = (
    "591", "506", "1809", "1829", "1849", "593", "503", "502", "509", "504", "1658", "1876", "505", "507", "595",
    "1787", "1939", "598", "58",
)  # fmt: skip

_PREFIXES: dict[str, str] = {
    **_STANDALONE,
    "1": "north_america",
    **dict.fromkeys(_REST_OF_LATIN_AMERICA, "rest_of_latin_america"),
}

#: For a customer known only by business-scoped id, whose country prefix is the one country on the wire.
_BY_COUNTRY: dict[str, str] = {
    **{country: country for country in _STANDALONE.values()},
    **dict.fromkeys(("US", "CA"), "north_america"),
    **dict.fromkeys(
        ("BO", "CR", "DO", "EC", "SV", "GT", "HT", "HN", "JM", "NI", "PA", "PY", "PR", "UY", "VE"),
        "rest_of_latin_america",
    ),
}


def market_of(*, phone: str, bsuid: str = "") -> str:
    """The market of a recipient: by the phone's longest known prefix, else by the BSUID's country, else `other`."""
    digits = phone.lstrip("+")
    for length in range(4, 0, -1):
        if digits[:length] in _PREFIXES and len(digits) > length:
            return _PREFIXES[digits[:length]]
    return _BY_COUNTRY.get(bsuid[:2].upper(), OTHER)
