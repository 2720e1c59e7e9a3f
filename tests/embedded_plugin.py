"""Starts PostgreSQL and Valkey and sets the environment before Django's settings load (pytest's `-p`, see pyproject.toml).

Under xdist the controller starts them once; the workers inherit its environment, each with a Valkey database of its own
(pytest-django gives each a PostgreSQL database of its own, a copy of the prepared one).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re

from hsm_portal.embedded import EmbeddedPostgres, EmbeddedValkey
from hsm_portal.embedded.postgres import DATABASE
from tests.environment import TEST_ENVIRONMENT
from tests.prepared import prepared_data

#: Names the database that test databases are copies of, if there is one.
TEMPLATE = "TEST_DATABASE_TEMPLATE"


def _with_worker_database(redis_url: str, worker: str) -> str:
    """The URL with the Valkey database of this xdist worker: gw0 takes 1, gw1 takes 2, and so on."""
    number = int(worker.removeprefix("gw")) + 1
    return re.sub(r"/\d+$", "", redis_url) + f"/{number}"


def _prepare() -> None:
    os.environ.update(TEST_ENVIRONMENT)
    if not os.environ.get("DATABASE_URL"):
        postgres = EmbeddedPostgres(like=prepared_data())
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.start()
        os.environ[TEMPLATE] = DATABASE
    if not os.environ.get("REDIS_URL"):
        valkey = EmbeddedValkey()
        atexit.register(valkey.stop)
        os.environ["REDIS_URL"] = valkey.start()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        os.environ["REDIS_URL"] = _with_worker_database(os.environ["REDIS_URL"], worker)
    with contextlib.suppress(KeyError):
        del os.environ["CELERY_BROKER_URL"]


_prepare()
