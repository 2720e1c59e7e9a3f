"""Gupshup's daily totals of an app, as the partner API gives them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from providers.simulator.documents import Json
from providers.simulator.record import Record
from providers.simulator.usage import Charged, between, charged_messages
from providers.simulator.world import Account

#: Gupshup's own fee on each message.
GS_FEE = Decimal("0.001")
_NAMES = {"authentication_international": "internationalAuthentication", "marketing_lite": "marketing"}


def totals(record: Record, account: Account, first: str, last: str) -> list[Json]:
    """One object for each day with messages, by the day of delivery."""
    days: dict[str, list[Charged]] = defaultdict(list)
    for each in between(charged_messages(record, account), first, last, by="delivered_on"):
        if not each.is_free:
            days[each.delivered_on.isoformat()].append(each)
    return [_day(account, day, found) for day, found in sorted(days.items())]


def _day(account: Account, day: str, found: list[Charged]) -> Json:
    counts = dict.fromkeys(("authentication", "internationalAuthentication", "marketing", "service", "utility"), 0)
    for each in found:
        counts[_NAMES.get(each.category, each.category)] += 1
    theirs, own = sum((each.amount for each in found), Decimal(0)), GS_FEE * len(found)
    return {
        "appId": account.settings.get("app_id", ""),
        "appName": account.settings.get("app_name", ""),
        **counts,
        "currency": account.currency,
        "date": day,
        "discount": 0,
        "fep": 0,
        "ftc": 0,
        "gsCap": 75,
        "gsFees": float(own),
        "incomingMsg": 0,
        "outgoingMsg": len(found),
        "templateMsg": len(found) - counts["service"],
        "totalMsg": len(found),
        "waFees": float(theirs),
        "totalFees": float(theirs + own),
        "cumulativeBill": float(theirs + own),
    }
