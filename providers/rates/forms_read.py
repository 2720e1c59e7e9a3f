"""The three forms of files that are read: Meta's rates, Meta's volume tiers, and our own.

Of Meta's file of rates the columns are known from code that embeds it (Market, Currency, Marketing, Utility, Authentication,
Authentication-International). The columns of its file of tiers are not published where it could be read: one row for each
market, category and tier is expected, and each column may have any of the names here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from providers.rates.contents import Contents, FeeRow, Problem, RateRow, Reader, repeated_rows
from providers.rates.files import Table
from providers.rates.models import Category, RateFee

RATE = "rate"
#: Our own form: `what` is rate or the kind of a fee.
OWN_COLUMNS = ("what", "market", "category", "beyond", "up_to", "amount", "currency", "exempt_codes")

_OWN_NEEDED = ("what", "amount", "currency")
_META_CATEGORIES = {
    "marketing": Category.MARKETING.value,
    "utility": Category.UTILITY.value,
    "authentication": Category.AUTHENTICATION.value,
    "authentication international": Category.AUTHENTICATION_INTERNATIONAL.value,
    "service": Category.SERVICE.value,
}
_META_NEEDED = ("market", "currency", "marketing", "utility", "authentication")
_TIER_NAMES = {
    "market": ("market", "country", "country or region"),
    "currency": ("currency",),
    "category": ("category", "message category"),
    "from": ("from", "lower", "tier from", "volume from", "lower bound", "start"),
    "to": ("to", "upper", "tier to", "volume to", "upper bound", "end"),
    "rate": ("rate", "price", "list rate", "tier rate"),
}


def contents_read(table: Table) -> Contents:
    """What the file says, by the form that its first row shows; with problems where it is wrong."""
    number, header = table.rows[0]
    names = [_plain(name) for name in header]
    columns = {name: position for position, name in enumerate(names) if name}
    doubled = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    contents = Contents()
    if doubled:
        words = _("The column stands there twice: %(columns)s.") % {"columns": ", ".join(doubled)}
        contents.problems.append(Problem(number, ", ".join(doubled), words))
        return contents
    tiers = _tier_columns(columns)
    if "what" in columns:
        _own(table, columns, contents)
    elif len(tiers) == len(_TIER_NAMES):
        _tiers(table, tiers, contents)
    else:
        _meta(table, columns, contents)
    if not contents.problems and not contents.rates and not contents.fees:
        contents.problems.append(Problem(0, "", _("The file has no prices.")))
    if not contents.problems and repeated_rows(contents):
        contents.problems.append(Problem(0, "", _("Two rows say the price of the same market, category and tier.")))
    return contents


def _missing(columns: dict[str, int], needed: tuple[str, ...], contents: Contents) -> bool:
    missing = [name for name in needed if name not in columns]
    if missing:
        words = _("The file lacks these columns: %(columns)s.") % {"columns": ", ".join(missing)}
        contents.problems.append(Problem(1, ", ".join(missing), words))
    return bool(missing)


def _meta(table: Table, columns: dict[str, int], contents: Contents) -> None:
    if _missing(columns, _META_NEEDED, contents):
        return
    reader = Reader(table, columns, contents)
    for number, row in table.rows[1:]:
        reader.turn(number, row)
        reader.currency("currency")
        market = reader.market("market")
        for column, category in _META_CATEGORIES.items():
            price = reader.amount(column)
            if market and price is not None:
                contents.rates.append(RateRow(market, category, price))


def _tiers(table: Table, columns: dict[str, int], contents: Contents) -> None:
    reader = Reader(table, columns, contents)
    for number, row in table.rows[1:]:
        reader.turn(number, row)
        reader.currency("currency")
        market, category = reader.market("market"), reader.choice("category", _category)
        start, end, price = reader.count("from"), reader.count("to"), reader.amount("rate")
        if price is None and not reader.text("rate"):
            reader.refuse("rate", _("The price is missing."))
        _take_rate(reader, contents, market, category, price, (start or 0, end))
    contents.rates = _joined(contents.rates)


def _joined(rates: list[RateRow]) -> list[RateRow]:
    """Tiers that name their first message (1, 100001) as those that name the last one before it."""
    ends = {(rate.market, rate.category, rate.tier_to) for rate in rates} | {
        (rate.market, rate.category, 0) for rate in rates
    }
    return [
        replace(rate, tier_from=rate.tier_from - 1)
        if (rate.market, rate.category, rate.tier_from - 1) in ends
        and (rate.market, rate.category, rate.tier_from) not in ends
        else rate
        for rate in rates
    ]


def _own(table: Table, columns: dict[str, int], contents: Contents) -> None:
    columns = {name.replace(" ", "_"): position for name, position in columns.items()}
    if _missing(columns, _OWN_NEEDED, contents):
        return
    reader = Reader(table, columns, contents)
    for number, row in table.rows[1:]:
        reader.turn(number, row)
        reader.currency("currency")
        what, price = reader.choice("what", _what), reader.amount("amount")
        if price is None and not reader.text("amount"):
            reader.refuse("amount", _("The amount is missing."))
        if what == RATE:
            market, category = reader.market("market"), reader.choice("category", _category)
            _take_rate(reader, contents, market, category, price, (reader.count("beyond") or 0, reader.count("up_to")))
        elif what:
            category = reader.choice("category", _category) if reader.text("category") else ""
            codes = tuple(reader.text("exempt_codes").split())
            if price is not None and what == RateFee.Kind.PERCENT and price > 100:
                reader.refuse("amount", _("A fee of more than 100 percent of Meta's price is a mistake."))
            elif price is not None:
                contents.fees.append(FeeRow(what, category, price, codes))


def _take_rate(
    reader: Reader,
    contents: Contents,
    market: str,
    category: str,
    price: Decimal | None,
    tier: tuple[int, int | None],
) -> None:
    start, end = tier
    if end is not None and end <= start:
        reader.refuse("up_to", _("The tier ends before it begins."))
    elif market and category and price is not None:
        contents.rates.append(RateRow(market, category, price, start, end))


def _tier_columns(columns: dict[str, int]) -> dict[str, int]:
    found = {}
    for name, spellings in _TIER_NAMES.items():
        position = next((columns[each] for each in spellings if each in columns), None)
        if position is not None:
            found[name] = position
    return found


def _category(text: str) -> str | None:
    return _META_CATEGORIES.get(_plain(text))


def _what(text: str) -> str | None:
    plain = text.strip().casefold()
    return plain if plain == RATE or plain in RateFee.Kind.values else None


def _plain(text: str) -> str:
    return " ".join(text.replace("-", " ").replace("_", " ").split()).casefold()
