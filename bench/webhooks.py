"""Webhooks: signed statuses stored durably and answered, beside an empty view of the same server; and applied by a worker of four
processes.

`SCALE=1` sends 60,000 statuses of 20,000 messages, three to a POST, and applies them. The method: docs/operations/performance.md
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache

from bench.figures import PROJECT, figure
from bench.load import requests_write
from bench.portal import web_options
from bench.services import RUNNING
from bench.statuses import Sent, campaign_make, http_request, messages_make, requests, statuses_in_order
from bench.usage import cpu_seconds
from hsm_portal.processes import Child, spawn
from providers.models import ProviderAccount, WebhookDelivery
from providers.wake import wake_inbox
from recontact.models import CostEntry, Message, MessageEvent

MESSAGES = 20_000
STATUSES_PER_POST = 3
CONNECTIONS = 32
#: The empty view and the webhook take turns, so that what else the machine does meets both.
ROUNDS = 4
EMPTY_REQUESTS = 3_000
SINGLE_POSTS = 4_000


@dataclass(slots=True)
class Load:
    """What posting some requests came to."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.taken) / self.seconds

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.taken, n=20)[18]

    def add(self, told: dict[str, Any], cpu: dict[str, float]) -> None:
        """One more part of it."""
        self.seconds += told["seconds"]
        self.taken += told["taken"]
        for name, seconds in {**cpu, "load": told["cpu"]}.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + seconds


class Web:
    """gunicorn with the portal, as in production, and one address more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bench.web_settings"}
        command = [sys.executable, *web_options(self.port)]
        self.child = spawn("web", command, log=folder / "web.log", environment=environment, directory=PROJECT)
        _until(self._answers, seconds=60, what="the start of the web server")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def post(self, load: Load, sent: list[bytes]) -> None:
        """Post the requests, all answered with 200, and add to `load` what it took."""
        path = self.folder / "requests"
        requests_write(path, sent)
        before = self._cpu()
        command = [sys.executable, "-m", "bench.load", str(self.port), str(CONNECTIONS), str(path)]
        result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(f"{result.stderr}\n{self.child.log_tail()}")
        load.add(json.loads(result.stdout), {name: used - before[name] for name, used in self._cpu().items()})

    def _cpu(self) -> dict[str, float]:
        return {"web": cpu_seconds(self.child.process.pid), "postgres": _postgres_cpu()}


def run(scale: float) -> None:
    """Measure and print."""
    campaign = campaign_make()
    assert campaign.sender_number is not None
    account = campaign.sender_number.account
    sent = messages_make(campaign, max(300, int(MESSAGES * scale)))
    with tempfile.TemporaryDirectory(prefix="hsm-bench-", dir="/tmp") as folder:
        web = Web(Path(folder))
        try:
            _stored(web, account, sent, scale)
        finally:
            web.child.stop()
        _applied(Path(folder), sent)


# --- stored and answered ---------------------------------------------------------------------------------------------


def _stored(web: Web, account: ProviderAccount, sent: list[Sent], scale: float) -> None:
    empty_request = http_request("/bench/empty/", b"{}")
    batches = list(requests(statuses_in_order(sent), account=account, batch=STATUSES_PER_POST))
    singles = statuses_in_order(sent, ("sent",))
    single_posts = list(requests(islice(singles, max(100, int(SINGLE_POSTS * scale))), account=account, batch=1))
    web.post(Load(), [empty_request] * 300 + single_posts[:300])
    web.post(single := Load(), single_posts)
    # They were told a second time; what is applied below is each status once.
    WebhookDelivery.objects.all().delete()
    each = -(-len(batches) // ROUNDS)
    empty, webhooks = Load(), Load()
    for first in range(0, len(batches), each):
        web.post(empty, [empty_request] * max(100, int(EMPTY_REQUESTS * scale)))
        web.post(webhooks, batches[first : first + each])
    if WebhookDelivery.objects.count() != len(batches):
        raise RuntimeError("Not every answered webhook was stored.")
    figure("webhook_rate", webhooks.rate * STATUSES_PER_POST, "statuses/s")
    figure("webhook_p95_ms", webhooks.p95, "ms")
    figure("webhook_ratio", webhooks.rate / empty.rate, "of an empty view")
    figure("webhook_posts", webhooks.rate, "requests/s")
    figure("webhook_empty_view", empty.rate, "requests/s")
    figure("webhook_rate_single", single.rate, "statuses/s")
    for name in ("web", "postgres", "load"):
        figure(f"webhook_cpu_{name}", webhooks.cpu[name] * 1_000 / len(webhooks.taken), "s/1000 requests")
        figure(f"webhook_empty_cpu_{name}", empty.cpu[name] * 1_000 / len(empty.taken), "s/1000 requests")


# --- applied ---------------------------------------------------------------------------------------------------------


def _applied(folder: Path, sent: list[Sent]) -> None:
    command = [sys.executable, "-m", "celery", "-A", "hsm_portal", "worker", "-Q", "default", "-c", "4"]
    options = ["--without-gossip", "--without-mingle", "-l", "warning"]
    # It takes tasks only once it is up: nothing is to be read before the clock runs.
    _broker_empty()
    worker = spawn("worker", [*command, *options], log=folder / "worker.log", directory=PROJECT)
    try:
        _until(lambda: _worker_is_up(), seconds=60, what="the start of the worker")
        cpu, began = _worker_cpu(worker), time.perf_counter()
        wake_inbox()
        waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.RECEIVED)
        _until(lambda: not waiting.exists(), seconds=900, what="the applying", every=0.05)
        seconds = time.perf_counter() - began
        used = {name: after - cpu[name] for name, after in _worker_cpu(worker).items()}
    finally:
        worker.stop()
    _prove(sent)
    events = 3 * len(sent)
    figure("webhook_apply_rate", events / seconds, "statuses/s")
    for name, value in used.items():
        figure(f"webhook_apply_cpu_{name}", value * 1_000 / events, "s/1000 statuses")


def _worker_cpu(worker: Child) -> dict[str, float]:
    return {"worker": cpu_seconds(worker.process.pid), "postgres": _postgres_cpu()}


def _prove(sent: list[Sent]) -> None:
    """Every status was applied: each message read, billed and charged once."""
    found = {
        "read": Message.objects.filter(state=Message.State.READ, billed=True).count(),
        "events": MessageEvent.objects.filter(message__isnull=False).count() // 3,
        "charged": CostEntry.objects.filter(kind=CostEntry.Kind.REPORT).count(),
    }
    if set(found.values()) != {len(sent)}:
        raise RuntimeError(f"Of {len(sent)} messages: {found}")


def _broker_empty() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(settings.CELERY_TASK_DEFAULT_QUEUE)
    cache.clear()


def _worker_is_up() -> bool:
    return bool(current_app.control.ping(timeout=0.5))


def _postgres_cpu() -> float:
    return cpu_seconds(RUNNING.postgres.pid) if RUNNING.postgres is not None else 0.0


def _until(condition: Callable[[], bool], *, seconds: float, what: str, every: float = 0.1) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} took longer than {seconds:.0f} s")
        time.sleep(every)
