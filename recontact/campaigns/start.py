"""Starting a planned campaign: now or at its hour, by one person or, above a threshold, with a second one's approval."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.db import transaction
from django.utils.translation import gettext as _

from recontact.campaigns.recipients import unlaunched
from recontact.clock import ClockTimestamp, database_now
from recontact.models import Campaign

LAUNCH_TASK = "recontact.tasks.campaigns_launch"


class CannotStart(Exception):
    """The campaign cannot be started, approved or sent back; the message says why, to a person."""


@transaction.atomic
def campaign_launch(*, campaign_id: int, user: Any) -> Campaign:
    """Start a planned campaign: it runs, or is scheduled for its hour. Raises CannotStart."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    if campaign.state != Campaign.State.PLANNED:
        raise CannotStart(_("Only a campaign whose plan is ready can be started."))
    if not unlaunched(campaign_id).exists():
        raise CannotStart(_("Nobody in the plan can be sent to."))
    campaign_begin(campaign)
    return campaign


def campaign_begin(campaign: Campaign) -> None:
    """Let the campaign (its row locked) run now, or at its hour."""
    later = campaign.starts_at is not None and campaign.starts_at > database_now()
    campaign.state = Campaign.State.SCHEDULED if later else Campaign.State.RUNNING
    campaign.state_reason = ""
    campaign.save(update_fields=["state", "state_reason"])
    if not later:
        Campaign.objects.filter(pk=campaign.pk, launched_at=None).update(launched_at=ClockTimestamp())
        transaction.on_commit(launch_soon, robust=True)


def launch_soon() -> None:
    """Have a worker launch now. Without a broker beat's next look does."""
    current_app.send_task(LAUNCH_TASK, queue="default", retry=False)
