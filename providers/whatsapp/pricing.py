"""The `pricing` object of WhatsApp's status webhooks, which says how a message counts but never what it cost; and what opens a
free entry point.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/pricing, of 2026-11.
"""

from __future__ import annotations

from providers.contracts import JsonObject, PriceReport
from providers.reading import part, text
from providers.whatsapp.words import category_read


def price_read(pricing: JsonObject) -> PriceReport:
    """What it says, read defensively. Some categories have a hyphen there ("authentication-international")."""
    billable = pricing.get("billable")
    return PriceReport(
        billable=billable if isinstance(billable, bool) else None,
        category=category_read(pricing.get("category")).replace("-", "_"),
        pricing_type=text(pricing.get("type")),
    )


def entry_point_read(message: JsonObject) -> str:
    """What the customer came by who wrote this message: the `source_type` of its `referral` (`ad`, `post`); empty without one."""
    referral = part(message, "referral")
    return text(referral.get("source_type")) or "unknown" if referral else ""
