"""GET /healthz: whether the portal works, for probes and for `make demo`. Public, so it tells no names and no addresses."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from recontact.heartbeats import BEAT, DISPATCHER, FETCHER, heartbeat_ages

log = structlog.get_logger(__name__)

VALKEY_TIMEOUT_SECONDS = 1.0
# A pump's slice takes about 30 s of its process, a run of fetches 20 s and the last file's minute; heartbeats wait behind them.
LONGEST_SILENCE_SECONDS = {BEAT: 60.0, DISPATCHER: 120.0, FETCHER: 240.0}


@dataclass(frozen=True, slots=True)
class Check:
    """One part's health; `age_seconds` is since its last sign of life, where it gives such signs."""

    ok: bool
    age_seconds: float | None = None

    def as_json(self) -> dict[str, object]:
        """The form in the answer's body."""
        return (
            {"ok": self.ok} if self.age_seconds is None else {"ok": self.ok, "age_seconds": round(self.age_seconds, 1)}
        )


def health_checks() -> dict[str, Check]:
    """Every part's health by its name: database, valkey, beat, dispatcher, fetcher. Raises nothing."""
    checks = {"database": _database(), "valkey": _valkey()}
    ages = _ages() if checks["database"].ok else {}
    for name, longest in LONGEST_SILENCE_SECONDS.items():
        age = ages.get(name)
        checks[name] = Check(ok=age is not None and age <= longest, age_seconds=age)
    return checks


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every part is well, 503 when one is not, with each part in the body."""
    checks = health_checks()
    healthy = all(check.ok for check in checks.values())
    body = {
        "status": "ok" if healthy else "failing",
        "checks": {name: check.as_json() for name, check in checks.items()},
    }
    return JsonResponse(body, status=200 if healthy else 503)


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("health.database_failing", error=type(error).__name__)
        connection.close_if_unusable_or_obsolete()
        return Check(ok=False)
    return Check(ok=True)


def _ages() -> dict[str, float]:
    try:
        return heartbeat_ages()
    except DatabaseError as error:
        log.warning("health.heartbeats_unreadable", error=type(error).__name__)
        return {}


def _valkey() -> Check:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=VALKEY_TIMEOUT_SECONDS,
            socket_timeout=VALKEY_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return Check(ok=bool(client.ping()))
    except redis.RedisError as error:
        log.warning("health.valkey_failing", error=type(error).__name__)
        return Check(ok=False)
