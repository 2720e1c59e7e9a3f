"""From a seed to the faults of its run. Pure: the same seed gives the same plan, the moments of a run may differ."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What may happen to a run."""

    DISPATCHER_KILLED = "dispatcher_killed"
    WORKER_KILLED = "worker_killed"
    BEAT_KILLED = "beat_killed"
    WEB_KILLED = "web_killed"
    VALKEY_KILLED = "valkey_killed"
    VALKEY_FLUSHED = "valkey_flushed"
    VALKEY_RESTARTED = "valkey_restarted"
    POSTGRES_STOPPED = "postgres_stopped"
    POSTGRES_KILLED = "postgres_killed"
    ANSWERS_LOST = "answers_lost"
    ERRORS_5XX = "errors_5xx"
    THROTTLED = "throttled"
    THROTTLED_RETRY_AFTER = "throttled_retry_after"
    CONNECTIONS_RESET = "connections_reset"
    WEBHOOKS_DOUBLED = "webhooks_doubled"
    WEBHOOKS_REORDERED = "webhooks_reordered"
    WEBHOOKS_LOST = "webhooks_lost"
    TWO_PUMPS = "two_pumps"
    PUMP_FROZEN = "pump_frozen"
    CLOCK_OFF = "clock_off"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, thrown when the provider has received `at` (0 to 1) of the campaign's messages; it `lasts` so many seconds.

    `amount` and `detail` are the kind's own: how many requests, which share in percent, how many seconds a clock is off;
    which mode, which code, which process.
    """

    kind: Kind
    at: float
    lasts: float = 0.0
    amount: int = 0
    detail: str = ""

    def __str__(self) -> str:
        words = [f"{self.kind}@{self.at:.2f}"]
        if self.amount:
            words.append(f"x{self.amount}" if self.kind is not Kind.CLOCK_OFF else f"{self.amount:+d}s")
        if self.detail:
            words.append(self.detail)
        if self.lasts:
            words.append(f"{self.lasts:.1f}s")
        return ":".join(words)


@dataclass(frozen=True, slots=True)
class Plan:
    """The faults of one seed in the order of their moments, the messages/s of the number, how slow the provider answers,
    and how many events it tells in one webhook at most."""

    seed: int
    faults: tuple[Fault, ...]
    throughput: int
    latency_ms: int
    batch: int


FEWEST, MOST = 4, 8
#: With the slower ones the launcher is at work for most of the run; with the fastest everything is queued at once.
THROUGHPUTS = (150, 400, 1000)
LOSE_MODES = ("never", "close", "reset", "html_500", "half", "junk")
#: Answered with 5xx: unknown error, unavailable, temporary outage, and number in maintenance, which Meta names in one.
CODES_5XX = ("131000", "131016", "2", "131057")
#: Answered with 429; without `Retry-After` the second holds the whole account for five minutes.
CODES_429 = ("130429", "4")
#: As long as a frozen pump must stand still to lose the lease of its number (15 s).
FROZEN_SECONDS = 17.0
CLOCKED = ("dispatcher", "worker", "beat")


def plan_of(seed: int) -> Plan:
    """The plan of a seed."""
    chance = random.Random(seed)
    kinds = chance.choices(list(Kind), k=chance.randint(FEWEST, MOST))
    faults = [_fault(kind, chance) for kind in kinds]
    if Kind.PUMP_FROZEN in kinds and Kind.TWO_PUMPS not in kinds:
        # Somebody must be there to take the number over.
        faults.append(Fault(Kind.TWO_PUMPS, at=0.0))
    ordered = sorted(faults, key=lambda fault: (fault.at, fault.kind))
    return Plan(
        seed,
        tuple(ordered),
        throughput=chance.choice(THROUGHPUTS),
        latency_ms=chance.choice((20, 80, 150)),
        batch=chance.choice((10, 25, 60)),
    )


def _fault(kind: Kind, chance: random.Random) -> Fault:
    at = round(chance.uniform(0.02, 0.98), 3)
    away = round(chance.uniform(0.3, 4.0), 1)
    match kind:
        case Kind.DISPATCHER_KILLED | Kind.WORKER_KILLED | Kind.BEAT_KILLED | Kind.WEB_KILLED:
            return Fault(kind, at, lasts=away)
        case Kind.VALKEY_KILLED | Kind.POSTGRES_STOPPED | Kind.POSTGRES_KILLED:
            return Fault(kind, at, lasts=away)
        case Kind.ANSWERS_LOST:
            return Fault(kind, at, amount=chance.randint(5, 150), detail=chance.choice(LOSE_MODES))
        case Kind.ERRORS_5XX:
            return Fault(kind, at, amount=chance.randint(5, 60), detail=chance.choice(CODES_5XX))
        case Kind.THROTTLED:
            return Fault(kind, at, amount=chance.randint(5, 200), detail="130429")
        case Kind.THROTTLED_RETRY_AFTER:
            return Fault(kind, at, amount=chance.randint(5, 200), detail=chance.choice(CODES_429))
        case Kind.CONNECTIONS_RESET:
            return Fault(kind, at, amount=chance.randint(5, 60))
        case Kind.WEBHOOKS_DOUBLED | Kind.WEBHOOKS_LOST:
            return Fault(kind, at, lasts=2 * away, amount=chance.randint(10, 60))
        case Kind.WEBHOOKS_REORDERED:
            return Fault(kind, at, lasts=3 * away)
        case Kind.PUMP_FROZEN:
            return Fault(kind, at, lasts=FROZEN_SECONDS)
        case Kind.CLOCK_OFF:
            minutes = chance.choice((-9, -5, -2, 2, 5, 9))
            # Early, so that most of the run is under it.
            return Fault(kind, round(at / 3, 3), amount=60 * minutes, detail=chance.choice(CLOCKED))
        case _:
            return Fault(kind, at)
