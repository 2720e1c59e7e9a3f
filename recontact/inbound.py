"""The customer wrote: the window opens, and the query comes to the top, or a new one begins. The content is kept elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from providers.models import SenderNumber
from recontact.clock import database_now
from recontact.customers import customer_lock
from recontact.hashes import keyed_hash
from recontact.models import Customer, Message, Query, QueryEvent
from recontact.models.message import KNOWN_AT_PROVIDER
from recontact.states import WENT_OUT
from recontact.windows import window_extend

#: How long after an HSM of the Manager a customer's first words are its answer, though they do not refer to it.
ANSWER_WITHIN = timedelta(days=3)

_reopening: list[Callable[[int], int]] = []

#: HSMs that leave without a query: an answer to one of them begins a query of its own origin.
_MANAGERS = frozenset({Message.Origin.MANAGER, Message.Origin.BULK})


@transaction.atomic
def customer_wrote(
    *,
    customer: Customer,
    sender_number: SenderNumber,
    at: datetime,
    preview: str,
    context_message_id: str,
    is_reaction: bool = False,
    is_taken_back: bool = False,
    from_advertisement: bool = False,
) -> Query:
    """The query that the customer's message belongs to, open unless it is a reaction to something in a resolved one.

    `at` is the customer's own time; one ahead of our clock counts as now. A reaction that is taken back asks for nothing: it
    leaves the query (the open one, else the one it was in, else the last) as it is. Takes the customer's lock, then the query's.
    """
    customer = customer_lock(customer.pk)
    at = min(at, database_now())
    window_extend(
        customer_id=customer.pk,
        sender_number_id=sender_number.pk,
        inbound_at=at,
        from_advertisement=from_advertisement,
    )
    answered = _answered(sender_number, customer, context_message_id)
    query = _open_query(customer, sender_number)
    if is_taken_back and (kept := query or _where_it_was(answered, customer, sender_number)) is not None:
        return kept
    if query is None and is_reaction and answered is not None and answered.query_id is not None:
        # A thumb up under a closed conversation is no new question.
        return Query.objects.select_for_update(no_key=True).get(pk=answered.query_id)
    if query is None:
        answered = answered or _written_to(sender_number, customer, at)
        query = _reopened(customer, sender_number, answered, at) or _begin(customer, sender_number, answered, at)
    _touch(query, at=at, preview=preview)
    _note_answer(answered, sender_number, customer, at)
    return query


def _where_it_was(answered: Message | None, customer: Customer, number: SenderNumber) -> Query | None:
    """The query of the message that a reaction was under, or the customer's last one; locked."""
    rows = Query.objects.select_for_update(no_key=True).filter(customer=customer, sender_number=number)
    found = None
    if answered is not None and answered.query_id is not None:
        found = rows.filter(pk=answered.query_id).first()
    return found or rows.order_by("-pk").first()


def reopens_within(hours: Callable[[int], int]) -> Callable[[int], int]:
    """Register what tells in how many hours after its resolution an answer reopens a team's query (0 = never)."""
    _reopening.append(hours)
    return hours


def _reopened(customer: Customer, number: SenderNumber, answered: Message | None, at: datetime) -> Query | None:
    """The customer's last query with this number, opened again, where it was resolved so lately that its team wants that.

    The customer's row is locked, so nobody opens a query of his meanwhile. It is the same query: its recontact stays as it was,
    and an answer after the resolution gives no second right. What answers a message outside of it is another matter.
    """
    resolved = Query.objects.filter(customer=customer, sender_number=number, resolved_at__isnull=False)
    merged = QueryEvent.objects.filter(query=OuterRef("pk"), kind=QueryEvent.Kind.MERGED)
    rows = resolved.filter(~Exists(merged)).select_for_update(of=("self",), no_key=True).select_related("assigned_to")
    last = rows.order_by("-resolved_at", "-pk").first()
    if last is None or last.team_id is None or last.resolved_at is None:
        return None
    if answered is not None and answered.query_id != last.pk:
        return None
    hours = max((each(last.team_id) for each in _reopening), default=0)
    if not hours or at - last.resolved_at > timedelta(hours=hours):
        return None
    if last.assigned_to is not None and not last.assigned_to.is_active:
        last.assigned_to = last.taken_at = None
    last.state = Query.State.IN_PROGRESS if last.assigned_to is not None else Query.State.PENDING
    last.resolved_at, last.resolution = None, ""
    last.save(update_fields=["state", "assigned_to", "taken_at", "resolved_at", "resolution"])
    QueryEvent.objects.create(query=last, kind=QueryEvent.Kind.REOPENED)
    return last


