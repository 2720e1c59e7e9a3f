"""Prices that come apart from any status: in the books once, when the message is delivered, whatever comes first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from providers.contracts import DeliveryStatus, PriceEvent, PriceReport, StatusEvent
from providers.events import handlers_for
from recontact import ledger
from recontact.books import differences
from recontact.costs.statements import price_apply, prices_rematch
from recontact.delivery import status_apply
from recontact.erasure import customer_erase
from recontact.models import CostEntry, Message, PriceStatement
from tests.factories import message_make, user_make

pytestmark = pytest.mark.django_db

PRICE = PriceReport(billable=True, category="marketing", amount=Decimal("0.0618"), currency="USD")


def _message(state: str) -> Message:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state="sending")
    Message.objects.filter(pk=message.pk).update(state="accepted", provider_message_id="id-1")
    if state != "accepted":
        Message.objects.filter(pk=message.pk).update(state=state)
    ledger.settle([message.pk])
    message.refresh_from_db()
    return message


def _tell(message: Message, price: PriceReport = PRICE, **fields: Any) -> None:
    fields.setdefault("provider_message_id", "id-1")
    event = PriceEvent(occurred_at=timezone.now(), price=price, **fields)
    for handler in handlers_for(event):
        handler(message.account_id, event)


def _reported(message: Message) -> list[tuple[Decimal, str]]:
    rows = CostEntry.objects.filter(message=message, kind=CostEntry.Kind.REPORT)
    return list(rows.values_list("amount", "currency"))


def test_the_price_of_a_delivered_message_is_charged_at_once() -> None:
    message = _message("delivered")
    _tell(message)
    message.refresh_from_db()
    assert (_reported(message), message.billed) == ([(Decimal("0.0618"), "USD")], True)
    assert list(differences()) == []


def test_the_same_price_again_is_charged_once() -> None:
    message = _message("read")
    _tell(message)
    _tell(message)
    assert len(_reported(message)) == 1


def test_a_price_before_the_delivery_is_charged_with_it() -> None:
    message = _message("accepted")
    _tell(message)
    assert (_reported(message), prices_rematch()) == ([], 0)
    status_apply(message.account_id, StatusEvent("id-1", DeliveryStatus.DELIVERED, timezone.now()))
    assert prices_rematch() == 1
    assert len(_reported(message)) == 1
    assert prices_rematch() == 0


def test_a_price_before_the_record_waits_for_it() -> None:
    message = _message("delivered")
    Message.objects.filter(pk=message.pk).update(provider_message_id="")
    _tell(message)
    assert prices_rematch() == 0
    Message.objects.filter(pk=message.pk).update(provider_message_id="id-1")
    assert prices_rematch() == 1
    assert len(_reported(message)) == 1


def test_a_price_is_found_by_our_reference_too() -> None:
    message = _message("delivered")
    _tell(message, provider_message_id="", reference=str(message.reference))
    assert len(_reported(message)) == 1


def test_a_price_that_matches_nothing_is_given_up_after_seven_days_but_kept() -> None:
    message = _message("accepted")
    _tell(message)
    PriceStatement.objects.update(received_at=timezone.now() - timedelta(days=8))
    Message.objects.filter(pk=message.pk).update(state="delivered")
    assert prices_rematch() == 0
    assert PriceStatement.objects.count() == 1


def test_a_price_of_nothing_is_no_statement() -> None:
    message = _message("delivered")
    event = PriceEvent("", timezone.now(), PRICE)
    assert price_apply(message.account_id, event) is None


def test_a_free_message_is_not_billed() -> None:
    message = _message("delivered")
    _tell(message, PriceReport(billable=False, category="utility", pricing_type="free_customer_service"))
    message.refresh_from_db()
    assert (_reported(message), message.billed) == ([(Decimal(0), "USD")], False)


def test_a_price_without_an_amount_is_taken_from_the_card() -> None:
    message = _message("delivered")
    _tell(message, PriceReport(billable=True, category="utility"))
    assert _reported(message) == [(Decimal("0.026"), "USD")]


def test_an_amount_keeps_its_own_currency() -> None:
    message = _message("delivered")
    _tell(message, PriceReport(billable=True, category="utility", amount=Decimal("0.0311111"), currency="eur"))
    assert _reported(message) == [(Decimal("0.031111"), "EUR")]


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(Decimal("NaN"), "USD"), (Decimal("-1"), "USD"), (Decimal("1e20"), "USD"), (Decimal("0.5"), "points")],
)
def test_an_amount_that_is_none_is_not_believed(amount: Decimal, currency: str) -> None:
    message = _message("delivered")
    _tell(message, PriceReport(billable=True, category="utility", amount=amount, currency=currency))
    assert _reported(message) == [(Decimal("0.026"), "USD")]


def test_a_price_told_with_sent_is_charged_when_delivered_names_none() -> None:
    message = _message("accepted")
    for status, price in ((DeliveryStatus.SENT, PRICE), (DeliveryStatus.DELIVERED, None)):
        status_apply(message.account_id, StatusEvent("id-1", status, timezone.now(), price=price))
    assert _reported(message) == [(Decimal("0.0618"), "USD")]


def test_a_price_of_somebody_erased_is_found_by_the_hash() -> None:
    message = _message("delivered")
    customer_erase(customer_id=message.customer_id, user=user_make())
    _tell(message)
    assert len(_reported(message)) == 1
    assert PriceStatement.objects.get().provider_message_id != "id-1"


def test_erasing_hashes_the_id_of_a_price_told_before() -> None:
    message = _message("delivered")
    _tell(message)
    customer_erase(customer_id=message.customer_id, user=user_make())
    assert PriceStatement.objects.get().provider_message_id != "id-1"
