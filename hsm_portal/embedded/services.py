"""Both services together, as long as a `with` lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hsm_portal.embedded.postgres import EmbeddedPostgres
from hsm_portal.embedded.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class Services:
    """Where the services are, in the form of the settings DATABASE_URL and REDIS_URL."""

    database_url: str
    redis_url: str


@contextlib.contextmanager
def ephemeral_services() -> Iterator[Services]:
    """New, empty services that are gone afterwards."""
    with _running(EmbeddedPostgres(), EmbeddedValkey()) as services:
        yield services


@contextlib.contextmanager
def kept_services(home: Path) -> Iterator[Services]:
    """Services whose database is kept under `home` from one run to the next."""
    with _running(EmbeddedPostgres(data=home / "postgres18"), EmbeddedValkey()) as services:
        yield services


@contextlib.contextmanager
def _running(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> Iterator[Services]:
    try:
        yield Services(database_url=postgres.start(), redis_url=valkey.start())
    finally:
        valkey.stop()
        postgres.stop()
