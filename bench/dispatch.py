"""One number at full speed: a campaign of 1,000,000 is planned, 60,000 of it are sent, and an agent writes beside it.

Everything durable is in the figures: recipients become messages by the launcher while the campaign runs; each message is
claimed, called and recorded. Beside them, in the same run, a bare loop of the same client, and one task per message.
"""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Iterator
from datetime import datetime

import httpx

from bench.baseline import QUEUE, send
from bench.campaigns import accepted_moments, draft, go_on, pause, plan, rate, tenths
from bench.client import client_rate
from bench.figures import figure
from bench.portal import Portal, portal, provider_like, until
from providers.adapters.meta.send import payload_build
from providers.contracts import JsonObject, OutboundMessage, Recipient, TemplateContent
from recontact.models import Campaign, Message, Query
from tests.factories import message_make
from tests.world import World, world_make

PLANNED = 1_000_000
SENT = 60_000
WITH_WEBHOOKS = 10_000
BARE = 15_000
BASELINE = 300
BASELINE_PROCESSES = 8
#: More than this machine can send, so that the machine is what is measured.
THROUGHPUT = 1_500
#: Behind all phones of the great campaign.
LATER_PHONES = 2_000_000
#: From one recontact's arrival to the agent's next.
AGENT_SECONDS = 0.3
#: At a thousand messages a second, about; more clicks than that make their customers themselves.
MESSAGES_PER_CLICK = 500
#: A look for a message before it can have come is only one more request to the provider.
AT_LEAST_SECONDS = 0.1
AT_MOST_SECONDS = 1800


def run(scale: float) -> None:
    """Print the figures of planning, sending, agents, client and baseline."""
    with portal() as made:
        world = world_make(made.simulator, webhook_base=f"http://127.0.0.1:{made.web_port}")
        world.number.throughput = THROUGHPUT
        world.number.save()
        provider_like(made.simulator)
        made.start("dispatcher", "worker", "beat")
        campaign = draft(world.number, world.template, max(3_000, int(PLANNED * scale)), name="un-millon")
        _plan(campaign, made)
        dispatched = _send(world, campaign, made, max(200, int(SENT * scale)))
        _send_with_webhooks(world, campaign, made, max(100, int(WITH_WEBHOOKS * scale)))
        made.stop("dispatcher", "web")
        waiting = _queued(world, max(20, int(BASELINE * scale)))
        made.stop("beat", "worker")
        bare = _client(waiting[0], made, max(300, int(BARE * scale)))
        figure("dispatch_ratio", dispatched / bare, "of client_rate")
        _baseline(waiting, made)


def _plan(campaign: Campaign, made: Portal) -> None:
    made.watch()
    began = time.monotonic()
    plan(campaign)
    figure("plan_rows_per_s", campaign.rows_read / (time.monotonic() - began), "rows/s")
    figure("plan_peak_mb", made.peak_mb("worker"), "MB")
    made.used(campaign.rows_read, "plan_cpu")


def _send(world: World, campaign: Campaign, made: Portal, count: int) -> float:
    """Figures of the campaign without webhooks; returns its messages per second."""
    latencies, moments = _campaign_run(world, campaign, made, count)
    each = tenths(moments[:count])
    figure("dispatch_rate", rate(moments[:count]), "messages/s")
    figure("dispatch_decay", each[-1] / each[0], "rate of the last tenth / of the first")
    figure("agent_latency_p95_ms", statistics.quantiles(latencies, n=20)[-1], "ms")
    figure("agent_latency_p50_ms", statistics.median(latencies), "ms")
    figure("worker_peak_mb", made.peak_mb("worker", "dispatcher"), "MB")
    made.used(len(moments), "cpu")
    return rate(moments[:count])


