"""What webhooks tell about templates. In doubt (unknown, out of order, content changed) the list is asked again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max, QuerySet

from providers.contracts import TemplateEvent
from providers.events import handles
from templates_app.changes import TemplateFacts, template_change
from templates_app.models import Template, TemplateChange, TemplateStatus
from templates_app.rejections import REJECTIONS
from templates_app.settling import submission_prove
from templates_app.tasks import templates_sync_ask
from templates_app.vocabulary import (
    category_normalize,
    language_normalize,
    quality_normalize,
    reason_normalize,
    status_normalize,
)

WEBHOOK = TemplateChange.Source.WEBHOOK


@handles(TemplateEvent)
def template_event_apply(account_id: int, event: TemplateEvent) -> None:
    """Apply what the event says to the template it is about. Idempotent; an event that cannot be trusted asks for a sync."""
    with transaction.atomic():
        template = _template_of(account_id, event)
        if template is None or _is_late(template, event):
            templates_sync_ask(account_id=account_id)
            return
        template_change(template, _facts(template, event), source=WEBHOOK, reason=event.reason)
        submission_prove(template, status=status_normalize(event.status))
        if event.components_changed or _may_be_a_reviewers_words(event):
            templates_sync_ask(account_id=account_id)


def _may_be_a_reviewers_words(event: TemplateEvent) -> bool:
    """Whether a rejection came with a reviewer's own words, which the history keeps; the list has the word we can say."""
    return status_normalize(event.status) == TemplateStatus.REJECTED and event.reason.upper() not in REJECTIONS


def _template_of(account_id: int, event: TemplateEvent) -> Template | None:
    """The event's template by the provider's id, else by name and language; locked."""
    templates: QuerySet[Template] = Template.objects.select_for_update(no_key=True).filter(account_id=account_id)
    by_id = templates.filter(external_id=event.external_id).first() if event.external_id else None
    if by_id is not None:
        return by_id
    return templates.filter(name=event.name, language=language_normalize(event.language)).first()


def _is_late(template: Template, event: TemplateEvent) -> bool:
    """Whether something was learned about the template after the event happened: webhooks may come in any order."""
    if template.synced_at is not None and event.occurred_at < template.synced_at.replace(microsecond=0):
        return True
    status = status_normalize(event.status)
    if (template.status, status) == (TemplateStatus.DELETED, TemplateStatus.PENDING_DELETION):
        # Told in the same second as the end of the deletion: events carry whole seconds only.
        return True
    told = TemplateChange.objects.filter(kind=TemplateChange.Kind.STATUS, template=template)
    latest = told.aggregate(at=Max("at"))["at"] if status and status != template.status else None
    return latest is not None and event.occurred_at < latest.replace(microsecond=0)


def _facts(template: Template, event: TemplateEvent) -> TemplateFacts:
    status = status_normalize(event.status)
    category, coming = category_normalize(event.category), category_normalize(event.coming_category)
    rejection = reason_normalize(event.reason) if status == TemplateStatus.REJECTED else None
    return TemplateFacts(
        status=status,
        category=category,
        # A category that came true is no longer coming.
        coming_category=coming or ("" if category == template.coming_category else None),
        quality=quality_normalize(event.quality),
        rejection_reason="" if status == TemplateStatus.APPROVED else rejection,
        # Of a template whose submission was not answered the id is not known yet.
        external_id="" if template.external_id else event.external_id[:64],
    )
