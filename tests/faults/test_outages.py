"""PostgreSQL and Valkey away, emptied or restarted under load, on services of this module's own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection, connections
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from hsm_portal.embedded import EmbeddedPostgres, EmbeddedValkey
from providers.models import SenderNumber
from recontact.models import Message
from tests.api_client import client_make
from tests.factories import VALUES
from tests.faults import telling
from tests.faults.processes import Worker, Workers, database_url, until
from tests.faults.stage import Stage
from tests.prepared import prepared_data
from tests.providers.simulator.server import SimulatorProcess
from tests.recontact.outgoing.receiver import receiver_run, subscription_make


@dataclass(frozen=True)
class Own:
    """Services that a test may stop."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey


def _celery_to(url: str) -> None:
    """Have this process send its tasks to another broker."""
    current_app.conf.update(broker_url=url, broker_read_url=url, broker_write_url=url)
    current_app._after_fork()  # type: ignore[attr-defined]  # the way to have it forget its connections


@pytest.fixture(scope="module")
def own(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Own]:
    """New services, with everything in this process led to them: database, cache and broker."""
    services = Own(EmbeddedPostgres(like=prepared_data()), EmbeddedValkey())
    url, broker = services.postgres.start(), settings.CELERY_BROKER_URL
    database = connections.settings["default"]
    kept = dict(database)
    with django_db_blocker.unblock():
        connection.close()
        host = url.rsplit("host=", 1)[1]
        database.update(NAME="hsm", OPTIONS={**kept["OPTIONS"], "host": host})
    valkey = services.valkey.start()
    _celery_to(valkey)
    caches = {"default": {**settings.CACHES["default"], "LOCATION": valkey}}
    with override_settings(REDIS_URL=valkey, CACHES=caches):
        yield services
    _celery_to(broker)
    with django_db_blocker.unblock():
        connection.close()
    database.update(kept)
    services.valkey.stop()
    services.postgres.stop()


@pytest.fixture(scope="module")
def workers(
    own: Own, tmp_path_factory: pytest.TempPathFactory, simulator_process: SimulatorProcess
) -> Iterator[Workers]:
    """Workers of these services, instead of the folder's."""
    urls = (own.postgres.url, own.valkey.url, simulator_process.url)
    workers = Workers(tmp_path_factory.mktemp("outages"), *urls)
    yield workers
    workers.close()


def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def test_an_emptied_valkey_costs_nothing_but_the_time_to_the_next_sweep(stage: Stage) -> None:
    stage.dispatcher.kill()
    stage.queue(20)
    with _valkey() as client:
        assert client.llen("dispatch") == 1
        client.flushall()
    stage.dispatcher.start()
    assert stage.states() == {"queued": 20}
    stage.sweep()
    stage.wait_for("read")
    stage.prove()
    stage.prove_events()


def test_without_valkey_messages_are_queued_at_once_and_sent_when_it_is_back(stage: Stage, own: Own) -> None:
    query, api = stage.world.query(), client_make()
    own.valkey.stop()
    began = time.monotonic()
    stage.queue(3)
    assert time.monotonic() - began < 10
    began = time.monotonic()
    body = {"template": stage.world.template.pk, "values": VALUES}
    assert api.send(f"queries/{query.pk}/recontact", body).status_code == 202
    assert time.monotonic() - began < 10
    stage.messages.append(Message.objects.latest("pk"))
    own.valkey.start()
    stage.sweep()
    stage.wait_for("read")
    stage.prove()
    stage.prove_events()


def test_a_crash_of_postgresql_in_the_middle_of_a_slice_doubles_and_loses_nothing(stage: Stage, own: Own) -> None:
    stage.world.simulator.knobs(latency_ms=300)
    # So slow that it is in the middle, however long it takes until that is seen; and nothing goes before all are there.
    SenderNumber.objects.update(throughput=15)
    stage.dispatcher.freeze()
    messages = stage.queue(80)
    stage.dispatcher.thaw()
    until(lambda: stage.states()["queued"] < 60, what="the first claims")
    assert stage.states()["queued"]
    own.postgres.crash()
    time.sleep(0.5)
    own.postgres.start()
    connection.close()
    SenderNumber.objects.update(throughput=80)
    stage.time_passes()
    sent: set[Message] = set()

    def settled() -> bool:
        stage.sweep()
        time.sleep(0.3)
        sent.update(message for message in messages if str(message.reference) in stage.accepted())
        return not {"queued", "sending"} & set(stage.states()) and set(stage.states(sent)) == {"read"}

    until(settled, patience=120, what="the end of all messages, beat ticking")
    stage.prove()
    stage.prove_events()
    assert max(stage.calls(message) for message in messages) == 1
    assert [worker.child.exit_code for worker in (stage.dispatcher, stage.workers.others)] == [None, None]


def test_a_crash_of_postgresql_while_systems_outside_are_told_loses_no_event(
    own: Own, transactional_db: None, tmp_path: Path
) -> None:
    environment = {
        **telling.ENVIRONMENT,
        "DATABASE_URL": database_url(own.postgres.url),
        "REDIS_URL": own.valkey.url,
    }
    teller = Worker(tmp_path / "teller", telling.QUEUE, environment).start()
    with receiver_run() as receiver:
        receiver.slow = 0.05
        subscription_make(receiver.url, "message.state_changed")
        telling.messages_move(telling.messages_make(60), "sending", *telling.TOLD)
        telling.tick()
        until(lambda: len(receiver.got) > 80, what="the first batch")
        own.postgres.crash()
        time.sleep(0.5)
        own.postgres.start()
        connection.close()
        telling.time_passes()

        telling.wait_told()

        assert teller.child.exit_code is None
        teller.kill()
        taken = Counter(got.body["id"] for got in receiver.got)
        telling.prove_told(receiver, events=60 * len(telling.TOLD), taken=taken)
