"""Celery's way in: each task is a wrapper of a service of the same name."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task

from recontact.budgets.alerts import alerts_mail
from recontact.budgets.counting import periods_count_again
from recontact.budgets.settle import changes_add_up
from recontact.campaigns.again import retries_make
from recontact.campaigns.launch import campaigns_launch as launch
from recontact.campaigns.plan import campaign_plan, plans_take_up
from recontact.costs.rollup import costs_add_up as add_up
from recontact.costs.volume import volumes_count
from recontact.dispatch.process import pump_slices
from recontact.dispatch.sweep import sweep
from recontact.look_ups import doubtful_look_up, unheard_look_up
from recontact.media.files import files_clear, files_expire
from recontact.outgoing.deliver import events_deliver
from recontact.outgoing.failing import failing_mail
from recontact.reconciliation.jobs import jobs_run
from recontact.reconciliation.monthly_pulls import monthly_pulls_ask
from recontact.reconciliation.pulling import pulls_run
from recontact.reconciliation.uploads import uploads_expire
from recontact.retention import (
    attempts_expire,
    campaign_files_expire,
    idempotency_keys_expire,
    outgoing_events_expire,
)
from recontact.work_sums import work_add_up


@shared_task
def dispatch_pump() -> None:
    """Dispatch, slice after slice, while there is work."""
    pump_slices()


@shared_task
def dispatch_sweep() -> dict[str, int]:
    """The safety net under the pump (see recontact.dispatch.sweep)."""
    return sweep()


@shared_task
def campaigns_launch() -> int:
    """Make the next messages of the running campaigns."""
    return launch()


@shared_task
def campaigns_retry() -> int:
    """Make the next messages of the campaigns whose lost ones somebody wants tried again."""
    return retries_make()


@shared_task
def look_ups() -> int:
    """Ask providers what became of messages without certainty."""
    return doubtful_look_up()


@shared_task
def look_ups_unheard() -> int:
    """Ask providers about messages that nothing was heard of since they were accepted."""
    return unheard_look_up()


@shared_task
def retention() -> None:
    """Expire raw attempts, the files of campaigns, statements and conversations, old idempotency keys, and what was told."""
    attempts_expire()
    outgoing_events_expire()
    campaign_files_expire()
    idempotency_keys_expire()
    uploads_expire()
    files_expire()


@shared_task
def media_clear() -> int:
    """Delete the files of conversations that were thrown away."""
    return files_clear()


@shared_task
def budgets_add_up() -> int:
    """Move the budgets' sums by what became of messages and campaigns."""
    return changes_add_up() + periods_count_again()


@shared_task
def costs_add_up() -> int:
    """Add what became of messages to the sums of costs, and what agents did to those of their work."""
    return add_up() + work_add_up()


@shared_task
def budget_alerts() -> int:
    """Mail the shares that budgets have reached."""
    return alerts_mail()


@shared_task
def outgoing_deliver() -> int:
    """Tell subscriptions what is due."""
    return events_deliver()


@shared_task
def outgoing_failing() -> int:
    """Mail which subscriptions were paused because their address fails."""
    return failing_mail()


@shared_task
def volumes() -> int:
    """Count the messages that volume tiers and monthly allowances go by. Returns how many rows changed."""
    return volumes_count()


@shared_task
def usage_pulls() -> int:
    """Ask providers what they charged, where somebody wants to know."""
    return pulls_run()


@shared_task
def usage_pulls_monthly() -> int:
    """Have providers asked what they charged in the month before."""
    return monthly_pulls_ask()


@shared_task
def reconciliation_jobs() -> int:
    """Store and compare statements, and close months, where somebody asked for it."""
    return jobs_run()


@shared_task
def campaign_plan_run(campaign_id: int, since: str = "") -> bool:
    """Plan a campaign from its first row, if its planning is still held by the moment `since` (ISO)."""
    return campaign_plan(campaign_id, since=datetime.fromisoformat(since) if since else None)


@shared_task
def campaign_plans() -> int:
    """Take up plans whose worker was lost."""
    return plans_take_up()
