"""What processes used, by the kernel's books: processor time and the most memory, each with its children. Linux only."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time of the process, its living children, and those of them that have ended."""
    return sum(_own_seconds(each) for each in _family(pid))


def peak_mb(pid: int) -> float:
    """The most memory that the process or any one of its living children ever held at once."""
    return max((_own_peak(each) for each in _family(pid)), default=0.0)


def _family(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting.extend(int(child) for child in (task / "children").read_text().split())
    return found


def _own_seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # User and system time, and both of the children that were waited for.
        return sum(int(value) for value in fields[11:15]) / _TICKS
    return 0.0


def _own_peak(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
