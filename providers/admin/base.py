"""What the providers' lists and pages share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from providers.fixes import fix_sentence
from providers.notice_words import notices_shown
from providers.panels import panels_for
from providers.parking import Parkable

SENDING_LABELS = {"sending": "success", "parked": "danger", "off": "info"}
NOTICES_SHOWN = 10


class ReadOnlyAdmin(ModelAdmin):
    """A list that nobody edits here: its rows come from services. It may be huge, so nobody counts it."""

    list_filter_submit = True
    paginator = InfinitePaginator
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
        context = {} if row is None else self._context(request, row)
        response: HttpResponse = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        return response

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page's template needs beside what `_context` gives."""
        raise NotImplementedError

    def _context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "may_change": self.has_change_permission(request),
            "notices": notices_shown(row.notices.all()[:NOTICES_SHOWN]),
            "panels": panels_for(request, row),
            "fix": fix_sentence(row.parked_reason) if row.is_parked else "",
            **self.page_context(request, row),
        }


def _sending(row: Parkable) -> tuple[str, Any]:
    if row.is_parked:
        return "parked", _("stopped")
    if not row.is_active:  # type: ignore[attr-defined]  # both parkables here have it
        return "off", _("switched off")
    return "sending", _("may send")
