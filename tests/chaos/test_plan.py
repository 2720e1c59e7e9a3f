"""A seed can be run again: its faults, its file and its provider are always the same."""

from __future__ import annotations

from collections import Counter

from tests.chaos.audience import FATES, audience_of
from tests.chaos.plan import FEWEST, Kind, plan_of


def test_the_same_seed_gives_the_same_plan() -> None:
    assert [plan_of(seed) for seed in range(50)] == [plan_of(seed) for seed in range(50)]
    assert len({str(plan_of(seed)) for seed in range(50)}) == 50


def test_two_hundred_seeds_throw_every_fault_often() -> None:
    thrown = Counter(fault.kind for seed in range(1, 201) for fault in plan_of(seed).faults)

    assert set(thrown) == set(Kind)
    assert min(thrown.values()) > 30
    assert min(len(plan_of(seed).faults) for seed in range(1, 201)) >= FEWEST


def test_faults_come_in_the_order_of_their_moments() -> None:
    for seed in range(50):
        moments = [fault.at for fault in plan_of(seed).faults]
        assert moments == sorted(moments)


def test_nobody_freezes_a_pump_with_nobody_there_to_take_over() -> None:
    for seed in range(200):
        kinds = {fault.kind for fault in plan_of(seed).faults}
        assert Kind.PUMP_FROZEN not in kinds or Kind.TWO_PUMPS in kinds


def test_the_same_seed_gives_the_same_file_with_every_fate_in_it() -> None:
    audience = audience_of(7, 5_000)

    assert audience == audience_of(7, 5_000)
    assert (len(audience.phones), audience.left_out, audience.errors) == (5_000, 50, 25)
    assert {phone[-2:] for phone in audience.phones} == set(FATES)
    assert audience.body.count(b"\r\n") == 5_075
