"""What a provider's notice decided, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import localize
from django.utils.translation import gettext as _

from providers.models import ProviderNotice, SenderNumber


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice in the reader's language: the provider's event and words, and what it changed here."""

    event: str
    detail: str
    shown_values: str
    occurred_at: datetime


def notices_shown(notices: Iterable[ProviderNotice]) -> list[ShownNotice]:
    return [ShownNotice(notice.event, notice.detail, _changed(notice), notice.occurred_at) for notice in notices]


def _changed(notice: ProviderNotice) -> str:
    values, words = notice.values, []
    if "quality" in values:
        words.append(str(dict(SenderNumber.Quality.choices).get(values["quality"], values["quality"])))
    if "throughput" in values:
        words.append(_("%(count)s messages per second") % {"count": localize(values["throughput"])})
    if "messaging_limit" in values:
        limit = values["messaging_limit"]
        words.append(
            _("no limit of people") if limit < 0 else _("%(count)s people in 24 h") % {"count": localize(limit)}
        )
    if "park" in values:
        words.append(_("sending stops") if values["park"] else _("sending may go on"))
    return ", ".join(words)
