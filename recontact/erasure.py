"""Erasing a customer: who it was goes, that something was sent, when and for how much stays.

Names, texts and values are emptied; phones and ids become keyed hashes, so that a late status still finds its message
and an opt-out still keeps us from writing to the same phone. Raw webhooks that were read go with him (delivery_erasure); the
answers kept for idempotency keys expire after 24 hours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from auditlog.models import LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import ngettext

from providers.models import ProviderCall
from recontact.audit_erasure import audit_erase
from recontact.campaigns.plan_figures import plan_figures_forget
from recontact.campaigns.recipients import rows_of_people
from recontact.cancelling import messages_cancel
from recontact.clock import ClockTimestamp
from recontact.customers import customer_lock
from recontact.hashes import keyed_hash
from recontact.media.files import files_erase
from recontact.models import (
    Attempt,
    CampaignFile,
    CampaignRecipient,
    Customer,
    Incident,
    LookUpRecord,
    Message,
    MessageEvent,
    OptOut,
    OutgoingAttempt,
    PriceStatement,
    Query,
    QueryEvent,
    Recontact,
    Settlement,
)
from recontact.phones import phone_variants
from recontact.refusals import Code
from recontact.states import ALIVE
from recontact.wishes import PREFERENCE

log = structlog.get_logger(__name__)

Eraser = Callable[[Sequence[int]], None]

RESOLUTION = "erased"
_HASH = re.compile(r"[0-9a-f]{64}")
_BATCH = 500
#: Details of events that name no person and that the portal reads again.
_KEPT_DETAILS = [QueryEvent.Kind.MERGED, QueryEvent.Kind.RECONTACTED]

_ERASERS: list[Eraser] = []


class CannotErase(Exception):
    """The customer cannot be erased yet; the message says why, to a person."""


def erases(eraser: Eraser) -> Eraser:
    """Register a function of an app above that erases what it keeps of the customers with these ids. Idempotent."""
    if eraser not in _ERASERS:
        _ERASERS.append(eraser)
    return eraser


def customer_erase(*, customer_id: int, user: Any) -> Customer:
    """Erase the customer, and all who were merged into him. Doing it again erases what came since.

    What still waits to be sent is cancelled first, and stays cancelled. Raises CannotErase while a message is under way
    or without certainty: its outcome is found by the ids that would be erased.
    """
    messages_cancel(Message.objects.filter(customer_id__in=_ids(customer_id)))
    with transaction.atomic():
        customer = customer_lock(customer_id)
        ids = _ids(customer.pk)
        _refuse_while_under_way(ids)
        _erase_messages(Message.objects.filter(customer__in=ids))
        _erase_queries(Query.objects.filter(customer__in=ids))
        files_erase(Query.objects.filter(customer__in=ids).values_list("pk", flat=True))
        _erase_recipients(ids)
        # Events themselves name nobody: their bodies are made anew each time.
        OutgoingAttempt.objects.filter(event__customer__in=ids).update(excerpt="")
        for eraser in _ERASERS:
            eraser(ids)
        _erase_customers(ids)
        _erase_wishes(OptOut.objects.filter(customer__in=ids))
        customer.refresh_from_db()
        _audit(customer, user)
    log.info("customer_erased", customer_id=customer.pk)
    return customer


def hashed(value: str) -> str:
    """The keyed hash of `value`; empty stays empty, and a hash is not hashed again."""
    return value if not value or _HASH.fullmatch(value) else keyed_hash(value)


def _ids(customer_id: int) -> list[int]:
    """The customer and everybody merged into him, however many steps away."""
    found, step = [customer_id], [customer_id]
    while step:
        step = list(Customer.objects.filter(merged_into__in=step).exclude(pk__in=found).values_list("pk", flat=True))
        found += step
    return found


def _refuse_while_under_way(ids: list[int]) -> None:
    count = Message.objects.filter(customer__in=ids, state__in=list(ALIVE)).count()
    if count:
        raise CannotErase(
            ngettext(
                "%(count)s message to this customer is being sent or without certainty. "
                "Settle it first, then erase the customer. Nothing was erased.",
                "%(count)s messages to this customer are being sent or without certainty. "
                "Settle them first, then erase the customer. Nothing was erased.",
                count,
            )
            % {"count": count}
        )


def _erase_messages(messages: QuerySet[Message]) -> None:
    ids = list(messages.values_list("pk", flat=True))
    for message in _batches(messages, ["provider_message_id", "recipient_phone", "recipient_bsuid"]):
        message.provider_message_id = hashed(message.provider_message_id)
        message.recipient_phone = hashed(message.recipient_phone)
        message.recipient_bsuid = hashed(message.recipient_bsuid)
    messages.update(components=[], bubble={}, body="", provider_detail="")
    events = MessageEvent.objects.filter(message__in=ids)
    for event in _batches(events, ["provider_message_id"]):
        event.provider_message_id = hashed(event.provider_message_id)
    events.update(detail="")
    statements = PriceStatement.objects.filter(message__in=ids)
    for statement in _batches(statements, ["provider_message_id"]):
        statement.provider_message_id = hashed(statement.provider_message_id)
    events.update(recipient_hash="")
    Attempt.objects.filter(message__in=ids).update(request=None, response=None, detail="")
    look_ups = LookUpRecord.objects.filter(message__in=ids)
    look_ups.update(detail="")
    ProviderCall.objects.filter(pk__in=look_ups.exclude(calls=None).values("calls")).delete()
    settlements = Settlement.objects.filter(message__in=ids)
    settlements.update(reason="")
    Incident.objects.filter(message__in=ids).update(note="")
    audit_erase(Message, ids)
    audit_erase(Settlement, settlements.values_list("pk", flat=True))


def _batches(rows: QuerySet[Any], fields: list[str]) -> Any:
    """Each row, written back with the caller's changes to `fields` once its batch is through."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _BATCH):
        batch = list(rows.model._default_manager.filter(pk__in=ids[start : start + _BATCH]).only("pk", *fields))
        yield from batch
        rows.model._default_manager.bulk_update(batch, fields)