def _send_with_webhooks(world: World, campaign: Campaign, made: Portal, count: int) -> None:
    """The same while each message is reported as sent and delivered, which the portal takes in and applies meanwhile."""
    made.start("web")
    until(lambda: _web_answers(made), seconds=60, what="the start of web")
    provider_like(made.simulator, webhook_delay_ms=300, webhook_concurrency=32)
    _latencies, moments = _campaign_run(world, campaign, made, count)
    figure("dispatch_rate_with_webhooks", rate(moments), "messages/s")
    made.used(len(moments), "cpu_with_webhooks")
    provider_like(made.simulator, hold_webhooks=True)


def _web_answers(made: Portal) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{made.web_port}/healthz", timeout=5).status_code in (200, 503)
    except httpx.TransportError:
        return False


def _campaign_run(world: World, campaign: Campaign, made: Portal, count: int) -> tuple[list[float], list[datetime]]:
    """Let the campaign run until so many more were accepted, an agent writing meanwhile.

    Returns the agent's milliseconds, each time, and when each of the campaign's messages was accepted.
    """
    # The customers were there before: making them is no part of what is measured, and would take from it.
    agent = _agent(world, [world.query() for _ in range(2 + count // MESSAGES_PER_CLICK)])
    before = len(accepted_moments(campaign))
    latencies: list[float] = []
    ends = time.monotonic() + AT_MOST_SECONDS
    provider_before = _taken(made)
    made.watch()
    go_on(campaign)
    while _taken(made) - provider_before < count + len(latencies) or len(latencies) < 2:
        if time.monotonic() > ends:
            raise TimeoutError(f"the campaign took longer than {AT_MOST_SECONDS} s")
        latencies.append(next(agent))
    pause(campaign)
    return latencies, accepted_moments(campaign)[before:]


def _taken(made: Portal) -> int:
    """How many messages the provider took."""
    return int(made.simulator.get("counts").get("accepted", 0))


def _agent(world: World, waiting: list[Query]) -> Iterator[float]:
    """Recontacts of the queries that wait, then of new ones, one after the other: milliseconds from the click (what queues it
    is part of that) to the provider."""
    while True:
        query, clicked_at = waiting.pop() if waiting else world.query(), time.time()
        reference = str(message_make(query=query, template=world.template).reference)
        time.sleep(AT_LEAST_SECONDS)
        while not (found := world.simulator.get("requests", reference=reference)["data"]):
            # The simulator says when it came: asking more often would only take from what is measured.
            time.sleep(0.05)
        yield (found[0]["at"] - clicked_at) * 1000
        time.sleep(AGENT_SECONDS)


def _queued(world: World, count: int) -> list[Message]:
    """So many queued messages of another campaign, which no dispatcher takes."""
    campaign = draft(world.number, world.template, count, name="linea-de-base", first=LATER_PHONES)
    plan(campaign)
    go_on(campaign)
    rows = Message.objects.filter(campaign=campaign, state="queued").order_by("pk")
    until(lambda: rows.count() == count, seconds=120, what="launching")
    pause(campaign)
    return list(rows)


def _client(message: Message, made: Portal, count: int) -> float:
    bare = client_rate(made.simulator.url, [_payload(message) for _ in range(count)])
    figure("client_rate", bare, "requests/s")
    return bare


def _payload(message: Message) -> JsonObject:
    content = TemplateContent(message.template_name, message.template_language, message.components, message.category)
    recipient = Recipient(message.recipient_phone, message.recipient_bsuid)
    return payload_build(OutboundMessage(str(uuid.uuid4()), "", "", recipient, content))


def _baseline(waiting: list[Message], made: Portal) -> None:
    made.celery("baseline", "bench.baseline", "-Q", QUEUE, "-c", str(BASELINE_PROCESSES))
    for message in waiting:
        send.delay(message.pk)
    campaign = waiting[0].campaign
    if campaign is None:
        raise RuntimeError("what waits belongs to no campaign")
    rows = Message.objects.filter(campaign=campaign, accepted_at__isnull=False)
    until(lambda: rows.count() == len(waiting), seconds=AT_MOST_SECONDS, what="the baseline")
    figure("baseline_rate", rate(accepted_moments(campaign)), "messages/s")
