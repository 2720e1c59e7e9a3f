"""Changing what we know of a template: the row, its history, and the end of a park that the change makes pointless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from providers.contracts import JsonObject
from providers.parking import unpark
from templates_app.components import parse_components
from templates_app.models import Template, TemplateChange, TemplateStatus
from templates_app.selectors import content_hash

MISSING = "missing"
LISTED = "listed"

Kind = TemplateChange.Kind


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What somebody says about a template, in our words (vocabulary.py). Empty or None = not said."""

    status: str = ""
    category: str = ""
    coming_category: str | None = None
    quality: str = ""
    rejection_reason: str | None = None
    external_id: str = ""
    namespace: str = ""
    components: list[JsonObject] | None = None
    parameter_format: str = ""


# Which facts are told in the history, and as what.
HISTORY = {"status": Kind.STATUS, "category": Kind.CATEGORY, "quality": Kind.QUALITY}
UNPARKING = (Kind.STATUS, Kind.CONTENT)
PLAIN_FACTS = ("status", "category", "coming_category", "quality", "rejection_reason", "external_id", "namespace")


def template_change(
    template: Template,
    facts: TemplateFacts,
    *,
    source: TemplateChange.Source,
    reason: str = "",
    by: Any = None,
) -> bool:
    """Apply `facts`, write one history row per change told, unpark what is approved again. True when anything changed.

    `by`: the user who did it, None = nobody here.

    The caller holds the row's lock (`select_for_update(no_key=True)`) in a transaction.
    """
    rows: list[tuple[Kind, str, str]] = []
    dirty: list[str] = []
    for name in PLAIN_FACTS:
        old, new = getattr(template, name), getattr(facts, name)
        if new is None or new == old or (new == "" and name not in ("coming_category", "rejection_reason")):
            continue
        setattr(template, name, new)
        dirty.append(name)
        if name in HISTORY:
            rows.append((HISTORY[name], old, new))
    rows += _content_assign(template, facts, dirty)
    if not dirty:
        return False
    template.save(update_fields=dirty)
    for kind, old, new in rows:
        _tell(template, kind, old, new, source, reason, by)
    fresh = template.status == TemplateStatus.APPROVED and any(kind in UNPARKING for kind, _old, _new in rows)
    if fresh and template.parked_at is not None:
        unpark(template)
    return True


def template_presence_tell(template: Template, *, listed: bool, source: TemplateChange.Source) -> None:
    """Write down that the provider stopped listing the template, or lists it again."""
    old, new = (MISSING, LISTED) if listed else (LISTED, MISSING)
    _tell(template, Kind.MISSING, old, new, source, "")


def _content_assign(template: Template, facts: TemplateFacts, dirty: list[str]) -> list[tuple[Kind, str, str]]:
    """Take over components and parameter format; a history row only when what a send depends on changed."""
    components = template.components if facts.components is None else facts.components
    parameter_format = facts.parameter_format or template.parameter_format
    if components == template.components and parameter_format == template.parameter_format:
        return []
    old_text = str(parse_components(template.components, template.parameter_format).body)
    new_text = str(parse_components(components, parameter_format).body)
    new_hash = content_hash(components, parameter_format)
    changed = new_hash != template.content_hash
    template.components, template.parameter_format, template.content_hash = components, parameter_format, new_hash
    dirty += ["components", "parameter_format", "content_hash"]
    return [(Kind.CONTENT, old_text, new_text)] if changed else []


def _tell(
    template: Template, kind: Kind, old: str, new: str, source: TemplateChange.Source, reason: str, by: Any = None
) -> TemplateChange:
    return TemplateChange.objects.create(
        template=template, kind=kind, source=source, old=old[:200], new=new[:200], reason=reason[:500], by=by
    )
