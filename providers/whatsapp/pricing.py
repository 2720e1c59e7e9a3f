"""The `pricing` object of WhatsApp's status webhooks, which says how a message counts but never what it cost.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/pricing, of 2026-11.
"""

from __future__ import annotations

from providers.contracts import JsonObject, PriceReport
from providers.reading import text
from providers.whatsapp.words import category_read


def price_read(pricing: JsonObject) -> PriceReport:
    """What it says, read defensively. Some categories have a hyphen there ("authentication-international")."""
    billable = pricing.get("billable")
    return PriceReport(
        billable=billable if isinstance(billable, bool) else None,
        category=category_read(pricing.get("category")).replace("-", "_"),
        pricing_type=text(pricing.get("type")),
    )
