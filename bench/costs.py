"""Costs with ten million messages over two years: the page, a year as a file, and what keeping the sums costs the sending.

The cells are made directly, as two years of messages would leave them: some 500 a day. The triggers and the building anew are
measured on real messages.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.figures import figure
from bench.screens import fill
from bench.usage import cpu_seconds, peak_mb
from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.adding_up import zone
from recontact.costs.asked import month_of, months_before
from recontact.costs.rollup import costs_add_up, costs_rebuild, outlines_store
from recontact.models.rollup_triggers import MEASURES
from recontact.reconciliation.jobs import jobs_run
from tests.customer_service.agents import browser
from tests.factories import account_make, campaign_make, sender_number_make, user_make

MESSAGES = 10_000_000
CELLS_A_DAY = 500
DAYS = 730
ACCOUNTS, NUMBERS, AGENTS, TEAMS, CAMPAIGNS = 4, 8, 60, 6, 1_500
#: Messages that the triggers and the building anew are measured on.
REAL = 100_000
STATEMENT = 1_000
NOTES = 10_000
TIMES = 5

#: A cell's messages: one in twenty failed, a tenth is on its way or was never sent, the others arrived, half of these were read.
_CELLS = """
    INSERT INTO recontact_costcell (day, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id,
        currency, reported_currency, superseded, waiting, uncertain, on_its_way, delivered, read, failed, not_sent, answered,
        priced, ahead, awaiting, uncharged, unreported, confirmed, reported)
    SELECT %(today)s::date - d, a.accounts[1 + k %% cardinality(a.accounts)], a.numbers[1 + k %% cardinality(a.numbers)],
        (ARRAY['AR','BR','CL','CO','MX','PE','UY','PY','BO','EC','ES','US'])[1 + k / 60 %% 12],
        (ARRAY['marketing','utility','authentication'])[1 + k %% 3],
        CASE WHEN k %% 3 = 0 THEN a.campaigns[1 + (d * 2 + k %% 5) %% cardinality(a.campaigns)] ELSE 0 END,
        1 + k %% %(teams)s, a.agents[1 + k / 2 %% cardinality(a.agents)],
        'USD', 'USD', false, 0, 0, m / 20, m * 2 / 5, m * 2 / 5, m / 20, m / 10, m / 12,
        m * 4 / 5, 0, m * 1100, m * 1100, 0, m * 20800, m * 20100
    FROM generate_series(0, %(days)s - 1) AS d, generate_series(1, %(cells)s) AS k,
         LATERAL (SELECT %(each)s * (50 + (d * 7 + k * 13) %% 100) / 100 AS m) x,
         (SELECT %(accounts)s::bigint[] AS accounts, %(numbers)s::bigint[] AS numbers, %(campaigns)s::bigint[] AS campaigns,
                 %(agents)s::bigint[] AS agents) a
    ON CONFLICT DO NOTHING
"""
_WHO = "account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded"
_MONTHS = f"""
    INSERT INTO recontact_costmonth (day, {_WHO}, {", ".join(MEASURES)})
    SELECT date_trunc('month', day)::date, {_WHO}, {", ".join(f"sum({name})" for name in MEASURES)}
    FROM recontact_costcell GROUP BY 1, {_WHO}
"""
#: As the cells came to be: in the order of their days.
_OUTLINES = outlines_store(
    f"""(SELECT day::timestamp AT TIME ZONE %(zone)s AS slot, {_WHO}, {", ".join(MEASURES)}
         FROM recontact_costcell ORDER BY day)"""
)
#: What statements would note that each move messages of another cell.
_NOTES = f"""
    INSERT INTO recontact_costchange (slot, {_WHO}, {", ".join(MEASURES)})
    SELECT day::timestamp AT TIME ZONE %(zone)s, {_WHO}, {", ".join(f"sign({name})" for name in MEASURES)}
    FROM recontact_costcell ORDER BY random() LIMIT %(notes)s
