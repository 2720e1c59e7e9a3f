"""Messages without certainty and open incidents: what a person has to look at, and decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from recontact.admin_pages.page import ManagerPage
from recontact.clock import database_now
from recontact.dispatch.settlement import CannotSettle, settle_blocker, settle_from, uncertain_settle
from recontact.incidents import NoteMissing, incident_close
from recontact.ledger import CannotRelease, release_by_person
from recontact.models import Incident, Message, Recontact, Settlement

#: More than this many at once is an outage, not a list to settle by hand.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Doubt:
    """One message without certainty, with the earliest moment a person may settle it and what stands against it now."""

    message: Message
    settle_from: datetime
    blocker: CannotSettle | None


class UncertainPage(ManagerPage):
    """All messages without certainty, oldest first, and the open incidents."""

    permission_required = "recontact.settle_message"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = database_now()
        rows = Message.objects.filter(state=Message.State.UNCERTAIN).order_by("pk")
        found = list(rows.select_related("account", "customer", "sender_number", "created_by")[: SHOWN + 1])
        incidents = Incident.objects.filter(closed_at__isnull=True).select_related("message__customer", "event")
        return self.page(
            "uncertain.html",
            {
                "title": _("Without certainty"),
                "doubts": [
                    Doubt(message, settle_from(message), settle_blocker(message, now)) for message in found[:SHOWN]
                ],
                "more": len(found) > SHOWN,
                "incidents": list(incidents[:SHOWN]),
            },
        )


class SettlePage(ManagerPage):
    """A person says whether the message was sent, and how he knows."""

    permission_required = "recontact.settle_message"

    def get(self, request: HttpRequest, message_id: int) -> HttpResponse:
        return self._form(message_id)

    def post(self, request: HttpRequest, message_id: int) -> HttpResponse:
        outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
        if outcome not in Settlement.Outcome.values:
            return self._form(message_id, error=_("Say whether it was sent or not."), reason=reason, status=400)
        get_object_or_404(Message, pk=message_id)
        try:
            uncertain_settle(message_id=message_id, outcome=outcome, reason=reason, user=request.user)
        except CannotSettle as error:
            return self._form(message_id, error=error.sentence, outcome=outcome, reason=reason, status=409)
        messages.success(request, _("The message is settled, and the books are in step."))
        return redirect("admin:recontact_message_change", message_id)

    def _form(self, message_id: int, *, error: str = "", status: int = 200, **filled: str) -> HttpResponse:
        message = get_object_or_404(
            Message.objects.select_related("account", "customer", "sender_number", "created_by"), pk=message_id
        )
        context: dict[str, Any] = {
            "title": _("Settle message #%(number)s") % {"number": message_id},
            "sent": message,
            "settle_from": settle_from(message),
            "blocker": settle_blocker(message, database_now()),
            "outcomes": Settlement.Outcome.choices,
            "error": error,
            "filled": filled,
        }
        return self.page("settle.html", context, status=status)


class IncidentClosePage(ManagerPage):
    """Close an incident with a note of what was found."""

    permission_required = "recontact.change_incident"

    def post(self, request: HttpRequest, incident_id: int) -> HttpResponse:
        incident = get_object_or_404(Incident, pk=incident_id)
        try:
            closed = incident_close(incident_id=incident.pk, user=request.user, note=request.POST.get("note", ""))
        except NoteMissing:
            messages.error(request, _("Write what was found: an incident is closed with a note."))
        else:
            done, before = _("The incident is closed."), _("Somebody else had closed the incident already.")
            messages.success(request, done) if closed else messages.info(request, before)
        back = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
            return redirect(back)
        return redirect("admin:recontact_message_change", incident.message_id)


class ReleasePage(ManagerPage):
    """Give a used recontact back after a failure that was not billed."""

    permission_required = "recontact.release_recontact"

    def post(self, request: HttpRequest, recontact_id: int) -> HttpResponse:
        row = get_object_or_404(Recontact, pk=recontact_id)
        try:
            release_by_person(recontact_id=row.pk, user=request.user, reason=request.POST.get("reason", ""))
        except CannotRelease as error:
            messages.error(request, _release_refused(str(error)))
        else:
            messages.success(request, _("The recontact was given back: the query may be recontacted again."))
        return redirect("admin:recontact_message_change", row.message_id)


def _release_refused(code: str) -> str:
    if code == "reason_missing":
        return _("Write the reason: giving a recontact back is audited.")
    return _("It cannot be given back: only a message that the provider reported as failed and not billed allows it.")
