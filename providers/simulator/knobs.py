"""The knobs: what can be made worse or slower while the simulator runs."""

from __future__ import annotations

import random
import time
from dataclasses import asdict, dataclass
from typing import Any

from providers.simulator.documents import Json
from providers.simulator.refusal import CODES

CHOICES: dict[str, tuple[str, ...]] = {
    "lose_mode": ("never", "close", "reset", "html_500", "half", "junk"),
    "review": ("approve", "reject", "manual"),
}
SHARES = ("duplicate_share", "loss_share", "read_share")


@dataclass(slots=True)
class Knobs:
    """All knobs with their usual values. Times are milliseconds, shares 0 to 1, counts count down.

    ``reset_next`` requests end in a reset connection, and nothing is done for them. ``retry_after`` (seconds, 0 = none) is
    the ``Retry-After`` of every answer 429.
    """

    latency_ms: int = 0
    slow_answer_ms: int = 4000
    unanswered_ms: int = 120_000
    webhook_delay_ms: int = 300
    webhook_concurrency: int = 8
    webhook_timeout_ms: int = 10_000
    retry_base_ms: int = 1000
    retry_limit: int = 10
    batch: int = 1
    duplicate_share: float = 0.0
    loss_share: float = 0.0
    read_share: float = 0.0
    reorder: bool = False
    hold_webhooks: bool = False
    lose_answers: int = 0
    lose_mode: str = "close"
    fail_next: int = 0
    fail_code: int = 131000
    reset_next: int = 0
    retry_after: int = 0
    enforce_limits: bool = True
    review: str = "approve"
    review_delay_ms: int = 1500
    clock_offset_seconds: int = 0
    seed: int = 1

    def now(self) -> float:
        """The simulated time, in seconds since 1970."""
        return time.time() + self.clock_offset_seconds

    def changed(self, changes: Json) -> Knobs:
        """New knobs with these changes; raises ValueError that names what is wrong. Nothing is changed in place."""
        current = self.as_json()
        for name, value in changes.items():
            if name not in current:
                raise ValueError(f"unknown knob {name}")
            current[name] = _checked(name, value, current[name])
        return Knobs(**current)

    def as_json(self) -> Json:
        """All values."""
        return asdict(self)

    def random(self) -> random.Random:
        """A new random source from the seed, so that a run can be repeated."""
        return random.Random(self.seed)  # noqa: S311 - chance for a simulation, not for secrets


def _checked(name: str, value: Any, old: Any) -> Any:
    if isinstance(old, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(old):
        raise ValueError(f"knob {name} is a {type(old).__name__}")
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"knob {name} is one of {', '.join(CHOICES[name])}")
    if name in SHARES and not 0 <= value <= 1:
        raise ValueError(f"knob {name} is between 0 and 1")
    if name == "fail_code" and value not in CODES:
        raise ValueError(f"knob fail_code: {value} is not an error of the table")
    if type(value) is int and name != "clock_offset_seconds" and value < 0:
        raise ValueError(f"knob {name} is not negative")
    return value
