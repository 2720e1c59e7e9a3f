"""A template's history in words, for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from templates_app.changes import LISTED, MISSING
from templates_app.models import Template, TemplateChange, TemplateStatus

SHOWN = 50

STATUS_TONES: dict[str, str] = {
    TemplateStatus.DRAFT: "soon",
    TemplateStatus.APPROVED: "ok",
    TemplateStatus.PENDING: "soon",
    TemplateStatus.IN_APPEAL: "soon",
    TemplateStatus.PAUSED: "soon",
    TemplateStatus.LIMIT_EXCEEDED: "soon",
}
QUALITY_TONES: dict[str, str] = {"GREEN": "ok", "YELLOW": "soon", "RED": "stopped"}
PRESENCE: dict[str, StrOrPromise] = {MISSING: _("no longer listed"), LISTED: _("listed")}
WORDS: dict[str, dict[str, StrOrPromise]] = {
    TemplateChange.Kind.STATUS: dict(TemplateStatus.choices),
    TemplateChange.Kind.CATEGORY: dict(Template.Category.choices),
    TemplateChange.Kind.QUALITY: dict(Template.Quality.choices),
    TemplateChange.Kind.MISSING: PRESENCE,
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change as a person reads it. `tone`: ok, soon, stopped, or empty."""

    at: datetime
    kind: StrOrPromise
    source: StrOrPromise
    old: StrOrPromise
    new: StrOrPromise
    reason: str
    tone: str
    by: str = ""


def status_tone(status: str) -> str:
    """The colour of a status: ok (may be sent), soon (may be again), stopped."""
    return STATUS_TONES.get(status, "stopped")


def rejection_words(template: Template) -> str:
    """What the reviewer wrote beside the word that we translate; empty when there is nothing more."""
    if template.status != TemplateStatus.REJECTED:
        return ""
    told = template.changes.filter(kind=TemplateChange.Kind.STATUS, new=TemplateStatus.REJECTED).first()
    return told.reason if told is not None and told.reason != template.rejection_reason else ""


def template_history(template: Template) -> list[HistoryRow]:
    """The last changes, newest first."""
    return [_row(change) for change in template.changes.select_related("by")[:SHOWN]]


def _row(change: TemplateChange) -> HistoryRow:
    words = WORDS.get(change.kind, {})
    return HistoryRow(
        at=change.at,
        kind=change.get_kind_display(),
        source=change.get_source_display(),
        old=words.get(change.old, change.old),
        new=words.get(change.new, change.new),
        reason=change.reason,
        tone=_tone(change),
        by=str(change.by) if change.by is not None else "",
    )


def _tone(change: TemplateChange) -> str:
    if change.kind == TemplateChange.Kind.STATUS:
        return status_tone(change.new)
    if change.kind == TemplateChange.Kind.MISSING:
        return "ok" if change.new == LISTED else "stopped"
    return QUALITY_TONES.get(change.new, "") if change.kind == TemplateChange.Kind.QUALITY else ""
