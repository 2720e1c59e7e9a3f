"""What coordinators keep for Customer Service in the Manager."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from customer_service.models import (
    CannedAnswer,
    Desk,
    OpeningHours,
    Resolution,
    RoutingRule,
    SpecialDay,
    Tag,
    TeamSettings,
    Topic,
)


@admin.register(CannedAnswer)
class CannedAnswerAdmin(ModelAdmin):
    """Answers that agents reuse."""

    list_display = ("__str__", "text", "team", "is_active")
    list_filter = ("team", "is_active")
    search_fields = ("shortcut", "text")


@admin.register(Resolution)
class ResolutionAdmin(ModelAdmin):
    """The ways in which a query ends."""

    list_display = ("name", "team", "is_active")
    list_filter = ("team", "is_active")
    search_fields = ("name",)


@admin.register(Topic, Tag)
class NamedAdmin(ModelAdmin):
    """What a query may be about, and the words agents put on it. Taken off the list, they stay on the queries that have them."""

    list_display = ("name", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)


@admin.register(RoutingRule)
class RoutingRuleAdmin(ModelAdmin):
    """Where new queries go."""

    list_display = ("place", "number", "origin", "keyword", "hours", "team", "topic", "is_active")
    list_display_links = ("place", "team")
    list_filter = ("team", "is_active")
    autocomplete_fields = ("campaign",)


class OpeningHoursInline(TabularInline):
    """The hours of each weekday."""

    model = OpeningHours
    extra = 0


class SpecialDayInline(TabularInline):
    """Holidays, and days with hours of their own."""

    model = SpecialDay
    extra = 0


@admin.register(TeamSettings)
class TeamSettingsAdmin(ModelAdmin):
    """How a team's queries are given out, and when the team is there."""

    list_display = ("team", "automatic", "quota", "on_disconnection")
    inlines = (OpeningHoursInline, SpecialDayInline)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("team",) if obj is not None else ()


@admin.register(Desk)
class DeskAdmin(ModelAdmin):
    """Each agent's quota; who is at work the agents say themselves."""

    list_display = ("user", "shown_state", "quota", "since")
    fields = ("user", "state", "pause", "since", "quota")
    readonly_fields = ("user", "state", "pause", "since")
    search_fields = ("user__first_name", "user__last_name", "user__username")

    @display(
        description=_("State"),
        label={Desk.State.ONLINE: "success", Desk.State.PAUSED: "warning", Desk.State.OFFLINE: ""},
    )
    def shown_state(self, desk: Desk) -> tuple[str, str]:
        return desk.state, str(desk.get_state_display())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
