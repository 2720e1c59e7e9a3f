"""From what was checked to the queued row: its estimate, its reservation, its one-use key; and what it does to its query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from providers.models import SenderNumber
from providers.rates.markets import market_of
from recontact.budgets.reserve import Purse
from recontact.budgets.scope import team_of
from recontact.clock import database_now
from recontact.costs.estimate import Estimate, NoRate, estimate_append, estimate_for
from recontact.dispatch.wake import wake_on_commit
from recontact.entry_points import entry_point_of
from recontact.models import Campaign, Customer, Message, Query, QueryEvent
from recontact.refusals import Code, Refusal, SendRefused


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends what to whom, before it becomes a row."""

    number: SenderNumber
    customer: Customer
    query: Query | None
    origin: str
    user: Any
    send_key: str | None
    purse: Purse
    campaign: Campaign | None = None


class OneUse:
    """Turns the race that two identical forms run into the same refusal that the slower one gets anyway."""

    def __init__(self, send_key: str | None) -> None:
        self.send_key = send_key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError) and self.send_key:
            refuse_if_used(self.send_key)


def refuse_if(refusals: list[Refusal]) -> None:
    """Raise SendRefused with these reasons, if there is any."""
    if refusals:
        raise SendRefused(*refusals)


def refuse_if_used(send_key: str | None) -> None:
    """Raise SendRefused, naming the message, when a form with this key was sent already."""
    if send_key:
        message_id = Message.objects.filter(send_key=send_key).values_list("pk", flat=True).first()
        if message_id is not None:
            raise SendRefused(Refusal(Code.SAME_FORM, {"message": message_id}))


def message_queue(envelope: Envelope, *, category: str, expires_at: datetime | None, **content: Any) -> Message:
    """Insert the message with its estimate, reserve it at the budgets and have a worker woken after the commit.

    Raises SendRefused without a rate, and where it does not fit a budget.
    """
    estimate = _estimate(envelope, category)
    refuse_if(envelope.purse.refusals(estimate))
    now = database_now()
    phone, bsuid = envelope.customer.phone or "", envelope.customer.bsuid or ""
    message = Message.objects.create(
        send_key=envelope.send_key or None,
        account_id=envelope.number.account_id,
        sender_number=envelope.number,
        customer=envelope.customer,
        query=envelope.query,
        campaign=envelope.campaign,
        origin=envelope.origin,
        created_by=envelope.user,
        category=category,
        recipient_phone=phone,
        recipient_bsuid=bsuid,
        market=market_of(phone=phone, bsuid=bsuid),
        team_id=envelope.query.team_id if envelope.query is not None else team_of(envelope.user),
        due_at=now,
        expires_at=expires_at or now,
        estimate=estimate.amount,
        currency=estimate.currency,
        **content,
    )
    estimate_append(message=message, estimate=estimate)
    envelope.purse.reserve(message=message, estimate=estimate)
    wake_on_commit()
    return message


def _estimate(envelope: Envelope, category: str) -> Estimate:
    customer = envelope.customer
    found = estimate_for(
        account_id=envelope.number.account_id,
        phone=customer.phone or "",
        bsuid=customer.bsuid or "",
        category=category,
        number_id=envelope.number.pk,
        entry_point_at=entry_point_of(customer_id=customer.pk, sender_number_id=envelope.number.pk),
    )
    if isinstance(found, NoRate):
        raise SendRefused(Refusal(Code.PRICE_UNKNOWN, {"market": found.market, "category": found.category}))
    return found


def query_touched(query: Query, message: Message, *, user: Any, kind: str | None, preview: str = "") -> None:
    """The query moves up in the lists, and an unassigned one that its agent writes in becomes his."""
    fields = ["activity_at", "preview", "waiting_since"]
    if user is not None and query.first_answer_at is None and query.waiting_since is not None:
        query.first_answer_at, query.first_answer_by = message.due_at, user
        query.first_answer_seconds = max(0, round((message.due_at - query.waiting_since).total_seconds()))
        fields += ["first_answer_at", "first_answer_by", "first_answer_seconds"]
    query.activity_at = message.due_at
    query.preview = (message.body or preview)[:200]
    query.waiting_since = None
    if user is not None and query.assigned_to_id is None and message.origin == Message.Origin.TICKET:
        query.assigned_to, query.state, query.taken_at = user, Query.State.IN_PROGRESS, message.due_at
        fields += ["assigned_to", "state", "taken_at"]
        QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.TAKEN, actor=user)
    query.save(update_fields=fields)
    if kind is not None:
        QueryEvent.objects.create(query=query, kind=kind, actor=user, detail=message.template_name[:300])
