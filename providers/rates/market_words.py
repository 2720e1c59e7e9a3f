"""Markets by name, for people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from providers.rates.markets import MARKET_NAMES

#: What is no single country.
REGION_NAMES: dict[str, Promise | str] = {
    "north_america": _("North America"),
    "rest_of_africa": _("rest of Africa"),
    "rest_of_asia_pacific": _("rest of Asia and the Pacific"),
    "rest_of_central_eastern_europe": _("rest of Central and Eastern Europe"),
    "rest_of_latin_america": _("rest of Latin America"),
    "rest_of_middle_east": _("rest of the Middle East"),
    "rest_of_western_europe": _("rest of Western Europe"),
    "other": _("other countries"),
}


def market_name(market: str) -> str:
    """The market's name; a country's is translated where the portal names it anywhere else too."""
    region = REGION_NAMES.get(market)
    return str(region) if region is not None else gettext(MARKET_NAMES.get(market, market))
