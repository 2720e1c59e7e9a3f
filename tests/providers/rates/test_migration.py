"""Cards of before: each stays in force until the next one began, published, so that no price changes by the upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("providers", "0007_one_index_less_per_status"), ("recontact", "0017_budget_of_queries_by_filter")]
AFTER = [("providers", "0009_pricing_rules"), ("recontact", "0019_cost_lines")]
JANUARY, JULY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def migrated(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[None]:
    """A database of its own: one that is taken back to before would be no other test's, if that broke off."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}_before" TEMPLATE template0')
    connection.close()
    connection.settings_dict["NAME"] = f"{name}_before"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}_before"')


@pytest.mark.usefixtures("empty_database")
def test_open_ended_cards_become_published_ones_that_follow_one_another() -> None:
    old = migrated(BEFORE)
    account, card = old.get_model("providers", "ProviderAccount"), old.get_model("providers", "RateCard")
    for provider in ("meta", "vonage"):
        mine = account.objects.create(name=provider, provider=provider, external_id=provider)
        for starts_at in (JANUARY, JULY):
            made = card.objects.create(account=mine, name="C", currency="USD", valid_from=starts_at)
            made.rates.create(market="AR", category="utility", price=Decimal("0.026"))
    new = migrated(AFTER)
    cards = new.get_model("providers", "RateCard").objects.order_by("account__provider", "valid_from")
    rows = cards.values_list("account__provider", "status", "valid_from", "valid_to", "report_covers")
    assert list(rows) == [
        ("meta", "published", JANUARY, JULY, "all"),
        ("meta", "published", JULY, None, "all"),
        ("vonage", "published", JANUARY, JULY, "fee"),
        ("vonage", "published", JULY, None, "fee"),
    ]
    assert set(new.get_model("providers", "Rate").objects.values_list("tier_from", "tier_to")) == {(0, None)}
    assert new.get_model("providers", "PricingRule").objects.count() == 5
