"""Which sums answer a question: months and outlines tell exactly what the cells of the days tell, of any period and grouping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import combinations, permutations

import pytest
from django.apps import apps
from django.db import DataError, connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from recontact.costs import rollup, sources
from recontact.costs.asked import GROUPINGS, TIMES, Question, months_before
from recontact.costs.figures import Answer, Group
from recontact.costs.grouped import costs_all, costs_grouped, spent_by_day, traffic
from recontact.costs.rollup import OUTLINES, WHOLE_SUM, checks, costs_add_up, sums_read
from recontact.costs.sources import COLUMNS, whole_months
from recontact.models import CostEntry, CostOutline, Message, Team
from recontact.models.rollup import Outline
from tests.factories import campaign_make, message_make, query_make, user_make

DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(first=DAYS, length=st.integers(0, 800), apart=st.integers(0, 800))
def test_months_and_days_make_up_the_period_and_never_straddle_its_beginning(
    first: date, length: int, apart: int
) -> None:
    last, beginning = first + timedelta(days=length), first + timedelta(days=min(apart, length))

    months, spans = whole_months(first, last, apart=beginning)

    told = [(month, months_before(month, -1) - timedelta(days=1)) for month in months]
    assert not any(one < beginning <= other for one, other in told)
    days = sorted(one + timedelta(days=n) for one, other in [*told, *spans] for n in range((other - one).days + 1))
    assert days == [first + timedelta(days=n) for n in range(length + 1)]
    assert len(spans) <= 3


@pytest.mark.parametrize(
    ("columns", "outline"),
    [
        ({"team_id"}, Outline.TEAM),
        (set(), Outline.TEAM),
        ({"market"}, Outline.MARKET),
        ({"account_id", "category"}, Outline.NUMBER),
        ({"campaign_id", "category"}, Outline.CAMPAIGN),
        ({"agent_id", "team_id"}, Outline.DESK),
        ({"market", "category"}, Outline.PLACE),
        ({"account_id", "team_id"}, Outline.DESK),
        ({"category", "agent_id"}, Outline.DESK),
        ({"market", "campaign_id"}, Outline.CAMPAIGN_MARKET),
        ({"agent_id", "campaign_id"}, Outline.CAMPAIGN_DESK),
    ],
)
def test_the_smallest_outline_that_tells_it_apart_is_read(columns: set[str], outline: Outline) -> None:
    sql = sums_read(columns, months="true", days=["true"])

    assert f"outline = {outline:d} AND by_month" in sql
    assert f"outline = {outline:d} AND NOT by_month" in sql
    assert "recontact_costcell" not in sql


def test_any_two_things_are_told_apart_by_an_outline_of_the_months() -> None:
    for columns in combinations([COLUMNS[name] for name in GROUPINGS if name not in TIMES], 2):
        sql = sums_read({*columns}, months="true", days=[])
        assert "recontact_costmonth" not in sql, columns


def test_an_outline_that_is_kept_of_months_alone_leaves_their_rest_to_the_cells() -> None:
    sql = sums_read({"team_id", "market"}, months="true", days=["true"])

    assert f"outline = {Outline.MARKET_DESK:d} AND by_month" in sql
    assert "recontact_costcell WHERE (true)" in sql


def test_what_no_outline_tells_apart_is_read_from_months_and_only_their_rest_from_days() -> None:
    sql = sums_read({"agent_id", "campaign_id", "market"}, months="", days=["true"])
    assert "recontact_costcell" in sql
    assert "recontact_costmonth" not in sql
    sql = sums_read({"agent_id", "campaign_id", "market"}, months="true", days=[])
    assert "recontact_costmonth" in sql
    assert "recontact_costcell" not in sql


# --- against the cells -----------------------------------------------------------------------------------------------

#: Twelve whole months, some days of two months, three crooked months, and a year that begins in the middle of a month.
PERIODS = (
    (date(2026, 1, 1), date(2026, 12, 31)),
    (date(2026, 5, 20), date(2026, 6, 10)),
    (date(2026, 4, 17), date(2026, 7, 5)),
    (date(2025, 9, 15), date(2026, 9, 14)),
)
#: When messages were queued: about the ends of these periods and of their months.
MOMENTS = [
    datetime.fromisoformat(f"{day}T15:00").replace(tzinfo=timezone.get_default_timezone())
    for day in (
        *("2025-09-14", "2025-09-15", "2026-01-01", "2026-04-30"),
        *("2026-05-01", "2026-05-31", "2026-06-10", "2026-07-06"),
    )
]


@pytest.fixture
def traffic_of_a_year(db: None) -> list[Message]:
    """Messages of several accounts, teams, agents and campaigns, with and without a reported price; some not added up."""
    campaign, agents, team = campaign_make(), [user_make(), user_make()], Team.objects.create(name="Turnos")
    made = []
    for place, moment in enumerate(MOMENTS):
        query = query_make(team=team) if place % 2 else query_make()
        message = message_make(query=query, user=agents[place % 2] if place % 3 else None)
        told = {"campaign": campaign} if place % 4 == 0 else {}
        market = "CL" if place % 3 == 1 else "AR"
        Message.objects.filter(pk=message.pk).update(created_at=moment, market=market, **told)
        Message.objects.filter(pk=message.pk).update(state="sending")
        Message.objects.filter(pk=message.pk).update(state="read" if place % 2 else "delivered", billed=True)
        if place % 3 == 0:
            currency = "ARS" if place == 3 else "USD"
            CostEntry.objects.create(
                message=message, kind="report", amount=Decimal("0.031"), currency=currency, market="AR", category="utility"
            )  # fmt: skip
        if place == len(MOMENTS) - 2:
            costs_add_up()
        made.append(message)
    return made


@contextmanager
def cells_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything is answered from the cells of the days."""
    with monkeypatch.context() as patch:
        patch.setattr(rollup, "OUTLINES", {})
        patch.setattr(sources, "whole_months", lambda first, last, apart: ([], [(first, last)]))
        yield


