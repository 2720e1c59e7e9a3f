"""Beat's tasks, and those of them that waited too long. No two machines' clocks are compared.

While no worker runs, beat goes on sending. Celery's own `expires` is a moment by the sender's clock that the worker holds
against its own: with clocks a few minutes apart every tick would be thrown away, and nothing would be launched, swept or
completed any more. So each tick says how often it comes, and of ticks that are taken sooner one after another than half of
that (by Valkey's clock), only the first does anything: the others would only repeat it.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery.contrib.django.task import DjangoTask
from django.core.cache import cache

log = structlog.get_logger(__name__)

#: The header of a tick: seconds from one to the next.
EVERY = "beat_every"


class PortalTask(DjangoTask):  # type: ignore[type-arg]  # it takes no arguments at run time
    """The base of all tasks: a tick of beat that has only piled up does nothing."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # A worker finds a message's own headers among the request's; a task that is called in place, in `headers`.
        every = self.request.get(EVERY) or (self.request.headers or {}).get(EVERY)
        if every and not _its_turn(self.name, float(every)):
            return None
        return super().__call__(*args, **kwargs)


def _its_turn(name: str, every: float) -> bool:
    try:
        return bool(cache.add(f"beat:{name}", "1", timeout=max(1, int(every / 2))))
    except Exception as error:
        # Once too often is harmless, never is not.
        log.warning("beat_turn_unknown", task=name, error=type(error).__name__)
        return True
