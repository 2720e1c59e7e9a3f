"""The pages on which a template is written: new, changed, submitted again, or entered by hand; with the bubble beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from providers.models import ProviderAccount
from templates_app.abilities import Abilities, account_abilities
from templates_app.draft_input import DraftInput, input_read
from templates_app.draft_rules import DraftProblem, draft_problems
from templates_app.draft_shown import draft_shown, languages_offered, problem_lines, problems_by_field, typed_fields
from templates_app.drafts import Draft, draft_of, draft_parsed, undraftable
from templates_app.hand import (
    HAND_STATUSES,
    HandEntry,
    entry_problems,
    template_change_by_hand,
    template_enter_by_hand,
)
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from templates_app.rendering import preview
from templates_app.selectors import template_or_404, template_parsed
from templates_app.submissions_shown import submission_message, submission_notice
from templates_app.submit import (
    NotSubmitted,
    edit_problems,
    is_local,
    may_submit_again,
    name_is_taken,
    template_discard,
    template_edit,
    template_submit,
)
from templates_app.uses import templates_needed

ADD_PERMISSION = "templates_app.add_template"
CHANGE_PERMISSION = "templates_app.change_template"
UNSETTLED = (TemplateSubmission.State.REFUSED, TemplateSubmission.State.LOST)


@dataclass(frozen=True)
class Place:
    """Where the form is: whose account, which template (None = a new one), and whether a person enters it by hand."""

    account: ProviderAccount
    template: Template | None
    by_hand: bool

    @property
    def abilities(self) -> Abilities:
        return account_abilities(self.account)

    @property
    def is_change(self) -> bool:
        """Whether name and language are fixed."""
        return self.template is not None and not is_local(self.template)

    @property
    def category_is_fixed(self) -> bool:
        """Whether WhatsApp lets the category be changed no more."""
        change = self.is_change and self.template is not None and not self.by_hand
        return change and self.template is not None and self.template.status == TemplateStatus.APPROVED

    def problems(self, found: DraftInput) -> list[DraftProblem]:
        """What is wrong with the form as it is now."""
        but = self.template.pk if self.template is not None else None
        if self.by_hand:
            return entry_problems(found.draft, found.entry, account=self.account, but=but)
        draft = found.draft
        taken = name_is_taken(account_id=self.account.pk, name=draft.name, language=draft.language, but=but)
        return draft_problems(draft, carried=self.abilities.parts, taken=taken, existing=self.is_change)


def template_new_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """First the account, then the form, then the submission."""
    _require(request, ADD_PERMISSION)
    place = _new_place(request.GET)
    if place is None:
        return _accounts_page(model_admin, request)
    if request.method == "POST":
        return _submitted(model_admin, request, place)
    draft = _draft_to_begin_with(place, request.GET.get("like", ""))
    return _form_page(model_admin, request, place, DraftInput(draft, HandEntry()))


def template_edit_page(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Change a template, or submit again one that was refused or did not arrive."""
    _require(request, CHANGE_PERMISSION)
    template = template_or_404(object_id)
    place = Place(template.account, template, template.by_hand)
    why_not = _why_not(template)
    if why_not:
        for problem in why_not:
            messages.error(request, str(problem.sentence))
        return HttpResponseRedirect(_page_of(template))
    if request.method == "POST":
        return _submitted(model_admin, request, place)
    entry = HandEntry(template.namespace, template.external_id, template.status)
    return _form_page(model_admin, request, place, DraftInput(_draft_to_change(template), entry))


def draft_live_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """The live parts, for HTMX: the bubble and the problems while somebody types, or the fields after a button was added."""
    if not (request.user.has_perm(ADD_PERMISSION) or request.user.has_perm(CHANGE_PERMISSION)):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    place = _posted_place(request.POST)
    found = _fixed(place, input_read(request.POST))
    problems = place.problems(found)
    part = request.POST.get("part", "")
    context = _form_context(place, found, problems, typed_only=True)
    context |= {"part": part, "live": True, "typed_fields": typed_fields(found.draft), "added": _added(request.POST)}
    return render(request, f"templates_app/draft/{'fields' if part == 'fields' else 'live'}.html", context)


# --- what a click on the button does ---------------------------------------------------------------------------------


def _submitted(model_admin: ModelAdmin, request: HttpRequest, place: Place) -> HttpResponse:
    found = _fixed(place, input_read(request.POST))
    try:
        address = _enter(request, place, found) if place.by_hand else _ask(request, place, found.draft)
    except NotSubmitted as refused:
        # The service stops at what it sees first; a person is told everything at once.
        problems = place.problems(found)
        problems += [problem for problem in refused.problems if problem not in problems]
        return _form_page(model_admin, request, place, found, problems=problems, status=400)
    return HttpResponseRedirect(address)


def _enter(request: HttpRequest, place: Place, found: DraftInput) -> str:
    if place.template is None:
        template = template_enter_by_hand(
            account_id=place.account.pk, draft=found.draft, entry=found.entry, user=request.user
        )
    else:
        template = template_change_by_hand(
            template_id=place.template.pk, draft=found.draft, entry=found.entry, user=request.user
        )
    messages.success(request, _("The template is written down."))
    return _page_of(template)


