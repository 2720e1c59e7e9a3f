"""Reading templates: typed, with why they cannot be sent, and those that can."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypedDict

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, WithAnnotations

from providers.contracts import JsonObject
from providers.models import ProviderAccount
from templates_app.components import Blocker, ParsedTemplate, parse_components
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from templates_app.rejections import rejection_of
from templates_app.sentences import sentence

STATUS_SENTENCES: dict[str, StrOrPromise] = {
    TemplateStatus.DRAFT: _("WhatsApp has not been asked to approve the template. Submit it."),
    TemplateStatus.PENDING: _("WhatsApp is still reviewing the template."),
    TemplateStatus.REJECTED: _("WhatsApp rejected the template. Change it and submit it again."),
    TemplateStatus.PAUSED: _("WhatsApp paused the template because people blocked or reported it."),
    TemplateStatus.DISABLED: _("WhatsApp disabled the template for good. Create another one."),
    TemplateStatus.IN_APPEAL: _("WhatsApp is looking at the appeal against its decision on the template."),
    TemplateStatus.PENDING_DELETION: _("The template is being deleted at the provider."),
    TemplateStatus.DELETED: _("The template was deleted at the provider."),
    TemplateStatus.LIMIT_EXCEEDED: _("The account has more templates than WhatsApp allows."),
    TemplateStatus.ARCHIVED: _("The template is archived at the provider."),
    TemplateStatus.LOCKED: _("WhatsApp locked the template."),
    TemplateStatus.UNKNOWN: _("The provider gives the template a status that the portal does not know."),
}
IN_DOUBT = _("It is not certain yet whether the provider has the template. The next sync tells.")


def template_parsed(template: Template) -> ParsedTemplate:
    """The template's components as typed values."""
    return parse_components(template.components, template.parameter_format)


def template_blockers(template: Template) -> list[Blocker]:
    """Why the template cannot be sent now, in plain words; empty = it can. Reads `template.account`."""
    blockers = []
    if template.status != TemplateStatus.APPROVED:
        blockers.append(Blocker("status", _status_sentence(template)))
    if template.missing_since is not None:
        blockers.append(Blocker("missing", _("The provider no longer lists the template. Sync the templates.")))
    if template.is_parked:
        blockers.append(Blocker("parked", sentence(_("Sending it is stopped: %(why)s"), why=template.parked_sentence)))
    blockers.extend(_account_blockers(template.account))
    blockers.extend(template_parsed(template).not_sendable)
    return blockers


def templates_sendable(*, account: ProviderAccount | None = None) -> QuerySet[Template]:
    """Approved, listed by the provider, not parked, of an active account that is not parked either.

    Whether the portal understands all components is not in the database: ask `template_blockers` for the one chosen.
    """
    templates = Template.objects.filter(
        _not_parked(""),
        _not_parked("account__"),
        status=TemplateStatus.APPROVED,
        missing_since__isnull=True,
        account__is_active=True,
    )
    if account is not None:
        templates = templates.filter(account=account)
    return templates.select_related("account")


def template_in_doubt(template: Template) -> bool:
    """Whether something asked of the provider about the template is not settled; no query for one of `templates_listed`."""
    known = getattr(template, "in_doubt", None)
    return template.submissions.filter(state__in=TemplateSubmission.OPEN).exists() if known is None else bool(known)


class TemplateDoubt(TypedDict):
    """What `templates_listed` adds: whether something asked of the provider about the template is not settled."""

    in_doubt: bool


def templates_listed() -> QuerySet[WithAnnotations[Template, TemplateDoubt]]:
    """All templates for a list, with their account, and `in_doubt`; one query."""
    unsettled = TemplateSubmission.objects.filter(template=OuterRef("pk"), state__in=TemplateSubmission.OPEN)
    return Template.objects.select_related("account").annotate(in_doubt=Exists(unsettled))


def template_or_404(object_id: str) -> Template:
    """The template with its account. Raises Http404, also for what is no id at all."""
    # Eighteen digits always fit the database's bigint.
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= 18):
        raise Http404
    return get_object_or_404(templates_listed(), pk=int(object_id))


class TemplateCounts(TypedDict):
    """What `accounts_with_templates` counts."""

    template_count: int
    sendable_count: int


def accounts_with_templates() -> QuerySet[WithAnnotations[ProviderAccount, TemplateCounts]]:
    """The active accounts with `template_count` and `sendable_count` (approved and listed); one query."""
    sendable = Q(templates__status=TemplateStatus.APPROVED, templates__missing_since__isnull=True)
    accounts = ProviderAccount.objects.filter(is_active=True).annotate(
        template_count=Count("templates"), sendable_count=Count("templates", filter=sendable)
    )
    # Counting drops the model's own order.
    return accounts.order_by("name")


def template_uses(template: Template) -> tuple[int, Any]:
    """How many messages used the template, and when the last one was queued (None = never)."""
    # The relation is declared by the app above, so it is reached by name.
    messages: QuerySet[Any] = getattr(template, "messages").all()  # noqa: B009
    found = messages.aggregate(count=Count("pk"), last=Max("created_at"))
    return found["count"], found["last"]


def content_hash(components: Sequence[JsonObject], parameter_format: str) -> str:
    """SHA-256 (hex) of what a send depends on: the components without their examples, and the parameter format.

    Examples are left out because the provider signs their media addresses anew at each listing. The category is not
    content.
    """
    content = {"components": _without_examples(list(components)), "parameter_format": parameter_format.upper()}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _status_sentence(template: Template) -> StrOrPromise:
    if template.status == TemplateStatus.REJECTED and template.rejection_reason:
        why = rejection_of(template.rejection_reason).why
        return sentence(_("WhatsApp rejected the template. %(why)s"), why=why)
    if template.status == TemplateStatus.DRAFT and template_in_doubt(template):
        return IN_DOUBT
    return STATUS_SENTENCES.get(template.status, STATUS_SENTENCES[TemplateStatus.UNKNOWN])


def _account_blockers(account: ProviderAccount) -> list[Blocker]:
    blockers = []
    if not account.is_active:
        text = sentence(_("The account %(account)s is switched off."), account=account.name)
        blockers.append(Blocker("account_inactive", text))
    if account.is_parked:
        text = sentence(
            _("The account %(account)s is stopped: %(why)s"), account=account.name, why=account.parked_sentence
        )
        blockers.append(Blocker("account_parked", text))
    return blockers


def _not_parked(prefix: str) -> Q:
    return Q(**{f"{prefix}parked_at__isnull": True}) | Q(**{f"{prefix}parked_until__lte": Now()})


def _without_examples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_examples(item) for key, item in value.items() if key != "example"}
    return [_without_examples(item) for item in value] if isinstance(value, list) else value
