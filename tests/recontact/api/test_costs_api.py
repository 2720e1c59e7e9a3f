"""Costs over HTTP: grouped and paged, exact, in one currency, and only for whom they are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_client import client_make
from tests.factories import message_make, query_make, rate_card_make, sender_number_make, template_make, user_make
from tests.recontact.costs.test_grouped import delivered

pytestmark = pytest.mark.django_db


def test_it_groups_by_two_and_says_the_whole() -> None:
    message = delivered(message_make(), reported="0.031", state="read")
    delivered(message_make(), state="failed")

    answer = client_make().read("costs?by=account,category&currency=usd")

    assert (answer["currency"], answer["currencies"], answer["count"]) == ("USD", ["USD"], 2)
    first = answer["results"][0]
    assert first["by"]["account"] == {"value": str(message.account_id), "name": message.account.name}
    assert first["by"]["category"] == {"value": "utility", "name": "Utility"}
    assert (first["spent"], first["read"], first["priced"]) == ("0.031000", 1, 1)
    assert (answer["total"]["estimated"], answer["total"]["uncharged"]) == ("0.052000", "0.026000")
    assert (first["per_delivered"], first["per_read"], first["per_answered"]) == ("0.031000", "0.031000", None)


def test_a_price_for_each_delivered_message_is_rounded_to_the_sixth_decimal() -> None:
    for price in ("0.01", "0.01", "0.02"):
        delivered(message_make(), reported=price)

    assert client_make().read("costs")["total"]["per_delivered"] == "0.013333"


def test_it_takes_the_currency_that_there_is() -> None:
    delivered(message_make())

    assert client_make().read("costs")["total"]["spent"] == "0.026000"
    assert client_make().read("costs?currency=EUR")["total"]["messages"] == 0


def test_its_pages_follow_each_other_and_add_up() -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    for _ in range(5):
        delivered(message_make(query=query_make(sender_number=number), template=template, user=user_make()))
    api, seen, path = client_make(), [], "costs?by=agent&page_size=2"

    while path:
        page = api.read(path)
        seen += [Decimal(row["spent"]) for row in page["results"]]
        path = (page["next"] or "").partition("/api/v1/")[2]

    assert (len(seen), sum(seen)) == (5, 5 * Decimal("0.026"))


def test_it_costs_the_same_number_of_queries_however_much_there_is() -> None:
    api = client_make()
    delivered(message_make(user=user_make()))
    with CaptureQueriesContext(connection) as few:
        api.read("costs?by=agent,campaign")
    for _ in range(4):
        delivered(message_make(user=user_make()))
    with CaptureQueriesContext(connection) as many:
        api.read("costs?by=agent,campaign")

    assert len(many) == len(few)


@pytest.mark.parametrize(
    "query", ["by=phone", "from=yesterday", "page=0", "page_size=501", "account=x", "by=day,week,month"]
)
def test_it_refuses_what_makes_no_sense_by_name(query: str) -> None:
    response = client_make().get(f"/api/v1/costs?{query}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] in query


def test_it_needs_its_scope_and_its_permission() -> None:
    assert client_make(scopes=["messages:read"]).get("/api/v1/costs").status_code == 403
    assert client_make(permissions=["recontact.see_costs"]).get("/api/v1/costs").status_code == 403
    assert client_make(scopes=["costs:read"]).get("/api/v1/costs").status_code == 200
