"""The history of messages: list, and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    MultipleChoicesDropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from providers.admin.filters import DayRangeFilter
from providers.delivery_keys import looks_like_phone
from recontact.admin.base import STATE_LABELS, ReadOnlyAdmin, person, see_costs, see_phones
from recontact.admin_pages.campaign_retry import MessageRetryPage
from recontact.admin_pages.message import MessageCancelPage, MessagePage
from recontact.admin_pages.send import SendPage, SendPreview
from recontact.admin_pages.uncertain import SettlePage, UncertainPage
from recontact.costs.money import money_text
from recontact.message_search import messages_wanted
from recontact.models import Message


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every message that was ever queued."""

    list_display_links = ("number",)
    list_filter = (
        ("state", MultipleChoicesDropdownFilter),
        ("account", RelatedDropdownFilter),
        ("sender_number", RelatedDropdownFilter),
        ("template", AutocompleteSelectFilter),
        ("origin", MultipleChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    search_fields = ("reference",)
    search_help_text = _("Phone, name, reference, or the provider's id of the message")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # The page of costs leads here.
        return lookup == "account__provider__exact" or bool(super().lookup_allowed(lookup, value, request))

    def get_list_display(self, request: HttpRequest) -> list[str]:
        customer = "customer_whole" if see_phones(request) else "customer_masked"
        price = ["price"] if see_costs(request) else []
        return [
            "number",
            customer,
            "what",
            "shown_state",
            "through",
            *price,
            "sender",
            "queued",
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows: QuerySet[Message] = super().get_queryset(request)
        return rows.select_related("customer", "sender_number", "created_by").defer("components", "bubble", "body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        by_phone = see_phones(request)
        if looks_like_phone(search_term.strip()) and not by_phone:
            messages.warning(request, _("Your role may not search by phone, so only ids were searched."))
        return queryset.filter(messages_wanted(search_term, by_phone=by_phone)), False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            path("send/", wrap(SendPage.as_view()), name="recontact_message_send"),
            path("send/preview/", wrap(SendPreview.as_view()), name="recontact_message_send_preview"),
            path("uncertain/", wrap(UncertainPage.as_view()), name="recontact_message_uncertain"),
            path("<int:message_id>/settle/", wrap(SettlePage.as_view()), name="recontact_message_settle"),
            path("<int:message_id>/cancel/", wrap(MessageCancelPage.as_view()), name="recontact_message_cancel"),
            path("<int:message_id>/retry/", wrap(MessageRetryPage.as_view()), name="recontact_message_retry"),
        ]
        return [*pages, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return MessagePage.as_view()(request, message_id=int(object_id))

    @display(description=_("Message"), ordering="id")
    def number(self, message: Message) -> str:
        return f"#{message.pk}"

    @display(description=_("Customer"))
    def customer_whole(self, message: Message) -> str:
        return person(message.customer.name, message.customer.phone, whole=True)

    @display(description=_("Customer"))
    def customer_masked(self, message: Message) -> str:
        return person(message.customer.name, message.customer.phone, whole=False)

    @display(description=_("Template"))
    def what(self, message: Message) -> str:
        if message.kind != Message.Kind.TEMPLATE:
            return str(message.get_kind_display())
        return f"{message.template_name} · {message.template_language}"

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def shown_state(self, message: Message) -> tuple[str, str]:
        return message.state, str(message.get_state_display())

    @display(description=_("Number"), ordering="sender_number")
    def through(self, message: Message) -> str:
        return message.sender_number.phone_text

    @display(description=_("Sent by"), ordering="created_by")
    def sender(self, message: Message) -> str:
        by = str(message.created_by) if message.created_by is not None else "—"
        return format_html('{}<br><span class="small nowrap">{}</span>', by, message.get_origin_display())

    @display(description=_("Estimate"))
    def price(self, message: Message) -> str:
        if message.estimate is None:
            return "—"
        return format_html('<span class="nowrap">{}</span>', money_text(message.estimate, message.currency, decimals=4))

    @display(description=_("Queued"), ordering="created_at")
    def queued(self, message: Message) -> str:
        at = date_format(timezone.localtime(message.created_at), "SHORT_DATETIME_FORMAT")
        return format_html('<span class="nowrap">{}</span>', at)
