"""Countries and markets by name, for people; what is not listed shows as its code."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.rates.market_words import REGION_NAMES

NAMES: dict[str, Promise | str] = {
    "AR": _("Argentina"),
    "BO": _("Bolivia"),
    "BR": _("Brazil"),
    "CA": _("Canada"),
    "CL": _("Chile"),
    "CO": _("Colombia"),
    "CR": _("Costa Rica"),
    "CU": _("Cuba"),
    "DE": _("Germany"),
    "DO": _("Dominican Republic"),
    "EC": _("Ecuador"),
    "ES": _("Spain"),
    "FR": _("France"),
    "GB": _("United Kingdom"),
    "GT": _("Guatemala"),
    "HN": _("Honduras"),
    "IL": _("Israel"),
    "IN": _("India"),
    "IT": _("Italy"),
    "MX": _("Mexico"),
    "NI": _("Nicaragua"),
    "PA": _("Panama"),
    "PE": _("Peru"),
    "PT": _("Portugal"),
    "PY": _("Paraguay"),
    "SV": _("El Salvador"),
    "US": _("United States"),
    "UY": _("Uruguay"),
    "VE": _("Venezuela"),
    **REGION_NAMES,
}


def place_name(code: str) -> str:
    """The name of an ISO country or of a rate card's market."""
    return str(NAMES.get(code, code))


def place_names() -> dict[str, str]:
    """ISO code -> name of every country named here."""
    return {code: str(name) for code, name in NAMES.items() if len(code) == 2}
