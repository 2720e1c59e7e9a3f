"""What tripped a number's circuit, as it is kept with the park and as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.errors import reason_sentence


@dataclass(frozen=True, slots=True)
class Sample:
    """`failures` of `calls` in `seconds`; `cause` is the most common one, as `cause_of` writes it."""

    failures: int
    calls: int
    seconds: int
    cause: str

    def kept(self) -> str:
        """The park's detail: the same in every language."""
        return f"{self.failures} {self.calls} {self.seconds} {self.cause}".strip()


def cause_of(reason: str, provider_code: str) -> str:
    """A reason with the provider's code, where there is one."""
    return f"{reason}:{provider_code}" if provider_code else reason


def circuit_words(detail: str) -> str:
    """The detail of a park by the circuit in the reader's language; as it stands when it is not one of those."""
    failures, calls, seconds, cause = (detail.split(" ", 3) + [""] * 4)[:4]
    if not (failures.isdecimal() and calls.isdecimal() and seconds.isdecimal()):
        return detail
    told = {"failures": int(failures), "calls": int(calls), "seconds": int(seconds), "cause": cause_words(cause)}
    if not cause:
        return _("%(failures)d of %(calls)d calls failed within %(seconds)d s.") % told
    return _("%(failures)d of %(calls)d calls failed within %(seconds)d s, most with: %(cause)s") % told


def cause_words(cause: str) -> str:
    """The provider's code, and what it means."""
    reason, _colon, code = cause.partition(":")
    return f"{code} · {reason_sentence(reason)}" if code else reason_sentence(reason)