def answered(question: Question) -> tuple[Answer, list[Group], list[object], list[object]]:
    rows = list(costs_all(replace(question, currency="USD"))) if question.by else []
    return costs_grouped(question), rows, list(traffic(question)), list(spent_by_day(question))


@pytest.mark.parametrize(("first", "last"), PERIODS)
@pytest.mark.usefixtures("traffic_of_a_year")
def test_every_grouping_of_every_period_is_what_its_cells_are(
    first: date, last: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    for by in [(), *[(name,) for name in GROUPINGS], *permutations(GROUPINGS, 2)]:
        question = Question(first, last, by)
        found = answered(question)
        with cells_alone(monkeypatch):
            assert answered(question) == found, by
        assert found[0].total.messages > 0
        if by and by[0] not in TIMES:
            assert sum(group.figures.spent for group in found[0].groups) == found[0].total.spent, by


@pytest.mark.usefixtures("traffic_of_a_year")
def test_what_is_narrowed_is_what_its_cells_are(monkeypatch: pytest.MonkeyPatch) -> None:
    team = str(Team.objects.get().pk)
    for only in (
        {"market": "CL"},
        {"team": team},
        {"team": "0"},
        {"category": "utility", "market": "AR"},
        {"campaign": "0"},
    ):
        for by in (("market",), ("agent", "month"), ("week", "number"), ("campaign", "category")):
            question = Question(*PERIODS[3], by, only=only)
            found = answered(question)
            with cells_alone(monkeypatch):
                assert answered(question) == found, (only, by)
            assert found[0].total.messages > 0, only


def test_the_outlines_are_listed_with_the_fewest_rows_first() -> None:
    assert set(OUTLINES) == set(Outline)
    assert list(OUTLINES)[-1] == Outline.CAMPAIGN_DESK


@pytest.mark.usefixtures("traffic_of_a_year")
def test_the_outlines_that_an_upgrade_adds_are_those_of_the_messages() -> None:
    added = {Outline.DESK, Outline.MARKET_DESK, Outline.CAMPAIGN_MARKET, Outline.CAMPAIGN_DESK}
    CostOutline.objects.filter(outline__in=added).delete()
    assert found_wrong()

    import_module("recontact.migrations.0035_any_two_in_outline").fill(apps, None)

    assert set(CostOutline.objects.values_list("outline", flat=True)) == set(Outline)
    assert found_wrong() == []


def found_wrong() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(checks()["the costs in outline are those of the messages"])
        return list(cursor.fetchall())


# --- what the statement counts with ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_weeks_begin_on_mondays_in_every_year_that_can_be_asked_for() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*), count(*) FILTER (WHERE {GROUPINGS["week"][1]} <> date_trunc('week', c.day)::date)
                FROM (SELECT day::date FROM generate_series('1995-01-01'::timestamp, '3000-01-01', '1 day') day) c"""
        )
        days, wrong = cursor.fetchone()
    assert days > 365 * 1005
    assert wrong == 0


@pytest.mark.django_db
def test_the_sum_of_whole_numbers_is_exact_or_fails() -> None:
    most = 2**63 - 1
    with connection.cursor() as cursor:
        for numbers, told in (([most - 1, 1], most), ([-most, most, -7], -7), ([], None)):
            cursor.execute(f"SELECT {WHOLE_SUM}(n) FROM unnest(%s::bigint[]) n", [numbers])
            assert cursor.fetchone() == (told,)
        with pytest.raises(DataError):
            cursor.execute(f"SELECT {WHOLE_SUM}(n) FROM unnest(%s::bigint[]) n", [[most, 1]])
