"""What a message costs: the ``pricing`` object of statuses, list prices, and ``pricing_analytics``.

The first 1,000 service messages of a month are not modelled: which ``pricing.type`` they carry is not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from providers.simulator.documents import Json
from providers.simulator.identity import country_of
from providers.simulator.world import Account

NOTHING_FREE_IN_WINDOW_SINCE = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
NORTH_AMERICA = ("US", "CA")
REST_OF_LATIN_AMERICA = (
    "BO", "CR", "DO", "EC", "SV", "GT", "HT", "HN", "JM", "NI", "PA", "PY", "PR", "UY", "VE",
)  # fmt: skip

# US dollars per delivered message: marketing, utility (also service), authentication.
RATES: dict[str, tuple[str, str, str]] = {
    "AR": ("0.0618", "0.0260", "0.0260"),
    "BR": ("0.0625", "0.0068", "0.0068"),
    "CL": ("0.0889", "0.0200", "0.0200"),
    "CO": ("0.0125", "0.0008", "0.0008"),
    "MX": ("0.0305", "0.0085", "0.0085"),
    "PE": ("0.0703", "0.0200", "0.0200"),
    "ES": ("0.0615", "0.0200", "0.0200"),
    "IN": ("0.0118", "0.0014", "0.0014"),
    "NORTH_AMERICA": ("0.0250", "0.0034", "0.0034"),
    "REST_OF_LATIN_AMERICA": ("0.0740", "0.0113", "0.0113"),
    "OTHER": ("0.0604", "0.0077", "0.0077"),
}


@dataclass(frozen=True, slots=True)
class Charge:
    """One delivered message as the invoice counts it."""

    waba_id: str
    phone: str
    recipient: str
    at: float
    category: str
    pricing_type: str


def pricing_object(category: str, *, at: float, window_open: bool, entry_free: bool) -> Json:
    """The ``pricing`` of a status for a message of this category (lower case)."""
    free_window = window_open and category in ("utility", "service") and at < NOTHING_FREE_IN_WINDOW_SINCE
    if entry_free:
        pricing_type = "free_entry_point"
    elif free_window:
        pricing_type = "free_customer_service"
    else:
        pricing_type = "regular"
    return {
        "billable": pricing_type == "regular",
        "pricing_model": "PMP",
        "type": pricing_type,
        "category": category,
    }


def market_of(country: str) -> str:
    """The market of the rate card that a country belongs to."""
    if country in RATES:
        return country
    if country in NORTH_AMERICA:
        return "NORTH_AMERICA"
    return "REST_OF_LATIN_AMERICA" if country in REST_OF_LATIN_AMERICA else "OTHER"


def price(account: Account, charge: Charge) -> Decimal:
    """The price of one delivered message in the account's currency (its own ``rates``, else the list in USD)."""
    if charge.pricing_type != "regular":
        return Decimal(0)
    market = market_of(country_of(charge.recipient))
    category = {"service": "utility", "marketing_lite": "marketing"}.get(charge.category, charge.category)
    own = account.rates.get(market, {}).get(category)
    if own is not None:
        return Decimal(own)
    marketing, utility, authentication = RATES[market]
    return Decimal({"marketing": marketing, "utility": utility}.get(category, authentication))


@dataclass(frozen=True, slots=True)
class AnalyticsQuery:
    """The arguments inside ``fields=pricing_analytics.start(…).end(…)…``."""

    start: float
    end: float
    granularity: str
    dimensions: tuple[str, ...]


def parse_analytics(expression: str) -> AnalyticsQuery:
    """Read the expression; raises ValueError when start or end are missing."""
    arguments = {name: value.strip() for name, value in re.findall(r"\.(\w+)\(([^)]*)\)", expression)}
    if "start" not in arguments or "end" not in arguments:
        raise ValueError("pricing_analytics needs start and end")
    granularity = arguments.get("granularity", "DAILY").strip("\"'").upper()
    dimensions = tuple(re.findall(r"[A-Z_]+", arguments.get("dimensions", "").upper()))
    return AnalyticsQuery(float(arguments["start"]), float(arguments["end"]), granularity, dimensions)


def pricing_analytics(account: Account, charges: Iterable[Charge], query: AnalyticsQuery) -> Json:
    """Volume and cost of the account's delivered messages, by time and the asked dimensions."""
    volumes: dict[tuple[tuple[str, str | int], ...], int] = defaultdict(int)
    costs: dict[tuple[tuple[str, str | int], ...], Decimal] = defaultdict(Decimal)
    for charge in charges:
        if charge.waba_id != account.waba_id or not query.start <= charge.at < query.end:
            continue
        group = _group(account, charge, query)
        volumes[group] += 1
        costs[group] += price(account, charge)
    points: list[Json] = []
    for group in sorted(volumes, key=repr):
        point: Json = {**dict(group), "volume": volumes[group]}
        if not account.partner_credit:
            point["cost"] = float(costs[group])
        points.append(point)
    return {"pricing_analytics": {"data": [{"data_points": points}]}, "id": account.waba_id}


def _group(account: Account, charge: Charge, query: AnalyticsQuery) -> tuple[tuple[str, str | int], ...]:
    start, end = _period(charge.at, query.granularity, account.timezone)
    group: list[tuple[str, str | int]] = [("start", start), ("end", end)]
    if "PHONE" in query.dimensions:
        group.append(("phone_number", charge.phone))
    if "COUNTRY" in query.dimensions:
        group.append(("country", country_of(charge.recipient)))
    if "TIER" in query.dimensions and charge.pricing_type == "regular":
        group.append(("tier", "0:MAX"))
    if "PRICING_TYPE" in query.dimensions:
        group.append(("pricing_type", charge.pricing_type.upper()))
    if "PRICING_CATEGORY" in query.dimensions:
        group.append(("pricing_category", charge.category.upper()))
    return tuple(group)


def _period(at: float, granularity: str, timezone: str) -> tuple[int, int]:
    moment = datetime.fromtimestamp(at, ZoneInfo(timezone))
    if granularity == "HALF_HOUR":
        start = moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
        return int(start.timestamp()), int(start.timestamp()) + 1800
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if granularity == "MONTHLY":
        first = day.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        return int(first.timestamp()), int(following.timestamp())
    return int(day.timestamp()), int((day + timedelta(days=1)).timestamp())
