"""How the Manager's pages write money, phones, states and reasons."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from recontact.costs.money import PRICE_DECIMALS, SUM_DECIMALS, amount_text, money_text
from recontact.models import Attempt, CampaignRefusal, Message, Query, Recontact
from recontact.phones import phone_for
from recontact.places import place_name
from recontact.reasons import reason_words
from recontact.refusals import refusal_sentence, source_words

register = template.Library()

#: Badge class (hsm_portal/portal.css) of each state; the word stands beside it.
_CLASSES: dict[str, str] = {
    Message.State.ACCEPTED: "ours",
    Message.State.SENT: "ours",
    Message.State.DELIVERED: "ok",
    Message.State.READ: "ok",
    Message.State.FAILED: "stopped",
    Message.State.REJECTED: "stopped",
    Message.State.UNCERTAIN: "soon",
    Message.State.EXPIRED: "soon",
    Query.State.PENDING: "soon",
    Query.State.IN_PROGRESS: "ours",
    Query.State.RESOLVED: "ok",
    Recontact.State.SPENT: "ours",
    "left_out": "soon",
    "dropped": "soon",
    "error": "stopped",
    "planned": "ours",
    "awaiting": "soon",
    "scheduled": "ours",
    "waiting": "soon",
    "running": "ours",
    "paused": "soon",
    "parked": "stopped",
    "completed": "ok",
}


@register.filter
def price(amount: Decimal | None, currency: str) -> str:
    """The price of one message: four decimals, because most are below a cent's precision."""
    return "—" if amount is None else money_text(amount, currency, decimals=PRICE_DECIMALS)


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """A sum."""
    return "—" if amount is None else money_text(amount, currency, decimals=SUM_DECIMALS)


@register.filter
def bare_price(amount: Decimal | None) -> str:
    """The price of one message in a table that says the currency once."""
    return "—" if amount is None else amount_text(amount, decimals=PRICE_DECIMALS)


@register.filter
def bare_money(amount: Decimal | None) -> str:
    """A sum in a table that says the currency once."""
    return "—" if amount is None else amount_text(amount, decimals=SUM_DECIMALS)


@register.filter
def counted(count: int) -> str:
    """A count with its thousands apart."""
    return number_format(count, 0, use_l10n=True, force_grouping=True)


@register.filter
def signed_percent(value: Decimal | None) -> str:
    """A change in percent with its sign; nothing where there is nothing to compare with."""
    if value is None:
        return "—"
    return f"{_sign(value)}{number_format(abs(value).quantize(Decimal('0.1')), 1, use_l10n=True)}\u00a0%"


@register.filter
def signed_count(value: int) -> str:
    """A difference of counts with its sign."""
    return f"{_sign(value)}{counted(abs(value))}"


@register.filter
def signed_price(value: Decimal, currency: str) -> str:
    """A difference of amounts with its sign."""
    return f"{_sign(value)}{price(abs(value), currency)}"


@register.filter
def signed_money(value: Decimal, currency: str) -> str:
    """A difference of sums with its sign."""
    return f"{_sign(value)}{money(abs(value), currency)}"


def _sign(value: Decimal | int) -> str:
    return "+" if value > 0 else "−" if value < 0 else ""


@register.filter
def state_class(state: str) -> str:
    """The badge class of a state."""
    return _CLASSES.get(state, "")


register.filter("place_words", place_name)
register.filter("reason_words", reason_words)
register.filter("source_words", source_words)


@register.simple_tag(takes_context=True)
def phone(context: template.RequestContext, e164: str | None) -> str:
    """A phone as the reader may see it: whole with the permission, masked without."""
    request = context.request
    return phone_for(e164, whole=request.user.has_perm("recontact.see_phones"))


@register.filter
def since(moment: datetime | None) -> str:
    """How long ago, in one unit."""
    return "" if moment is None else duration_words(timezone.now() - moment)


def duration_words(duration: timedelta) -> str:
    """A duration in the unit that fits: seconds, minutes, hours or days."""
    seconds = max(int(duration.total_seconds()), 0)
    if seconds < 60:
        return _("%(count)s s") % {"count": seconds}
    if seconds < 3600:
        return _("%(count)s min") % {"count": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(count)s h") % {"count": seconds // 3600}
    return _("%(count)s d") % {"count": seconds // 86400}


@register.filter
def pretty(value: Any) -> str:
    """JSON for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False)


#: Badge class of each attempt's outcome.
_OUTCOMES: dict[str, str] = {
    Attempt.Outcome.ACCEPTED: "ok",
    Attempt.Outcome.REJECTED: "stopped",
    Attempt.Outcome.LOST: "stopped",
    Attempt.Outcome.THROTTLED: "soon",
    Attempt.Outcome.UNAVAILABLE: "soon",
    Attempt.Outcome.UNCERTAIN: "soon",
}


@register.filter
def outcome_class(outcome: str) -> str:
    """The badge class of an attempt's outcome."""
    return _OUTCOMES.get(outcome, "")


@register.filter
def percent(part: int, whole: int) -> int:
    """Whole percent; 0 of nothing."""
    return round(100 * part / whole) if whole else 0


@register.filter
def share(part: int, whole: int) -> str:
    """Whole percent as people read it; the sign stays on the figure's line."""
    return f"{percent(part, whole)}\u00a0%"


@register.filter
def state_words(state: str) -> str:
    """A message's state, or a provider's status of the same name, in words."""
    return str(dict(Message.State.choices).get(state, state))


@register.filter
def refusal_words(refusal: CampaignRefusal) -> str:
    """A stored refusal in words."""
    return refusal_sentence(refusal.code, refusal.params)
