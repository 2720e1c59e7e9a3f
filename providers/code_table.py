"""Every error code of every provider, with what it means here and what the portal does about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.errors import SENTENCES, ErrorCode
from providers.policy import ACTION_SENTENCES, HTTP_STATUSES, RULES, Action, late_action
from providers.registry import BadAdapter, adapter_class, providers_available

#: The group of the codes that mean the same at every provider; no provider's slug.
EVERY_PROVIDER = ""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code in the reader's language. `late`: what follows when it comes by webhook, "" when that is the same."""

    provider: str
    provider_label: str
    code: str
    word: str
    reason: str
    sentence: str
    action: str
    late: str
    is_proven: bool

    def matches(self, text: str) -> bool:
        """Whether the lower-case `text` is in the code, the provider's word or the sentence."""
        return any(text in value.lower() for value in (self.code, self.word, self.sentence, self.reason))


def code_rows(*, provider: str | None = None, text: str = "", code: str = "") -> list[CodeRow]:
    """The codes of one provider (None = all), narrowed by a search text or to exactly one code."""
    rows = (row for row in _all_rows() if provider is None or row.provider in (provider, EVERY_PROVIDER))
    if code:
        rows = (row for row in rows if row.code == code)
    wanted = text.strip().lower()
    return [row for row in rows if not wanted or row.matches(wanted)]


def _all_rows() -> Iterator[CodeRow]:
    for choice in providers_available():
        try:
            codes = adapter_class(choice.slug).error_codes
        except BadAdapter:
            continue
        yield from _rows(choice.slug, choice.label, codes.items())
    general = ((f"HTTP {status}", meaning) for status, meaning in HTTP_STATUSES.items())
    yield from _rows(EVERY_PROVIDER, _("every provider"), general)


def _rows(provider: str, label: str, codes: Iterable[tuple[str, ErrorCode]]) -> Iterator[CodeRow]:
    for code, meaning in codes:
        now, late = _action(meaning), late_action(meaning.reason)
        yield CodeRow(
            provider=provider,
            provider_label=label,
            code=code,
            word=meaning.name,
            reason=meaning.reason.value,
            sentence=str(SENTENCES[meaning.reason]),
            action=f"{ACTION_SENTENCES[now]} {_length(meaning, now)}".strip(),
            late="" if late is now else str(ACTION_SENTENCES[late]),
            is_proven=meaning.proven,
        )


def _action(meaning: ErrorCode) -> Action:
    """As `policy.error_of` decides: what is not proven is never sent again."""
    return RULES[meaning.reason].action if meaning.proven else Action.UNCERTAIN


def _length(meaning: ErrorCode, action: Action) -> str:
    if action in (Action.UNCERTAIN, Action.GIVE_UP, Action.SUPPRESS, Action.RETRY, Action.TOMORROW):
        return ""
    seconds = RULES[meaning.reason].seconds if meaning.seconds is None else meaning.seconds
    return "" if seconds is None else _("For %(time)s.") % {"time": _time(round(seconds))}


def _time(seconds: int) -> str:
    for size, words in ((86400, _days), (3600, _hours), (60, _minutes)):
        if seconds >= size and seconds % size == 0:
            return words(seconds // size)
    return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}


def _days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}


def _minutes(count: int) -> str:
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}
