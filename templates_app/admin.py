"""Templates in the Manager: the list with why each cannot be sent, one page per template, and the pages that write one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from templates_app.abilities import account_abilities
from templates_app.admin_drafts import draft_live_page, template_edit_page, template_new_page
from templates_app.admin_pages import template_page, templates_sync_page
from templates_app.admin_submissions import template_delete_page, template_status_page
from templates_app.history import QUALITY_TONES, STATUS_TONES
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import accounts_with_templates, template_blockers, template_in_doubt, templates_listed

# Tones of the portal in the words of Unfold's labels.
LABELS = {"ok": "success", "soon": "warning", "stopped": "danger"}
STATUS_LABELS = {status: LABELS[STATUS_TONES.get(status, "stopped")] for status in TemplateStatus.values}
QUALITY_LABELS = {quality: LABELS.get(QUALITY_TONES.get(quality, ""), "") for quality in Template.Quality.values}


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    """What the provider's templates are, here and now."""

    list_display = [
        "name_shown",
        "status_shown",
        "category_shown",
        "quality_shown",
        "account",
        "synced_shown",
        "blockers_shown",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("category", ChoicesDropdownFilter),
        ("quality", ChoicesDropdownFilter),
        ("account", RelatedDropdownFilter),
        "language",
    ]
    list_per_page = 50
    search_fields = ["name", "external_id"]
    search_help_text = _("Name, or id at the provider")
    ordering = ["name", "language"]
    actions = None
    list_before_template = "templates_app/sync_strip.html"

    def get_urls(self) -> list[URLPattern]:
        """The sync's address before those of the list, which take anything for an id."""
        views = [
            path("sync/<int:account_id>/", self._page(templates_sync_page), name="templates_app_template_sync"),
            path("draft/", self._page(draft_live_page), name="templates_app_template_draft_live"),
            path("<str:object_id>/edit/", self._page(template_edit_page), name="templates_app_template_edit"),
            path("<str:object_id>/status/", self._page(template_status_page), name="templates_app_template_status"),
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*views, *urls]

    def _page(self, view: Callable[..., HttpResponse]) -> Callable[..., Any]:
        """A page of this admin, behind its login."""
        page: Callable[..., Any] = self.admin_site.admin_view(partial(view, self))
        return page

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        return templates_listed()

    def has_delete_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        accounts = list(accounts_with_templates())
        context = {
            "sync_accounts": accounts,
            "listing_accounts": {account.pk for account in accounts if account_abilities(account).listed},
            "may_sync": self.has_change_permission(request),
        }
        response: HttpResponse = super().changelist_view(request, {**context, **(extra_context or {})})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return template_page(self, request, object_id)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return template_new_page(self, request)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return template_delete_page(self, request, object_id)

    @display(description=_("template"), ordering="name", header=True)
    def name_shown(self, template: Template) -> list[str]:
        return [template.name, template.language]

    @display(description=_("status"), ordering="status", label=STATUS_LABELS)
    def status_shown(self, template: Template) -> tuple[str, StrOrPromise]:
        if template.status == TemplateStatus.DRAFT and template_in_doubt(template):
            return template.status, pgettext_lazy("template", "Uncertain")
        return template.status, template.get_status_display()

    @display(description=_("category"), ordering="category")
    def category_shown(self, template: Template) -> str:
        return template.get_category_display()

    @display(description=_("quality"), ordering="quality", label=QUALITY_LABELS)
    def quality_shown(self, template: Template) -> tuple[str, str]:
        return template.quality, template.get_quality_display()

    @display(description=_("last sync"), ordering="synced_at", empty_value="–")
    def synced_shown(self, template: Template) -> str | None:
        return naturaltime(template.synced_at) if template.synced_at else None

    @display(description=_("why it cannot be sent"), empty_value="–")
    def blockers_shown(self, template: Template) -> str | None:
        return " ".join(str(blocker.sentence) for blocker in template_blockers(template)) or None
