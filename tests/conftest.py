"""Fixtures and settings shared by all tests."""

from __future__ import annotations

import atexit
import tempfile
import time
from collections.abc import Iterable
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management.color import Style
from django.db import OperationalError
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.chromium import find_chromium

FLUSH_TRIES = 10


def pytest_configure() -> None:
    """Settings that only tests want and that do not come from the environment."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # No collectstatic before the tests, so no manifest.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WHITENOISE_AUTOREFRESH = True
    files = tempfile.TemporaryDirectory(prefix="hsm-files-")
    atexit.register(files.cleanup)
    settings.MEDIA_ROOT = files.name
    _flush_past_triggers()


def _flush_past_triggers() -> None:
    """Let the flush after a transactional test pass the triggers that refuse TRUNCATE on the ledger's tables.

    Content types and permissions stay: they follow from the code, and other processes (workers) remember their ids.
    """
    sql_flush = DatabaseOperations.sql_flush

    def sql_flush_past_triggers(self: DatabaseOperations, style: Style, tables: list[str], **kwargs: Any) -> list[str]:
        emptied = [table for table in tables if table not in ("django_content_type", "auth_permission")]
        statements: list[str] = sql_flush(self, style, emptied, **kwargs)
        return ["SET LOCAL session_replication_role = replica;", *statements] if statements else []

    DatabaseOperations.sql_flush = sql_flush_past_triggers  # type: ignore[method-assign, assignment]
    _flush_again_after_deadlocks()


def _flush_again_after_deadlocks() -> None:
    """A worker that is still at its last query locks tables in another order than the flush; one of both gives way."""
    execute = DatabaseOperations.execute_sql_flush

    def execute_again(self: DatabaseOperations, statements: Iterable[str]) -> None:
        again = list(statements)
        for _ in range(FLUSH_TRIES - 1):
            try:
                return execute(self, again)
            except OperationalError:
                time.sleep(0.2)
        return execute(self, again)

    DatabaseOperations.execute_sql_flush = execute_again  # type: ignore[method-assign, assignment]


@pytest.fixture(autouse=True)
def empty_valkey() -> None:
    """Each test begins with an empty Valkey: no cached page, no throttle count, no queued task of the test before."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that browser tests drive (Playwright's `executable_path`); without one they are not run at all."""
    path = find_chromium()
    assert path is not None
    return path
