"""HSMs: the one recontact of a query, and those that go to a phone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from providers.models import SenderNumber
from recontact import ledger
from recontact.budgets.reserve import purse_open
from recontact.budgets.scope import facts_of_query, facts_of_user
from recontact.clock import database_now
from recontact.customers import customer_identify, customer_lock
from recontact.eligibility import (
    content_refusals,
    customer_refusals,
    new_conversation_refusals,
    number_refusals,
    recontact_refusals,
    template_refusals,
)
from recontact.models import Campaign, Customer, Message, Query, QueryEvent
from recontact.outbox.queue import Envelope, OneUse, message_queue, query_touched, refuse_if, refuse_if_used
from recontact.phones import InvalidPhone, phone_parse
from recontact.refusals import Code, Refusal, SendRefused
from recontact.template_teams import team_refusals
from templates_app.models import Template
from templates_app.rendering import Rendered, RenderError, render
from templates_app.selectors import template_parsed


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
    with OneUse(send_key), transaction.atomic():
        customer_id = Query.objects.values_list("customer_id", flat=True).get(pk=query_id)
        purse = purse_open(facts_of_query(query_id, campaign=campaign))
        customer = customer_lock(customer_id)
        query = (
            Query.objects.select_for_update(of=("self",), no_key=True)
            .select_related("sender_number__account")
            .get(pk=query_id)
        )
        refuse_if_used(send_key)
        number = query.sender_number
        template = Template.objects.get(pk=template_id)
        refusals = [*recontact_refusals(query, user=user), *_send_refusals(number, template, customer)]
        refuse_if([*refusals, *team_refusals(template, user)])
        envelope = Envelope(number, customer, query, origin, user, send_key, purse, campaign)
        message = _queue_template(envelope, template, _rendered(template, values))
        ledger.reserve(query=query, message=message, user=user)
        query_touched(query, message, user=user, kind=QueryEvent.Kind.RECONTACTED)
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
    refuse_if([*number_refusals(number), *template_refusals(template, number), *team_refusals(template, user)])
    rendered = _rendered(template, values)
    with OneUse(send_key), transaction.atomic():
        purse = purse_open(facts_of_user(account_id=number.account_id, user=user))
        customer = customer_identify(phone=e164, bsuid=bsuid, name=name)
        refuse_if_used(send_key)
        refuse_if(
            [
                *customer_refusals(customer, category=template.category),
                *new_conversation_refusals(customer, number),
            ]
        )
        query = _open_query(customer, number, user=user, origin=origin, data=data) if open_query else None
        message = _queue_template(Envelope(number, customer, query, origin, user, send_key, purse), template, rendered)
        if query is not None:
            query_touched(query, message, user=user, kind=None)
    return message


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


def _queue_template(envelope: Envelope, template: Template, rendered: Rendered) -> Message:
    refuse_if(content_refusals(rendered.components, envelope.number))
    lifetime = timedelta(seconds=settings.AGENT_MESSAGE_LIFETIME_SECONDS)
    if envelope.campaign is not None:
        lifetime = timedelta(seconds=settings.CAMPAIGN_MESSAGE_LIFETIME_SECONDS)
    return message_queue(
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
