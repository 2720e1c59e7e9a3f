"""What became of each message of the sample history: the same fates, by the same digits, as the simulator gives."""

from __future__ import annotations

import random
from dataclasses import dataclass

from providers.errors import Reason
from recontact.models import Attempt
from recontact.states import MessageState as S


@dataclass(frozen=True, slots=True)
class Fate:
    """A final state, the provider's words for it, and the statuses it reported on the way."""

    state: S
    statuses: tuple[str, ...] = ()
    reason: str = ""
    code: str = ""
    detail: str = ""
    attempt: str = Attempt.Outcome.ACCEPTED


READ = Fate(S.READ, ("sent", "delivered", "read"))
READ_UNDELIVERED = Fate(S.READ, ("sent", "read"))
DELIVERED = Fate(S.DELIVERED, ("sent", "delivered"))
SENT = Fate(S.SENT, ("sent",))
UNREACHABLE = Fate(S.FAILED, ("failed",), Reason.RECIPIENT_UNREACHABLE, "131026", "Message undeliverable")
MARKETING_LIMIT = Fate(
    S.FAILED,
    ("failed",),
    Reason.MARKETING_LIMIT,
    "131049",
    "This message was not delivered to maintain healthy ecosystem engagement.",
)
REJECTED = Fate(
    S.REJECTED, (), Reason.RECIPIENT_UNREACHABLE, "131026", "Message undeliverable", Attempt.Outcome.REJECTED
)
UNCERTAIN = Fate(S.UNCERTAIN, (), Reason.NO_ANSWER, attempt=Attempt.Outcome.UNCERTAIN)
LATE_PROOF = Fate(S.DELIVERED, ("failed", "delivered"))
EXPIRED = Fate(S.EXPIRED, attempt="")
CANCELLED = Fate(S.CANCELLED, attempt="")
SKIPPED_ANSWERED = Fate(S.SKIPPED, reason="window_open", attempt="")

BY_ENDING = {
    "00": READ,
    "01": READ_UNDELIVERED,
    "02": UNREACHABLE,
    "12": DELIVERED,
    "13": SENT,
    "33": REJECTED,
    "42": LATE_PROOF,
}
READ_SHARE = 0.6


def fate_of(recipient: str, *, category: str, chance: random.Random) -> Fate:
    """The fate of a message to this phone or id: its digits', else delivered, and read by most."""
    if recipient.endswith("03") and category == "marketing":
        return MARKETING_LIMIT
    usual = READ if chance.random() < READ_SHARE else DELIVERED
    return BY_ENDING.get(recipient[-2:], usual)
