"""May this be sent? Each function returns the reasons against it (none = yes), for screens, API, bulk and the dispatcher alike.

They read; they lock nothing. The outbox calls them under the customer's and the query's locks, the claim once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from providers.contracts import JsonObject
from providers.models import SenderNumber
from providers.parts import parts_not_carried, parts_of
from providers.registry import adapter_class_known
from recontact.access import query_is_foreign
from recontact.budgets import reserve
from recontact.budgets.scope import Facts
from recontact.clock import database_now
from recontact.costs.estimate import Estimate
from recontact.customers import opt_out_standing
from recontact.ledger import standing
from recontact.models import Customer, Incident, Message, OptOut, Query, Recontact
from recontact.refusals import Code, Refusal
from recontact.windows import window_expires_at
from templates_app.models import Template
from templates_app.selectors import template_blockers


def number_refusals(number: SenderNumber) -> list[Refusal]:
    """Against sending through this number at all: switched off, parked, or its account is."""
    if not number.is_active or not number.account.is_active:
        return [Refusal(Code.NUMBER_INACTIVE)]
    if number.is_parked:
        return [Refusal(Code.NUMBER_PARKED, {"why": number.parked_sentence})]
    if number.account.is_parked:
        return [Refusal(Code.ACCOUNT_PARKED, {"why": number.account.parked_sentence})]
    return []


def template_refusals(template: Template, number: SenderNumber) -> list[Refusal]:
    """Against sending this template through this number: another account's, or not sendable."""
    if template.account_id != number.account_id:
        return [Refusal(Code.TEMPLATE_OTHER_ACCOUNT, field_name="template")]
    blockers = template_blockers(template)
    if blockers:
        why = " ".join(str(blocker.sentence) for blocker in blockers)
        return [Refusal(Code.TEMPLATE_NOT_SENDABLE, {"why": why}, field_name="template")]
    return []


def content_refusals(components: Iterable[JsonObject], number: SenderNumber) -> list[Refusal]:
    """Against what a template carries with its values (send-time components): parts that the provider does not take."""
    return parts_refusals(parts_of(components), number)


def parts_refusals(parts: Iterable[str], number: SenderNumber) -> list[Refusal]:
    """The same by the parts of such components (providers.parts)."""
    adapter = adapter_class_known(number.account.provider)
    missing = parts_not_carried(parts, adapter.capabilities.parts) if adapter is not None else []
    if not missing or adapter is None:
        return []
    return [Refusal(Code.PARTS_NOT_CARRIED, {"provider": str(adapter.label), "parts": missing}, field_name="template")]


def customer_refusals(customer: Customer, *, category: str) -> list[Refusal]:
    """Against writing to this person: erased, or opted out of this category or of everything."""
    if customer.erased_at is not None:
        return [Refusal(Code.CUSTOMER_ERASED)]
    opt_out = opt_out_standing(customer.pk, category=category)
    if opt_out is not None:
        code = Code.OPTED_OUT if opt_out.scope == OptOut.Scope.ALL else Code.OPTED_OUT_MARKETING
        return [Refusal(code, {"source": opt_out.source})]
    if category == Template.Category.AUTHENTICATION and not customer.phone:
        return [Refusal(Code.TEMPLATE_NEEDS_PHONE)]
    return []


def budget_refusals(facts: Facts, estimate: Estimate) -> list[Refusal]:
    """Against a message of this price: a budget that counts it has not so much left, or no rate to its currency."""
    return reserve.budget_refusals(facts, estimate)


def window_is_open(*, customer_id: int, sender_number_id: int) -> bool:
    """Whether the customer wrote to this number less than 24 h ago, by the database's clock."""
    expires_at = window_expires_at(customer_id=customer_id, sender_number_id=sender_number_id)
    return expires_at is not None and expires_at > database_now()


def recontact_refusals(query: Query, *, user: Any) -> list[Refusal]:
    """Against recontacting this query now, whatever the template: used already, resolved, another's, window open."""
    used = standing(query.pk)
    if used is not None:
        return [Refusal(Code.ALREADY_RECONTACTED, _recontact_story(used))]
    if Incident.objects.filter(message__recontact__query=query, closed_at__isnull=True).exists():
        return [Refusal(Code.RECONTACT_INCIDENT)]
    if not query.is_open:
        return [Refusal(Code.QUERY_CLOSED)]
    if user is not None and query_is_foreign(user, query):
        return [Refusal(Code.QUERY_FOREIGN)]
    if window_is_open(customer_id=query.customer_id, sender_number_id=query.sender_number_id):
        return [Refusal(Code.WINDOW_OPEN)]
    return []


def new_conversation_refusals(customer: Customer, number: SenderNumber) -> list[Refusal]:
    """Against an HSM outside any query: an open query (go there), an open window, or an HSM already on its way."""
    query = Query.objects.filter(customer=customer, sender_number=number).exclude(state=Query.State.RESOLVED).first()
    if query is not None:
        return [Refusal(Code.OPEN_QUERY_EXISTS, {"query": query.pk})]
    if window_is_open(customer_id=customer.pk, sender_number_id=number.pk):
        return [Refusal(Code.WINDOW_OPEN)]
    alive = [Message.State.QUEUED, Message.State.SENDING, Message.State.UNCERTAIN]
    on_its_way = Message.objects.filter(
        customer=customer, sender_number=number, kind=Message.Kind.TEMPLATE, state__in=alive
    ).first()
    if on_its_way is not None:
        return [Refusal(Code.RECENTLY_MESSAGED, {"message": on_its_way.pk})]
    return []


def text_refusals(query: Query, *, user: Any) -> list[Refusal]:
    """Against free text in this query now: resolved, another's, the window is closed, or the provider takes no text."""
    if not query.is_open:
        return [Refusal(Code.QUERY_CLOSED)]
    if user is not None and query_is_foreign(user, query):
        return [Refusal(Code.QUERY_FOREIGN)]
    if not window_is_open(customer_id=query.customer_id, sender_number_id=query.sender_number_id):
        return [Refusal(Code.WINDOW_CLOSED)]
    adapter = adapter_class_known(query.sender_number.account.provider)
    if adapter is not None and not adapter.capabilities.text:
        return [Refusal(Code.TEXT_NOT_CARRIED, {"provider": str(adapter.label)})]
    return []


def _recontact_story(recontact: Recontact) -> dict[str, Any]:
    """Who, when and how it went, as the sentence and the API tell it."""
    at = timezone.localtime(recontact.reserved_at)
    return {
        "by": str(recontact.reserved_by) if recontact.reserved_by is not None else _("the system"),
        "at": formats.date_format(at, "SHORT_DATETIME_FORMAT"),
        "outcome": str(recontact.message.get_state_display()).lower(),
        "message": recontact.message_id,
        "state": recontact.message.state,
    }
