"""The whole beat schedule: what runs by itself, and how often.

Beat keeps no file of its own: an interval starts anew when beat does, so anything rarer than an hour is a `crontab`.
Tasks that only repeat what the next tick does too expire, so that they do not pile up while a worker is away.
"""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

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
    "dispatch sweep": {"task": "recontact.tasks.dispatch_sweep", "schedule": 5.0, "options": {"expires": 10.0}},
    "campaigns launch": {"task": "recontact.tasks.campaigns_launch", "schedule": 2.0, "options": {"expires": 4.0}},
    "campaigns retry": {"task": "recontact.tasks.campaigns_retry", "schedule": 4.0, "options": {"expires": 8.0}},
    "budgets": {"task": "recontact.tasks.budgets_add_up", "schedule": 3.0, "options": {"expires": 6.0}},
    "budget alerts": {"task": "recontact.tasks.budget_alerts", "schedule": 20.0, "options": {"expires": 20.0}},
    "look-ups": {"task": "recontact.tasks.look_ups", "schedule": 20.0, "options": {"expires": 20.0}},
    "look-ups of the unheard": {
        "task": "recontact.tasks.look_ups_unheard",
        "schedule": 600.0,
        "options": {"expires": 300.0},
    },
    "campaign plans": {"task": "recontact.tasks.campaign_plans", "schedule": 30.0, "options": {"expires": 60.0}},
    "inbox sweep": {"task": "providers.tasks.inbox_sweep", "schedule": 5.0, "options": {"expires": 10.0}},
    "templates sync": {
        "task": "templates_app.tasks.templates_sync_all",
        "schedule": crontab(minute="17"),
        "options": {"expires": 1800.0},
    },
    "raw data expiry": {"task": "providers.tasks.raw_data_expiry", "schedule": crontab(hour="3", minute="50")},
    "accounts checkup": {"task": "providers.tasks.accounts_checkup", "schedule": crontab(hour="4", minute="20")},
    "retention": {"task": "recontact.tasks.retention", "schedule": crontab(hour="3", minute="30")},
}
