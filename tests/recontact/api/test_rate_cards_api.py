"""Rate cards over HTTP: read, written as drafts, published; each by its scope."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import ProviderAccount, Rate, RateCard
from tests.api_client import KeyClient, client_make
from tests.factories import account_make, rate_card_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> ProviderAccount:
    return account_make(time_zone="America/Bogota")


@pytest.fixture
def api() -> KeyClient:
    return client_make(scopes=["rates:read", "rates:write"])


def body_of(account: ProviderAccount, /, **fields: Any) -> dict[str, Any]:
    rates = [
        {"market": "CO", "category": "utility", "tier_from": 0, "tier_to": 1000, "price": "0.0008"},
        {"market": "CO", "category": "utility", "tier_from": 1000, "price": "0.000760"},
    ]
    fees = [{"kind": "failed", "value": "0.001", "exempt_codes": ["63010"]}]
    body = {"account": account.pk, "name": "Meta USD", "currency": "USD", "valid_from": "2027-04-01"}
    return body | {"rates": rates, "fees": fees} | fields


def test_a_card_is_written_as_a_draft_and_published(api: KeyClient, account: ProviderAccount) -> None:
    before = rate_card_make(account=account)
    answer = api.send("rate-cards", body_of(account))
    card = answer.json()
    assert (answer.status_code, answer["Location"], card["status"]) == (
        201,
        f"/api/v1/rate-cards/{card['id']}",
        "draft",
    )
    # Midnight in Bogotá.
    assert RateCard.objects.get(pk=card["id"]).valid_from.isoformat() == "2027-04-01T05:00:00+00:00"
    assert [rate["price"] for rate in card["rates"]] == ["0.000800", "0.000760"]
    assert card["fees"][0]["exempt_codes"] == ["63010"]
    published = api.send(f"rate-cards/{card['id']}/publish", {}).json()
    before.refresh_from_db()
    assert (published["status"], before.valid_to.isoformat() if before.valid_to else "") == (
        "published",
        "2027-04-01T05:00:00+00:00",
    )
    assert api.read(f"rate-cards/{card['id']}") == published
    again = api.send(f"rate-cards/{card['id']}/publish", {})
    assert (again.status_code, again.json()["code"]) == (409, "rate_card_not_published")


def test_the_same_request_twice_writes_one_card(api: KeyClient, account: ProviderAccount) -> None:
    first, second = (api.send("rate-cards", body_of(account), key="once") for _time in range(2))
    assert (first.json(), second["Idempotency-Replayed"]) == (second.json(), "true")
    assert RateCard.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"account": 999999}, 400, "account"),
        ({"currency": "USX"}, 400, "currency"),
        ({"valid_from": "soon"}, 400, "valid_from"),
        ({"valid_to": "2027-03-01"}, 400, "valid_to"),
        ({"rates": []}, 400, "rates"),
        ({"rates": [{"market": "ZZ", "category": "utility", "price": "1"}]}, 400, "rates.0.market"),
        ({"rates": [{"market": "CO", "category": "gift", "price": "1"}]}, 400, "rates.0.category"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "-1"}]}, 400, "rates.0.price"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "0.0000001"}]}, 400, "rates.0.price"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "NaN"}]}, 400, "rates.0.price"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "Infinity"}]}, 400, "rates.0.price"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "9" * 30}]}, 400, "rates.0.price"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "1,234.5"}]}, 400, "rates.0.price"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "1"}] * 5_001}, 400, "rates"),
        ({"rates": [{"market": "CO", "category": "utility", "price": "1"}] * 2}, 400, ""),
        ({"rates": [{"market": "CO", "category": "utility", "price": "1", "tier_from": 5}]}, 400, ""),
        ({"fees": [{"kind": "gift", "value": "1"}]}, 400, "fees.0.kind"),
        ({"valid_from": "2026-01-01"}, 409, "valid_from"),
    ],
)
def test_a_wrong_card_is_refused_and_nothing_of_it_stored(
    api: KeyClient, account: ProviderAccount, fields: dict[str, Any], status: int, field: str
) -> None:
    rate_card_make(account=account)
    before = (RateCard.objects.count(), Rate.objects.count())
    problem = api.send("rate-cards", body_of(account, **fields)).json()
    assert (problem["status"], problem["errors"][0]["field"]) == (status, field)
    assert (RateCard.objects.count(), Rate.objects.count()) == before


def test_cards_are_listed_by_account_and_status_in_a_fixed_number_of_queries(api: KeyClient) -> None:
    def listed(address: str) -> tuple[list[int], int]:
        with CaptureQueriesContext(connection) as found:
            rows = api.read(address)["results"]
        return [row["account"] for row in rows], len(found)

    first = account_make()
    rate_card_make(account=first)
    _ids, queries = listed("rate-cards")
    others = [rate_card_make(account=account_make(), is_published=False) for _card in range(4)]
    accounts, queries_after = listed("rate-cards")
    assert (len(accounts), queries_after) == (5, queries)
    assert listed(f"rate-cards?account={first.pk}")[0] == [first.pk]
    assert len(listed("rate-cards?status=draft")[0]) == len(others)


def test_reading_and_writing_need_their_scopes(account: ProviderAccount) -> None:
    reader, writer = client_make(scopes=["rates:read"]), client_make(scopes=["rates:write"])
    assert reader.send("rate-cards", body_of(account)).status_code == 403
    assert writer.get("/api/v1/rate-cards").status_code == 403
    card = rate_card_make(account=account, is_published=False)
    assert reader.send(f"rate-cards/{card.pk}/publish", {}).status_code == 403
    assert reader.read(f"rate-cards/{card.pk}")["id"] == card.pk
    assert reader.get("/api/v1/rate-cards/99999999999999999999").status_code == 404
