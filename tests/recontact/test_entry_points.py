"""Free entry points: who came by an advertisement and was answered within 24 hours is written to for free for 72.

[M price] Meta, "Pricing on the WhatsApp Business Platform", read 2026-09-11. Prices by hand: Argentina, marketing 0.0618.
"""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer_service.inbound import inbound_receive
from providers.contracts import DeliveryStatus, InboundEvent, PriceReport, StatusEvent, WebhookRequest
from providers.models import PricingRule
from providers.registry import adapter_for
from recontact.budgets.settle import changes_add_up
from recontact.costs.estimate import Estimate, estimate_for
from recontact.customers import customer_merge
from recontact.delivery import status_apply
from recontact.entry_points import entry_point_of, entry_points_of
from recontact.models import BudgetPeriod, Message, Query, ServiceWindow
from recontact.windows import window_extend
from tests.factories import budget_make, customer_make, message_make, query_make, template_make

pytestmark = pytest.mark.django_db

MARKETING = Decimal("0.0618")
HOUR = timedelta(hours=1)


def came(query: Query, hours_ago: float, *, from_advertisement: bool = True) -> None:
    """The customer wrote so long ago."""
    window_extend(
        customer_id=query.customer_id,
        sender_number_id=query.sender_number_id,
        inbound_at=timezone.now() - hours_ago * HOUR,
        from_advertisement=from_advertisement,
    )


def answered(query: Query, hours_ago: float) -> Message:
    """Our message left so long ago."""
    template = template_make(account=query.sender_number.account)
    message = message_make(query=query, template=template)
    at = timezone.now() - hours_ago * HOUR
    Message.objects.filter(pk=message.pk).update(state="sending", claimed_at=at)
    Message.objects.filter(pk=message.pk).update(state="accepted", accepted_at=at)
    return message


def price(query: Query, category: str = "marketing") -> Decimal:
    since = entry_point_of(customer_id=query.customer_id, sender_number_id=query.sender_number_id)
    found = estimate_for(
        account_id=query.sender_number.account_id,
        phone=query.customer.phone or "",
        bsuid="",
        category=category,
        entry_point_at=since,
    )
    assert isinstance(found, Estimate)
    return found.amount