def _erase_queries(queries: QuerySet[Query]) -> None:
    ids = list(queries.values_list("pk", flat=True))
    queries.exclude(resolution=RESOLUTION).update(resolution="")
    still_open = list(queries.exclude(state=Query.State.RESOLVED).values_list("pk", flat=True))
    Query.objects.filter(pk__in=still_open).update(
        state=Query.State.RESOLVED, resolved_at=ClockTimestamp(), resolution=RESOLUTION
    )
    queries.update(subject="", data={}, preview="", reference="")
    QueryEvent.objects.filter(query__in=ids).exclude(kind__in=_KEPT_DETAILS).update(detail="")
    recontacts = Recontact.objects.filter(query__in=ids, released_by__isnull=False)
    recontacts.update(release_reason="")
    audit_erase(Recontact, recontacts.values_list("pk", flat=True))
    audit_erase(Query, ids)


def _erase_recipients(ids: list[int]) -> None:
    """His rows in campaigns, also those that were not known to be his; who was still to be written to is left out.

    The files they were read from are not needed any more once planned, and would bring him back.
    """
    people = Customer.objects.filter(pk__in=ids)
    phones = [form for phone in people.exclude(phone=None).values_list("phone", flat=True) for form in _forms(phone)]
    bsuids = people.exclude(bsuid=None).values_list("bsuid", flat=True)
    rows = rows_of_people(customers=ids, phones=phones, bsuids=list(bsuids))
    mine = CampaignRecipient.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
    mine.filter(outcome__in=CampaignRecipient.SENDABLE, message=None, dropped="").update(dropped=Code.CUSTOMER_ERASED)
    for recipient in _batches(mine, ["phone", "bsuid"]):
        recipient.phone, recipient.bsuid = hashed(recipient.phone), hashed(recipient.bsuid)
    mine.update(typed="", name="", values={}, params={})
    # Which variable was at fault with him is no longer known.
    plan_figures_forget(mine.values_list("campaign", flat=True))
    CampaignFile.objects.filter(campaign__in=mine.values("campaign")).update(body=b"")


def _forms(phone: str | None) -> list[str]:
    return phone_variants(phone) if phone else []


def _erase_customers(ids: list[int]) -> None:
    for customer in Customer.objects.filter(pk__in=ids):
        Customer.objects.filter(pk=customer.pk).update(
            phone_hash=keyed_hash(customer.phone) if customer.phone else customer.phone_hash,
            bsuid_hash=keyed_hash(customer.bsuid) if customer.bsuid else customer.bsuid_hash,
            phone=None,
            bsuid=None,
            wa_id="",
            name="",
            tags=[],
            opt_in_source="",
            search="",
            sort_name="",
            erased_at=customer.erased_at or ClockTimestamp(),
        )
    audit_erase(Customer, ids)


def _erase_wishes(opt_outs: QuerySet[OptOut]) -> None:
    """What a person wrote about how he learned of a wish may name somebody; the wish itself stands."""
    opt_outs.filter(created_by__isnull=False).update(source="")
    opt_outs.exclude(revoked_source=PREFERENCE).update(revoked_source="")
    audit_erase(OptOut, opt_outs.values_list("pk", flat=True))


def _audit(customer: Customer, user: Any) -> None:
    """Who erased, and when: nothing about whom."""
    LogEntry.objects.log_create(
        customer, force_log=True, action=LogEntry.Action.UPDATE, changes={"erased_at": ["", "erased"]}, actor=user
    )
