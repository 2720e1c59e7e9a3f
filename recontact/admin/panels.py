"""What messages add to the providers' pages: who waits at an account or number, the limit, and what a webhook was about."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string

from providers.inbox import delivery_parse
from providers.models import ProviderAccount, SenderNumber, WebhookDelivery
from providers.panels import panel_of
from recontact.limits import portfolio_used, waiting_of
from recontact.limits_now import number_limits
from recontact.reports import Reported, reports_in

MESSAGE_PERMISSION = "recontact.view_message"


@panel_of(SenderNumber)
def number_panel(request: HttpRequest, number: SenderNumber) -> str:
    """Messages waiting at the number, how much of its portfolio's limit is used, and every limit as it stands."""
    used = None if number.portfolio is None else portfolio_used(number.portfolio)
    waiting = waiting_of(Q(sender_number=number))
    return _panel(request, "number_panel.html", number=number, waiting=waiting, used=used, limits=number_limits(number))


@panel_of(ProviderAccount)
def account_panel(request: HttpRequest, account: ProviderAccount) -> str:
    """Messages waiting at all numbers of the account."""
    numbers = list(account.numbers.values_list("pk", flat=True))
    return _panel(request, "number_panel.html", waiting=waiting_of(Q(sender_number__in=numbers)), used=None)


@panel_of(WebhookDelivery)
def delivery_panel(request: HttpRequest, delivery: WebhookDelivery) -> str:
    """The messages that the delivery tells about."""
    reports = _reports(delivery)
    return _panel(request, "delivery_panel.html", reports=reports) if reports else ""


def _reports(delivery: WebhookDelivery) -> list[Reported]:
    try:
        items = delivery_parse(delivery)
    except Exception:
        # The delivery's own problems say why.
        return []
    return reports_in(account_id=delivery.account_id, items=items)


def _panel(request: HttpRequest, template: str, **context: Any) -> str:
    if not request.user.has_perm(MESSAGE_PERMISSION):
        return ""
    return render_to_string(f"recontact/manager/{template}", context, request=request)