"""
#: Grouping, and the months before this one that the period begins with.
_PAGES = {
    "month": ("provider,category", 0),
    "quarter": ("account,week", 2),
    "year": ("campaign,category", 11),
    "year_agents": ("agent,month", 11),
    "two_years": ("market,category", 23),
    "two_years_days": ("day,account", 23),
    "two_years_agents_days": ("agent,day", 23),
    "two_years_weeks": ("campaign,week", 23),
    "two_years_pairs": ("agent,campaign", 23),
    "two_years_markets": ("campaign,market", 23),
    "two_years_teams": ("market,team", 23),
    "two_years_numbers": ("number,agent", 23),
}
#: The same that begin and end within a month: grouping and the months, as above.
_CROOKED = {
    "crooked_year_teams": ("market,team", 12),
    "crooked_two_years_teams": ("market,team", 23),
    "crooked_two_years_pairs": ("agent,campaign", 23),
    "crooked_two_years_days": ("agent,day", 23),
}


def run(scale: float) -> None:
    """Print the milliseconds of the pages, the seconds and megabytes of a year's file, and what the triggers take."""
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    user = user_create(username="ops", password="una-clave-larga", roles=[Role.OPS])
    _fill(scale)
    today = timezone.localdate()
    client = browser(user)
    taken = {}
    asked = {name: (by, _period(months_before(today, back))) for name, (by, back) in _PAGES.items()}
    asked |= {name: (by, _crooked(today, back)) for name, (by, back) in _CROOKED.items()}
    # What an agent's name in the table leads to.
    asked["agent_alone"] = ("category,day", f"{_period(months_before(today, 23))}&agent={_agent()}")
    for name, (by, period) in asked.items():
        before = _processor_seconds()
        taken[name] = _page(client, by, period)
        processor = (_processor_seconds() - before) * 1000 / TIMES
        figure(f"costs_page_{name}_ms", taken[name], f"ms, {processor:.0f} of processor")
    figure("costs_page_10m_ms", max(taken.values()), f"ms: {max(taken, key=lambda name: taken[name])}")
    _reports(today)
    for kind in ("csv", "xlsx"):
        seconds, megabytes, size = _file(client, kind)
        suffix = "" if kind == "xlsx" else "_csv"
        figure(f"costs_export_year{suffix}_s", seconds, f"s, {size / 1e6:.0f} MB")
        figure(f"costs_export_peak{suffix}_mb", megabytes, "MB more than before")
    rows = max(STATEMENT * TIMES, int(REAL * scale))
    account_id = _keeping(rows)
    _open_month(client, account_id, rows)


def _fill(scale: float) -> None:
    accounts = [account_make() for _ in range(ACCOUNTS)]
    numbers = [sender_number_make(account=accounts[place % ACCOUNTS]) for place in range(NUMBERS)]
    agents = [user_make() for _ in range(AGENTS)]
    template = campaign_make(sender_number=numbers[0])
    campaigns = [template.pk]
    for place in range(1, CAMPAIGNS):
        template.pk, template.name = None, f"Campaña {place}"
        template.save()
        campaigns.append(template.pk)
    cells = max(1, int(CELLS_A_DAY * scale))
    with connection.cursor() as cursor:
        cursor.execute(
            _CELLS,
            {
                "today": timezone.localdate(),
                "days": DAYS,
                "cells": cells,
                "each": MESSAGES * scale / DAYS / cells,
                "teams": TEAMS,
                "accounts": [account.pk for account in accounts],
                "numbers": [number.pk for number in numbers],
                "campaigns": campaigns,
                "agents": [agent.pk for agent in agents],
            },
        )
        cursor.execute(_MONTHS)
        cursor.execute(_OUTLINES, {"zone": zone()})
        cursor.execute("VACUUM ANALYZE recontact_costcell, recontact_costmonth, recontact_costoutline")
        cursor.execute(
            """SELECT count(*), sum(on_its_way + delivered + read + failed + not_sent),
                      pg_total_relation_size('recontact_costcell') FROM recontact_costcell"""
        )
        count, messages, size = cursor.fetchone()
    figure("costs_cells", count, f"cells of {messages} messages, {size / 1e6:.0f} MB with their index")


#: Each agent's work for his team on each day.
_WORK = """
    INSERT INTO recontact_workday (day, team_id, agent_id, taken, answers, answer_seconds, resolved, resolution_seconds,
        recontacts, recontacts_answered)
    SELECT %(today)s::date - d, 1 + a.id %% %(teams)s, a.id, 40, 38, 38 * 420, 37, 37 * 7200, 9, 4
    FROM generate_series(0, %(days)s - 1) AS d, hsm_portal_user a
"""


