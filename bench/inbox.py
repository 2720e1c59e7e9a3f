"""How long Customer Service takes with 1,000,000 queries and 10,000,000 messages, and what a hundred open screens cost.

The rows are written by SQL, or were by a run before (`INBOX_DATA`). Pages are asked for through Django's test client, as an
agent and as a coordinator: middleware, permissions, queries and templates, without the network. The pulse of the screens is
asked over HTTP, from gunicorn, while customers write; whoever is told of a change asks for it, as the screen would.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence

from django.conf import settings
from django.core.cache import cache
from django.test import Client

from bench.figures import figure
from bench.inbox_filled import inbox_filled
from bench.inbox_screens import Screens
from bench.portal import portal
from bench.services import RUNNING
from bench.usage import cpu_seconds
from hsm_portal.models import User
from recontact.models import Query, Team
from tests.customer_service.agents import browser

QUERIES = 1_000_000
TIMES = 3
#: A run that is smaller only looks whether it runs.
SMALL = 0.01

_TABS = ["pending", "mine", "progress", "snoozed", "resolved"]
_SEARCHES = [
    "luc", "Lucía Gómez", "carla 4", "benítez", "+54 9 11 0000-4321", "00043", "4321", "#77777", "99999",
    "marcapasos", "ecografía", "turno", "precio resonancia", "hola", "tarjeta pagar", "nadie escribió esto",
]  # fmt: skip


def run(scale: float) -> None:
    """Print the p95 of the lists, of searching and of a ticket, and the share of a core that the screens of all agents take."""
    # There is no collectstatic before a bench, and so no manifest.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    inbox = inbox_filled(rows=max(2_000, int(QUERIES * scale)))
    people, coordinator = inbox.people, inbox.coordinator
    agent, lead = browser(people[7]), browser(coordinator)
    times = TIMES if scale >= SMALL else 1
    lists = _timed(agent, _lists(_TABS, people[7]), times) | _timed(lead, _lists([*_TABS, "all"], coordinator), times)
    _print("inbox_1m_p95_ms", lists)
    searches = [f"/service/?q={text}".replace("+", "%2B").replace("#", "%23") for text in _SEARCHES]
    found = _timed(agent, searches, times) | _timed(lead, [f"{each}&tab=all" for each in searches], times)
    _print("search_1m_p95_ms", found)
    mine = Query.objects.filter(assigned_to=people[7]).order_by("-activity_at").values_list("pk", flat=True)[:30]
    _print("ticket_p95_ms", _timed(agent, [f"/service/queries/{pk}/?tab=mine" for pk in mine], times=2))
    with portal() as made:
        Screens(made, people, number_id=inbox.number_id).run(seconds=max(8.0, 40 * scale))


def _lists(tabs: Sequence[str], user: User) -> list[str]:
    """Every tab in every order, every filter in the tabs where it is used most, and a page further on."""
    team = (
        Team.objects.filter(members=user).values_list("pk", flat=True).first() or Team.objects.values_list("pk")[0][0]
    )
    number = Query.objects.values_list("sender_number", flat=True)[0]
    campaign = Query.objects.exclude(campaign=None).values_list("campaign", flat=True)[0]
    filters = [
        "topic=Pagos", "origin=inbound", "origin=api", "tag=vip", "tag=urgente", "tag=nadie", f"team={team}",
        f"agent={user.pk}", "agent=nobody", f"number={number}", f"campaign={campaign}", "recontact=yes", "recontact=no",
        "recontact=unanswered",
    ]  # fmt: skip
    sorted_ = [f"/service/?tab={tab}&sort={sort}" for tab in tabs for sort in ("newest", "waiting", "window")]
    filtered = [f"/service/?tab={tab}&{each}" for tab in tabs for each in filters]
    return [*sorted_, *filtered]


def _timed(client: Client, addresses: Sequence[str], times: int) -> dict[str, list[float]]:
    """The milliseconds of each address, some times each; the first call of all warms the process up.

    What they took of the processor goes to standard error: on a busy machine it says more.
    """
    client.get(addresses[0])
    began = _cpu()
    taken = {address: [_once(client, address) for _ in range(times)] for address in addresses}
    python, postgres = ((now - then) * 1000 / (len(addresses) * times) for now, then in zip(_cpu(), began, strict=True))
    sys.stderr.write(f"{python:.1f} ms of Python and {postgres:.1f} of PostgreSQL for each like {addresses[0]}\n")
    return taken


def _cpu() -> tuple[float, float]:
    return time.process_time(), cpu_seconds(RUNNING.postgres.pid) if RUNNING.postgres is not None else 0.0


def _once(client: Client, address: str) -> float:
    cache.clear()
    began = time.perf_counter()
    response = client.get(address)
    taken = (time.perf_counter() - began) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")
    return taken


def _print(name: str, taken: dict[str, list[float]]) -> None:
    """The p95 of all; on standard error the slowest addresses by their medians, to know where to look."""
    every = [each for times in taken.values() for each in times]
    slowest = sorted(((statistics.median(times), address) for address, times in taken.items()), reverse=True)
    for milliseconds, address in slowest[:8]:
        sys.stderr.write(f"{milliseconds:8.1f} ms {address}\n")
    figure(name, statistics.quantiles(every, n=20)[-1], f"ms, slowest {slowest[0][0]:.0f}: {slowest[0][1]}")
