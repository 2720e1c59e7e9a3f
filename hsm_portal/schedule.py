"""The whole beat schedule: what runs by itself, and how often.

Beat keeps no file of its own: an interval starts anew when beat does, so anything rarer than an hour is a `crontab`.
What piles up while a worker is away is passed over (hsm_portal/periodic.py).
"""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from hsm_portal.periodic import EVERY

HEARTBEAT_SECONDS = 10.0


def _every(seconds: float, task: str, *, schedule: crontab | None = None, **options: Any) -> dict[str, Any]:
    """A task that comes again after so many seconds (by the `schedule`, where one is given) and then makes up for itself."""
    return {"task": task, "schedule": schedule or seconds, "options": {**options, "headers": {EVERY: str(seconds)}}}


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "beat heartbeat": _every(HEARTBEAT_SECONDS, "hsm_portal.tasks.beat_heartbeat"),
    "dispatcher heartbeat": _every(HEARTBEAT_SECONDS, "hsm_portal.tasks.dispatcher_heartbeat", queue="dispatch"),
    "fetcher heartbeat": _every(HEARTBEAT_SECONDS, "hsm_portal.tasks.fetcher_heartbeat", queue="media"),
    "dispatch sweep": _every(5.0, "recontact.tasks.dispatch_sweep"),
    "campaigns launch": _every(2.0, "recontact.tasks.campaigns_launch"),
    "campaigns retry": _every(4.0, "recontact.tasks.campaigns_retry"),
    "budgets": _every(3.0, "recontact.tasks.budgets_add_up"),
    "costs": _every(3.0, "recontact.tasks.costs_add_up"),
    "budget alerts": _every(20.0, "recontact.tasks.budget_alerts"),
    "outgoing events": _every(2.0, "recontact.tasks.outgoing_deliver"),
    "outgoing events that fail": _every(60.0, "recontact.tasks.outgoing_failing"),
    "volumes of the month": _every(300.0, "recontact.tasks.volumes"),
    "usage of providers": _every(20.0, "recontact.tasks.usage_pulls"),
    "usage of last month": _every(3600.0, "recontact.tasks.usage_pulls_monthly", schedule=crontab(minute="41")),
    "reconciliation jobs": _every(5.0, "recontact.tasks.reconciliation_jobs"),
    "look-ups": _every(20.0, "recontact.tasks.look_ups"),
    "look-ups of the unheard": _every(600.0, "recontact.tasks.look_ups_unheard"),
    "campaign plans": _every(30.0, "recontact.tasks.campaign_plans"),
    "inbox sweep": _every(5.0, "providers.tasks.inbox_sweep"),
    "media fetch": _every(5.0, "customer_service.tasks.media_fetch_waiting"),
    "media clear": _every(20.0, "recontact.tasks.media_clear"),
    "queries assign": _every(3.0, "customer_service.tasks.queries_assign"),
    "queries wake": _every(20.0, "customer_service.tasks.queries_wake"),
    "desks watch": _every(20.0, "customer_service.tasks.desks_watch"),
    "templates sync": _every(3600.0, "templates_app.tasks.templates_sync_all", schedule=crontab(minute="17")),
    "raw data expiry": {"task": "providers.tasks.raw_data_expiry", "schedule": crontab(hour="3", minute="50")},
    "accounts checkup": {"task": "providers.tasks.accounts_checkup", "schedule": crontab(hour="4", minute="20")},
    "retention": {"task": "recontact.tasks.retention", "schedule": crontab(hour="3", minute="30")},
}
