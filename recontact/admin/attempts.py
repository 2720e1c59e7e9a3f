"""The calls for messages, as the Manager lists them: every try of every message, found by its message."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from providers.admin.filters import DayRangeFilter
from providers.delivery_keys import looks_like_phone
from recontact.admin.base import ReadOnlyAdmin, person, see_phones
from recontact.admin_pages.attempt import AttemptPage
from recontact.message_search import messages_wanted
from recontact.models import Attempt, Message
from recontact.reasons import reason_words

OUTCOME_LABELS: dict[str, str] = {
    Attempt.Outcome.CLAIMED: "",
    Attempt.Outcome.ACCEPTED: "success",
    Attempt.Outcome.REJECTED: "danger",
    Attempt.Outcome.THROTTLED: "warning",
    Attempt.Outcome.UNAVAILABLE: "warning",
    Attempt.Outcome.UNCERTAIN: "warning",
    Attempt.Outcome.LOST: "danger",
}


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Every HTTP call that a message took, newest first."""

    list_display_links = ("call",)
    list_filter = (
        ("outcome", MultipleChoicesDropdownFilter),
        ("message__account", RelatedDropdownFilter),
        ("message__sender_number", RelatedDropdownFilter),
        ("claimed_at", DayRangeFilter),
    )
    ordering = ("-id",)
    search_fields = ("message__reference",)
    search_help_text = _("#number of the message, its reference, the provider's id of it, or its customer")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        customer = "customer_whole" if see_phones(request) else "customer_masked"
        return ["call", customer, "through", "shown_outcome", "why", "answer", "made_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        rows: QuerySet[Attempt] = super().get_queryset(request)
        related = rows.select_related("message__customer", "message__sender_number", "message__account")
        return related.defer(
            "request",
            "response",
            "message__components",
            "message__bubble",
            "message__body",
            "message__account__credentials",
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Attempt], search_term: str
    ) -> tuple[QuerySet[Attempt], bool]:
        by_phone = see_phones(request)
        if looks_like_phone(search_term.strip()) and not by_phone:
            messages.warning(request, _("Your role may not search by phone, so only ids were searched."))
        wanted = messages_wanted(search_term, by_phone=by_phone)
        return (queryset.filter(message__in=Message.objects.filter(wanted).values("pk")) if wanted else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return AttemptPage.as_view()(request, attempt_id=int(object_id))

    @display(description=_("Call"))
    def call(self, attempt: Attempt) -> str:
        words = _("#%(message)s, attempt %(number)s") % {"message": attempt.message_id, "number": attempt.number}
        return format_html('<span class="nowrap">{}</span>', words)

    @display(description=_("Customer"))
    def customer_whole(self, attempt: Attempt) -> str:
        return person(attempt.message.customer.name, attempt.message.customer.phone, whole=True)

    @display(description=_("Customer"))
    def customer_masked(self, attempt: Attempt) -> str:
        return person(attempt.message.customer.name, attempt.message.customer.phone, whole=False)

    @display(description=_("Through"))
    def through(self, attempt: Attempt) -> str:
        html = '<span class="nowrap">{}</span><br><span class="small nowrap">{}</span>'
        return format_html(html, attempt.message.sender_number.phone_text, attempt.message.account)

    @display(description=_("Outcome"), ordering="outcome", label=OUTCOME_LABELS)
    def shown_outcome(self, attempt: Attempt) -> tuple[str, str]:
        return attempt.outcome, str(attempt.get_outcome_display())

    @display(description=_("Reason"))
    def why(self, attempt: Attempt) -> str:
        words = reason_words(attempt.reason)
        if not attempt.provider_code:
            return words or "—"
        code = _("code %(code)s") % {"code": attempt.provider_code}
        return format_html('{}<br><span class="small nowrap">{}</span>', words, code)

    @display(description=_("Answer"))
    def answer(self, attempt: Attempt) -> str:
        status = f"HTTP {attempt.http_status}" if attempt.http_status else "—"
        took = "" if attempt.duration_ms is None else f"{attempt.duration_ms} ms"
        return format_html('<span class="nowrap">{}</span><br><span class="small nowrap">{}</span>', status, took)

    @display(description=_("Made at"), ordering="claimed_at")
    def made_at(self, attempt: Attempt) -> str:
        at = date_format(timezone.localtime(attempt.claimed_at), "SHORT_DATETIME_FORMAT")
        return format_html('<span class="nowrap">{}</span>', at)
