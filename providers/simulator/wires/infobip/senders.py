"""Senders in Infobip's words: how well they are. Pure."""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.wires.infobip.reports import stamp
from providers.simulator.wires.infobip.templates import QUALITIES
from providers.simulator.world import Number


def sender_json(number: Number, now: float) -> Json:
    """A sender as ``/whatsapp/1/senders/quality`` shows it."""
    return {
        "sender": number.digits,
        "qualityRating": QUALITIES.get(number.quality_rating, "UNKNOWN"),
        "status": number.status,
        "currentLimit": number.messaging_limit.replace("TIER_", "LIMIT_"),
        "lastUpdated": stamp(now).replace("+0000", "Z"),
    }
