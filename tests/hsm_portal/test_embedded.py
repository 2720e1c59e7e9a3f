"""The embedded PostgreSQL and Valkey: made, kept, brought back after a crash, and gone with their owner."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings

from hsm_portal.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey, ephemeral_services, kept_services

OWNER = """
import pathlib, sys, time
from hsm_portal.embedded import EmbeddedPostgres, EmbeddedValkey
postgres = EmbeddedPostgres(data=pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None)
postgres.start()
valkey = EmbeddedValkey()
valkey.start()
print(postgres.pid, valkey.url, postgres.url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that `nobody` can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="hsm-home-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def start_owner(*arguments: str) -> tuple[subprocess.Popen[str], int, str, str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    )
    assert owner.stdout is not None
    pid, redis_url, database_url = owner.stdout.readline().split()
    return owner, int(pid), redis_url, database_url


def ps(*arguments: str) -> str:
    return subprocess.run(["ps", "-ww", *arguments], capture_output=True, text=True).stdout


def children_of(pid: int) -> list[int]:
    pairs = [line.split() for line in ps("-eo", "pid=,ppid=").splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def command_of(pid: int) -> str:
    return ps("-o", "args=", "-p", str(pid))


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state = ps("-o", "stat=", "-p", str(pid)).strip()
        if not state or state.startswith("Z"):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} outlived its owner")


def test_it_gives_the_engines_of_production() -> None:
    with ephemeral_services() as services:
        with psycopg.connect(services.database_url) as connection:
            version, provider = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000, datlocprovider::text"
                " FROM pg_database WHERE datname = current_database()"
            ).fetchone() or (0, "")
        with redis.Redis.from_url(services.redis_url) as client:
            valkey_version = client.info("server")["valkey_version"]
    assert (version, provider, valkey_version.split(".")[0]) == (18, "b", "9")


def test_it_listens_on_no_network_address() -> None:
    postgres = EmbeddedPostgres()
    try:
        with psycopg.connect(postgres.start()) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        postgres.stop()


def test_it_keeps_the_data_from_one_run_to_the_next(home: Path) -> None:
    home = home / "a folder with a rather long name" / ("x" * 100)
    with kept_services(home) as services, psycopg.connect(services.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with kept_services(home) as services, psycopg.connect(services.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_it_leaves_the_permissions_of_parent_folders_alone(home: Path) -> None:
    home.chmod(0o700)
    postgres = EmbeddedPostgres(data=home / "postgres18")
    try:
        postgres.start()
        assert home.stat().st_mode & 0o777 == 0o700
    finally:
        postgres.stop()
        shutil.rmtree(postgres.data)
        postgres.data.with_name(postgres.data.name + ".lock").unlink()


def test_it_refuses_a_second_owner_of_the_same_data(home: Path) -> None:
    with kept_services(home), pytest.raises(EmbeddedError, match="already in use"):
        EmbeddedPostgres(data=home / "postgres18").start()


def test_it_brings_committed_rows_back_after_a_crash() -> None:
    postgres = EmbeddedPostgres()
    try:
        with psycopg.connect(postgres.start()) as connection:
            connection.execute("CREATE TABLE survivor AS SELECT 1 AS number")
        postgres.crash()
        with psycopg.connect(postgres.start()) as connection:
            assert connection.execute("SELECT number FROM survivor").fetchone() == (1,)
    finally:
        postgres.stop()


def test_a_crash_ends_the_sessions_too_however_busy_they_are() -> None:
    postgres = EmbeddedPostgres()
    try:
        with psycopg.connect(postgres.start(), autocommit=True) as connection:
            connection.execute("CREATE TABLE survivor (number int)")
        busy = psycopg.connect(postgres.url, autocommit=True)
        # It does not look up from its work to see that the server is gone.
        busy.pgconn.send_query(b"INSERT INTO survivor SELECT max(n) FROM generate_series(1, 20000000) AS n")
        busy.pgconn.flush()
        time.sleep(0.5)
        postgres.crash()
        with psycopg.connect(postgres.start()) as connection:
            assert connection.execute("SELECT count(*) FROM survivor").fetchone() == (0,)
    finally:
        postgres.stop()


def test_it_brings_committed_rows_back_after_an_immediate_stop() -> None:
    postgres = EmbeddedPostgres()
    with psycopg.connect(postgres.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")
        postgres.stop_immediately()
        assert not postgres.runs
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("committed",)]
    postgres.stop()


def test_a_new_server_begins_with_a_copy_of_the_data_of_another(home: Path) -> None:
    first = EmbeddedPostgres(data=home / "first")
    with psycopg.connect(first.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE prepared (word text)")
    first.stop()
    copy = EmbeddedPostgres(like=first.data)
    with psycopg.connect(copy.start(), autocommit=True) as connection:
        connection.execute("INSERT INTO prepared VALUES ('the copy alone has it')")
    copy.stop()
    with psycopg.connect(first.start()) as connection:
        assert connection.execute("SELECT * FROM prepared").fetchall() == []
    first.stop()


def test_it_starts_after_its_owner_and_guards_were_killed(home: Path) -> None:
    """A leftover server without guard (an abrupt end of a whole container) is stopped before the new one starts."""
    data = home / "postgres18"
    owner, server, _, _ = start_owner(str(data))
    for guard in children_of(owner.pid):
        if f"guard {server} " in command_of(guard):
            os.kill(guard, signal.SIGKILL)
    owner.kill()
    owner.wait()
    postgres = EmbeddedPostgres(data=data)
    try:
        with psycopg.connect(postgres.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        wait_until_gone(server)
    finally:
        postgres.stop()


def test_it_ignores_a_pid_file_whose_number_belongs_to_another_process(home: Path) -> None:
    postgres = EmbeddedPostgres(data=home / "postgres18")
    postgres.start()
    pid_file = postgres.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.crash()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    try:
        assert postgres.start() == postgres.url
    finally:
        postgres.stop()


def test_its_servers_and_folder_are_gone_when_the_owner_is_killed() -> None:
    owner, server, redis_url, database_url = start_owner()
    owner.kill()
    owner.wait()
    wait_until_gone(server)
    folder = Path(database_url.partition("host=")[2]).parent
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(redis_url).ping()


def test_a_restarted_valkey_has_its_old_address_and_no_content() -> None:
    valkey = EmbeddedValkey()
    try:
        url = valkey.start()
        redis.Redis.from_url(url).set("key", "value")
        valkey.stop()
        assert valkey.start() == url
        assert redis.Redis.from_url(url).get("key") is None
    finally:
        valkey.stop()


def test_valkey_refuses_whoever_lacks_its_password() -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host="127.0.0.1", port=int(settings.REDIS_URL.rsplit(":", 1)[1].split("/")[0])).ping()
