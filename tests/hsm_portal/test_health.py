"""/healthz and /metrics: what probes and Prometheus are told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from hsm_portal.embedded import EmbeddedValkey
from recontact.heartbeats import BEAT, DISPATCHER, FETCHER, heartbeat_record
from recontact.models import DispatchSwitch, Heartbeat

pytestmark = pytest.mark.django_db


def all_alive() -> None:
    heartbeat_record(name=BEAT)
    heartbeat_record(name=DISPATCHER)
    heartbeat_record(name=FETCHER)


def silent_for(name: str, *, seconds: int) -> None:
    with connection.cursor() as cursor:
        table = Heartbeat._meta.db_table
        cursor.execute(
            f"UPDATE {table} SET at = clock_timestamp() - make_interval(secs => %s) WHERE name = %s", [seconds, name]
        )


def failing(client: Client) -> set[str]:
    response = client.get("/healthz")
    failed = {name for name, check in response.json()["checks"].items() if not check["ok"]}
    assert response.status_code == (503 if failed else 200)
    return failed


def test_it_is_green_when_every_part_gives_signs_of_life(client: Client) -> None:
    all_alive()
    assert failing(client) == set()


def test_a_part_that_never_gave_a_sign_of_life_is_not_well(client: Client) -> None:
    assert failing(client) == {"beat", "dispatcher", "fetcher"}


@pytest.mark.parametrize(("name", "seconds"), [(BEAT, 61), (DISPATCHER, 121), (FETCHER, 241)])
def test_a_part_that_fell_silent_is_not_well(client: Client, name: str, seconds: int) -> None:
    all_alive()
    silent_for(name, seconds=seconds)
    assert failing(client) == {name}


def test_a_new_sign_of_life_replaces_the_last_one(client: Client) -> None:
    all_alive()
    silent_for(BEAT, seconds=3600)
    heartbeat_record(name=BEAT)
    assert failing(client) == set()


def test_valkey_away_is_told(client: Client, settings: Any) -> None:
    all_alive()
    valkey = EmbeddedValkey()
    settings.REDIS_URL = valkey.start()
    valkey.stop()
    assert failing(client) == {"valkey"}


def test_a_database_away_is_told_and_not_a_server_error() -> None:
    def ask_without_database() -> set[str]:
        connection.settings_dict = {**connection.settings_dict, "OPTIONS": {"host": "/nonexistent"}}
        return failing(Client())

    # Each thread has a connection of its own.
    with ThreadPoolExecutor(1) as other_thread:
        assert other_thread.submit(ask_without_database).result() == {"database", "beat", "dispatcher", "fetcher"}


def test_it_is_open_to_probes_without_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    all_alive()
    assert client.get("/healthz").status_code == 200


def test_it_tells_no_addresses_or_secrets(client: Client, settings: Any) -> None:
    body = client.get("/healthz").content.decode()
    secrets = [settings.SECRET_KEY, settings.REDIS_URL, settings.DATABASES["default"]["NAME"], "127.0.0.1"]
    assert [secret for secret in secrets if secret in body] == []


def test_metrics_do_not_exist_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_metrics_are_refused_to_a_wrong_token(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "right"
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_metrics_tell_health_and_the_queue(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "right"
    heartbeat_record(name=BEAT)
    DispatchSwitch.objects.update_or_create(id=1, defaults={"halted": True})
    lines = client.get("/metrics", headers={"Authorization": "Bearer right"}).content.decode().splitlines()
    assert {
        'hsm_portal_healthy{part="beat"} 1.0',
        'hsm_portal_healthy{part="dispatcher"} 0.0',
        'hsm_portal_messages{state="queued"} 0.0',
        "hsm_portal_oldest_due_seconds 0.0",
        "hsm_portal_dispatch_halted 1.0",
    } <= set(lines)
