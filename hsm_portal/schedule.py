"""The whole beat schedule: what runs by itself, and how often.

Beat keeps no file of its own: an interval starts anew when beat does, so anything rarer than an hour is a `crontab`.
Tasks that only repeat what the next tick does too expire, so that they do not pile up while a worker is away.
"""

from __future__ import annotations

from typing import Any

HEARTBEAT_SECONDS = 10.0

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "beat heartbeat": {
        "task": "hsm_portal.tasks.beat_heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "options": {"expires": HEARTBEAT_SECONDS * 3},
    },
    "dispatcher heartbeat": {
        "task": "hsm_portal.tasks.dispatcher_heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "options": {"expires": HEARTBEAT_SECONDS * 6, "queue": "dispatch"},
    },
}
