"""The switch that stops all sending, and what a person must look at before it goes on (docs/operations/)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from recontact.admin_pages.page import ManagerPage
from recontact.dispatch.switch import dispatch_halt, dispatch_resume, dispatch_state, identity_current
from recontact.models import DispatchSwitch, Message
from recontact.selectors import waiting_by_number

#: What was queued or under way when everything stopped is shown in full up to this many.
SHOWN = 100


class SwitchPage(ManagerPage):
    """The state of the switch, and stopping or starting with a note."""

    permission_required = "recontact.stop_dispatch"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show()

    def post(self, request: HttpRequest) -> HttpResponse:
        note = request.POST.get("note", "").strip()
        action = request.POST.get("action", "")
        if not note:
            return self._show(error=_("Write why: the note is shown to everybody."), status=400)
        if action == "halt":
            dispatch_halt(user=request.user, note=note)
            messages.warning(request, _("All sending is stopped. What a worker had already handed over is finished."))
        elif action == "resume":
            restored = dispatch_state().reason == DispatchSwitch.Reason.RESTORED
            if restored and request.POST.get("looked") != "yes":
                error = _("Confirm that you looked at what was queued or sending: the database may be an older one.")
                return self._show(error=error, note=note, status=400)
            dispatch_resume(user=request.user, note=note)
            messages.success(request, _("Sending goes on."))
        else:
            return self._show(error=_("Choose what to do."), note=note, status=400)
        return redirect("admin:recontact_dispatchswitch_changelist")

    def _show(self, *, error: str = "", note: str = "", status: int = 200) -> HttpResponse:
        switch = dispatch_state()
        states = [Message.State.SENDING, Message.State.QUEUED]
        rows = Message.objects.filter(state__in=states).select_related("customer", "sender_number")
        context = {
            "title": _("Dispatch switch"),
            "switch": switch,
            "restored": switch.halted and switch.reason == DispatchSwitch.Reason.RESTORED,
            "identity": identity_current(),
            "waiting": waiting_by_number(),
            "alive": list(rows.order_by("-state", "pk")[:SHOWN]) if switch.halted else [],
            "error": error,
            "note": note,
        }
        return self.page("switch.html", context, status=status)
