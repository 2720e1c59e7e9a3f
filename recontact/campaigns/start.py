"""Starting a campaign whose plan and, where one is needed, approval are there: now, or at its hour."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction

from recontact.budgets.reserve import BUDGET, campaign_reserve
from recontact.campaigns.hours import has_hours, queued_postpone
from recontact.clock import ClockTimestamp, database_now
from recontact.dispatch.wake import wake
from recontact.models import Campaign

log = structlog.get_logger(__name__)

LAUNCH_TASK = "recontact.tasks.campaigns_launch"


class CannotStart(Exception):
    """The campaign cannot be launched, approved or sent back; the message says why, to a person."""


def campaign_begin(campaign: Campaign) -> None:
    """Let the campaign (its row locked) run now, or at its hour if it has not run yet. Its whole price is reserved at the
    budgets first; where that does not fit it is parked with the reason `budget`."""
    now = database_now()
    starts_at = campaign.starts_at if campaign.launched_at is None else None
    later = starts_at is not None and starts_at > now
    if campaign_reserve(campaign, at=max(starts_at or now, now)):
        campaign.state, campaign.state_reason = Campaign.State.PARKED, BUDGET
        campaign.save(update_fields=["state", "state_reason"])
        return
    campaign.state = Campaign.State.SCHEDULED if later else Campaign.State.RUNNING
    campaign.state_reason = ""
    campaign.save(update_fields=["state", "state_reason"])
    if not later:
        if has_hours(campaign):
            queued_postpone(campaign, now)
        Campaign.objects.filter(pk=campaign.pk, launched_at=None).update(launched_at=ClockTimestamp())
        transaction.on_commit(_go)


def _go() -> None:
    """Have what is queued sent, and more launched; without a broker beat's next look does."""
    wake()
    try:
        current_app.send_task(LAUNCH_TASK, queue="default", retry=False)
    except Exception as error:
        log.warning("campaign_launch_wake_failed", error=type(error).__name__)
