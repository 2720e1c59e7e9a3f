"""The page of one message: what the customer sees, how far it got and why, what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from recontact.admin_pages.attempt import deliveries_shown
from recontact.admin_pages.page import ManagerPage, is_fragment
from recontact.campaigns.again import message_may_retry
from recontact.cancelling import message_cancel
from recontact.clock import database_now
from recontact.costs.breakdown import lines_read, lines_worded
from recontact.dispatch.settlement import settle_blocker
from recontact.models import Message, Recontact
from recontact.states import NEVER_SENT, MessageState

#: States that may still change by themselves within seconds; the page looks again while a message is in one of them.
_MOVING = frozenset(
    {MessageState.QUEUED, MessageState.SENDING, MessageState.UNCERTAIN, MessageState.ACCEPTED, MessageState.SENT}
)

#: Who reads at once does it within this time; longer, an open page does not ask for it.
_READ_SOON = timedelta(minutes=2)


class MessagePage(ManagerPage):
    """The message with everything that happened to it. Asked by HTMX, only its live part."""

    permission_required = "recontact.view_message"

    def get(self, request: HttpRequest, message_id: int) -> HttpResponse:
        context = message_context(message_id)
        if is_fragment(request):
            return self.fragment("message_live.html", context)
        return self.page("message.html", {**context, "deliveries": deliveries_shown(request, context["sent"])})


class MessageCancelPage(ManagerPage):
    """Take a message back while it is queued."""

    permission_required = "recontact.send_hsm"

    def post(self, request: HttpRequest, message_id: int) -> HttpResponse:
        get_object_or_404(Message, pk=message_id)
        if message_cancel(message_id=message_id):
            messages.success(request, _("The message was cancelled. Nothing was sent or charged."))
        else:
            messages.warning(request, _("The message had left the queue already: it could not be cancelled."))
        return redirect("admin:recontact_message_change", message_id)


def message_context(message_id: int) -> dict[str, Any]:
    """Everything the page shows, in a constant number of queries."""
    rows = Message.objects.select_related(
        "account", "sender_number", "customer", "query", "campaign", "template", "created_by"
    )
    message = get_object_or_404(rows, pk=message_id)
    recontact = (
        Recontact.objects.filter(message=message).select_related("reserved_by", "released_by").first()
        if message.query_id
        else None
    )
    uncertain = message.state == MessageState.UNCERTAIN
    entries = list(message.cost_entries.all())
    parts = lines_worded([(lines_read(entry.lines), entry.currency) for entry in entries])
    return {
        "title": _("Message #%(number)s") % {"number": message.pk},
        "sent": message,
        "moving": message.state in _MOVING or _delivered_lately(message),
        "never_sent": message.state in NEVER_SENT,
        "queued": message.state == MessageState.QUEUED,
        "may_retry": message_may_retry(message),
        "uncertain": uncertain,
        "settle_blocker": settle_blocker(message, database_now()) if uncertain else None,
        "recontact": recontact,
        "releasable": _releasable(message, recontact),
        "events": list(message.events.all()),
        "attempts": list(message.attempts.all()),
        "look_ups": list(message.look_ups.prefetch_related("calls")),
        "later_try": Message.objects.filter(retry_of=message).only("pk").first() if message.campaign_id else None,
        "costs": list(zip(entries, parts, strict=True)),
        "incidents": list(message.incidents.select_related("closed_by")),
        "settlement": getattr(message, "settlement", None) if not uncertain else None,
    }


def _delivered_lately(message: Message) -> bool:
    if message.state != MessageState.DELIVERED or message.delivered_at is None:
        return False
    return database_now() - message.delivered_at < _READ_SOON


def _releasable(message: Message, recontact: Recontact | None) -> bool:
    """Whether a person may give the recontact back: it was used, the provider reported a failure and did not bill."""
    spent = recontact is not None and recontact.state == Recontact.State.SPENT
    return spent and message.state == MessageState.FAILED and not message.billed
