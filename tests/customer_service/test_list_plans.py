"""How the database reads the lists of Customer Service: along an index that ends after a page, and never the whole ledger."""

from __future__ import annotations

from typing import Any

import pytest

from customer_service.lists import Asked, Filters
from customer_service.paging import Reach, counts_up_to, page_ids, part_of
from customer_service.paging import _counts as counts_statement
from recontact.models import Query, Team
from recontact.prepared import Statement
from tests.factories import query_make, user_make
from tests.plans import plan_explain

pytestmark = pytest.mark.django_db

AGENT = Reach(1, everything=False, team_ids=(2, 3))
COORDINATOR = Reach(1, everything=True)


def plan_of(statement: Statement, reach: Reach) -> str:
    """The plan that is made before the arguments are known: the one that serves everybody."""
    values: dict[str, Any] = {**reach.values, "now": "2026-11-30T00:00:00+00:00"}
    arguments = [values[name] for name in statement.names]
    query_make()
    # Only which index can give them in order is asked.
    return plan_explain(statement.sql, arguments, without=("seqscan", "bitmapscan", "sort"), large=True)


@pytest.mark.parametrize("tab", ["pending", "progress"])
def test_an_agents_lists_of_what_is_to_be_done_are_walks_of_each_way_to_reach_them(tab: str) -> None:
    plan = plan_of(part_of(AGENT, Asked(tab=tab), 0, 31).statement, AGENT)

    for index in ("query_to_do_by_agent", "query_to_do_by_team", "query_to_do_of_nobody"):
        assert index in plan


def test_a_coordinators_list_is_one_walk() -> None:
    plan = plan_of(part_of(COORDINATOR, Asked(tab="pending"), 0, 31).statement, COORDINATOR)

    assert "query_to_do " in plan


def test_counts_are_read_out_of_these_indexes() -> None:
    plan = plan_of(counts_statement(False, 2, ("pending", "progress"), 1000), AGENT)

    assert plan.count("query_to_do_by_team") >= 4
    assert "recontact_query_pkey" not in plan


@pytest.mark.parametrize("recontact", ["yes", "no", "unanswered"])
@pytest.mark.parametrize("tab", ["pending", "resolved"])
def test_whether_a_recontact_stands_is_looked_up_row_by_row(tab: str, recontact: str) -> None:
    asked = Asked(tab=tab, filters=Filters(recontact=recontact))

    plan = plan_of(part_of(AGENT, asked, 0, 31).statement, AGENT)

    assert "hashed SubPlan" not in plan
    assert "Seq Scan on recontact_recontact" not in plan
    assert "query_id = recontact_query.id" in plan


def test_a_query_that_is_reached_by_two_ways_is_counted_once() -> None:
    ana = user_make()
    team_query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)
    query_make()
    team = Team.objects.create(name="Turnos")
    team.members.add(ana)
    Query.objects.filter(pk=team_query.pk).update(team=team)
    query_make(assigned_to=user_make(), team=team, state=Query.State.IN_PROGRESS)

    reach = Reach.of(ana)

    assert counts_up_to(reach, ["pending", "mine", "progress", "snoozed"], 1000) == [1, 1, 2, 0]
    assert counts_up_to(reach, ["progress"], 1) == [1]
    assert len(page_ids(reach, Asked(tab="progress"), limit=30)[0]) == 2
