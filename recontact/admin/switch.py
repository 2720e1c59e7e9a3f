"""The dispatch switch has a page in place of a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase

from recontact.admin.base import ReadOnlyAdmin
from recontact.admin_pages.switch import SwitchPage
from recontact.models import DispatchSwitch


@admin.register(DispatchSwitch)
class DispatchSwitchAdmin(ReadOnlyAdmin):
    """One row: its list is the page of the switch."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return SwitchPage.as_view()(request)
