"""The one way to queue a message: check, freeze, estimate, reserve, wake a worker. Screens, API and bulk all come here.

Everything happens in one transaction under the row locks of the budgets that count it, the customer and the query, in this
order; a refusal leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from providers.models import SenderNumber
from providers.rates.markets import market_of
from recontact import ledger
from recontact.budgets.reserve import Purse, purse_open
from recontact.budgets.scope import facts_of_query, facts_of_user, team_of
from recontact.clock import database_now
from recontact.costs.estimate import Estimate, NoRate, estimate_append, estimate_for
from recontact.customers import customer_identify, customer_lock
from recontact.dispatch.wake import wake_on_commit
from recontact.eligibility import (
    content_refusals,
    customer_refusals,
    new_conversation_refusals,
    number_refusals,
    recontact_refusals,
    template_refusals,
    text_refusals,
)
from recontact.entry_points import entry_point_of
from recontact.media.attachments import attachment_component
from recontact.media.files import file_keep, files_discard
from recontact.media.outgoing import upload_store
from recontact.media.response import name_offered
from recontact.models import Campaign, Customer, MediaFile, Message, Query, QueryEvent
from recontact.phones import InvalidPhone, phone_parse
from recontact.refusals import Code, Refusal, SendRefused
from recontact.template_teams import team_refusals
from recontact.windows import window_expires_at
from templates_app.models import Template
from templates_app.rendering import Rendered, RenderError, render
from templates_app.selectors import template_parsed

#: WhatsApp's limit for the body of a text message (Meta, Send messages, read 2026-09).
TEXT_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class _Envelope:
    """Who sends what to whom, before it becomes a row."""

    number: SenderNumber
    customer: Customer
    query: Query | None
    origin: str
    user: Any
    send_key: str | None
    purse: Purse
    campaign: Campaign | None = None


def query_recontact(
    *,
    query_id: int,
    template_id: int,
    values: Mapping[str, str],
    user: Any,
    send_key: str | None,
    origin: str = Message.Origin.TICKET,
    campaign: Campaign | None = None,
) -> Message:
    """Queue the one recontact of a query: message, estimate and ledger row, all or nothing.

    `values` by variable key (templates_app.components). `send_key` makes the form one-use. The caller has checked that
    the user reaches the query. Raises SendRefused with every reason, and then nothing is stored.
    """
    with _one_use(send_key), transaction.atomic():
        customer_id = Query.objects.values_list("customer_id", flat=True).get(pk=query_id)
        purse = purse_open(facts_of_query(query_id, campaign=campaign))
        customer = customer_lock(customer_id)
        query = (
            Query.objects.select_for_update(of=("self",), no_key=True)
            .select_related("sender_number__account")
            .get(pk=query_id)
        )
        _refuse_if_used(send_key)
        number = query.sender_number
        template = Template.objects.get(pk=template_id)
        refusals = [*recontact_refusals(query, user=user), *_send_refusals(number, template, customer)]
        _refuse_if([*refusals, *team_refusals(template, user)])
        envelope = _Envelope(number, customer, query, origin, user, send_key, purse, campaign)
        message = _queue_template(envelope, template, _rendered(template, values))
        ledger.reserve(query=query, message=message, user=user)
        _query_touched(query, message, user=user, kind=QueryEvent.Kind.RECONTACTED)
    return message


def hsm_send(
    *,
    phone: str,
    sender_number_id: int,
    template_id: int,
    values: Mapping[str, str],
    user: Any,
    send_key: str | None,
    origin: str,
    open_query: bool,
    name: str = "",
    data: Mapping[str, Any] | None = None,
    bsuid: str = "",
) -> Message:
    """Queue an HSM to a phone (as typed) or, without one, to a BSUID. With `open_query` a query is opened, assigned to `user`.

    A phone with an open query at this number is refused with that query's id: the conversation goes on there. The HSM that
    opens a query is not its recontact. Raises SendRefused; then nothing is stored.
    """
    number = SenderNumber.objects.select_related("account").get(pk=sender_number_id)
    template = Template.objects.get(pk=template_id)
    e164 = _phone(phone) if phone or not bsuid else ""
    _refuse_if([*number_refusals(number), *template_refusals(template, number), *team_refusals(template, user)])
    rendered = _rendered(template, values)
    with _one_use(send_key), transaction.atomic():
        purse = purse_open(facts_of_user(account_id=number.account_id, user=user))
        customer = customer_identify(phone=e164, bsuid=bsuid, name=name)
        _refuse_if_used(send_key)
        _refuse_if(
            [
                *customer_refusals(customer, category=template.category),
                *new_conversation_refusals(customer, number),
            ]
        )
        query = _open_query(customer, number, user=user, origin=origin, data=data) if open_query else None
        message = _queue_template(_Envelope(number, customer, query, origin, user, send_key, purse), template, rendered)
        if query is not None:
            _query_touched(query, message, user=user, kind=None)
    return message


def text_send(
    *, query_id: int, text: str, user: Any, send_key: str | None, origin: str = Message.Origin.TICKET
) -> Message:
    """Queue free text in a query whose window is open; it expires with the window. Raises SendRefused.

    Without a user it is the portal's own answer: it leaves the query as it was, waiting for a person.
    """
    text = _cleaned(text)
    if not text:
        raise SendRefused(Refusal(Code.EMPTY_TEXT, field_name="text"))
    if len(text) > TEXT_LIMIT:
        raise SendRefused(Refusal(Code.TEXT_TOO_LONG, {"limit": TEXT_LIMIT}, field_name="text"))
    return _write(query_id, user, send_key, origin=origin, kind=Message.Kind.TEXT, body=text)


def attachment_send(
    *, query_id: int, upload: UploadedFile[Any], caption: str, user: Any, send_key: str | None
) -> Message:
    """Queue a file, with words under it, in a query whose window is open; as `text_send` otherwise. Raises SendRefused.

    The file is stored before the message is, because that may take long; refused, it is thrown away again.
    """
    query = Query.objects.select_related("sender_number__account").get(pk=query_id)
    _refuse_if_used(send_key)
    file = upload_store(query=query, upload=upload, caption=_cleaned(caption))
    try:
        return attachment_queue(file=file, caption=caption, user=user, send_key=send_key)
    except SendRefused:
        files_discard(MediaFile.objects.filter(pk=file.pk))
        raise


def attachment_queue(
    *, file: MediaFile, caption: str, user: Any, send_key: str | None, origin: str = Message.Origin.TICKET
) -> Message:
    """Queue a file that is stored already, in its own query. Raises SendRefused; the caller then throws the file away."""
    return _write(
        file.query_id,
        user,
        send_key,
        origin=origin,
        file=file,
        kind=Message.Kind.MEDIA,
        body=_cleaned(caption),
        components=[attachment_component(file)],
    )


# --- steps ---------------------------------------------------------------------------------------------------------


def _cleaned(text: str) -> str:
    return text.replace("\x00", "").strip()


def _write(
    query_id: int,
    user: Any,
    send_key: str | None,
    *,
    origin: str = Message.Origin.TICKET,
    file: MediaFile | None = None,
    **content: Any,
) -> Message:
    """Queue what an agent (or, without a user, the portal) writes in an open window; a `file` is kept with it."""
    with _one_use(send_key), transaction.atomic():
        purse = _text_purse(query_id)
        customer = customer_lock(Query.objects.values_list("customer_id", flat=True).get(pk=query_id))
        query = (
            Query.objects.select_for_update(of=("self",), no_key=True)
            .select_related("sender_number__account")
            .get(pk=query_id)
        )
        _refuse_if_used(send_key)
        number = query.sender_number
        _refuse_if(
            [
                *text_refusals(query, user=user),
                *number_refusals(number),
                *customer_refusals(customer, category="service"),
            ]
        )
        envelope = _Envelope(number, customer, query, origin, user, send_key, purse)
        closes = window_expires_at(customer_id=customer.pk, sender_number_id=number.pk)
        message = _queue(envelope, category="service", expires_at=closes, **content)
        if file is not None and not file_keep(file.pk):
            raise SendRefused(Refusal(Code.FILE_GONE, field_name="file"))
        if user is not None:
            _query_touched(query, message, user=user, kind=None, preview=name_offered(file) if file is not None else "")
    return message


class _one_use:
    """Turns the race that two identical forms run into the same refusal that the slower one gets anyway."""

    def __init__(self, send_key: str | None) -> None:
        self.send_key = send_key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError) and self.send_key:
            _refuse_if_used(self.send_key)


def _text_purse(query_id: int) -> Purse:
    """Text that costs nothing locks no budget: agents write at the same moment all day long."""
    query = Query.objects.select_related("customer", "sender_number").get(pk=query_id)
    phone, bsuid = query.customer.phone or "", query.customer.bsuid or ""
    price = estimate_for(
        account_id=query.sender_number.account_id,
        phone=phone,
        bsuid=bsuid,
        category="service",
        number_id=query.sender_number_id,
        entry_point_at=entry_point_of(customer_id=query.customer_id, sender_number_id=query.sender_number_id),
    )
    if isinstance(price, Estimate) and not price.amount:
        return Purse((), by_campaign=False, at=database_now())
    return purse_open(facts_of_query(query_id, campaign=None))


def _refuse_if(refusals: list[Refusal]) -> None:
    if refusals:
        raise SendRefused(*refusals)


def _refuse_if_used(send_key: str | None) -> None:
    if send_key:
        message_id = Message.objects.filter(send_key=send_key).values_list("pk", flat=True).first()
        if message_id is not None:
            raise SendRefused(Refusal(Code.SAME_FORM, {"message": message_id}))


def _send_refusals(number: SenderNumber, template: Template, customer: Customer) -> list[Refusal]:
    return [
        *number_refusals(number),
        *template_refusals(template, number),
        *customer_refusals(customer, category=template.category),
    ]


def _phone(text: str) -> str:
    try:
        return phone_parse(text, default_country=settings.DEFAULT_COUNTRY).e164
    except InvalidPhone as error:
        raise SendRefused(Refusal(Code.INVALID_PHONE, field_name="phone")) from error


def _rendered(template: Template, values: Mapping[str, str]) -> Rendered:
    try:
        return render(template_parsed(template), values)
    except RenderError as error:
        raise SendRefused(
            *(
                Refusal(
                    Code.INVALID_VARIABLES,
                    {"problems": str(problem.message), "problem": problem.code},
                    field_name=problem.key,
                )
                for problem in error.problems
            )
        ) from error


def _queue_template(envelope: _Envelope, template: Template, rendered: Rendered) -> Message:
    _refuse_if(content_refusals(rendered.components, envelope.number))
    lifetime = timedelta(seconds=settings.AGENT_MESSAGE_LIFETIME_SECONDS)
    if envelope.campaign is not None:
        lifetime = timedelta(seconds=settings.CAMPAIGN_MESSAGE_LIFETIME_SECONDS)
    return _queue(
        envelope,
        category=template.category,
        expires_at=database_now() + lifetime,
        kind=Message.Kind.TEMPLATE,
        template=template,
        template_name=template.name,
        template_language=template.language,
        template_hash=template.content_hash,
        components=rendered.components,
        bubble=rendered.bubble,
        body=rendered.text,
    )


def _queue(envelope: _Envelope, *, category: str, expires_at: datetime | None, **content: Any) -> Message:
    """Insert the message with its estimate, reserve it at the budgets and have a worker woken after the commit.

    Raises SendRefused without a rate, and where it does not fit a budget.
    """
    estimate = _estimate(envelope, category)
    _refuse_if(envelope.purse.refusals(estimate))
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


def _estimate(envelope: _Envelope, category: str) -> Estimate:
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


def _open_query(
    customer: Customer, number: SenderNumber, *, user: Any, origin: str, data: Mapping[str, Any] | None
) -> Query:
    now = database_now()
    query = Query.objects.create(
        customer=customer,
        sender_number=number,
        state=Query.State.IN_PROGRESS,
        assigned_to=user,
        opened_by=user,
        team=user.teams.first() if user is not None else None,
        origin=Query.Origin.API if origin == Message.Origin.API else Query.Origin.HSM,
        data=dict(data or {}),
        activity_at=now,
        taken_at=now,
    )
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.OPENED, actor=user)
    return query


def _query_touched(query: Query, message: Message, *, user: Any, kind: str | None, preview: str = "") -> None:
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
