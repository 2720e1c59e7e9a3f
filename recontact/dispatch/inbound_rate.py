"""How fast a number may send now: the provider's ceiling counts what comes in as well as what goes out.

What came in lately is taken off the rate, and a part of the ceiling is left for what comes in unforeseen. Who stores inbound
messages registers how they are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from providers.models import SenderNumber

#: Of the ceiling, for what goes out and what is known to come in.
HEADROOM = 0.9
#: However much comes in, so much of the ceiling is still sent; and never less than one message in two seconds.
FLOOR = 0.2
LEAST_RATE = 0.5
#: What comes in is counted over so many seconds.
COUNTED_SECONDS = 10

#: (number, seconds) -> messages that came in to the number within the last seconds.
InboundCounter = Callable[[int, int], int]
_counters: list[InboundCounter] = []


@dataclass(frozen=True, slots=True)
class NumberRate:
    """Messages per second: the provider's ceiling, what comes in, and what may go out."""

    ceiling: int
    inbound: float
    outbound: float


def counts_inbound(counter: InboundCounter) -> InboundCounter:
    """Register who counts inbound messages. It is asked every few seconds while a number sends: it must not scan history."""
    _counters.append(counter)
    return counter


def number_rate(*, number_id: int, ceiling: int) -> NumberRate:
    """How fast the number of that ceiling may send now."""
    inbound = sum(counter(number_id, COUNTED_SECONDS) for counter in _counters) / COUNTED_SECONDS
    outbound = max(LEAST_RATE, ceiling * FLOOR, ceiling * HEADROOM - inbound)
    return NumberRate(ceiling, inbound, outbound)


def number_rate_now(number_id: int) -> float:
    """Messages per second that may go out through the number now, by its ceiling as it is stored."""
    ceiling = SenderNumber.objects.values_list("throughput", flat=True).get(pk=number_id)
    return number_rate(number_id=number_id, ceiling=ceiling).outbound
