"""States in the words people use: the window's time left, a message's ticks, how a recontact went. Pure but for translation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recontact.models import Message
from recontact.reasons import reason_words

SOON = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class WindowWords:
    """The service window for a person. `level` is good, soon, closed or none; `short` fits a pill, `sentence` says it all."""

    level: str
    short: str
    sentence: str

    @property
    def is_open(self) -> bool:
        return self.level in ("good", "soon")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an outbound message got. `level` is waiting, sent, read or lost; `words` say what `symbol` shows."""

    level: str
    symbol: str
    words: str
    detail: str = ""


def window_words(expires_at: datetime | None, now: datetime) -> WindowWords:
    """The window that closes (or closed) at `expires_at`; None = the customer never wrote."""
    if expires_at is None:
        return WindowWords("none", _("No window"), _("The customer has not written to this number yet"))
    if expires_at <= now:
        ago = duration_words(now - expires_at)
        return WindowWords(
            "closed", _("Closed %(ago)s ago") % {"ago": ago}, _("Window closed %(ago)s ago") % {"ago": ago}
        )
    left = duration_words(expires_at - now, exact=True)
    level = "good" if expires_at - now > SOON else "soon"
    return WindowWords(level, left, _("Window open for %(left)s more") % {"left": left})


def duration_words(duration: timedelta, *, exact: bool = False) -> str:
    """Days, or hours, or minutes; `exact` adds the minutes to the hours."""
    minutes = max(int(duration.total_seconds() // 60), 0)
    hours, rest = divmod(minutes, 60)
    if exact and hours:
        return _("%(hours)s h %(minutes)02d min") % {"hours": hours, "minutes": rest}
    if hours >= 48:
        return ngettext("%(days)s d", "%(days)s d", hours // 24) % {"days": hours // 24}
    if hours:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(minutes)s min") % {"minutes": minutes}


def mark(
    state: str, *, reason: str = "", provider_code: str = "", held: bool = False, billed: bool | None = None
) -> Mark:
    """The ticks of a message in `state`, and the sentence behind them."""
    why = reason_words(reason)
    if provider_code:
        why = _("%(why)s (code %(code)s).") % {"why": why.rstrip("."), "code": provider_code}
    found = _marks().get(state)
    if found is None:
        return Mark("lost", "!", state, why)
    if held and state == Message.State.ACCEPTED:
        return Mark("sent", "✓", _("Held by the provider"), _("The provider checks the template's quality first."))
    if not found.detail:
        return found
    not_billed = _("Nothing was charged.") if state == Message.State.FAILED and billed is False else ""
    return Mark(found.level, found.symbol, found.words, " ".join(filter(None, [why, found.detail, not_billed])))


def mark_of(message: Message) -> Mark:
    """The mark of a message row."""
    return mark(
        message.state,
        reason=message.reason,
        provider_code=message.provider_code,
        held=message.held,
        billed=message.billed,
    )


def _marks() -> dict[str, Mark]:
    states = Message.State
    return {
        states.QUEUED: Mark("waiting", "◷", _("Waiting to be sent")),
        states.SENDING: Mark("waiting", "◷", _("Being sent")),
        states.ACCEPTED: Mark("sent", "✓", _("Accepted by WhatsApp")),
        states.SENT: Mark("sent", "✓", _("Sent")),
        states.DELIVERED: Mark("sent", "✓✓", _("Delivered")),
        states.READ: Mark("read", "✓✓", _("Read")),
        states.FAILED: Mark("lost", "✗", _("Not delivered"), _("It was sent, but did not arrive.")),
        states.REJECTED: Mark("lost", "✗", _("Not sent"), _("Nothing was sent or charged.")),
        states.SKIPPED: Mark("lost", "✗", _("Not sent"), _("Nothing was charged.")),
        states.CANCELLED: Mark("lost", "✗", _("Cancelled"), _("Nothing was sent or charged.")),
        states.EXPIRED: Mark("lost", "✗", _("Not sent in time"), _("Nothing was sent or charged.")),
        states.UNCERTAIN: Mark(
            "unsure",
            "?",
            _("Without certainty"),
            _("It is not sent again by itself: the provider's report settles it, or a coordinator does."),
        ),
    }