def _ask(request: HttpRequest, place: Place, draft: Draft) -> str:
    """Submit, change or submit again; where the person goes next."""
    template = place.template
    if template is None or may_submit_again(template):
        submission = template_submit(account_id=place.account.pk, draft=draft, user=request.user)
        if template is not None and template.pk != submission.template_id and is_local(template):
            template_discard(template_id=template.pk)
    else:
        submission = template_edit(template_id=template.pk, draft=draft, user=request.user)
    submission_message(request, submission)
    if submission.state == TemplateSubmission.State.REFUSED:
        return reverse("admin:templates_app_template_edit", args=[submission.template_id])
    return _page_of(submission.template)


# --- the page --------------------------------------------------------------------------------------------------------


def _form_page(
    model_admin: ModelAdmin,
    request: HttpRequest,
    place: Place,
    found: DraftInput,
    *,
    problems: Sequence[DraftProblem] | None = None,
    status: int = 200,
) -> HttpResponse:
    """`problems` None = a form that nobody has sent yet: it complains about nothing beside its fields."""
    shown = place.problems(found) if problems is None else problems
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": _title(place),
        "notice": submission_notice(place.template) if place.template is not None else None,
        "general_problems": [problem.sentence for problem in problems or () if not problem.field],
        "uses": templates_needed([place.template.pk]) if place.is_change and place.template is not None else [],
        **_form_context(place, found, shown, typed_only=problems is None),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "templates_app/draft/form.html", context, status=status)


def _form_context(
    place: Place, found: DraftInput, problems: Sequence[DraftProblem], *, typed_only: bool
) -> dict[str, Any]:
    draft = found.draft
    errors = problems_by_field(problems, typed_only=typed_only)
    return {
        "place": place,
        "account": place.account,
        "entry": found.entry,
        "hand_statuses": [(status.value, status.label) for status in HAND_STATUSES],
        "categories": [
            choice for choice in Template.Category.choices if place.by_hand or choice[0] != "authentication"
        ],
        "languages": languages_offered(place.account),
        "problem_lines": problem_lines(problem for problem in problems if problem.field),
        "bubble": preview(draft_parsed(draft)),
        **draft_shown(draft, place.abilities, errors),
    }


def _accounts_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    accounts = ProviderAccount.objects.filter(is_active=True).order_by("name")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("New template"),
        "choices": [(account, account_abilities(account)) for account in accounts],
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "templates_app/draft/accounts.html", context)


def _title(place: Place) -> str:
    if place.by_hand:
        return _("Template entered by hand")
    if place.template is None:
        return _("New template")
    return _("Change %(template)s") % {"template": place.template}


def _added(data: QueryDict) -> bool:
    return data.get("do", "").startswith("add-")


# --- where the form is -----------------------------------------------------------------------------------------------


def _new_place(data: QueryDict) -> Place | None:
    """The place of a new template; None while the account, or a way that it has, is not chosen."""
    chosen = data.get("account", "")
    if not chosen:
        return None
    account = _account_or_404(chosen)
    by_hand = data.get("by_hand") == "1"
    return Place(account, None, by_hand) if by_hand or account_abilities(account).submit else None


def _posted_place(data: QueryDict) -> Place:
    if chosen := data.get("template", ""):
        template = template_or_404(chosen)
        return Place(template.account, template, template.by_hand)
    return Place(_account_or_404(data.get("account", "")), None, data.get("by_hand") == "1")


def _account_or_404(chosen: str) -> ProviderAccount:
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) <= 18):
        raise Http404
    return get_object_or_404(ProviderAccount, pk=int(chosen), is_active=True)


def _fixed(place: Place, found: DraftInput) -> DraftInput:
    """What may not be changed is not read from the browser."""
    if not place.is_change or place.template is None:
        return found
    fixed = {"name": place.template.name, "language": place.template.language}
    if place.category_is_fixed:
        fixed["category"] = place.template.category
    return DraftInput(found.draft.with_identity(**fixed), found.entry)


def _why_not(template: Template) -> list[DraftProblem]:
    """Why the form cannot be opened for this template."""
    if template.by_hand:
        return []
    if may_submit_again(template):
        found = undraftable(template_parsed(template), template.category)
        return [DraftProblem("", blocker.code, blocker.sentence) for blocker in found]
    return edit_problems(template)


def _draft_to_begin_with(place: Place, like: str) -> Draft:
    """An empty draft; with the id of a template in `like`, one with its text, for another name or language."""
    if not like:
        return Draft(language=languages_offered(place.account)[0][0], category="utility")
    model = template_or_404(like)
    parsed = template_parsed(model)
    if undraftable(parsed, model.category):
        raise Http404
    return draft_of(parsed, name=model.name, language=model.language, category=model.category)


def _draft_to_change(template: Template) -> Draft:
    """The template as it is; after a change that was refused or did not arrive, that change."""
    last = template.submissions.first()
    if last is not None and last.kind == TemplateSubmission.Kind.EDIT and last.state in UNSETTLED:
        template.components, template.parameter_format = last.components, last.parameter_format
        template.category = last.category
    parsed = template_parsed(template)
    return draft_of(parsed, name=template.name, language=template.language, category=template.category)


def _page_of(template: Template) -> str:
    return reverse("admin:templates_app_template_change", args=[template.pk])


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
