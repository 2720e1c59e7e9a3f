"""GET /metrics for Prometheus: gauges read from the database at each scrape, so that all processes tell the same."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hsm_portal.health import health_checks
from recontact.clock import database_now
from recontact.models import DispatchSwitch, Message, OutgoingEvent, Subscription
from recontact.states import MessageState

# The states a message does not stay in: each has a partial index, so that counting them is cheap.
WATCHED_STATES = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNCERTAIN)


class PortalCollector(Collector):
    """What operators watch: health, the queue's depth and age, and whether all sending is stopped."""

    def collect(self) -> Iterable[Metric]:
        """The gauges of this moment."""
        healthy = GaugeMetricFamily("hsm_portal_healthy", "1 when this part is well", labels=["part"])
        for name, check in health_checks().items():
            healthy.add_metric([name], float(check.ok))
        yield healthy

        waiting = Message.objects.filter(state__in=WATCHED_STATES).order_by()
        counts = dict(waiting.values_list("state").annotate(Count("id")))
        messages = GaugeMetricFamily("hsm_portal_messages", "Messages in a state they do not stay in", labels=["state"])
        for state in WATCHED_STATES:
            messages.add_metric([state.value], counts.get(state.value, 0))
        yield messages

        now = database_now()
        oldest = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now).aggregate(due=Min("due_at"))["due"]
        age = (now - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily(
            "hsm_portal_oldest_due_seconds", "How long the oldest due message has waited", value=age
        )
        yield from _outgoing(now)
        halted = DispatchSwitch.objects.filter(halted=True).exists()
        yield GaugeMetricFamily("hsm_portal_dispatch_halted", "1 when all sending is stopped", value=float(halted))


def _outgoing(now: datetime) -> Iterable[Metric]:
    """How far subscriptions are behind, and which are paused; by name, few as they are."""
    behind = GaugeMetricFamily(
        "hsm_portal_outgoing_oldest_due_seconds",
        "How long a subscription's oldest due event has waited",
        labels=["name"],
    )
    paused = GaugeMetricFamily("hsm_portal_subscription_paused", "1 while a subscription is not told", labels=["name"])
    for subscription in Subscription.objects.order_by("pk"):
        due = OutgoingEvent.objects.filter(
            subscription=subscription, standing=OutgoingEvent.Standing.WAITING, due_at__lte=now
        ).aggregate(due=Min("due_at"))["due"]
        behind.add_metric([subscription.name], (now - due).total_seconds() if due else 0.0)
        paused.add_metric([subscription.name], float(subscription.state != Subscription.State.ACTIVE))
    yield behind
    yield paused


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges for whoever shows METRICS_TOKEN as a bearer token; 404 for all while no token is set."""
    token: str = settings.METRICS_TOKEN
    if not token:
        return HttpResponse(status=404)
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PortalCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
