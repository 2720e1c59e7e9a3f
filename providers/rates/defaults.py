"""What is known of a provider's prices before ops says otherwise on a card."""

from __future__ import annotations

from providers.rates.models import RateCard

#: Whose reported amounts leave Meta's price out: Vonage's `usage` is its own price ("template fee of Meta is separate"), and
#: the `price` of a message at Twilio shows Twilio's fee, Meta's being a usage category of its own (docs/providers).
_FEE_ONLY = frozenset({"vonage", "twilio"})


def report_covers_of(provider: str) -> str:
    """What an amount that this provider reports stands for (RateCard.Covers)."""
    return RateCard.Covers.FEE.value if provider in _FEE_ONLY else RateCard.Covers.ALL.value
