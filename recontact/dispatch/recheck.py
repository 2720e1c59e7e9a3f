"""The second check (I7): what was true when a message was queued must still be true when it is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from psycopg.types.numeric import Int8

from recontact.arrays import array_literal
from recontact.dispatch.candidates import Due
from recontact.media.attachments import attachment_id, attachments_of
from recontact.models import MediaFile, Message, OptOut
from recontact.prepared import fetched
from recontact.refusals import Code
from recontact.retries import ARRIVED_AFTER_ALL, arrived_before
from templates_app.models import Template, TemplateStatus

TEMPLATE_CHANGED = "template_changed"
#: Reasons that concern every message of the template, so a campaign waits with them instead of losing its sample.
CAMPAIGN_WIDE = frozenset({"template_not_sendable", TEMPLATE_CHANGED})

# One statement, for a claim is paid for by its statements: rows of a customer with the scope of an opt-out, an open window, or
# (erased) neither.
_PEOPLE = """SELECT customer_id, scope, NULL::timestamptz FROM recontact_optout
             WHERE customer_id = ANY(%(customers)s::bigint[]) AND revoked_at IS NULL
             UNION ALL
             SELECT customer_id, NULL, expires_at FROM recontact_servicewindow
             WHERE customer_id = ANY(%(customers)s::bigint[]) AND sender_number_id = %(number)s
             UNION ALL
             SELECT id, NULL, NULL FROM recontact_customer
             WHERE id = ANY(%(customers)s::bigint[]) AND erased_at IS NOT NULL"""
_NONE: frozenset[str] = frozenset()
_OPT_OUTS = """SELECT customer_id, scope FROM recontact_optout
               WHERE customer_id = ANY(%s::bigint[]) AND revoked_at IS NULL"""


@dataclass(slots=True)
class _People:
    """What stands of some customers: scopes of their opt-outs, ends of their windows with one number, and who was erased."""

    opt_outs: dict[int, set[str]] = field(default_factory=dict)
    windows: dict[int, datetime] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)


def recheck(messages: Sequence[Due], *, number_id: int, now: datetime) -> dict[int, str]:
    """The messages of this number that must not go out any more, each with its reason code. Few queries, whatever the number.

    `messages` come with their details; `now` is the database's clock.
    """
    people = _people({message.customer_id for message in messages}, number_id)
    reasons = dict.fromkeys(arrived_before(messages), ARRIVED_AFTER_ALL)
    files = attachments_of(messages)
    # Most of a batch are made of one template, as it then was.
    of_templates: dict[tuple[int | None, str, str], str] = {}
    for message in messages:
        if message.pk in reasons:
            continue
        made_of = (message.template_id, message.template_hash, message.category)
        if made_of not in of_templates:
            of_templates[made_of] = _template_reason(message, now)
        customer = message.customer_id
        expires_at = people.windows.get(customer)
        window_open = expires_at is not None and expires_at > now
        reason = (
            of_templates[made_of]
            or customer_reason(message.category, customer in people.erased, people.opt_outs.get(customer, _NONE))
            or ("" if message.query_is_open else Code.QUERY_CLOSED)
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


def _people(customers: set[int], number_id: int) -> _People:
    found = _People()
    values = {"customers": array_literal(customers), "number": Int8(number_id)}
    for customer_id, scope, expires_at in fetched(_PEOPLE, values):
        if scope is not None:
            found.opt_outs.setdefault(customer_id, set()).add(scope)
        elif expires_at is not None:
            found.windows[customer_id] = expires_at
        else:
            found.erased.add(customer_id)
    return found


def _template_reason(message: Due, now: datetime) -> str:
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


def customer_reason(category: str, is_erased: bool, scopes: Set[str]) -> str:
    """Why nothing of the category may be sent to a customer, his opt-outs being `scopes`; empty = it may."""
    if is_erased:
        return Code.CUSTOMER_ERASED
    if OptOut.Scope.ALL in scopes:
        return Code.OPTED_OUT
    if OptOut.Scope.MARKETING in scopes and category == "marketing":
        return Code.OPTED_OUT_MARKETING
    return ""


def _window_reason(message: Due, window_open: bool) -> str:
    """An HSM is for a closed window (the customer answered since); free text for an open one."""
    if message.kind == Message.Kind.TEMPLATE:
        return Code.WINDOW_OPEN if window_open else ""
    return "" if window_open else Code.WINDOW_CLOSED


def _file_reason(message: Due, files: Mapping[int, MediaFile]) -> str:
    if message.kind != Message.Kind.MEDIA:
        return ""
    file = files.get(attachment_id(message))
    return "" if file is not None and file.is_kept else Code.FILE_GONE
