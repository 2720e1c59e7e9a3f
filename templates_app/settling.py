"""Settling what was asked of a provider without a clear answer: by its list, by a webhook, and by the time that passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.db.models import QuerySet
from django.utils import timezone

from providers.contracts import RemoteTemplate
from templates_app.changes import TemplateFacts, template_change
from templates_app.drafts import components_face
from templates_app.models import Template, TemplateChange, TemplateStatus, TemplateSubmission
from templates_app.vocabulary import (
    category_normalize,
    components_storable,
    parameter_format_normalize,
    quality_normalize,
    reason_normalize,
    status_normalize,
    storable,
)

#: A list asked for this long after the submission proves that nothing arrived. Longer than any call, and than the time
#: that a provider's list may lag behind.
ABSENCE_PROVES_AFTER = timedelta(minutes=3)
GOING = (TemplateStatus.PENDING_DELETION, TemplateStatus.DELETED)

Kind: TypeAlias = TemplateSubmission.Kind
State: TypeAlias = TemplateSubmission.State
TemplateKey = tuple[str, str]


def remote_facts(remote: RemoteTemplate, *, told: bool = False) -> TemplateFacts:
    """A listed template in our words. `told`: somebody told about its status since, so the answer's is old news."""
    facts = TemplateFacts(
        status=status_normalize(remote.status) or TemplateStatus.UNKNOWN,
        category=category_normalize(remote.category),
        quality=quality_normalize(remote.quality),
        rejection_reason=reason_normalize(remote.rejection_reason),
        external_id=storable(remote.external_id)[:64],
        namespace=storable(remote.namespace)[:64],
        components=components_storable(remote.components),
        parameter_format=parameter_format_normalize(remote.parameter_format),
    )
    return replace(facts, status="", category="", quality="", rejection_reason=None) if told else facts


def told_since(template: Template, moment: datetime) -> bool:
    """Whether a webhook or a sync changed the template's status at or after `moment`."""
    sources = (TemplateChange.Source.WEBHOOK, TemplateChange.Source.SYNC)
    told = template.changes.filter(kind=TemplateChange.Kind.STATUS, source__in=sources, at__gte=moment)
    return told.exists()


def submissions_settle(*, account_id: int, listed: Mapping[TemplateKey, RemoteTemplate], asked_at: datetime) -> int:
    """Settle the account's open submissions by a list that was asked for at `asked_at`; how many were.

    The caller holds the account's lock and has taken over the list's facts before.
    """
    settled = 0
    for submission in _open(template__account_id=account_id):
        template = submission.template
        remote = listed.get((template.name, template.language))
        if _is_done(submission, remote):
            _close(submission, State.DONE)
            if submission.kind == Kind.DELETE:
                deleted_mark([template], source=TemplateChange.Source.SYNC)
        elif submission.asked_at + ABSENCE_PROVES_AFTER <= asked_at:
            _close(submission, State.LOST)
        else:
            continue
        settled += 1
    return settled


def submission_prove(template: Template, *, status: str) -> None:
    """A webhook told a new status: the creation or deletion that asked for it has arrived."""
    kinds = [Kind.DELETE] if status in GOING else [Kind.CREATE] if status else []
    for submission in _open(template=template, kind__in=kinds):
        _close(submission, State.DONE)


def deleted_mark(templates: Iterable[Template], *, source: TemplateChange.Source, by: Any = None) -> None:
    """Mark as deleted at the provider. The rows stay: messages refer to them."""
    ids = [template.pk for template in templates]
    for template in Template.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"):
        if template.status != TemplateStatus.DELETED:
            template_change(template, TemplateFacts(status=TemplateStatus.DELETED), source=source, by=by)


def _open(**filters: Any) -> QuerySet[TemplateSubmission]:
    rows = TemplateSubmission.objects.select_for_update(no_key=True, of=("self",)).select_related("template")
    return rows.filter(state__in=TemplateSubmission.OPEN, **filters).order_by("pk")


def _close(submission: TemplateSubmission, state: State) -> None:
    submission.state, submission.settled_at = state, timezone.now()
    submission.save(update_fields=["state", "settled_at"])


def _is_done(submission: TemplateSubmission, remote: RemoteTemplate | None) -> bool:
    """Whether the list shows that what was asked was done."""
    status = status_normalize(remote.status) if remote is not None else TemplateStatus.DELETED.value
    if submission.kind == Kind.DELETE:
        return status in GOING
    if remote is None or status in GOING:
        return False
    if submission.kind == Kind.CREATE:
        # A draft at the provider is what is left of a submission that never came to a review.
        return status != TemplateStatus.DRAFT
    if status == TemplateStatus.PENDING:
        return True
    same = components_face(remote.components, remote.parameter_format) == components_face(
        submission.components, submission.parameter_format
    )
    # A draft has no category yet: the change arrived, and what is left to do is to submit it again.
    return same and (status == TemplateStatus.DRAFT or category_normalize(remote.category) == submission.category)
