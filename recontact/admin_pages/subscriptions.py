"""What a person does with a subscription beside its form: try it, pause and resume it, a new secret, events again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from providers.credentials import CredentialsError
from recontact.admin_pages.page import ManagerPage
from recontact.models import OutgoingEvent, Subscription
from recontact.outgoing.call import Told
from recontact.outgoing.keeping import (
    events_replay,
    period_replay,
    secret_renew,
    subscription_pause,
    subscription_resume,
    subscription_test,
)

PERMISSION = "recontact.change_subscription"
SHOWN = 10
_MOMENT = "%Y-%m-%dT%H:%M"


class PeriodForm(forms.Form):
    """Which events are sent again: those noted in a period, in the user's time zone."""

    begins = forms.DateTimeField(
        label=gettext_lazy("From"), widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("Until"), widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    )
    failed_only = forms.BooleanField(
        label=gettext_lazy("Only those that were given up"), required=False, widget=UnfoldBooleanSwitchWidget
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("begins") and values.get("ends") and values["ends"] <= values["begins"]:
            self.add_error("ends", _("It would end before it begins."))
        return values


def subscription_context(object_id: str) -> dict[str, Any]:
    """What the page of a subscription shows above its form; nothing for one that there is not."""
    if not object_id.isdecimal() or len(object_id) > 18:
        return {}
    events = OutgoingEvent.objects.filter(subscription=int(object_id)).prefetch_related("attempts").order_by("-pk")
    now = timezone.localtime()
    begins = (now - timedelta(days=1)).strftime(_MOMENT)
    return {
        "events": [(event, _last_answer(event)) for event in events[:SHOWN]],
        "period_form": PeriodForm(initial={"begins": begins, "ends": now.strftime(_MOMENT), "failed_only": True}),
    }


class SubscriptionActionPage(ManagerPage):
    """One action on a subscription, by POST."""

    permission_required = PERMISSION
    http_method_names = ["post"]

    def post(self, request: HttpRequest, subscription_id: int, action: str) -> HttpResponse:
        subscription = get_object_or_404(Subscription, pk=subscription_id)
        actions = {
            "test": self._test,
            "pause": self._pause,
            "resume": self._resume,
            "secret": self._secret,
            "replay": self._replay,
        }
        if action not in actions:
            raise Http404
        actions[action](subscription)
        return redirect("admin:recontact_subscription_change", subscription.pk)

    def _test(self, subscription: Subscription) -> None:
        try:
            told = subscription_test(subscription, user=self.request.user)
        except CredentialsError as error:
            messages.error(self.request, str(error))
            return
        (messages.success if told.ok else messages.error)(self.request, _told_words(told))

    def _pause(self, subscription: Subscription) -> None:
        subscription_pause(subscription.pk)
        messages.success(self.request, _("Paused. Events go on being noted and wait."))

    def _resume(self, subscription: Subscription) -> None:
        subscription_resume(subscription.pk)
        messages.success(self.request, _("Active again. What waited is sent now."))

    def _secret(self, subscription: Subscription) -> None:
        secret = secret_renew(subscription)
        subscription.save(update_fields=["secret"])
        text = _("The old secret signs nothing any more. Copy the new one now, it is never shown again: %(secret)s")
        messages.warning(self.request, text % {"secret": secret})

    def _replay(self, subscription: Subscription) -> None:
        form = PeriodForm(self.request.POST)
        if not form.is_valid():
            messages.error(self.request, " ".join(str(error) for errors in form.errors.values() for error in errors))
            return
        count = period_replay(subscription, **form.cleaned_data)
        words = ngettext("%(count)s event is sent again.", "%(count)s events are sent again.", count)
        messages.success(self.request, words % {"count": count})


def _last_answer(event: OutgoingEvent) -> str:
    """What the address answered to the last try, or why it did not; "" before the first."""
    last = next(reversed(event.attempts.all()), None)
    if last is None:
        return ""
    return f"HTTP {last.status}" if last.status else failure_words(last.error)


def _told_words(told: Told) -> str:
    if told.status is None:
        return _("The address did not answer: %(error)s") % {"error": failure_words(told.error)}
    counts = {"status": told.status, "duration": told.duration_ms}
    if told.ok:
        return _("The address took the test event: HTTP %(status)s in %(duration)s ms.") % counts
    return _("The address refused the test event: HTTP %(status)s in %(duration)s ms.") % counts


def failure_words(error: str) -> str:
    """Why a try got no answer, in the active language; a kind of failure without words is shown by its name."""
    words = {
        "PrivateAddress": _("it leads into a private network"),
        "TimeoutError": _("it took too long"),
        "ClientConnectorError": _("no connection"),
        "ClientConnectorDNSError": _("its name is not known"),
        "ClientConnectorCertificateError": _("its certificate is not valid"),
        "ConnectionTimeoutError": _("no connection in time"),
        "ServerDisconnectedError": _("it hung up"),
    }
    return words.get(error, error)


class OutgoingEventPage(ManagerPage):
    """One event with each of its tries; by POST it is sent again."""

    permission_required = "recontact.view_outgoingevent"

    def get(self, request: HttpRequest, event_id: int) -> HttpResponse:
        rows = OutgoingEvent.objects.select_related("subscription", "actor")
        event = get_object_or_404(rows, pk=event_id)
        context = {
            "title": _("Outgoing event %(number)s") % {"number": f"#{event.pk}"},
            "event": event,
            "attempts": [(attempt, failure_words(attempt.error)) for attempt in event.attempts.order_by("-pk")],
            "may_replay": request.user.has_perm(PERMISSION)
            and event.standing != OutgoingEvent.Standing.WAITING
            and event.kind != OutgoingEvent.Kind.TEST,
        }
        return self.page("outgoing_event.html", context)

    def post(self, request: HttpRequest, event_id: int) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            return self.handle_no_permission()
        event = get_object_or_404(OutgoingEvent, pk=event_id)
        if events_replay(OutgoingEvent.objects.filter(pk=event.pk)):
            messages.success(request, _("The event is sent again, under its own id."))
        return redirect("admin:recontact_outgoingevent_change", event.pk)
