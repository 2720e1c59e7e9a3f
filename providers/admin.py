"""Provider accounts, numbers, prices and the webhook inbox in the Manager."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from providers import admin_pages
from providers.accounts import account_credentials_merge
from providers.forms import PREFIX, AccountAddForm, AccountForm, account_form
from providers.models import (
    Portfolio,
    ProviderAccount,
    ProviderCall,
    ProviderNotice,
    Rate,
    RateCard,
    SenderNumber,
    WebhookDelivery,
)
from providers.parking import Parkable
from providers.rates.usage import card_in_use
from providers.registry import BadAdapter, UnknownProvider, adapter_class

QUALITY_LABELS = {"GREEN": "success", "YELLOW": "warning", "RED": "danger"}
DELIVERY_LABELS = {"processed": "success", "partial": "warning", "failed": "danger"}
SENDING_LABELS = {"sending": "success", "parked": "danger", "off": "info"}
NOTICES_SHOWN = 10


class ReadOnlyAdmin(ModelAdmin):
    """A list that nobody edits here: its rows come from services."""

    list_filter_submit = True
    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ParkableAdmin(ModelAdmin):
    """What accounts and numbers share: whether they may send, and the buttons of their pages."""

    change_form_outer_before_template = "providers/account_actions.html"

    @display(description=_("sending"), label=SENDING_LABELS)
    def sending_shown(self, row: Any) -> tuple[str, Any]:
        return _sending(row)

    def get_urls(self) -> list[URLPattern]:
        """The buttons' addresses before the page's own, which takes anything for an id."""
        urls: list[URLPattern] = super().get_urls()
        return [*self.button_urls(), *urls]

    def button_urls(self) -> list[URLPattern]:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = {} if row is None else {"may_change": self.has_change_permission(request), **self.actions_of(row)}
        response: HttpResponse = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        return response

    def actions_of(self, row: Any) -> dict[str, Any]:
        """What the template of the buttons needs."""
        raise NotImplementedError


def _sending(row: Parkable) -> tuple[str, Any]:
    if row.is_parked:
        return "parked", _("stopped")
    if not row.is_active:  # type: ignore[attr-defined]  # both parkables here have it
        return "off", _("switched off")
    return "sending", _("may send")


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ParkableAdmin):
    """Accounts with their credentials. A stored secret is never shown again."""

    list_display = ["name", "provider_shown", "external_id", "sending_shown", "numbers_shown", "webhook_shown"]
    search_fields = ["name", "external_id"]
    ordering = ["name"]

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
        fields = ["name", "provider" if obj is None else "provider_shown", "external_id", "is_active"]
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
        return [
            path(
                "<int:account_id>/resume/",
                wrap(admin_pages.account_resume_page),
                name="providers_provideraccount_resume",
            ),
            path(
                "<int:account_id>/numbers/",
                wrap(admin_pages.numbers_sync_page),
                name="providers_provideraccount_numbers",
            ),
        ]

    def actions_of(self, row: ProviderAccount) -> dict[str, Any]:
        return {
            "resume_address": reverse("admin:providers_provideraccount_resume", args=[row.pk]),
            "sync_address": reverse("admin:providers_provideraccount_numbers", args=[row.pk]),
            "webhook_address": row.webhook_url,
            "notices": row.notices.all()[:NOTICES_SHOWN],
        }

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


def _provider_label(account: ProviderAccount) -> str:
    try:
        return str(adapter_class(account.provider).label)
    except (UnknownProvider, BadAdapter):
        return account.provider


@admin.register(SenderNumber)
class SenderNumberAdmin(ParkableAdmin):
    """Sender numbers: quality, speed, limit."""

    list_display = [
        "phone",
        "display_name",
        "account",
        "sending_shown",
        "quality_shown",
        "throughput",
        "limit_shown",
    ]
    list_select_related = ["account", "portfolio"]
    list_filter = [("account", RelatedDropdownFilter), ("quality", ChoicesDropdownFilter)]
    list_filter_submit = True
    search_fields = ["phone", "display_name", "external_id"]
    fields = ["account", "portfolio", "phone", "display_name", "external_id", "throughput", "quality", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: SenderNumber | None = None) -> list[str]:
        # Queries and messages belong to the number as it is.
        return ["quality"] if obj is None else ["account", "phone", "quality"]

    def button_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(admin_pages.number_resume_page)
        return [path("<int:number_id>/resume/", view, name="providers_sendernumber_resume")]

    def actions_of(self, row: SenderNumber) -> dict[str, Any]:
        return {
            "resume_address": reverse("admin:providers_sendernumber_resume", args=[row.pk]),
            "notices": row.notices.all()[:NOTICES_SHOWN],
        }

    @display(description=_("quality"), ordering="quality", label=QUALITY_LABELS)
    def quality_shown(self, number: SenderNumber) -> tuple[str, str]:
        return number.quality, number.get_quality_display()

    @display(description=_("recipients in 24 h"), empty_value="–")
    def limit_shown(self, number: SenderNumber) -> int | None:
        return number.portfolio.messaging_limit if number.portfolio else None


@admin.register(Portfolio)
class PortfolioAdmin(ModelAdmin):
    """Portfolios, whose numbers share a limit."""

    list_display = ["name", "external_id", "messaging_limit"]
    search_fields = ["name", "external_id"]


class RateInline(TabularInline):
    """The prices of a card; none of them changes once a message was priced with the card."""

    model = Rate
    extra = 1
    fields = ["market", "category", "price"]

    def has_add_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_delete_permission(request, obj))


def _is_open(card: RateCard | None) -> bool:
    return card is None or not card_in_use(card.pk)


@admin.register(RateCard)
class RateCardAdmin(ModelAdmin):
    """Rate cards by date. A card in use can only be looked at."""

    list_display = ["name", "account", "currency", "valid_from", "is_sample"]
    list_select_related = ["account"]
    list_filter = [("account", RelatedDropdownFilter)]
    list_filter_submit = True
    fields = ["account", "name", "currency", "valid_from", "source", "is_sample"]
    inlines = [RateInline]
    change_form_outer_before_template = "providers/card_in_use.html"

    def has_change_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: RateCard | None = None) -> bool:
        return _is_open(obj) and bool(super().has_delete_permission(request, obj))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        card = self.get_object(request, object_id)
        context = {"card_in_use": not _is_open(card), **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The webhook inbox."""

    list_display = ["id", "account", "state_shown", "received_at", "items", "problems_shown", "runs"]
    list_display_links = ["id"]
    list_select_related = ["account"]
    list_filter = [("state", ChoicesDropdownFilter), ("account", RelatedDropdownFilter)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return rows.defer("body", "headers")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(admin_pages.delivery_replay_page)
        urls: list[URLPattern] = super().get_urls()
        return [path("<int:delivery_id>/replay/", view, name="providers_webhookdelivery_replay"), *urls]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return admin_pages.delivery_page(self, request, object_id)

    @display(description=_("state"), ordering="state", label=DELIVERY_LABELS)
    def state_shown(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description=_("problems"))
    def problems_shown(self, delivery: WebhookDelivery) -> int:
        return len(delivery.problems)


@admin.register(ProviderCall)
class ProviderCallAdmin(ReadOnlyAdmin):
    """Management calls, as they may be kept."""

    list_display = ["made_at", "account", "purpose", "method", "url", "status", "duration_ms", "error"]
    list_select_related = ["account"]
    list_filter = [("account", RelatedDropdownFilter), "purpose"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderCall]:
        rows: QuerySet[ProviderCall] = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("_changelist")
        return rows.defer("request", "response") if is_list else rows


@admin.register(ProviderNotice)
class ProviderNoticeAdmin(ReadOnlyAdmin):
    """What providers said about accounts and numbers."""

    list_display = ["occurred_at", "account", "number", "event", "detail"]
    list_select_related = ["account", "number"]
    list_filter = [("account", RelatedDropdownFilter)]
