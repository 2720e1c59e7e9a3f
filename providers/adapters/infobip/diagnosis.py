"""Are the account's senders well? Infobip says it of senders that it is asked about by name; it lists none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from providers.abilities import Check, Finding, Health
from providers.adapters.infobip.templates import answered
from providers.errors import ProviderCallError, Reason
from providers.http import Answer
from providers.reading import parts, text

QUALITY_PATH = "/whatsapp/1/senders/quality"
# Other words for a sender's status are not documented.
CONNECTED = "CONNECTED"
# What says something of the account; other failures only leave the question open.
_TELLING = (Reason.CREDENTIALS, Reason.PERMISSION)

Get = Callable[[str, dict[str, str]], Answer]


def findings(get: Get, sender_external_ids: Sequence[str]) -> Iterator[Finding]:
    """One finding per sender. Never raises: what cannot be asked is a finding."""
    for sender in sender_external_ids:
        try:
            yield _sender(get, sender)
        except ProviderCallError as problem:
            health = Health.BAD if problem.reason in _TELLING else Health.UNKNOWN
            yield Finding(Check.NUMBER, health, sender, f"{problem.provider_code} {problem.detail}".strip())


def _sender(get: Get, sender: str) -> Finding:
    rows = parts(answered(get(QUALITY_PATH, {"senders": sender}), 200), "results")
    row = next((row for row in rows if text(row.get("sender")) == sender), None)
    if row is None:
        return Finding(Check.NUMBER, Health.UNKNOWN, sender)
    words = [text(row.get(name)) for name in ("status", "qualityRating", "currentLimit")]
    well = words[0] == CONNECTED and words[1] != "LOW"
    health = Health.GOOD if well else Health.WARNING
    return Finding(Check.NUMBER, health, sender, ", ".join(word for word in words if word))
