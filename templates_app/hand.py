"""Templates that a person enters, with a status that a person says: for providers that give the portal no list of them.

Nothing is asked of the provider. Each change is kept in the template's history with its author, and in the audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount
from templates_app.abilities import account_abilities
from templates_app.changes import TemplateFacts, template_change
from templates_app.draft_rules import LINE_BREAK, DraftProblem, draft_problems
from templates_app.drafts import Draft, draft_components
from templates_app.models import Template, TemplateChange, TemplateStatus
from templates_app.selectors import content_hash
from templates_app.submit import NotSubmitted, is_local, submission_open

PERSON = TemplateChange.Source.PERSON
HAND_STATUSES = (
    TemplateStatus.APPROVED,
    TemplateStatus.PENDING,
    TemplateStatus.REJECTED,
    TemplateStatus.PAUSED,
    TemplateStatus.DISABLED,
    TemplateStatus.DELETED,
)
ID_LIMIT = 64


@dataclass(frozen=True)
class HandEntry:
    """What the provider's own page shows beside the text: the name space, the id, and the status."""

    namespace: str = ""
    external_id: str = ""
    status: str = TemplateStatus.APPROVED


def entry_problems(
    draft: Draft, entry: HandEntry, *, account: ProviderAccount, but: int | None = None
) -> list[DraftProblem]:
    """Everything wrong with a template entered by hand. `but`: the id of the template being changed."""
    taken = _living(account, draft).exclude(pk=but or 0).exists()
    parts, existing = account_abilities(account).parts, but is not None
    problems = draft_problems(draft, carried=parts, approved=True, taken=taken, existing=existing)
    for field, value in (("namespace", entry.namespace), ("external_id", entry.external_id)):
        if len(value) > ID_LIMIT or LINE_BREAK.search(value):
            problems.append(DraftProblem(field, "bad_id", _("At most 64 characters on one line.")))
    if entry.status not in HAND_STATUSES:
        problems.append(DraftProblem("status", "bad_status", _("Choose a status.")))
    return problems


def template_enter_by_hand(*, account_id: int, draft: Draft, entry: HandEntry, user: Any) -> Template:
    """Write down a template as WhatsApp approved it. Raises submit.NotSubmitted with every problem."""
    account = ProviderAccount.objects.get(pk=account_id, is_active=True)
    _check(entry_problems(draft, entry, account=account))
    try:
        with transaction.atomic():
            template = _row(account, draft)
            _apply(template, draft, entry, user=user, reason="")
    except IntegrityError:
        _check([DraftProblem("name", "name_taken", _("The account has a template with this name in this language."))])
        raise
    return template


def template_change_by_hand(*, template_id: int, draft: Draft, entry: HandEntry, user: Any) -> Template:
    """Change what was entered; name and language stay. Raises submit.NotSubmitted."""
    with transaction.atomic():
        template = _hand_template(template_id)
        if (draft.name, draft.language) != (template.name, template.language):
            _check([DraftProblem("name", "name_fixed", _("Name and language of a template stay as they are."))])
        _check(entry_problems(draft, entry, account=template.account, but=template.pk))
        _apply(template, draft, entry, user=user, reason="")
    return template


def template_status_by_hand(*, template_id: int, status: str, reason: str, user: Any) -> Template:
    """Say the status that the provider's page shows. Raises submit.NotSubmitted for a status that is none of ours."""
    with transaction.atomic():
        template = _hand_template(template_id)
        if status not in HAND_STATUSES:
            _check([DraftProblem("status", "bad_status", _("Choose a status."))])
        old = template.status
        words = reason.replace("\x00", "").strip()
        rejection = words[:200] if status == TemplateStatus.REJECTED else ""
        facts = TemplateFacts(status=status, rejection_reason=rejection)
        if template_change(template, facts, source=PERSON, reason=words, by=user):
            _audit(template, LogEntry.Action.UPDATE, {"status": [old, status]})
    return template


def _check(problems: list[DraftProblem]) -> None:
    if problems:
        raise NotSubmitted(problems)


def _hand_template(template_id: int) -> Template:
    """Locked. Raises NotSubmitted when its status is not a person's to say."""
    rows = Template.objects.select_for_update(no_key=True, of=("self",)).select_related("account")
    template = rows.get(pk=template_id)
    if not template.by_hand:
        text = _("The provider lists this template: its status and text come from there.")
        raise NotSubmitted([DraftProblem("", "not_by_hand", text)])
    return template


def _living(account: ProviderAccount, draft: Draft) -> Any:
    rows = Template.objects.filter(account=account, name=draft.name, language=draft.language)
    gone = rows.filter(status=TemplateStatus.DELETED) | rows.filter(missing_since__isnull=False)
    local = rows.filter(status=TemplateStatus.DRAFT, external_id="")
    return rows.exclude(pk__in=(gone | local).values("pk"))


def _row(account: ProviderAccount, draft: Draft) -> Template:
    """A new row under the draft's name, or the one of a template that is gone or was never submitted."""
    rows = Template.objects.select_for_update(no_key=True)
    template = rows.filter(account=account, name=draft.name, language=draft.language).first()
    if template is None:
        return Template.objects.create(
            account=account,
            name=draft.name,
            language=draft.language,
            category=draft.category,
            status=TemplateStatus.DRAFT,
            by_hand=True,
            content_hash=content_hash([], "POSITIONAL"),
        )
    if is_local(template) and submission_open(template) is not None:
        _check(
            [DraftProblem("name", "submission_open", _("This template is being submitted. Sync the templates first."))]
        )
    template.by_hand, template.missing_since = True, None
    template.save(update_fields=["by_hand", "missing_since"])
    return template


def _apply(template: Template, draft: Draft, entry: HandEntry, *, user: Any, reason: str) -> None:
    old = {name: getattr(template, name) for name in ("status", "category", "namespace", "external_id", "content_hash")}
    facts = TemplateFacts(
        status=entry.status,
        category=draft.category,
        external_id=entry.external_id,
        namespace=entry.namespace,
        components=draft_components(draft),
        parameter_format=draft.parameter_format,
    )
    if template_change(template, facts, source=PERSON, reason=reason, by=user):
        changes = {name: [value, getattr(template, name)] for name, value in old.items()}
        told = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        _audit(template, LogEntry.Action.UPDATE, told)


def _audit(template: Template, action: int, changes: dict[str, list[str]]) -> None:
    # Templates as such are not audited: syncs would fill it. What a person says about one is.
    LogEntry.objects.log_create(template, force_log=True, action=action, changes=changes)
