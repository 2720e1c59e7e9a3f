"""What the Manager's lists share. The books are kept by services, so most lists can only be looked at."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from recontact.models import Message
from recontact.phones import phone_for

#: Unfold's label colours by message state, the same as the badges of the pages.
STATE_LABELS: dict[str, str] = {
    **dict.fromkeys(Message.State.values, ""),
    Message.State.ACCEPTED: "primary",
    Message.State.SENT: "primary",
    Message.State.DELIVERED: "success",
    Message.State.READ: "success",
    Message.State.FAILED: "danger",
    Message.State.REJECTED: "danger",
    Message.State.UNCERTAIN: "warning",
    Message.State.EXPIRED: "warning",
}


class ReadOnlyAdmin(ModelAdmin):
    """A list that nobody edits here: rows come from services. It may be huge, so nobody counts it."""

    list_filter_submit = True
    paginator = InfinitePaginator
    list_fullwidth = True
    show_full_result_count = False
    list_per_page = 50
    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def see_phones(request: HttpRequest) -> bool:
    return request.user.has_perm("recontact.see_phones")


def see_costs(request: HttpRequest) -> bool:
    return request.user.has_perm("recontact.see_costs")


def person(name: str, phone: str | None, *, whole: bool) -> str:
    """A customer in a list: the name with the phone under it, masked unless `whole`."""
    shown = phone_for(phone, whole=whole)
    if not name:
        return shown or "—"
    return format_html('{}<br><span class="small nowrap">{}</span>', name, shown)
