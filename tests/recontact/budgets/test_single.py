"""Single messages at a budget: reserved when queued, charged or given back by what becomes of them, refused beyond the limit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from recontact.books import differences
from recontact.budgets.settle import changes_add_up
from recontact.cancelling import message_cancel
from recontact.delivery import status_apply
from recontact.models import BudgetPeriod, Message
from recontact.outbox import hsm_send
from recontact.refusals import Code, SendRefused
from recontact.states import MessageState
from tests.factories import (
    VALUES,
    budget_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
    user_make,
)

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.026")
NOTHING = Decimal(0)


def sums() -> tuple[Decimal, Decimal]:
    """(reserved, spent) of the only period, once everything is added up; proved from the rows."""
    changes_add_up()
    assert list(differences()) == []
    period = BudgetPeriod.objects.get()
    return period.reserved, period.spent


def told(message: Message, status: str, *, price: PriceReport | None = None) -> None:
    """The provider's word on the message."""
    status_apply(
        message.account_id,
        StatusEvent(
            provider_message_id=f"wamid.{message.pk}",
            reference=str(message.reference),
            status=DeliveryStatus(status),
            occurred_at=timezone.now(),
            price=price,
        ),
    )


def test_a_queued_message_reserves_its_estimate() -> None:
    budget_make()
    message_make()
    assert sums() == (PRICE, NOTHING)


@pytest.mark.parametrize(
    "status", [MessageState.REJECTED, MessageState.EXPIRED, MessageState.SKIPPED, MessageState.CANCELLED]
)
def test_what_certainly_never_went_out_gives_it_back(status: MessageState) -> None:
    budget_make()
    message = message_make()
    if status == MessageState.REJECTED:
        Message.objects.filter(pk=message.pk).update(state=MessageState.SENDING)
    Message.objects.filter(pk=message.pk).update(state=status)
    changes_add_up()
    assert BudgetPeriod.objects.get().used == 0


def test_a_cancelled_one_gives_it_back() -> None:
    budget_make()
    message_cancel(message_id=message_make().pk)
    assert sums() == (NOTHING, NOTHING)


@pytest.mark.parametrize("status", ["accepted", "sent"])
def test_one_on_its_way_stays_reserved(status: str) -> None:
    budget_make()
    told(message_make(), status)
    assert sums() == (PRICE, NOTHING)


def test_a_delivered_one_is_spent_by_its_estimate_where_the_provider_names_no_price() -> None:
    budget_make()
    told(message_make(), "delivered")
    assert sums() == (NOTHING, PRICE)


def test_and_by_the_providers_price_where_it_names_one() -> None:
    budget_make()
    price = PriceReport(billable=True, category="utility", amount=Decimal("0.0301"), currency="USD")
    told(message_make(), "delivered", price=price)
    assert sums() == (NOTHING, Decimal("0.0301"))


def test_also_when_the_price_comes_with_a_later_status() -> None:
    budget_make()
    message = message_make()
    told(message, "delivered")
    assert sums() == (NOTHING, PRICE)
    told(message, "read", price=PriceReport(billable=True, category="utility", amount=Decimal("0.01"), currency="USD"))
    assert sums() == (NOTHING, Decimal("0.01"))


def test_a_price_in_another_currency_changes_nothing() -> None:
    budget_make()
    price = PriceReport(billable=True, category="utility", amount=Decimal("40"), currency="ARS")
    told(message_make(), "delivered", price=price)
    assert sums() == (NOTHING, PRICE)


def test_one_that_was_free_costs_nothing() -> None:
    budget_make()
    price = PriceReport(billable=False, category="utility", pricing_type="free_entry_point")
    told(message_make(), "delivered", price=price)
    assert sums() == (NOTHING, NOTHING)


def test_a_failed_one_gives_it_back_and_a_late_proof_charges_it() -> None:
    budget_make()
    message = message_make()
    told(message, "sent")
    told(message, "failed")
    assert sums() == (NOTHING, NOTHING)
    told(message, "delivered")
    assert sums() == (NOTHING, PRICE)


def test_statuses_told_twice_and_out_of_order_count_once() -> None:
    budget_make()
    message = message_make()
    for status in ("read", "delivered", "sent", "delivered", "read"):
        told(message, status)
    assert sums() == (NOTHING, PRICE)


@pytest.fixture
def send() -> Callable[[], Message]:
    """Sends one HSM to a new phone, at 0.026."""
    number = sender_number_make()
    rate_card_make(account=number.account)
    template, user = template_make(account=number.account), user_make()
    phones = iter(f"+54911555500{digits}" for digits in range(10, 99))

    def send() -> Message:
        return hsm_send(
            phone=next(phones),
            sender_number_id=number.pk,
            template_id=template.pk,
            values=VALUES,
            user=user,
            send_key=None,
            origin=Message.Origin.SERVICE,
            open_query=True,
        )

    return send


def test_the_message_that_does_not_fit_is_refused_with_the_figures(send: Callable[[], Message]) -> None:
    budget_make(amount="0.07", name="Noviembre")
    send()
    send()
    with pytest.raises(SendRefused) as refused:
        send()
    [refusal] = refused.value.refusals
    assert (refusal.code, refusal.params["budget"]) == (Code.BUDGET_EXHAUSTED, "Noviembre")
    assert Decimal(refusal.params["left"]) == Decimal("0.018")
    assert Message.objects.count() == 2
    assert sums() == (2 * PRICE, NOTHING)


def test_one_that_fits_to_the_last_fraction_goes(send: Callable[[], Message]) -> None:
    budget_make(amount="0.26")
    for _ in range(10):
        send()
    with pytest.raises(SendRefused):
        send()
    assert BudgetPeriod.objects.get().used == Decimal("0.26")


def test_what_was_given_back_can_be_sent_with_again(send: Callable[[], Message]) -> None:
    budget_make(amount="0.03")
    message_cancel(message_id=send().pk)
    with pytest.raises(SendRefused):
        send()
    changes_add_up()
    assert send().pk


def test_a_budget_that_only_alerts_refuses_nothing(send: Callable[[], Message]) -> None:
    budget_make(amount="0.01", stops=False)
    send()
    assert sums() == (PRICE, NOTHING)


def test_an_inactive_budget_counts_nothing(send: Callable[[], Message]) -> None:
    budget_make(amount="0.01", is_active=False)
    send()
    assert not BudgetPeriod.objects.exists()


def test_a_recontact_that_does_not_fit_leaves_the_query_its_right() -> None:
    query = query_make()
    template = template_make(account=query.sender_number.account)
    budget = budget_make(amount="0.01")
    with pytest.raises(SendRefused):
        message_make(query=query, template=template)
    budget.stops = False
    budget.save()
    assert message_make(query=query, template=template).pk
