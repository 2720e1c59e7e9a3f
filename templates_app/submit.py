"""Asking the provider to create, change or delete a template, so that a lost answer never makes two.

What is asked is written down before the call (one open submission per template, one template per name and language). An
answer that proves nothing leaves it uncertain: settling.py settles it by the provider's next list, and until then nothing
is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.calls import provider_call_record
from providers.contracts import DeleteScope, RemoteTemplate
from providers.errors import PreparationFailed, ProviderCallError, Reason
from providers.models import ProviderAccount
from templates_app.abilities import account_abilities, edit_needs_sentence, submitter_open
from templates_app.changes import TemplateFacts, template_change
from templates_app.draft_rules import DraftProblem, draft_problems
from templates_app.drafts import Draft, components_face, draft_components, undraftable
from templates_app.models import Template, TemplateChange, TemplateStatus, TemplateSubmission
from templates_app.selectors import content_hash, template_parsed
from templates_app.settling import deleted_mark, remote_facts, told_since
from templates_app.tasks import templates_sync_ask, templates_sync_ask_later

logger = structlog.get_logger(__name__)

Kind: TypeAlias = TemplateSubmission.Kind
State: TypeAlias = TemplateSubmission.State
PORTAL = TemplateChange.Source.PORTAL
PURPOSES = {Kind.CREATE: "template submit", Kind.EDIT: "template edit", Kind.DELETE: "template delete"}
#: The provider changes a template only in these (Meta, template management). How often is its own to refuse.
EDITABLE = (TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PAUSED)
UNDELETABLE = (TemplateStatus.DISABLED, TemplateStatus.PENDING_DELETION, TemplateStatus.DELETED)
#: After these the provider may have done what was asked, although the call failed.
DOUBTFUL = (Reason.PROVIDER_DOWN, Reason.PROVIDER_ERROR, Reason.NO_ANSWER, Reason.UNREADABLE_ANSWER)

Ask = Callable[[SubmitsTemplates], RemoteTemplate | None]


class NotSubmitted(Exception):
    """The provider was not asked, because of `problems`."""

    def __init__(self, problems: Sequence[DraftProblem]) -> None:
        super().__init__(", ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = tuple(problems)


# --- what may be done ------------------------------------------------------------------------------------------------


def edit_problems(template: Template) -> list[DraftProblem]:
    """Why the template cannot be changed from here; empty = it can. Reads `template.account`."""
    abilities = account_abilities(template.account)
    if abilities.edit_needs:
        return [_refused("edit_needs", edit_needs_sentence(abilities))]
    if not abilities.edit:
        return [_refused("no_edit", _("The provider of this account takes no changes from the portal."))]
    if template.status not in EDITABLE:
        return [_refused("status", _("WhatsApp lets a template be changed while it is approved, rejected or paused."))]
    if not template.external_id or template.missing_since is not None:
        return [_refused("missing", _("The provider does not list the template. Sync the templates first."))]
    return _open_problems(template) + [
        DraftProblem("", blocker.code, blocker.sentence)
        for blocker in undraftable(template_parsed(template), template.category)
    ]


def delete_problems(template: Template) -> list[DraftProblem]:
    """Why the template cannot be deleted at the provider from here; empty = it can. Reads `template.account`."""
    if not account_abilities(template.account).delete:
        return [_refused("no_delete", _("The provider of this account deletes no templates for the portal."))]
    if template.status in UNDELETABLE or is_local(template):
        return [_refused("status", _("In this status the provider deletes no template."))]
    if template.missing_since is not None:
        return [_refused("missing", _("The provider does not list the template: there is nothing to delete."))]
    return _open_problems(template)


def is_local(template: Template) -> bool:
    """Whether the provider, as far as is known, never had the template."""
    return template.status == TemplateStatus.DRAFT and not template.external_id and not template.by_hand


def may_submit_again(template: Template) -> bool:
    """Whether the template was refused or did not arrive, or is gone at the provider, and may be submitted (again)."""
    gone = template.status in (TemplateStatus.DRAFT, TemplateStatus.DELETED) or template.missing_since is not None
    free = not template.by_hand and gone
    return free and account_abilities(template.account).submit and not submission_open(template)


def submission_open(template: Template) -> TemplateSubmission | None:
    """What was asked of the provider about the template, while nobody knows what became of it."""
    return template.submissions.filter(state__in=TemplateSubmission.OPEN).first()


def templates_deleted_with(template: Template) -> list[Template]:
    """All that the provider deletes together with `template`, itself first."""
    if account_abilities(template.account).delete_scope is DeleteScope.ONE:
        return [template]
    siblings = Template.objects.filter(account_id=template.account_id, name=template.name, by_hand=False)
    others = siblings.exclude(pk=template.pk).exclude(status__in=(TemplateStatus.DELETED, TemplateStatus.DRAFT))
    return [template, *others.filter(missing_since__isnull=True)]


def name_is_taken(*, account_id: int, name: str, language: str, but: int | None = None) -> bool:
    """Whether the account has a living template of this name and language, other than the one with the id `but`."""
    found = Template.objects.filter(account_id=account_id, name=name, language=language).exclude(pk=but or 0).first()
    return found is not None and not may_submit_again(found)


# --- asking ----------------------------------------------------------------------------------------------------------


def template_submit(*, account_id: int, draft: Draft, user: Any) -> TemplateSubmission:
    """Create the template at the provider and ask for its approval. Makes one call; returns what became of it.

    A template that was refused, did not arrive or is gone may be submitted anew under its name. Raises NotSubmitted.
    """
    account = ProviderAccount.objects.get(pk=account_id)
    abilities = account_abilities(account)
    if not account.is_active or not abilities.submit:
        raise NotSubmitted(
            [_refused("no_submit", _("The provider of this account takes no templates from the portal."))]
        )
    _draft_check(draft, carried=abilities.parts)
    try:
        # Durable: what is asked must be on record before the call, whatever becomes of this process.
        with transaction.atomic(durable=True):
            template, leftover = _row_to_submit(account, draft)
            submission = _write_down(template, Kind.CREATE, user, draft)
    except IntegrityError:
        raise NotSubmitted([_name_taken()]) from None

    def ask(adapter: SubmitsTemplates) -> RemoteTemplate:
        if leftover and abilities.delete_scope is DeleteScope.ONE:
            adapter.delete_template(leftover, name=template.name, language=template.language)
        return adapter.submit_template(_wanted(submission))

    return _carry_out(account, submission, ask)


def template_edit(*, template_id: int, draft: Draft, user: Any) -> TemplateSubmission:
    """Change content or category at the provider, which reviews it anew. As `template_submit`; name and language stay."""
    template = Template.objects.select_related("account").get(pk=template_id)
    problems = edit_problems(template)
    if template.status == TemplateStatus.APPROVED and draft.category != template.category:
        text = _("WhatsApp does not let the category of an approved template be changed.")
        problems.append(DraftProblem("category", "category_fixed", text))
    if (draft.name, draft.language) != (template.name, template.language):
        problems.append(DraftProblem("name", "name_fixed", _("Name and language of a template stay as they are.")))
    if problems:
        raise NotSubmitted(problems)
    _draft_check(draft, carried=account_abilities(template.account).parts, existing=True)
    submission = _write_down_alone(template, Kind.EDIT, user, draft)
    external_id = template.external_id
    return _carry_out(
        template.account, submission, lambda adapter: adapter.edit_template(external_id, _wanted(submission))
    )


def template_delete(*, template_id: int, user: Any) -> TemplateSubmission:
    """Delete the template at the provider, with what goes with it (`templates_deleted_with`). As `template_submit`."""
    template = Template.objects.select_related("account").get(pk=template_id)
    problems = delete_problems(template)
    if problems:
        raise NotSubmitted(problems)
    submission = _write_down_alone(template, Kind.DELETE, user, None)

    def ask(adapter: SubmitsTemplates) -> None:
        adapter.delete_template(template.external_id, name=template.name, language=template.language)

    return _carry_out(template.account, submission, ask)


def template_discard(*, template_id: int) -> None:
    """Throw away a template that the provider never had. Raises NotSubmitted for any other."""
    with transaction.atomic():
        template = Template.objects.select_for_update().get(pk=template_id)
        if not is_local(template) or submission_open(template):
            raise NotSubmitted([_refused("not_local", _("The provider has the template: delete it there."))])
        template.delete()


# --- parts -----------------------------------------------------------------------------------------------------------


def _refused(code: str, text: Any) -> DraftProblem:
    return DraftProblem("", code, text)


def _name_taken() -> DraftProblem:
    return DraftProblem("name", "name_taken", _("The account has a template with this name in this language."))


def _open_problems(template: Template) -> list[DraftProblem]:
    if submission_open(template) is None:
        return []
    text = _("What was asked of the provider before is not settled yet. Sync the templates to settle it.")
    return [_refused("submission_open", text)]


def _draft_check(draft: Draft, *, carried: frozenset[str], existing: bool = False) -> None:
    problems = draft_problems(draft, carried=carried, existing=existing)
    if problems:
        raise NotSubmitted(problems)


def _row_to_submit(account: ProviderAccount, draft: Draft) -> tuple[Template, str]:
    """The row under the draft's name, locked: a new one, or one that is free to be submitted again.

    With it the id of what the provider still has of an earlier try that never came to a review; "" = nothing.
    """
    components = draft_components(draft)
    rows = Template.objects.select_for_update(no_key=True, of=("self",)).select_related("account")
    template = rows.filter(account=account, name=draft.name, language=draft.language).first()
    if template is None:
        new = Template.objects.create(
            account=account,
            name=draft.name,
            language=draft.language,
            category=draft.category,
            status=TemplateStatus.DRAFT,
            parameter_format=draft.parameter_format,
            components=components,
            content_hash=content_hash(components, draft.parameter_format),
        )
        return new, ""
    if not may_submit_again(template):
        raise NotSubmitted([_name_taken()])
    facts = TemplateFacts(
        status=TemplateStatus.DRAFT,
        category=draft.category,
        rejection_reason="",
        components=components,
        parameter_format=draft.parameter_format,
    )
    leftover = template.external_id if template.status == TemplateStatus.DRAFT else ""
    template_change(template, facts, source=PORTAL)
    template.external_id, template.missing_since = "", None
    template.save(update_fields=["external_id", "missing_since"])
    return template, leftover


def _write_down(template: Template, kind: Kind, user: Any, draft: Draft | None) -> TemplateSubmission:
    return TemplateSubmission.objects.create(
        template=template,
        kind=kind,
        asked_by=user,
        category=draft.category if draft else template.category,
        parameter_format=draft.parameter_format if draft else template.parameter_format,
        components=draft_components(draft) if draft else [],
    )


def _write_down_alone(template: Template, kind: Kind, user: Any, draft: Draft | None) -> TemplateSubmission:
    try:
        with transaction.atomic(durable=True):
            return _write_down(template, kind, user, draft)
    except IntegrityError:
        raise NotSubmitted(_open_problems(template)) from None


def _wanted(submission: TemplateSubmission) -> TemplateDraft:
    template = submission.template
    return TemplateDraft(
        name=template.name,
        language=template.language,
        category=submission.category,
        components=submission.components,
        parameter_format=submission.parameter_format,
    )


def _carry_out(account: ProviderAccount, submission: TemplateSubmission, ask: Ask) -> TemplateSubmission:
    """Make the call, outside of any transaction, and write down what became of it."""
    try:
        adapter = submitter_open(account)
    except ProviderCallError as error:
        _settle(submission, State.REFUSED, error)
        return submission
    try:
        remote = ask(adapter)
    except ProviderCallError as error:
        provider_call_record(account_id=account.pk, purpose=PURPOSES[Kind(submission.kind)], exchange=error.exchange)
        _settle(submission, State.UNCERTAIN if is_doubtful(error) else State.REFUSED, error)
    except Exception as error:
        # Whatever went wrong in reading the answer, the call may have been made.
        logger.exception("template_submission_broken", account_id=account.pk, submission=submission.pk)
        _settle(submission, State.UNCERTAIN, ProviderCallError(Reason.UNREADABLE_ANSWER, detail=type(error).__name__))
    else:
        _take_over(submission, remote)
    logger.info("template_submission", account_id=account.pk, kind=submission.kind, state=submission.state)
    return submission


def is_doubtful(error: ProviderCallError) -> bool:
    """Whether the provider may have done what was asked although the call failed."""
    if error.reason is Reason.NETWORK or isinstance(error, PreparationFailed):
        return False
    status = error.exchange.status if error.exchange is not None else None
    unanswered = error.exchange is not None and (status is None or status >= 500)
    return unanswered or error.reason in DOUBTFUL


def _settle(submission: TemplateSubmission, state: State, error: ProviderCallError) -> None:
    submission.state = state
    submission.reason = error.reason
    submission.provider_code = error.provider_code[:40]
    submission.detail = error.detail[:500]
    submission.settled_at = None if state is State.UNCERTAIN else timezone.now()
    rows = TemplateSubmission.objects.filter(pk=submission.pk, state=State.SENDING)
    rows.update(
        state=submission.state,
        reason=submission.reason,
        provider_code=submission.provider_code,
        detail=submission.detail,
        settled_at=submission.settled_at,
    )
    if state is State.UNCERTAIN:
        templates_sync_ask(account_id=submission.template.account_id)
        templates_sync_ask_later(account_id=submission.template.account_id)
    submission.refresh_from_db()


def _as_asked(facts: TemplateFacts, submission: TemplateSubmission) -> TemplateFacts:
    """Some answers show less than what was asked for; then ours stands until the provider's list tells."""
    asked = components_face(submission.components, submission.parameter_format)
    if facts.components and components_face(facts.components, facts.parameter_format) == asked:
        return facts
    return replace(facts, components=submission.components, parameter_format=submission.parameter_format)


def _take_over(submission: TemplateSubmission, remote: RemoteTemplate | None) -> None:
    """The provider did it: its answer becomes ours, except for what a webhook or a sync has told since."""
    with transaction.atomic():
        # Templates are locked before submissions, and in the order of their ids, as a sync does.
        if remote is None:
            deleted_mark(templates_deleted_with(submission.template), source=PORTAL, by=submission.asked_by)
        else:
            template = Template.objects.select_for_update(no_key=True).get(pk=submission.template_id)
            facts = remote_facts(remote, told=told_since(template, submission.asked_at))
            template_change(template, _as_asked(facts, submission), source=PORTAL, by=submission.asked_by)
        TemplateSubmission.objects.filter(pk=submission.pk).update(state=State.DONE, settled_at=timezone.now())
    submission.refresh_from_db()
