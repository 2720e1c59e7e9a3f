"""PostgreSQL's data with the portal's tables in it, made once and copied for as long as the migrations stay as they are.

All migrations together take half a minute of processor: more than most of what somebody runs while he works.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from hsm_portal.embedded import EmbeddedPostgres
from tests.environment import TEST_ENVIRONMENT

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "var" / "prepared"
#: So many are kept: a branch is left and come back to.
KEPT = 3
_OURS = re.compile(
    r"^\s*(?:from|import) ((?:hsm_portal|customer_service|recontact|templates_app|providers)[\w.]*)", re.M
)


def prepared_data(folder: Path = FOLDER) -> Path:
    """The data of a stopped server whose database `hsm` has all tables; made if it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / migrations_key()
    with _alone(folder):
        data = EmbeddedPostgres(data=place / "data").data
        if not ((place / "ready").is_file() and (data / "PG_VERSION").is_file()):
            _remove(place)
            _make(place)
        (place / "ready").touch()
        for old in sorted(folder.glob("*/ready"), key=lambda ready: ready.stat().st_mtime)[:-KEPT]:
            _remove(old.parent)
    return data


def migrations_key() -> str:
    """A hash of all that the tables follow from: the migrations, what they import of ours, and the libraries."""
    migrations = sorted(PROJECT.glob("*/migrations/*.py"))
    imported = {name for path in migrations for name in _OURS.findall(path.read_text(encoding="utf-8"))}
    modules = [PROJECT.joinpath(*name.split(".")).with_suffix(".py") for name in sorted(imported)]
    digest = sha256()
    for path in (*migrations, *(path for path in modules if path.is_file()), PROJECT / "requirements" / "base.txt"):
        digest.update(f"{path.relative_to(PROJECT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Whoever else wants the data waits until it is made."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(place: Path) -> None:
    place.mkdir(parents=True)
    postgres = EmbeddedPostgres(data=place / "data")
    # Nothing goes to Valkey while the tables are made.
    services = {"DATABASE_URL": postgres.start(), "REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    try:
        subprocess.run(command, cwd=PROJECT, env={**os.environ, **TEST_ENVIRONMENT, **services}, check=True)
    finally:
        postgres.stop()


def _remove(place: Path) -> None:
    """Its data may stand elsewhere, where PostgreSQL can reach it."""
    data = EmbeddedPostgres(data=place / "data").data
    for path in (data, place):
        shutil.rmtree(path, ignore_errors=True)
    data.with_name(f"{data.name}.lock").unlink(missing_ok=True)
