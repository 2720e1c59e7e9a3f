"""The second check (I7): what was true when a message was queued must still be true when it is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from recontact.arrays import array_literal
from recontact.media.attachments import attachment_id, attachments_of
from recontact.models import Customer, MediaFile, Message, OptOut
from recontact.refusals import Code
from recontact.retries import ARRIVED_AFTER_ALL, arrived_before
from templates_app.models import Template, TemplateStatus

TEMPLATE_CHANGED = "template_changed"
#: Reasons that concern every message of the template, so a campaign waits with them instead of losing its sample.
CAMPAIGN_WIDE = frozenset({"template_not_sendable", TEMPLATE_CHANGED})

# By an array: Django takes longer to write hundreds of places down than PostgreSQL to answer.
_WINDOWS = """SELECT customer_id, sender_number_id, expires_at FROM recontact_servicewindow
              WHERE customer_id = ANY(%s::bigint[])"""
_OPT_OUTS = """SELECT customer_id, scope FROM recontact_optout
               WHERE customer_id = ANY(%s::bigint[]) AND revoked_at IS NULL"""


def recheck(messages: Sequence[Message], now: datetime) -> dict[int, str]:
    """The messages that must not go out any more, each with its reason code. Few queries, whatever the number.

    `messages` come with template and query loaded; `now` is the database's clock.
    """
    customers = {message.customer_id for message in messages}
    erased = erased_of(customers)
    opt_outs = opt_outs_of(customers)
    with connection.cursor() as cursor:
        cursor.execute(_WINDOWS, [array_literal(customers)])
        windows: dict[tuple[int, int], datetime] = {(row[0], row[1]): row[2] for row in cursor.fetchall()}
    reasons = dict.fromkeys(arrived_before(messages), ARRIVED_AFTER_ALL)
    files = attachments_of(messages)
    for message in messages:
        if message.pk in reasons:
            continue
        expires_at = windows.get((message.customer_id, message.sender_number_id))
        window_open = expires_at is not None and expires_at > now
        reason = (
            _template_reason(message, now)
            or customer_reason(
                message.category, message.customer_id in erased, opt_outs.get(message.customer_id, set())
            )
            or _query_reason(message)
            or _window_reason(message, window_open)
            or _file_reason(message, files)
        )
        if reason:
            reasons[message.pk] = reason
    return reasons


def opt_outs_of(customers: set[int]) -> dict[int, set[str]]:
    """Customer -> the scopes of his standing opt-outs; only those who have any."""
    found: dict[int, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OPT_OUTS, [array_literal(customers)])
        for customer_id, scope in cursor.fetchall():
            found.setdefault(customer_id, set()).add(scope)
    return found


def erased_of(customers: set[int]) -> set[int]:
    """Those of the customers who were erased."""
    rows = Customer.objects.filter(pk__among=customers, erased_at__isnull=False)
    return set(rows.values_list("pk", flat=True))


def _template_reason(message: Message, now: datetime) -> str:
    if message.template is None:
        return ""
    return template_reason(message.template, message.template_hash, message.category, now)


def template_reason(template: Template, template_hash: str, category: str, now: datetime) -> str:
    """Why what was made of the template as it was (hash, category) must not go out now; empty = it may."""
    parked = template.parked_at is not None and (template.parked_until is None or template.parked_until > now)
    if template.status != TemplateStatus.APPROVED or template.missing_since is not None or parked:
        return Code.TEMPLATE_NOT_SENDABLE
    if (template.content_hash, template.category) != (template_hash, category):
        return TEMPLATE_CHANGED
    return ""


def customer_reason(category: str, is_erased: bool, scopes: set[str]) -> str:
    """Why nothing of the category may be sent to a customer, his opt-outs being `scopes`; empty = it may."""
    if is_erased:
        return Code.CUSTOMER_ERASED
    if OptOut.Scope.ALL in scopes:
        return Code.OPTED_OUT
    if OptOut.Scope.MARKETING in scopes and category == "marketing":
        return Code.OPTED_OUT_MARKETING
    return ""


def _query_reason(message: Message) -> str:
    query = message.query
    if query is not None and not query.is_open:
        return Code.QUERY_CLOSED
    return ""


def _window_reason(message: Message, window_open: bool) -> str:
    """An HSM is for a closed window (the customer answered since); free text for an open one."""
    if message.kind == Message.Kind.TEMPLATE:
        return Code.WINDOW_OPEN if window_open else ""
    return "" if window_open else Code.WINDOW_CLOSED


def _file_reason(message: Message, files: Mapping[int, MediaFile]) -> str:
    if message.kind != Message.Kind.MEDIA:
        return ""
    file = files.get(attachment_id(message))
    return "" if file is not None and file.is_kept else Code.FILE_GONE
