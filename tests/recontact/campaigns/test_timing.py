"""When a campaign leaves: the plan by hour, from counts by time zone, the hours allowed, and the pace."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from recontact.campaigns.timing import Hours, Stretch, stretches

ALL_DAY = Hours(None, None)
DAYTIME = Hours(time(9), time(20))
BUENOS_AIRES, BOGOTA, MADRID = "America/Argentina/Buenos_Aires", "America/Bogota", "Europe/Madrid"
NOON = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # 9:30 in Buenos Aires, 7:30 in Bogotá, 13:30 in Madrid


def test_it_leaves_at_once_and_takes_as_long_as_the_pace_makes_it() -> None:
    found = stretches({BUENOS_AIRES: 600, BOGOTA: 600}, start=NOON, hours=ALL_DAY, pace=10)

    assert [(each.start, each.end, each.count) for each in found] == [(NOON, NOON + timedelta(minutes=2), 1200)]


def test_it_waits_for_the_morning_of_each_zone() -> None:
    found = stretches({BUENOS_AIRES: 100, BOGOTA: 50}, start=NOON, hours=DAYTIME, pace=10)

    assert [(each.start.hour, each.start.minute, each.count, each.zones) for each in found] == [
        (12, 30, 100, (BUENOS_AIRES,)),
        (14, 0, 50, (BOGOTA,)),
    ]


def test_what_does_not_fit_before_the_evening_leaves_the_next_morning() -> None:
    late = datetime(2026, 11, 23, 22, 59, 50, tzinfo=UTC)  # ten seconds before 20:00 in Buenos Aires

    found = stretches({BUENOS_AIRES: 100}, start=late, hours=DAYTIME, pace=2)

    assert [each.count for each in found] == [20, 80]
    assert found[1].start == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_hours_may_last_over_midnight() -> None:
    night = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 1:00 in Buenos Aires

    found = stretches({BUENOS_AIRES: 7_200}, start=night, hours=Hours(time(22), time(2)), pace=1)

    assert [each.count for each in found] == [3_600, 3_600]
    assert found[1].start == datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("hours", [ALL_DAY, DAYTIME, Hours(time(22), time(2))])
@pytest.mark.parametrize("pace", [1, 7, 80])
def test_everybody_is_in_the_plan_once_and_nobody_before_another_is_done(hours: Hours, pace: int) -> None:
    counts = {BUENOS_AIRES: 12_345, BOGOTA: 678, MADRID: 910, "": 11}

    found = stretches(counts, start=NOON, hours=hours, pace=pace)

    assert sum(each.count for each in found) == sum(counts.values())
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(rate(each) <= pace + 1 for each in found)


def rate(stretch: Stretch) -> float:
    return stretch.count / max((stretch.end - stretch.start).total_seconds(), 1)
