"""Subscriptions to events, kept by administrators, and the list of what they were told."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from providers.admin.filters import DayRangeFilter
from recontact.admin.base import ReadOnlyAdmin
from recontact.admin_pages.subscriptions import OutgoingEventPage, SubscriptionActionPage, subscription_context
from recontact.models import OutgoingEvent, Subscription
from recontact.outgoing.call import address_problem
from recontact.outgoing.keeping import events_replay, secret_renew, subscription_delete

STATE_LABELS = {"active": "success", "paused": "warning", "failing": "danger"}
STANDING_LABELS = {"waiting": "warning", "delivered": "success", "failed": "danger"}
_OFFERED = [choice for choice in OutgoingEvent.Kind.choices if choice[0] != OutgoingEvent.Kind.TEST]


class SubscriptionForm(forms.ModelForm[Subscription]):
    """Whom to tell, where, and what."""

    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"), choices=_OFFERED, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Subscription
        fields = ["name", "url", "events", "whole_phones", "with_text"]
        widgets = {"url": UnfoldAdminTextInputWidget(attrs={"inputmode": "url", "placeholder": "https://"})}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        problem = address_problem(url)
        if problem:
            raise forms.ValidationError(problem)
        return url


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    """Systems that are told of events. The secret is shown once, when it is made."""

    form = SubscriptionForm
    list_display = ("name", "host", "events_shown", "state_shown", "failing_since")
    search_fields = ("name", "url")
    change_form_outer_before_template = "recontact/manager/subscription.html"
    actions: Any = None

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view(SubscriptionActionPage.as_view())
        urls: list[URLPattern] = super().get_urls()
        return [path("<int:subscription_id>/do/<str:action>/", wrapped, name="recontact_subscription_do"), *urls]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), **subscription_context(object_id)}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        if change:
            # A worker may have leased or paused it since the form was read.
            obj.save(update_fields=form.changed_data)
            return
        secret = secret_renew(obj)
        obj.created_by = request.user  # type: ignore[assignment]  # nobody without a login comes here
        super().save_model(request, obj, form, change)
        text = _("Copy the secret that signs the events now, it is never shown again: %(secret)s")
        messages.warning(request, text % {"secret": secret})

    def response_add(
        self, request: HttpRequest, obj: Subscription, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:recontact_subscription_change", args=[obj.pk]))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The page says what goes without listing each event there ever was."""
        return [str(obj) for obj in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: Subscription) -> None:
        subscription_delete(obj)

    @display(description=gettext_lazy("Address"))
    def host(self, subscription: Subscription) -> str:
        return urlsplit(subscription.url).hostname or ""

    @display(description=gettext_lazy("Events"))
    def events_shown(self, subscription: Subscription) -> str:
        names = dict(OutgoingEvent.Kind.choices)
        return ", ".join(str(names.get(kind, kind)) for kind in subscription.events)

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_LABELS)
    def state_shown(self, subscription: Subscription) -> tuple[str, str]:
        return subscription.state, str(subscription.get_state_display())


@admin.register(OutgoingEvent)
class OutgoingEventAdmin(ReadOnlyAdmin):
    """What subscriptions were told, are to be told, and could not be told."""

    list_display = (
        "event",
        "subject_shown",
        "subscription",
        "standing_shown",
        "tries_shown",
        "created_at",
        "settled_at",
    )
    list_display_links = ("event",)
    list_select_related = ("subscription",)
    list_filter = (
        ("subscription", RelatedDropdownFilter),
        ("standing", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    ordering = ("-id",)
    actions = ("replay_selected",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recontact.change_subscription")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return OutgoingEventPage.as_view()(request, event_id=int(object_id))

    @action(description=gettext_lazy("Send the selected events again"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[OutgoingEvent]) -> None:
        count = events_replay(OutgoingEvent.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))))
        self.message_user(request, _("Events that are sent again: %(count)s.") % {"count": count})

    @display(description=gettext_lazy("Event"))
    def event(self, event: OutgoingEvent) -> str:
        return f"#{event.pk} · {event.get_kind_display()}"

    @display(description=gettext_lazy("About"))
    def subject_shown(self, event: OutgoingEvent) -> str:
        return event.subject_words

    @display(description=gettext_lazy("tries"), ordering="tries")
    def tries_shown(self, event: OutgoingEvent) -> str:
        return _("%(tries)s, sent again") % {"tries": event.tries} if event.replayed_at else str(event.tries)

    @display(description=gettext_lazy("standing"), ordering="standing", label=STANDING_LABELS)
    def standing_shown(self, event: OutgoingEvent) -> tuple[str, str]:
        return event.standing, str(event.get_standing_display())
