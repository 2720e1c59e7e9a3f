"""Provider accounts in the Manager."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from providers.accounts import account_credentials_merge
from providers.admin.base import ParkableAdmin
from providers.admin_pages import accounts as pages
from providers.admin_pages.codes import codes_page
from providers.capability_words import Ability, abilities_shown
from providers.forms import PREFIX, AccountAddForm, AccountForm, account_form
from providers.models import ProviderAccount
from providers.registry import BadAdapter, UnknownProvider, adapter_class_known
from providers.webhook_setup import webhook_setup


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ParkableAdmin):
    """Accounts with their credentials. A stored secret is never shown again."""

    list_display = ["name", "provider_shown", "external_id", "sending_shown", "numbers_shown", "webhook_shown"]
    search_fields = ["name", "external_id"]
    ordering = ["name"]
    change_form_outer_before_template = "providers/account_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderAccount]:
        rows: QuerySet[ProviderAccount] = super().get_queryset(request)
        return rows.annotate(numbers_count=Count("numbers"))

    def get_form(
        self, request: HttpRequest, obj: ProviderAccount | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[ProviderAccount]]:
        if obj is None:
            kwargs["form"] = AccountAddForm
        elif self.has_change_permission(request, obj):
            kwargs["form"] = _form_of(obj)
        form: type[ModelForm[ProviderAccount]] = super().get_form(request, obj, change=change, **kwargs)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: ProviderAccount | None = None) -> list[tuple[Any, Any]]:
        fields = ["name", "provider" if obj is None else "provider_shown", "external_id", "time_zone", "is_active"]
        if obj is None or not self.has_change_permission(request, obj):
            return [(None, {"fields": fields})]
        credentials = [PREFIX + field.name for field in _form_of(obj).credential_fields]
        return [(None, {"fields": fields}), (_("Credentials"), {"fields": credentials})]

    def get_readonly_fields(self, request: HttpRequest, obj: ProviderAccount | None = None) -> list[str]:
        return [] if obj is None else ["provider_shown"]

    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:
        if isinstance(form, AccountForm) and form.credential_fields:
            account_credentials_merge(account=obj, values=form.credential_values())
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ProviderAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        """On to the credentials: only now is it known which the provider wants."""
        messages.success(request, _("The account is added. Enter its credentials now."))
        return HttpResponseRedirect(reverse("admin:providers_provideraccount_change", args=[obj.pk]))

    def button_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = "providers_provideraccount"
        return [
            path("codes/", wrap(codes_page), name="providers_codes"),
            path("<int:account_id>/resume/", wrap(pages.account_resume_page), name=f"{name}_resume"),
            path("<int:account_id>/numbers/", wrap(pages.numbers_sync_page), name=f"{name}_numbers"),
            path("<int:account_id>/check/", wrap(pages.checkup_start_page), name=f"{name}_check"),
            path("<int:account_id>/checkup/", wrap(pages.checkup_page), name=f"{name}_checkup"),
        ]

    def page_context(self, request: HttpRequest, row: ProviderAccount) -> dict[str, Any]:
        return {
            "resume_address": reverse("admin:providers_provideraccount_resume", args=[row.pk]),
            "sync_address": self._sync_address(row),
            "notices_address": f"{reverse('admin:providers_providernotice_changelist')}?account__id__exact={row.pk}",
            "webhook": webhook_setup(row),
            "provider_label": _provider_label(row),
            "abilities": _abilities(row),
            **pages.checkup_context(row),
        }

    def _sync_address(self, row: ProviderAccount) -> str:
        """Only where the provider lists its numbers."""
        adapter = adapter_class_known(row.provider)
        can = adapter is not None and adapter.capabilities.list_numbers
        return reverse("admin:providers_provideraccount_numbers", args=[row.pk]) if can else ""

    @display(description=_("provider"), ordering="provider")
    def provider_shown(self, account: ProviderAccount) -> str:
        return _provider_label(account)

    @display(description=_("numbers"), ordering="numbers_count")
    def numbers_shown(self, account: Any) -> int:
        return int(account.numbers_count)

    @display(description=_("last webhook"), ordering="last_webhook_at", empty_value="–")
    def webhook_shown(self, account: ProviderAccount) -> str | None:
        return naturaltime(account.last_webhook_at) if account.last_webhook_at else None


def _form_of(account: ProviderAccount) -> type[AccountForm]:
    """The form of the account's provider; without its adapter the credentials cannot be asked for."""
    try:
        return account_form(account.provider)
    except (UnknownProvider, BadAdapter):
        return AccountForm


def _abilities(account: ProviderAccount) -> list[Ability]:
    adapter = adapter_class_known(account.provider)
    return [] if adapter is None else abilities_shown(adapter.capabilities)


def _provider_label(account: ProviderAccount) -> str:
    adapter = adapter_class_known(account.provider)
    return account.provider if adapter is None else str(adapter.label)
