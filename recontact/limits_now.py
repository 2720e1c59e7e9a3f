"""The limits of a number and of a campaign as they stand: each in words, how much of it is used, and whether it holds back now.

One hierarchy: what stops the number, the portfolio's people, the number's speed, the pause of a pair; then a campaign's own
pace and its frequency cap. A few queries by index, so that a page may ask every few seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.errors import Reason
from providers.models import Portfolio, SenderNumber
from recontact.dispatch.circuit import CircuitNow, circuit_now
from recontact.dispatch.inbound_rate import number_rate
from recontact.dispatch.slots import campaigns_limit
from recontact.limits import portfolio_people
from recontact.models import Campaign, Message
from recontact.states import MessageState

#: Of a campaign from queries, the numbers that are told of.
MOST_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class LimitNow:
    """One limit. `holds`: it holds messages back now. `percent` of it is used (None = it has no such figure)."""

    name: str
    words: str
    holds: bool = False
    percent: int | None = None


def number_limits(number: SenderNumber) -> list[LimitNow]:
    """What limits the number (account and portfolio loaded)."""
    circuit = circuit_now(number)
    limits = [
        _stop(number),
        _portfolio(number.portfolio),
        _speed(number, circuit),
        _pair(number),
        _circuit(number, circuit),
    ]
    return [limit for limit in limits if limit is not None]


def campaign_limits(campaign: Campaign) -> list[tuple[SenderNumber | None, list[LimitNow]]]:
    """What limits the campaign: its own limits under None, and those of each number that it is sent through. Empty once it
    is over."""
    if campaign.state in Campaign.ENDED:
        return []
    numbers = [(number, number_limits(number)) for number in _numbers(campaign)]
    return [*numbers, (None, [_pace(campaign), _cap(campaign)])]


def _numbers(campaign: Campaign) -> Iterable[SenderNumber]:
    rows = SenderNumber.objects.select_related("account", "portfolio")
    if campaign.sender_number_id is not None:
        return rows.filter(pk=campaign.sender_number_id)
    queued = Message.objects.filter(campaign=campaign, state=MessageState.QUEUED)
    return rows.filter(pk__in=queued.values("sender_number"))[:MOST_NUMBERS]


def _stop(number: SenderNumber) -> LimitNow | None:
    """What stops it altogether; None = nothing does. An open circuit is told as such."""
    if not number.is_active or not number.account.is_active:
        return LimitNow(_("Switched off"), _("The number or its account is switched off."), holds=True)
    for row, name in ((number, _("Number stopped")), (number.account, _("Account stopped"))):
        if row.is_parked and row.parked_reason != Reason.CIRCUIT:
            words = f"{row.parked_sentence} · {_until(row.parked_until)}"
            return LimitNow(name, words, holds=True)
    if number.is_throttled:
        pause = _("The provider asked for a pause.")
        return LimitNow(_("Provider's pause"), f"{pause} · {_until(number.throttled_until)}", holds=True)
    return None


def _portfolio(portfolio: Portfolio | None) -> LimitNow:
    name = _("People in 24 hours")
    if portfolio is None or portfolio.messaging_limit is None:
        return LimitNow(name, _("The provider has told no limit."))
    taken = portfolio_people(portfolio)
    for_campaigns = campaigns_limit(portfolio.messaging_limit)
    words = _("%(taken)s of %(limit)s over all numbers of the portfolio; campaigns use up to %(campaigns)s.") % {
        "taken": _figure(taken),
        "limit": _figure(portfolio.messaging_limit),
        "campaigns": _figure(for_campaigns),
    }
    return LimitNow(name, words, taken >= for_campaigns, _percent(taken, portfolio.messaging_limit))


def _speed(number: SenderNumber, circuit: CircuitNow) -> LimitNow:
    rate = number_rate(number_id=number.pk, ceiling=number.throughput)
    going = circuit.calls / settings.CIRCUIT_WINDOW_SECONDS
    words = _(
        "%(going)s/s in the last minute, at most %(most)s/s: the provider allows %(ceiling)s/s, and %(inbound)s/s come in. "
        "While agents write, campaigns leave %(share)s %% to them."
    ) % {
        "going": _figure(going, 1),
        "most": _figure(rate.outbound, 1),
        "ceiling": _figure(rate.ceiling),
        "inbound": _figure(rate.inbound, 1),
        "share": _figure(100 * settings.RATE_AGENTS_SHARE),
    }
    percent = _percent(going, rate.outbound)
    return LimitNow(_("Messages per second"), words, percent >= 90, percent)


def _pair(number: SenderNumber) -> LimitNow | None:
    seconds = settings.PAIR_SECONDS
    if not seconds:
        return None
    waiting = Message.objects.filter(sender_number=number, state=MessageState.QUEUED, reason=Reason.PAIR_RATE).count()
    name, every = _("To one person"), {"seconds": _figure(seconds), "count": _figure(waiting)}
    if not waiting:
        return LimitNow(name, _("One HSM every %(seconds)s s; nobody waits for that now.") % every)
    words = ngettext(
        "One HSM every %(seconds)s s; %(count)s message waits for that now.",
        "One HSM every %(seconds)s s; %(count)s messages wait for that now.",
        waiting,
    )
    return LimitNow(name, words % every, holds=True)


def _circuit(number: SenderNumber, circuit: CircuitNow) -> LimitNow | None:
    if not settings.CIRCUIT_SHARE:
        return None
    name = _("Failing calls")
    if number.is_parked and number.parked_reason == Reason.CIRCUIT:
        words = f"{number.parked_sentence} {number.parked_words} · {_until(number.parked_until)}"
        return LimitNow(name, words, holds=True)
    told = {
        "failures": _figure(circuit.failures),
        "calls": _figure(circuit.calls),
        "seconds": _figure(settings.CIRCUIT_WINDOW_SECONDS),
        "share": _figure(100 * settings.CIRCUIT_SHARE),
    }
    if circuit.probing:
        words = _(
            "Tried with a few messages after a stop: %(failures)s of %(calls)s calls failed. Then the rest follows."
        )
        return LimitNow(name, words % told, holds=True)
    words = _(
        "%(failures)s of %(calls)s calls failed in the last %(seconds)s s; from %(share)s %% on the number rests."
    )
    share = _percent(circuit.failures, circuit.calls)
    return LimitNow(name, words % told, percent=share)


def _pace(campaign: Campaign) -> LimitNow:
    name = _("Pace of the campaign")
    if not campaign.pace:
        return LimitNow(name, _("None chosen: as fast as the number may."))
    return LimitNow(name, _("At most %(pace)s/s, as chosen.") % {"pace": _figure(campaign.pace)})


def _cap(campaign: Campaign) -> LimitNow:
    name, days = _("Rest after another campaign"), settings.CAMPAIGN_FREQUENCY_CAP_DAYS
    if not days:
        return LimitNow(name, _("No days are set."))
    if campaign.include_recent:
        return LimitNow(name, _("Not kept, as chosen: also those whom another campaign wrote to lately."))
    words = ngettext(
        "Whom another campaign wrote to within %(days)s day is left out.",
        "Whom another campaign wrote to within %(days)s days is left out.",
        days,
    )
    return LimitNow(name, words % {"days": days})


def _until(moment: datetime | None) -> str:
    if moment is None:
        return _("until a person resumes it")
    shown = formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    return _("until %(moment)s") % {"moment": shown}


def _figure(value: float, decimals: int = 0) -> str:
    return formats.number_format(value, decimal_pos=decimals)


def _percent(part: float, whole: float) -> int:
    return min(100, round(100 * part / whole)) if whole else 0