def _note_answer(referred: Message | None, number: SenderNumber, customer: Customer, at: datetime) -> None:
    """The HSM that was answered keeps when, the first time: the one referred to, or else the last that he had got by then."""
    if referred is None:
        rows = Message.objects.filter(sender_number=number, customer=customer, kind=Message.Kind.TEMPLATE)
        rows = rows.filter(claimed_at__gt=at - ANSWER_WITHIN, claimed_at__lte=at, state__in=list(WENT_OUT))
        target = rows.order_by("-claimed_at").values("pk")[:1]
    else:
        target = Message.objects.filter(pk=referred.pk, kind=Message.Kind.TEMPLATE).values("pk")
    Message.objects.filter(pk__in=target, answered_at=None).update(answered_at=at)


def _open_query(customer: Customer, number: SenderNumber) -> Query | None:
    rows = Query.objects.select_for_update(no_key=True).filter(customer=customer, sender_number=number)
    return rows.exclude(state=Query.State.RESOLVED).first()


def _answered(number: SenderNumber, customer: Customer, context_message_id: str) -> Message | None:
    """Our message that the customer's one refers to."""
    if not context_message_id:
        return None
    ids = [context_message_id, keyed_hash(context_message_id)]
    rows = Message.objects.filter(
        KNOWN_AT_PROVIDER, account_id=number.account_id, provider_message_id__in=ids, customer=customer
    )
    return rows.order_by("pk").first()


def _written_to(number: SenderNumber, customer: Customer, at: datetime) -> Message | None:
    """The Manager's HSM that the customer answers who wrote at `at` without referring to any, if he has not answered since."""
    rows = Message.objects.filter(customer=customer, sender_number=number, kind=Message.Kind.TEMPLATE, query=None)
    rows = rows.filter(origin__in=_MANAGERS, state__in=list(WENT_OUT), claimed_at__gt=at - ANSWER_WITHIN)
    last = rows.order_by("-pk").first()
    if last is None or Query.objects.filter(customer=customer, sender_number=number, created_at__gt=last.created_at):
        return None
    return last


def _begin(customer: Customer, number: SenderNumber, answered: Message | None, at: datetime) -> Query:
    """A pending query of nobody yet. The HSM that was answered becomes a part of its story."""
    is_managers = answered is not None and answered.query_id is None and answered.origin in _MANAGERS
    query = Query.objects.create(
        customer=customer,
        sender_number=number,
        state=Query.State.PENDING,
        origin=Query.Origin.CAMPAIGN if is_managers else Query.Origin.INBOUND,
        campaign_id=answered.campaign_id if answered is not None else None,
        activity_at=at,
    )
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.OPENED)
    if answered is not None:
        Message.objects.filter(pk=_first_try(answered).pk, query=None).update(query=query)
    return query


def _first_try(message: Message) -> Message:
    """The message that `message` sends again, or itself: a second try has no query of its own."""
    while message.retry_of is not None:
        message = message.retry_of
    return message


def _touch(query: Query, *, at: datetime, preview: str) -> None:
    """Bring the query to the top, also one that was put off; a message that comes late takes nothing back."""
    if query.last_inbound_at is None or at >= query.last_inbound_at:
        query.last_inbound_at, query.preview = at, preview[:200]
    query.activity_at = max(query.activity_at, at)
    if query.is_open:
        query.waiting_since = query.waiting_since or at
        if query.snoozed_until is not None:
            query.snoozed_until = None
            QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.WOKEN)
    query.save(update_fields=["last_inbound_at", "preview", "activity_at", "waiting_since", "snoozed_until"])
