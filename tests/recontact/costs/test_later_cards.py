"""Whatever card follows, what messages cost already stays: their entries, the sums, and what is told of them late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from recontact.costs.asked import Question, month_of
from recontact.costs.grouped import costs_grouped
from recontact.delivery import status_apply
from recontact.models import CostEntry, Message
from tests.factories import message_make, prices_set, query_make, rate_card_make, sender_number_make, template_make
from tests.recontact.costs.test_grouped import TODAY

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.026")
MONTH = Question(*month_of(TODAY), (), "USD")


def told(message: Message, price: PriceReport | None = None) -> None:
    status_apply(
        message.account_id,
        StatusEvent(
            provider_message_id=f"wamid.{message.pk}",
            reference=str(message.reference),
            status=DeliveryStatus.DELIVERED,
            occurred_at=timezone.now(),
            price=price,
        ),
    )


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    prices=st.lists(st.decimals("0", "99", places=6), min_size=1, max_size=3),
    reported=st.booleans(),
)
def test_no_later_card_changes_what_was_charged(prices: list[Decimal], reported: bool) -> None:
    """Meta names the category alone: the price is that of the card in force when the message left, however late it is told."""
    with transaction.atomic():
        number = sender_number_make()
        rate_card_make(account=number.account, valid_from=timezone.now() - timedelta(days=60))
        template = template_make(account=number.account)
        before, late = (message_make(query=query_make(sender_number=number), template=template) for _each in range(2))
        price = PriceReport(billable=True, category="utility", pricing_type="regular") if reported else None
        told(before, price)
        Message.objects.filter(pk=late.pk).update(state="sending")
        Message.objects.filter(pk=late.pk).update(state="accepted", accepted_at=timezone.now())
        entries = list(CostEntry.objects.order_by("pk").values())
        spent = costs_grouped(MONTH).total

        for each in prices:
            prices_set(str(each), account=number.account)

        assert list(CostEntry.objects.order_by("pk").values()) == entries
        assert costs_grouped(MONTH).total == spent
        told(late, price)
        assert costs_grouped(MONTH).total.spent == 2 * PRICE
        transaction.set_rollback(True)
