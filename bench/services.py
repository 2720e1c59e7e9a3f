"""PostgreSQL and Valkey for one bench, and Django set up on them. PostgreSQL syncs every commit, as in production."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

from hsm_portal.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.prepared import prepared_data

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(slots=True)
class Running:
    """The services of this process."""

    postgres: EmbeddedPostgres | None = None


RUNNING = Running()


@contextlib.contextmanager
def durable_services(kept: Path | None = None) -> Iterator[None]:
    """Start new services and set Django up on a migrated database; all of it is gone afterwards.

    `kept`: a folder whose database is used again, or made and left there. An absolute path.
    """
    folder = kept or Path(tempfile.mkdtemp(prefix="hsm-bench-", dir="/tmp"))
    folder.mkdir(exist_ok=True)
    # PostgreSQL may run as another account than ours.
    folder.chmod(0o711)
    postgres, valkey = EmbeddedPostgres(data=folder / "postgres", like=prepared_data()), EmbeddedValkey()
    RUNNING.postgres = postgres
    try:
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = postgres.start(), valkey.start()
        os.environ["CAMPAIGN_APPROVAL_RECIPIENTS"] = os.environ["CAMPAIGN_APPROVAL_AMOUNT"] = "0"
        # Sets what else the settings need; services that are named already it leaves alone.
        import_module("tests.embedded_plugin")
        django.setup()
        _require_durable()
        call_command("migrate", verbosity=0)
        yield
    finally:
        valkey.stop()
        postgres.stop()
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def _require_durable() -> None:
    with connection.cursor() as cursor:
        for name in DURABLE:
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] != "on":
                raise RuntimeError(f"PostgreSQL runs with {name} off: its figures would say nothing.")
