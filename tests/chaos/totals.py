"""The results of many seeds as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def totals(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is counted by name (faults by kind, doubts by reason) is added by name."""

    def by_name(name: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for result in results:
            counts.update(result[name])
        return dict(sorted(counts.items()))

    def added(name: str) -> float:
        total: float = sum(result[name] for result in results)
        return round(total, 1)

    uncertain = by_name("uncertain")
    return {
        "seeds": len(results),
        "campaigns": len(results),
        "messages": added("messages"),
        "faults": by_name("faults"),
        "doubled": added("doubled"),
        "lost": added("lost"),
        "uncertain_left": sum(uncertain.values()),
        "uncertain_reasons": uncertain,
        # Messages that were in doubt at some time, by the state they ended in.
        "doubted": by_name("doubted"),
        "retried": added("retried"),
        "restarted": by_name("restarted"),
        "failed_seeds": [result["seed"] for result in results if result["problems"]],
        "cpu_seconds": added("cpu_seconds"),
    }
