"""Throwing the faults of a plan at the parts, at their moments, and putting right what they broke."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from tests.chaos.parts import Part, Parts
from tests.chaos.plan import Fault, Kind, Plan

log = structlog.get_logger("chaos")

#: When nothing reaches the provider for so long, the next fault is thrown before its moment.
STALLED_SECONDS = 30.0
#: A fault of so many calls is over after this time, used up or not, as an outage is: an open circuit lets only probes through.
OUTAGE_SECONDS = 60.0


@dataclass
class Storm:
    """The faults of one run, thrown as the provider receives the campaign's messages."""

    parts: Parts
    plan: Plan
    recipients: int
    thrown: Counter[str] = field(default_factory=Counter)
    restarted: Counter[str] = field(default_factory=Counter)
    _ends: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    #: By knob, when what is left of its fault is dropped. Nobody waits for that: mostly it is used up long before.
    _outages: dict[str, float] = field(default_factory=dict)
    _received: int = 0
    _moved: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._left = list(self.plan.faults)

    @property
    def over(self) -> bool:
        """Whether everything was thrown, and put right again."""
        return not self._left and not self._ends

    def tick(self, received: int) -> None:
        """Throw what is due now that the provider received so many messages; end what has lasted its time."""
        now = time.monotonic()
        if received != self._received:
            self._received, self._moved = received, now
        for end in [each for each in self._ends if each[0] <= now]:
            self._ends.remove(end)
            end[1]()
        for knob in [each for each, until in self._outages.items() if until <= now]:
            del self._outages[knob]
            self.parts.simulator.knobs(**{knob: 0})
        stalled = now - self._moved > STALLED_SECONDS and not self._ends
        while self._left and (stalled or received >= self._left[0].at * self.recipients):
            stalled = False
            self._throw(self._left.pop(0))
        self._supervise()

    def _supervise(self) -> None:
        """What a service manager does: start again what ended by itself."""
        for part in self.parts.everything:
            if part.ended:
                log.warning("ended_by_itself", part=part.name)
                self.restarted[part.name] += 1
                part.kill()
                part.start()

    def _throw(self, fault: Fault) -> None:
        log.warning("fault", fault=str(fault), received=self._received)
        self.thrown[fault.kind] += 1
        end = self._begin(fault)
        if end is not None:
            self._ends.append((time.monotonic() + fault.lasts, end))

    def _begin(self, fault: Fault) -> Callable[[], None] | None:
        """Do it; returns how it ends."""
        parts = self.parts
        match fault.kind:
            case Kind.DISPATCHER_KILLED:
                return _killed(parts.dispatcher)
            case Kind.WORKER_KILLED:
                return _killed(parts.worker)
            case Kind.BEAT_KILLED:
                return _killed(parts.beat)
            case Kind.WEB_KILLED:
                return _killed(parts.web)
            case Kind.TWO_PUMPS:
                parts.second.start()
            case Kind.PUMP_FROZEN:
                parts.dispatcher.signal(signal.SIGSTOP)
                return lambda: parts.dispatcher.signal(signal.SIGCONT)
            case Kind.CLOCK_OFF:
                part = next(part for part in parts.portal if part.name == fault.detail)
                part.clock = fault.amount
                part.kill()
                part.start()
            case _:
                return self._services(fault) if fault.kind in _SERVICES else self._provider(fault)
        return None

    def _services(self, fault: Fault) -> Callable[[], None] | None:
        parts = self.parts
        match fault.kind:
            case Kind.VALKEY_KILLED:
                parts.valkey.crash()
                return parts.start_valkey
            case Kind.VALKEY_RESTARTED:
                parts.valkey.crash()
                parts.start_valkey()
            case Kind.VALKEY_FLUSHED:
                parts.flush_valkey()
            case Kind.POSTGRES_STOPPED:
                parts.postgres.stop_immediately()
                return parts.start_postgres
            case Kind.POSTGRES_KILLED:
                parts.postgres.crash()
                return parts.start_postgres
        return None

    def _provider(self, fault: Fault) -> Callable[[], None] | None:
        knobs = self.parts.simulator.knobs
        share = fault.amount / 100
        match fault.kind:
            case Kind.ANSWERS_LOST:
                self._outage("lose_answers", fault.amount, lose_mode=fault.detail)
            case Kind.ERRORS_5XX | Kind.THROTTLED:
                self._outage("fail_next", fault.amount, fail_code=int(fault.detail), retry_after=0)
            case Kind.THROTTLED_RETRY_AFTER:
                self._outage("fail_next", fault.amount, fail_code=int(fault.detail), retry_after=2)
            case Kind.CONNECTIONS_RESET:
                self._outage("reset_next", fault.amount)
            case Kind.WEBHOOKS_DOUBLED:
                knobs(duplicate_share=share)
                return lambda: knobs(duplicate_share=0.0)
            case Kind.WEBHOOKS_LOST:
                knobs(loss_share=share)
                return lambda: knobs(loss_share=0.0)
            case Kind.WEBHOOKS_REORDERED:
                # Held back, so that they come late, many at once and in no order.
                knobs(hold_webhooks=True, reorder=True)
                return lambda: knobs(hold_webhooks=False)
        return None

    def _outage(self, knob: str, calls: int, **how: Any) -> None:
        self.parts.simulator.knobs(**{knob: calls}, **how)
        self._outages[knob] = time.monotonic() + OUTAGE_SECONDS


_SERVICES = {
    Kind.VALKEY_KILLED,
    Kind.VALKEY_RESTARTED,
    Kind.VALKEY_FLUSHED,
    Kind.POSTGRES_STOPPED,
    Kind.POSTGRES_KILLED,
}


def _killed(part: Part) -> Callable[[], None]:
    part.kill()
    return part.start
