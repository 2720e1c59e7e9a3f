"""A card as a file of our own form, which `providers.rates.forms_read` reads again."""

from __future__ import annotations

import csv
import io

from providers.rates.forms_read import OWN_COLUMNS, RATE
from providers.rates.models import Rate, RateCard, RateFee


def card_csv(card: RateCard) -> str:
    """The card's prices and fees as CSV. Amounts have a point and six decimals, whatever language is active."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(OWN_COLUMNS)
    for rate in Rate.objects.filter(card=card):
        end = "" if rate.tier_to is None else rate.tier_to
        writer.writerow([RATE, rate.market, rate.category, rate.tier_from, end, f"{rate.price:f}", card.currency, ""])
    for fee in RateFee.objects.filter(card=card):
        codes = " ".join(fee.exempt_codes)
        writer.writerow([fee.kind, "", fee.category, "", "", f"{fee.value:f}", card.currency, codes])
    return out.getvalue()
