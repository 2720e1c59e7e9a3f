"""The filters of the queries' list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from recontact.models import Query
from recontact.selectors import queries_recontacted, queries_window, recontactable


class WindowFilter(DropdownFilter):
    title = _("24-hour window")
    parameter_name = "window"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("closed", _("Closed")), ("open", _("Open"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Query]) -> QuerySet[Query]:
        value = self.value()
        return queries_window(queryset, is_open=value == "open") if value in ("open", "closed") else queryset


class RecontactFilter(DropdownFilter):
    title = _("recontact")
    parameter_name = "recontact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("ready", _("Can be recontacted now")),
            ("unused", _("Not yet recontacted")),
            ("used", _("Recontacted")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Query]) -> QuerySet[Query]:
        value = self.value()
        if value == "ready":
            return recontactable(queryset)
        return queries_recontacted(queryset, used=value == "used") if value in ("used", "unused") else queryset


class AgeFilter(DropdownFilter):
    title = _("silent for")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("1", _("More than a day")),
            ("3", _("More than 3 days")),
            ("7", _("More than a week")),
            ("30", _("More than 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Query]) -> QuerySet[Query]:
        value = self.value()
        if value not in ("1", "3", "7", "30"):
            return queryset
        return queryset.filter(activity_at__lt=timezone.now() - timedelta(days=int(value)))