#: (came, answered, each so many hours ago; the price now): [M price] answered within 24 h, free for 72 h from the answer on.
TABLE = {
    "who just wrote is charged": (None, None, MARKETING),
    "the answer itself is free": (2, None, Decimal(0)),
    "an answer that comes too late opens nothing": (25, None, MARKETING),
    "free after an answer in time": (40, 30, Decimal(0)),
    "for 72 h, to the last minute": (95, 71.9, Decimal(0)),
    "after 72 h it is charged": (95, 72.1, MARKETING),
    "an answer after 24 h counts for nothing": (60, 35.9, MARKETING),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_free_by_when_he_came_and_was_answered(name: str) -> None:
    came_at, answered_at, amount = TABLE[name]
    query = query_make()
    if came_at is not None:
        came(query, came_at)
    if answered_at is not None:
        answered(query, answered_at)
    assert price(query) == amount


@pytest.mark.parametrize("category", ["marketing", "utility", "authentication", "service"])
def test_every_kind_of_message_is_free(category: str) -> None:
    query = query_make()
    came(query, 5)
    assert price(query, category) == 0


def test_it_is_free_for_this_number_alone() -> None:
    query = query_make()
    came(query, 5)
    assert price(query_make(customer=query.customer)) == MARKETING


def test_the_hours_are_a_rule_with_a_date() -> None:
    query = query_make()
    came(query, 60)
    answered(query, 50)
    assert price(query) == 0
    today = timezone.localdate()
    PricingRule.objects.create(
        kind="entry_point", amount=48, valid_from=today - timedelta(days=2), source="Meta", read_on=today
    )
    assert price(query) == MARKETING


def test_writing_again_by_no_advertisement_takes_nothing_away_nor_does_a_late_message() -> None:
    query = query_make()
    came(query, 5)
    came(query, 1, from_advertisement=False)
    window = ServiceWindow.objects.get()
    assert price(query) == 0
    came(query, 30)
    later = ServiceWindow.objects.get()
    assert (later.last_inbound_at, later.entry_point_at) == (window.last_inbound_at, window.entry_point_at)


def test_an_advertisement_told_late_counts_and_leaves_the_window_as_it_was() -> None:
    query = query_make()
    came(query, 1, from_advertisement=False)
    last = ServiceWindow.objects.get().last_inbound_at
    came(query, 5)
    assert price(query) == 0
    assert ServiceWindow.objects.get().last_inbound_at == last


def test_the_providers_word_that_one_was_free_tells_of_an_entry_point_that_nobody_had_seen() -> None:
    query = query_make()
    came(query, 60, from_advertisement=False)
    message = answered(query, 50)
    free = PriceReport(billable=False, category="marketing", pricing_type="free_entry_point")
    status_apply(
        message.account_id,
        StatusEvent(
            provider_message_id=f"wamid.{message.pk}",
            reference=str(message.reference),
            status=DeliveryStatus.DELIVERED,
            occurred_at=timezone.now(),
            price=free,
        ),
    )
    assert price(query) == 0
    Message.objects.filter(pk=message.pk).update(accepted_at=timezone.now() - 73 * HOUR)
    assert price(query) == MARKETING


def test_two_customers_who_are_one_have_the_later_entry_point() -> None:
    query = query_make()
    came(query, 5)
    other = customer_make()
    window_extend(
        customer_id=other.pk,
        sender_number_id=query.sender_number_id,
        inbound_at=timezone.now(),
        from_advertisement=False,
    )
    customer_merge(keep=other, gone=query.customer)
    assert entry_point_of(customer_id=other.pk, sender_number_id=query.sender_number_id) is not None


def test_many_pairs_cost_one_query() -> None:
    queries = [query_make() for _query in range(3)]
    for query in queries:
        came(query, 5)
    with CaptureQueriesContext(connection) as found:
        assert len(entry_points_of((query.customer_id, query.sender_number_id) for query in queries)) == 3
    assert len(found) == 1


def test_metas_referral_opens_it() -> None:
    """The webhook as Meta sends it, through its adapter, to the customer's window."""
    body = (Path(__file__).parents[1] / "payloads/meta/webhook_inbound_text_ctwa_referral.json").read_bytes()
    query = query_make()
    number = query.sender_number
    document = json.loads(body)
    value = document["entry"][0]["changes"][0]["value"]
    value["metadata"]["phone_number_id"] = number.external_id
    value["messages"][0]["timestamp"] = str(int(timezone.now().timestamp()) - 60)
    [event] = adapter_for(number.account.config()).parse_webhook(WebhookRequest(json.dumps(document).encode(), {}))
    assert isinstance(event, InboundEvent)
    assert event.entry_point == "ad"

    message = inbound_receive(number.account_id, event)

    assert price(message.query) == 0


def test_a_recontact_inside_it_is_queued_for_nothing_with_the_rule_and_a_price_told_after_all_is_counted() -> None:
    budget_make()
    query = query_make()
    came(query, 60)
    answered(query, 50)
    again = query_make(customer=customer_make(), sender_number=query.sender_number)
    Query.objects.filter(pk=query.pk).update(state=Query.State.RESOLVED)
    Query.objects.filter(pk=again.pk).update(customer=query.customer)
    message = message_make(query=Query.objects.get(pk=again.pk), template=query.sender_number.account.templates.get())
    [entry] = message.cost_entries.all()
    assert entry.rule is not None
    assert (entry.amount, entry.rule.kind) == (Decimal(0), "entry_point")
    told = PriceReport(billable=True, category="utility", amount=Decimal("0.026"), currency="USD")
    status_apply(
        message.account_id,
        StatusEvent(
            provider_message_id=f"wamid.{message.pk}",
            reference=str(message.reference),
            status=DeliveryStatus.DELIVERED,
            occurred_at=timezone.now(),
            price=told,
        ),
    )
    changes_add_up()
    assert BudgetPeriod.objects.get().spent == Decimal("0.026")
