"""Estimates over HTTP: what one or many messages would cost, and nothing is left behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import Rate, RateCard, RateFee, SenderNumber
from providers.rates.publishing import card_publish
from tests.api_client import KeyClient, client_make, kept
from tests.factories import prices_end, rate_card_make, sender_number_make, template_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def number() -> SenderNumber:
    number = sender_number_make()
    card = rate_card_make(account=number.account, is_published=False)
    RateFee.objects.create(card=card, kind="per_message", value=Decimal("0.005"))
    card_publish(card.pk)
    return number


@pytest.fixture
def api(number: SenderNumber) -> KeyClient:
    return client_make(scopes=["costs:read"])


def ask(api: KeyClient, **body: Any) -> Any:
    return api.post("/api/v1/estimates", body, format="json")


def test_it_tells_the_price_of_one_message_with_its_lines(api: KeyClient) -> None:
    before = kept()
    answer = ask(api, category="utility", recipients=[{"phone": "+5491155554321"}])
    [estimate] = answer.json()["estimates"]
    assert answer.status_code == 200
    assert (estimate["market"], estimate["amount"], estimate["currency"]) == ("AR", "0.031000", "USD")
    assert [(line["part"], line["amount"]) for line in estimate["lines"]] == [("meta", "0.026000"), ("fee", "0.005000")]
    assert estimate["lines"][0]["rate"] == Rate.objects.get(market="AR", category="utility").pk
    assert kept() == before


def test_it_takes_the_category_of_a_template(api: KeyClient, number: SenderNumber) -> None:
    template = template_make(account=number.account)
    answer = ask(api, template=template.pk, recipients=[{"bsuid": "AR.123"}]).json()
    assert (answer["estimates"][0]["category"], answer["totals"]) == (
        "utility",
        [{"amount": "0.031000", "currency": "USD"}],
    )


def test_many_walk_through_the_tiers_in_their_order(number: SenderNumber, api: KeyClient) -> None:
    RateCard.objects.filter(valid_to=None).update(valid_to="2026-11-29T00:00:00Z")
    card = RateCard.objects.create(account=number.account, name="T", currency="USD", valid_from="2026-11-29T00:00:00Z")
    for start, end, price in ((0, 2, "0.03"), (2, None, "0.01")):
        Rate.objects.create(
            card=card, market="AR", category="marketing", tier_from=start, tier_to=end, price=Decimal(price)
        )
    card_publish(card.pk)
    recipients = [{"phone": f"+54911555543{line}"} for line in (21, 22, 23, 24)]
    answer = ask(api, category="marketing", recipients=recipients).json()
    assert [estimate["amount"] for estimate in answer["estimates"]] == ["0.030000", "0.030000", "0.010000", "0.010000"]
    assert answer["totals"] == [{"amount": "0.080000", "currency": "USD"}]


def test_a_thousand_ask_no_more_questions_than_one(api: KeyClient) -> None:
    def queries(count: int) -> int:
        recipients = [{"phone": f"+54911{line:06d}00"} for line in range(count)]
        with CaptureQueriesContext(connection) as found:
            assert ask(api, category="utility", recipients=recipients).status_code == 200
        return len(found)

    assert queries(1) == queries(1_000)


def test_without_a_price_it_says_so(api: KeyClient) -> None:
    prices_end()
    [estimate] = ask(api, category="utility", recipients=[{"phone": "+5491155554321"}]).json()["estimates"]
    assert (estimate["amount"], estimate["lines"], bool(estimate["problem"])) == (None, [], True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"category": "utility"}, "recipients"),
        ({"category": "utility", "recipients": []}, "recipients"),
        ({"category": "gifts", "recipients": [{"phone": "+5491155554321"}]}, "category"),
        ({"recipients": [{"phone": "+5491155554321"}]}, "template"),
        ({"category": "utility", "recipients": [{"phone": "123"}]}, "recipients.0.phone"),
        ({"category": "utility", "recipients": [{"phone": "+5491155554321", "bsuid": "AR.1"}]}, "recipients.0.phone"),
        ({"category": "utility", "recipients": [{"phone": "+5491155554321"}] * 1001}, "recipients"),
        ({"category": "utility", "recipients": [{"phone": "+5491155554321"}], "sender_number": 9999}, "sender_number"),
        ({"category": "utility", "recipients": [{"phone": "+5491155554321"}], "at": "soon"}, "at"),
    ],
)
def test_a_wrong_body_is_refused_by_its_field(api: KeyClient, body: dict[str, Any], field: str) -> None:
    problem = ask(api, **body).json()
    assert problem["status"] == 400
    assert problem["errors"][0]["field"].startswith(field)


def test_it_needs_the_scope(number: SenderNumber) -> None:
    stranger = client_make(scopes=["templates:read"])
    answer = ask(stranger, category="utility", recipients=[{"phone": "+5491155554321"}])
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
