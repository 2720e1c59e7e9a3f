"""Budgets over HTTP: how they stand, made and changed, each by its scope."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recontact.models import Budget, BudgetPeriod, Team
from tests.api_client import KeyClient, client_make
from tests.factories import account_make, budget_make, message_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> KeyClient:
    return client_make(scopes=["budgets:read", "budgets:write"])


def change(api: KeyClient, budget_id: int, **fields: Any) -> Any:
    return api.patch(f"/api/v1/budgets/{budget_id}", fields, format="json")


def test_a_budget_is_made_counts_what_was_sent_and_says_how_it_stands(api: KeyClient) -> None:
    message_make()

    answer = api.send("budgets", {"name": "Noviembre", "amount": "100.00", "currency": "USD"})

    budget = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/budgets/{budget['id']}")
    assert (budget["period"], budget["scope"], budget["alert_shares"], budget["stops"]) == (
        "month",
        "everything",
        [50, 80, 100],
        True,
    )
    assert (budget["present"]["reserved"], budget["present"]["spent"]) == ("0.0260000000000000", "0.0000000000000000")
    assert budget["left"] == "99.9740000000000000"
    assert budget["not_counted"] == []
    assert api.read(f"budgets/{budget['id']}")["left"] == budget["left"]


def test_currencies_that_no_rate_converts_are_named(api: KeyClient) -> None:
    message_make()
    budget = api.send("budgets", {"name": "B", "amount": "100.00", "currency": "ARS"}).json()
    assert budget["not_counted"] == ["USD"]


def test_the_same_key_makes_one_budget(api: KeyClient) -> None:
    body = {"name": "B", "amount": "1.00", "currency": "USD"}
    first, second = (api.send("budgets", body, key="una-vez") for _time in range(2))
    assert first.json() == second.json()
    assert Budget.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"currency": "XXX"}, "currency"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "Infinity"}, "amount"),
        ({"amount": "9" * 30}, "amount"),
        ({"scope": "team"}, "team"),
        ({"scope": "account", "account": 99_999}, "account"),
        ({"source": "file"}, "source"),
        ({"period": "dates", "starts_on": "2026-11-01"}, "starts_on"),
        ({"period": "dates", "starts_on": "2026-11-02", "ends_on": "2026-11-01"}, "ends_on"),
        ({"starts_on": "2026-11-01"}, "starts_on"),
        ({"alert_shares": [0]}, "alert_shares"),
        ({"agents_share": 101}, "agents_share"),
        ({"reserved": "1"}, "reserved"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field_and_nothing_is_stored(
    api: KeyClient, fields: dict[str, Any], field: str
) -> None:
    answer = api.send("budgets", {"name": "B", "amount": "1.00", "currency": "USD"} | fields)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert not Budget.objects.exists()


def test_of_an_account_or_a_team(api: KeyClient) -> None:
    account, team = account_make(), Team.objects.create(name="Turnos")
    body = {"name": "B", "amount": "1.00", "currency": "USD"}
    assert api.send("budgets", body | {"scope": "account", "account": account.pk}).json()["account"] == account.pk
    assert api.send("budgets", body | {"scope": "team", "team": team.pk}).json()["team"] == team.pk


def test_its_limit_changes_for_the_present_period_too_and_its_currency_never(api: KeyClient) -> None:
    budget = budget_make(amount="1.00")
    message_make()
    assert change(api, budget.pk, amount="250.00", alert_shares=[90, 90, 10]).json()["present"]["amount"] == "250.00"
    assert BudgetPeriod.objects.get().amount == 250
    assert Budget.objects.get().alert_shares == [10, 90]
    refused = change(api, budget.pk, currency="EUR")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "currency")
    assert change(api, 99_999, name="B").status_code == 404


def test_one_that_is_switched_on_again_counts_what_was_sent_meanwhile(api: KeyClient) -> None:
    budget = budget_make(is_active=False)
    message_make()
    assert api.read("budgets?is_active=true")["results"] == []
    answer = change(api, budget.pk, is_active=True).json()
    assert answer["present"]["reserved"] == "0.0260000000000000"
    assert [row["id"] for row in api.read("budgets?is_active=true")["results"]] == [budget.pk]


def test_each_act_needs_its_scope() -> None:
    budget = budget_make()
    reader, writer, other = (client_make(scopes=[scope]) for scope in ("budgets:read", "budgets:write", "costs:read"))
    body = {"name": "B", "amount": "1.00", "currency": "USD"}
    assert reader.send("budgets", body).status_code == change(reader, budget.pk, name="C").status_code == 403
    assert writer.get("/api/v1/budgets").status_code == 403
    assert change(writer, budget.pk, name="C").status_code == 200
    for answer in (
        other.get("/api/v1/budgets"),
        other.get(f"/api/v1/budgets/{budget.pk}"),
        other.send("budgets", body),
    ):
        assert answer.status_code == 403


def test_a_page_costs_the_same_number_of_queries_however_many_budgets_there_are(api: KeyClient) -> None:
    asked = []
    for _round in range(2):
        for _budget in range(3):
            budget_make()
        with CaptureQueriesContext(connection) as found:
            assert api.read("budgets")["results"]
        asked.append(len(found))
    assert asked[0] == asked[1]
