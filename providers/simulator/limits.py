"""Meta's sending limits: messages a second per number, and the pair limit per recipient."""

from __future__ import annotations

import time

from providers.simulator.refusal import Refusal
from providers.simulator.world import Number

MESSAGES_PER_SECOND = {"STANDARD": 80.0, "HIGH": 1000.0, "COEXISTENCE": 20.0}
PAIR_BURST = 45.0
PAIR_PER_SECOND = 1 / 6
PAIRS_KEPT = 200_000


class Bucket:
    """A token bucket on the monotonic clock."""

    __slots__ = ("_at", "_burst", "_per_second", "_tokens")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one token; False when there is none."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Limits:
    """The buckets of all numbers and pairs."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, float], Bucket] = {}
        self._pairs: dict[tuple[str, str], Bucket] = {}

    def check(self, number: Number, recipient: str) -> None:
        """Count one send; raises the refusal of the limit that it breaks."""
        per_second = number.messages_per_second or MESSAGES_PER_SECOND.get(number.throughput, 80.0)
        bucket = self._numbers.get((number.phone_number_id, per_second))
        if bucket is None:
            bucket = self._numbers[(number.phone_number_id, per_second)] = Bucket(per_second, max(per_second, 1.0))
        if not bucket.take():
            raise Refusal(130429)
        pair_key = (number.phone_number_id, recipient)
        pair = self._pairs.get(pair_key)
        if pair is None:
            if len(self._pairs) >= PAIRS_KEPT:
                self._pairs.clear()
            pair = self._pairs[pair_key] = Bucket(PAIR_PER_SECOND, PAIR_BURST)
        if not pair.take():
            raise Refusal(131056)
