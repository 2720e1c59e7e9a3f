"""What the provider reports stays beside the estimate, with the part of it that it stands for; failed messages and their fee."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from providers.models import RateCard, RateFee
from providers.rates.publishing import card_publish
from recontact.books import differences
from recontact.delivery import status_apply
from recontact.delivery_bulk import statuses_apply
from recontact.models import CostEntry, Message
from tests.factories import message_make, query_make, rate_card_make, sender_number_make

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
BY_CATEGORY = PriceReport(True, "utility", "regular")
FREE = PriceReport(False, "utility", "free_entry_point")


def sent(
    *, fees: Sequence[tuple[str, str, tuple[str, ...]]] = (), covers: str = "all", provider: str = "meta"
) -> Message:
    """An accepted message to Argentina in utility: 0.0260 for Meta, and these fees."""
    number = sender_number_make()
    card = rate_card_make(account=number.account, is_published=False, report_covers=covers)
    for kind, value, codes in fees:
        RateFee.objects.create(card=card, kind=kind, value=Decimal(value), exempt_codes=list(codes))
    card_publish(card.pk)
    message = message_make(query=query_make(sender_number=number))
    Message.objects.filter(pk=message.pk).update(
        state="accepted", provider_message_id=f"wamid.{message.pk}", accepted_at=timezone.now()
    )
    message.refresh_from_db()
    return message


def told(message: Message, status: DeliveryStatus, **fields: Any) -> StatusEvent:
    return StatusEvent(message.provider_message_id, status, NOW, reference=str(message.reference), **fields)


def report_of(message: Message, price: PriceReport, *, in_bulk: bool) -> CostEntry:
    event = told(message, DeliveryStatus.DELIVERED, price=price)
    if in_bulk:
        statuses_apply([(message.account_id, event)])
    else:
        status_apply(message.account_id, event)
    assert list(differences()) == []
    return CostEntry.objects.get(message=message, kind="report")


both_ways = pytest.mark.parametrize("in_bulk", [False, True])


def test_the_estimate_is_kept_with_its_lines() -> None:
    message = sent(fees=[("per_message", "0.005", ())])
    entry = CostEntry.objects.get(message=message)
    assert (message.estimate, entry.amount, entry.fee) == (Decimal("0.031"), Decimal("0.031"), Decimal("0.005"))
    fee = RateFee.objects.get()
    assert entry.lines == [
        {"part": "meta", "amount": "0.026000", "rate": entry.rate_id},
        {"part": "fee", "amount": "0.005000", "fee": fee.pk},
    ]


@both_ways
def test_a_category_is_priced_by_the_card_with_its_fees(in_bulk: bool) -> None:
    entry = report_of(sent(fees=[("per_message", "0.005", ())]), BY_CATEGORY, in_bulk=in_bulk)
    assert (entry.amount, entry.fee, entry.told_amount) == (Decimal("0.031"), Decimal("0.005"), None)


@both_ways
def test_what_meta_gives_for_free_costs_the_fee_alone(in_bulk: bool) -> None:
    message = sent(fees=[("per_message", "0.005", ()), ("percent", "6", ())])
    entry = report_of(message, FREE, in_bulk=in_bulk)
    message.refresh_from_db()
    assert (message.billed, entry.amount, entry.fee) == (False, Decimal("0.005"), Decimal("0.005"))


@both_ways
def test_an_amount_that_covers_everything_is_the_charge(in_bulk: bool) -> None:
    """Infobip: `pricePerMessage` is the real price."""
    entry = report_of(sent(), PriceReport(True, "", amount=Decimal("0.0618"), currency="USD"), in_bulk=in_bulk)
    assert (entry.amount, entry.fee, entry.told_amount) == (Decimal("0.0618"), Decimal(0), Decimal("0.0618"))


@both_ways
def test_an_amount_that_covers_the_fee_has_metas_price_added(in_bulk: bool) -> None:
    """Vonage's `usage` is its own price, Meta's fee is separate; Twilio's `price` shows Twilio's fee. 0.0260 + 0.0050."""
    message = sent(covers="fee", fees=[("per_message", "0.0049", ())])
    entry = report_of(message, PriceReport(True, "", amount=Decimal("0.0050"), currency="USD"), in_bulk=in_bulk)
    assert (entry.amount, entry.fee) == (Decimal("0.0310"), Decimal("0.0050"))
    assert (entry.told_amount, entry.told_currency) == (Decimal("0.0050"), "USD")


@both_ways
def test_a_fee_in_another_currency_is_kept_beside_the_cards_price_and_never_added(in_bulk: bool) -> None:
    message = sent(covers="fee", fees=[("per_message", "0.0049", ())])
    entry = report_of(message, PriceReport(True, "", amount=Decimal("0.0333"), currency="EUR"), in_bulk=in_bulk)
    assert (entry.amount, entry.currency) == (Decimal("0.0309"), "USD")
    assert (entry.told_amount, entry.told_currency) == (Decimal("0.0333"), "EUR")


def test_one_report_and_no_more() -> None:
    message = sent()
    report_of(message, BY_CATEGORY, in_bulk=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        CostEntry.objects.create(message=message, kind="report", amount=1, currency="USD", market="AR", category="x")


@pytest.mark.parametrize(("code", "amounts"), [("63016", [Decimal("0.001")]), ("63010", []), ("", [Decimal("0.001")])])
def test_a_failed_message_costs_its_fee_once_unless_exempt(code: str, amounts: list[Decimal]) -> None:
    message = sent(fees=[("failed", "0.001", ("63010",))])
    for _again in range(2):
        status_apply(message.account_id, told(message, DeliveryStatus.FAILED, error_code=code))
    entries = CostEntry.objects.filter(message=message, kind="failed")
    assert [(entry.amount, entry.fee) for entry in entries] == [(amount, amount) for amount in amounts]
    message.refresh_from_db()
    # It is no charge of the message: its query's right may still be given back.
    assert message.billed is False
    assert list(differences()) == []


def test_without_such_a_fee_a_failed_message_costs_nothing() -> None:
    message = sent()
    status_apply(message.account_id, told(message, DeliveryStatus.FAILED, error_code="131026"))
    assert [entry.kind for entry in CostEntry.objects.filter(message=message)] == ["estimate"]


def test_a_failed_message_that_arrived_after_all_is_charged_beside_its_fee() -> None:
    message = sent(fees=[("failed", "0.001", ())])
    status_apply(message.account_id, told(message, DeliveryStatus.FAILED, error_code="63016"))
    entry = report_of(message, BY_CATEGORY, in_bulk=False)
    assert entry.amount == Decimal("0.026")
    assert CostEntry.objects.filter(message=message, kind="failed").count() == 1


def test_nothing_rewrites_what_was_charged() -> None:
    message = sent(fees=[("per_message", "0.005", ())])
    entry = report_of(message, BY_CATEGORY, in_bulk=False)
    before = list(CostEntry.objects.order_by("pk").values())
    changes: tuple[dict[str, Any], ...] = ({"amount": 0}, {"fee": 0}, {"lines": []}, {"told_amount": 1})
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            CostEntry.objects.filter(pk=entry.pk).update(**change)
    RateCard.objects.filter(valid_to=None).update(valid_to=timezone.now() + timedelta(seconds=1))
    rate_card_make(
        account=message.account, valid_from=timezone.now() + timedelta(seconds=2), prices={"other": ("9", "9")}
    )
    assert list(CostEntry.objects.order_by("pk").values()) == before


def test_a_fee_is_never_more_than_the_amount() -> None:
    message = sent()
    with pytest.raises(IntegrityError, match="cost_fee_is_a_part"), transaction.atomic():
        CostEntry.objects.create(
            message=message, kind="report", amount=1, fee=2, currency="USD", market="AR", category="x"
        )
