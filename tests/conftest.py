"""Fixtures and settings shared by all tests."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as effort

from tests.chromium import find_chromium
from tests.embedded_plugin import TEMPLATE
from tests.flushing import flush_quickly

# How long an example takes is the machine's business: beside other work, one of many thousands takes longer than hypothesis
# allows, and when it is tried again it takes less, which hypothesis holds to be a failure too.
effort.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
effort.load_profile("portal")


def pytest_configure() -> None:
    """Settings that only tests want and that do not come from the environment."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # No collectstatic before the tests, so no manifest.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WHITENOISE_AUTOREFRESH = True
    files = tempfile.TemporaryDirectory(prefix="hsm-files-")
    atexit.register(files.cleanup)
    settings.MEDIA_ROOT = files.name
    if TEMPLATE in os.environ:
        settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = os.environ[TEMPLATE]
    flush_quickly()


@pytest.fixture(scope="session")
def valkey() -> Iterator[redis.Redis]:
    """A client of the tests' Valkey database, one for all of them."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_valkey(valkey: redis.Redis) -> None:
    """Each test begins with an empty Valkey: no cached page, no throttle count, no queued task of the test before."""
    valkey.flushdb()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that browser tests drive (Playwright's `executable_path`); without one they are not run at all."""
    path = find_chromium()
    assert path is not None
    return path
