"""The page of one call for a message: what was asked and answered, and what else is known about the message."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from recontact.admin_pages.page import ManagerPage
from recontact.message_search import message_ids
from recontact.models import Attempt, Message
from recontact.reports import deliveries_about


class AttemptPage(ManagerPage):
    """One attempt with its request and answer side by side."""

    permission_required = "recontact.view_attempt"

    def get(self, request: HttpRequest, attempt_id: int) -> HttpResponse:
        rows = Attempt.objects.select_related("message__account", "message__sender_number", "message__customer")
        attempt = get_object_or_404(rows, pk=attempt_id)
        return self.page("attempt.html", attempt_context(attempt, self.request))


def attempt_context(attempt: Attempt, request: HttpRequest) -> dict[str, Any]:
    """Everything the page shows, in a constant number of queries."""
    sent = attempt.message
    return {
        "title": _("Message #%(number)s, attempt %(attempt)s")
        % {"number": attempt.message_id, "attempt": attempt.number},
        "attempt": attempt,
        "sent": sent,
        "others": list(sent.attempts.exclude(pk=attempt.pk).defer("request", "response")),
        "events": list(sent.events.all()),
        "deliveries": deliveries_shown(request, sent),
    }


def deliveries_shown(request: HttpRequest, message: Message) -> list[Any] | None:
    """The webhooks about the message; None for who may not see the inbox."""
    if not request.user.has_perm("providers.view_webhookdelivery"):
        return None
    return deliveries_about(account_id=message.account_id, ids=message_ids(message))
