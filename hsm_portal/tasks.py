"""Celery tasks of the project itself: the signs of life that /healthz looks at."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import beat_init

from recontact.heartbeats import BEAT, DISPATCHER, FETCHER, heartbeat_record


@shared_task
def beat_heartbeat() -> None:
    """Sent by beat to the ordinary worker: proof that beat, broker, worker and database work together."""
    heartbeat_record(name=BEAT)


@shared_task
def dispatcher_heartbeat() -> None:
    """Sent by beat to the dispatcher's queue: proof that a dispatcher takes work."""
    heartbeat_record(name=DISPATCHER)


@shared_task
def fetcher_heartbeat() -> None:
    """Sent by beat to the queue of files: proof that a worker fetches them."""
    heartbeat_record(name=FETCHER)


@beat_init.connect
def first_heartbeats(**_: Any) -> None:
    """Beat waits a whole interval before its first tick; a starting portal is seen to be alive at once."""
    beat_heartbeat.delay()
    dispatcher_heartbeat.apply_async(queue="dispatch")
    fetcher_heartbeat.apply_async(queue="media")
