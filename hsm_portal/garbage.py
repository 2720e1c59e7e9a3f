"""Python's garbage collector in processes that serve for long: it looks through what is new, not through the whole program.

Django with its models and translations is several hundred thousand objects that live as long as the process. Each full
collection goes through all of them, and a sender that makes thousands of objects a second would have several in each.
"""

from __future__ import annotations

import gc

#: Objects made (less those freed) before a collection of the youngest; collections of one age before one of the next.
THRESHOLDS = (20_000, 20, 50)


def collect_less() -> None:
    """Leave what exists now out of all collections to come, and collect seldom. Called once the process has loaded everything."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