def _reports(today: date) -> None:
    """The milliseconds of a manager's reports of a month and a year, and of an agent's own year."""
    with connection.cursor() as cursor:
        cursor.execute(_WORK, {"today": today, "days": DAYS, "teams": TEAMS})
        cursor.execute("VACUUM ANALYZE recontact_workday")
    manager = user_create(username="manager", password="una-clave-larga", roles=[Role.MANAGER])
    agent = user_create(username="agent", password="una-clave-larga", roles=[Role.AGENT])
    for name, user, back in (("month", manager, 0), ("year", manager, 11), ("own_year", agent, 11)):
        address = f"/service/reports/?{_period(months_before(today, back))}"
        client = browser(user)
        figure(f"reports_{name}_ms", statistics.median(_once(client, address) for _ in range(TIMES)), "ms")


def _period(first: date) -> str:
    return f"from={first}&until={month_of(timezone.localdate())[1]}"


def _crooked(today: date, back: int) -> str:
    """From the 10th of a month to the 20th of the one before this."""
    return f"from={months_before(today, back).replace(day=10)}&until={months_before(today, 1).replace(day=20)}"


def _agent() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(agent_id) FROM recontact_costoutline WHERE agent_id > 0")
        return int(cursor.fetchone()[0])


def _page(client: Client, by: str, period: str) -> float:
    return statistics.median(_once(client, f"/manager/recontact/costcell/?{period}&by={by}") for _ in range(TIMES))


def _processor_seconds() -> float:
    """What this process and its connection's took of the processor: says more than the clock on a machine that is not idle."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return time.process_time() + cpu_seconds(cursor.fetchone()[0])


def _once(client: Client, address: str) -> float:
    cache.clear()
    began = time.perf_counter()
    response = client.get(address)
    taken = (time.perf_counter() - began) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")
    return taken


def _file(client: Client, kind: str) -> tuple[float, float, int]:
    """Seconds, megabytes beyond what was held before, and bytes of the last twelve months by everything; read piece by piece."""
    # The kernel begins its books of the most memory anew.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_mb(os.getpid())
    began = time.perf_counter()
    first = months_before(timezone.localdate(), 11)
    response = client.get(f"/manager/recontact/costcell/file/{kind}/?{_period(first)}&whole=1")
    pieces: Iterable[bytes] = response
    size = sum(len(piece) for piece in pieces)
    return time.perf_counter() - began, peak_mb(os.getpid()) - before, size


# --- what keeping the sums costs -------------------------------------------------------------------------------------


def _keeping(rows: int) -> int:
    """The triggers' part of statements that move 1,000 messages, the adding up of what they noted, and the building anew of all
    sums. Returns whose messages these are: an account's id."""
    # First of all: filling builds the sums anew, of the real messages alone.
    with connection.cursor() as cursor:
        cursor.execute(_NOTES, {"zone": zone(), "notes": NOTES})
    began = time.perf_counter()
    noted = costs_add_up()
    figure("costs_add_up_s", time.perf_counter() - began, f"s for {noted} notes, each of another cell")
    number = sender_number_make()
    campaign = campaign_make(sender_number=number)
    fill(campaign, rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM recontact_message WHERE state = 'delivered' ORDER BY random()")
        ids = [row[0] for row in cursor.fetchall()]
        whole, part = [], []
        for start in range(0, min(len(ids), STATEMENT * TIMES), STATEMENT):
            cursor.execute(
                "EXPLAIN (ANALYZE, FORMAT JSON) UPDATE recontact_message SET state = 'read', read_at = now() WHERE id = ANY(%s)",
                [ids[start : start + STATEMENT]],
            )
            told = cursor.fetchone()[0][0]
            whole.append(told["Execution Time"])
            part.append(sum(each["Time"] for each in told["Triggers"] if "cost_" in each["Trigger Name"]))
    figure(
        "costs_trigger_ms", statistics.median(part), f"ms of {statistics.median(whole):.0f} for {STATEMENT} statuses"
    )
    began = time.perf_counter()
    costs_rebuild()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM recontact_message")
        figure("costs_rebuild_s", time.perf_counter() - began, f"s for {cursor.fetchone()[0]} messages")
    return number.account_id


def _open_month(client: Client, account_id: int, rows: int) -> None:
    """The page of an account's open month, added up by a worker: a month's share of ten million messages of four accounts."""
    address = f"/manager/recontact/monthclosing/{account_id}/{timezone.localdate():%Y-%m}/"
    client.post(f"{address}count/")
    began = time.perf_counter()
    jobs_run()
    figure("month_added_up_s", time.perf_counter() - began, f"s for {rows} messages, by a worker")
    figure("month_page_ms", statistics.median(_once(client, address) for _ in range(TIMES)), "ms")
