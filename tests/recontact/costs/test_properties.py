"""Whatever the prices are: sums are exact, and nothing is a float."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import providers.rates
import recontact.budgets
import recontact.costs
import recontact.reconciliation
from providers.rates.tariff import MICRO, Circumstances, Fee, FeeKind, Rules, Tariff, Tier

AT = datetime(2026, 11, 1, tzinfo=UTC)
amounts = st.decimals(min_value=0, max_value=999, places=6, allow_nan=False, allow_infinity=False)


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    """Any tariff: up to five tiers that follow one another, any fees, any rules."""
    steps = sorted(draw(st.sets(st.integers(1, 10_000), max_size=4)))
    bounds = [0, *steps, None]
    tiers = tuple(
        Tier(bounds[place] or 0, bounds[place + 1], draw(amounts), rate_id=place) for place in range(len(steps) + 1)
    )
    fees = tuple(
        Fee(kind, draw(st.decimals(0, 100, places=4) if kind == FeeKind.PERCENT else amounts), fee_id=place)
        for place, kind in enumerate(draw(st.sets(st.sampled_from(FeeKind))))
    )
    rules = Rules(allowance=draw(st.none() | st.integers(0, 50)), allowance_rule=7)
    return Tariff("Card", "USD", "AR", "utility", tiers, fees, rules)


@given(tariff=tariffs(), charged=st.integers(0, 20_000), used=st.integers(0, 100))
def test_a_price_is_the_exact_sum_of_its_lines(tariff: Tariff, charged: int, used: int) -> None:
    price = tariff.price(AT, Circumstances(charged=charged, used=used))
    assert price.amount == sum(line.amount for line in price.lines) == price.meta + price.fee
    for line in price.lines:
        assert type(line.amount) is Decimal
        assert line.amount >= 0
        assert line.amount == line.amount.quantize(MICRO)


@given(tariff=tariffs(), charged=st.integers(0, 12_000), count=st.integers(1, 300))
def test_walking_tiers_is_pricing_message_after_message(tariff: Tariff, charged: int, count: int) -> None:
    one_by_one = [tariff.tier(charged + place) for place in range(count)]
    walked: list[Tier] = []
    for tier, size in tariff.tiers_ahead(charged):
        walked += [tier] * (count - len(walked) if size is None else min(size, count - len(walked)))
    assert walked == one_by_one


@given(tariff=tariffs(), charged=st.integers(0, 12_000))
def test_percent_fees_are_of_metas_price_and_rounded_once(tariff: Tariff, charged: int) -> None:
    price = tariff.price_of(tariff.tier(charged))
    expected = Decimal(0)
    for fee in tariff.fees:
        if fee.kind == FeeKind.PER_MESSAGE:
            expected += fee.value
        elif fee.kind == FeeKind.PERCENT:
            expected += (price.meta * fee.value / 100).quantize(MICRO, ROUND_HALF_UP)
    assert price.fee == expected


@pytest.mark.parametrize(
    "package",
    [providers.rates, recontact.costs, recontact.budgets, recontact.reconciliation],
    ids=["rates", "costs", "budgets", "reconciliation"],
)
def test_no_code_of_prices_makes_a_float(package: Any) -> None:
    for path in Path(package.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{path}:{node.lineno}"
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            assert not called, f"{path}:{getattr(node, 'lineno', 0)}"
