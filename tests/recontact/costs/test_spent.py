"""What a query, a customer and another account cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from providers.models import PricingRule, Rate, SenderNumber
from providers.rates.publishing import card_publish
from recontact.costs.asked import month_of, question_read
from recontact.costs.elsewhere import costs_elsewhere
from recontact.costs.spent import Spent, spent_on
from recontact.costs.together import Together, spent_together
from recontact.inbound import customer_wrote
from recontact.models import ExchangeRate, Message
from recontact.outbox import text_send
from tests.customer_service.agents import customer_writes
from tests.factories import account_make, message_make, query_make, rate_card_make, sender_number_make
from tests.recontact.costs.test_grouped import PRICE, TODAY, delivered

pytestmark = pytest.mark.django_db


def test_a_query_costs_what_its_messages_were_charged() -> None:
    message = delivered(message_make(), reported="0.031")

    assert spent_on(Message.objects.filter(query=message.query)) == [Spent("USD", 1, Decimal("0.031"), Decimal(0))]


def test_what_failed_costs_nothing_and_what_is_under_way_may() -> None:
    failed, queued = delivered(message_make(), state="failed"), message_make()

    assert spent_on(Message.objects.filter(pk=failed.pk)) == [Spent("USD", 1, Decimal(0), Decimal(0))]
    assert spent_on(Message.objects.filter(pk=queued.pk)) == [Spent("USD", 1, Decimal(0), PRICE)]


def test_two_currencies_are_two_sums() -> None:
    query = query_make()
    first = delivered(message_make(query=query), reported="40", currency="ARS")
    second = delivered(message_make(), reported="0.031")

    found = spent_on(Message.objects.filter(pk__in=[first.pk, second.pk]))

    assert [(each.currency, each.amount) for each in found] == [("ARS", Decimal(40)), ("USD", Decimal("0.031"))]


def test_currencies_come_together_by_the_dated_table_alone() -> None:
    delivered(message_make(), reported="0.031")
    delivered(message_make(), reported="40", currency="ARS")
    asked = question_read({"currency": "USD"}, today=TODAY)

    assert spent_together(asked) == Together("USD", Decimal("0.031"), ["ARS"])

    for days, rate in ((0, "0.0010"), (3, "9"), (-1, "7")):
        ExchangeRate.objects.create(
            from_currency="ARS", to_currency="USD", rate=Decimal(rate), valid_from=TODAY - timedelta(days=days)
        )
    assert spent_together(asked) == Together("USD", Decimal("0.071"), [])


def test_another_account_is_priced_by_its_own_cards() -> None:
    message = delivered(message_make(), reported="0.031")
    other = account_make()
    rate_card_make(account=other, prices={"AR": ("0.0618", "0.011")})

    cheapest, own = costs_elsewhere(question_read({}, today=TODAY))

    assert (cheapest.account, cheapest.amount, cheapest.priced, cheapest.unpriced) == (other, Decimal("0.011"), 1, 0)
    assert (own.account, own.amount) == (message.account, PRICE)


def test_an_account_without_a_price_for_everything_comes_last_and_says_so() -> None:
    delivered(message_make())
    other = account_make()
    card = rate_card_make(account=other, is_published=False)
    Rate.objects.filter(card=card, category="utility").delete()
    card_publish(card.pk)
    cheap = account_make()
    rate_card_make(account=cheap, prices={"other": ("0.001", "0.001")})

    lines = costs_elsewhere(question_read({}, today=TODAY))

    assert next(line.account for line in lines) == cheap
    assert other not in [line.account for line in lines if not line.unpriced]


def test_each_day_is_priced_by_the_card_of_that_day() -> None:
    message = delivered(message_make())
    other = account_make()
    rate_card_make(account=other)
    rate_card_make(account=other, valid_from=timezone.now() - timedelta(days=1), prices={"other": ("9", "9")})
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - timedelta(days=5))
    first, last = month_of(TODAY - timedelta(days=5))

    [line, *_rest] = [
        each
        for each in costs_elsewhere(question_read({"from": str(first), "until": str(last)}, today=TODAY))
        if each.account == other
    ]

    assert line.amount == PRICE


def test_free_text_costs_elsewhere_once_the_allowance_of_its_number_is_used_up() -> None:
    PricingRule.objects.filter(kind=PricingRule.Kind.ALLOWANCE).update(amount=2)
    number = sender_number_make()
    rate_card_make(account=number.account)
    for _each in range(4):
        delivered(written_by(number))
    delivered(written_by(sender_number_make(account=number.account)))

    [line] = costs_elsewhere(question_read({}, today=TODAY))

    assert (line.amount, line.priced) == (2 * PRICE, 5)


def written_by(number: SenderNumber) -> Message:
    """An agent's text from this number."""
    query = query_make(sender_number=number)
    customer_writes(query)
    return text_send(query_id=query.pk, text="Hola", user=None, send_key=None)


def test_the_last_hsm_that_he_had_got_is_what_a_customer_answers_once() -> None:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=5))
    delivered(message)

    for minutes in (2, 1):
        customer_wrote(
            customer=message.customer,
            sender_number=message.sender_number,
            at=timezone.now() - timedelta(minutes=minutes),
            preview="Sí",
            context_message_id="",
        )

    message.refresh_from_db()
    assert message.answered_at is not None
    assert timezone.now() - message.answered_at > timedelta(minutes=1, seconds=30)


def test_what_was_never_sent_is_not_answered() -> None:
    message = message_make()

    customer_wrote(
        customer=message.customer, sender_number=message.sender_number, at=timezone.now(), preview="Hola",
        context_message_id="",
    )  # fmt: skip

    message.refresh_from_db()
    assert message.answered_at is None
