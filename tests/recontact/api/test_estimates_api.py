"""Estimates over HTTP: what one or many messages would cost, and nothing is left behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import Rate, RateCard, RateFee, SenderNumber
from providers.rates.publishing import card_publish
from recontact.models import Team
from tests.api_client import KeyClient, client_make, kept
from tests.factories import (
    customer_make,
    prices_end,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
    user_make,
)
from tests.recontact.test_entry_points import came

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
        ({"category": "utility", "recipients": [{"phone": "+5491155554321", "query": 1}]}, "recipients.0.phone"),
        ({"category": "utility", "recipients": [{"query": 1, "customer": 1}]}, "recipients.0.phone"),
        ({"category": "utility", "recipients": [{"query": 10**19}]}, "recipients.0.query"),
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


def test_a_query_or_its_customer_is_priced_as_the_button_says_with_his_free_entry_point(number: SenderNumber) -> None:
    api = client_make(scopes=["costs:read", "queries:read"])
    query = query_make(sender_number=number)
    came(query, 2)
    recipients = [{"query": query.pk}, {"customer": query.customer_id}, {"phone": query.customer.phone}]

    answer = ask(api, category="marketing", recipients=recipients).json()

    # Meta's price is free, the provider's own fee is not.
    assert [estimate["amount"] for estimate in answer["estimates"]] == ["0.005000", "0.005000", "0.066800"]
    assert answer["estimates"][0]["lines"][0]["rule"] is not None


def test_a_query_says_which_number_sends_and_one_of_another_number_is_refused(number: SenderNumber) -> None:
    api = client_make(scopes=["costs:read", "queries:read"])
    query, other = query_make(sender_number=number), query_make(sender_number=sender_number_make())

    assert ask(api, category="utility", recipients=[{"query": query.pk}]).status_code == 200
    problem = ask(api, category="utility", recipients=[{"query": query.pk}, {"query": other.pk}]).json()

    assert (problem["code"], problem["errors"][0]["field"]) == ("sender_number_other", "recipients.1.query")


def test_who_is_out_of_reach_is_as_unknown_as_who_is_not_there(number: SenderNumber) -> None:
    mine, theirs = (Team.objects.create(name=name) for name in ("Norte", "Sur"))
    agent = user_make(permissions=["recontact.see_costs", "recontact.view_query"], teams=[mine])
    api = client_make(user=agent, scopes=["costs:read", "queries:read"])
    own, foreign = (query_make(sender_number=number, team=team) for team in (mine, theirs))

    for recipient in ({"query": own.pk}, {"customer": own.customer_id}):
        assert ask(api, category="utility", sender_number=number.pk, recipients=[recipient]).status_code == 200
    for name, ids in (("query", (foreign.pk, 999_999)), ("customer", (foreign.customer_id, 999_999))):
        answers = [
            ask(api, category="utility", sender_number=number.pk, recipients=[{name: each}]).json() for each in ids
        ]
        assert [answer["code"] for answer in answers] == [f"{name}_unknown"] * 2
        assert answers[0]["detail"] == answers[1]["detail"]
    costs_alone = client_make(user=agent, scopes=["costs:read"])
    refused = ask(costs_alone, category="utility", sender_number=number.pk, recipients=[{"query": own.pk}])
    assert refused.json()["code"] == "query_unknown"


def test_many_queries_ask_no_more_questions_than_one(number: SenderNumber) -> None:
    api = client_make(scopes=["costs:read", "queries:read"])
    rows = [query_make(sender_number=number, customer=customer_make()).pk for _ in range(6)]

    def queries(some: list[int]) -> int:
        with CaptureQueriesContext(connection) as found:
            answer = ask(
                api, category="utility", sender_number=number.pk, recipients=[{"query": each} for each in some]
            )
            assert answer.status_code == 200
        return len(found)

    queries(rows[:1])
    assert queries(rows[:1]) == queries(rows)
