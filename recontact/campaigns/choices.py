"""What a person chooses for a campaign beside its message (campaigns.upload): its name, and when and how fast it leaves.

Each choice is one guarded UPDATE: a campaign that was launched or cancelled meanwhile is left alone.
"""

from __future__ import annotations

from datetime import datetime, time

from recontact.models import Campaign

#: Before these end nothing was made of a recipient, so everything may still be changed.
OPEN = (Campaign.State.DRAFT, Campaign.State.PLANNED, Campaign.State.AWAITING)


def campaign_rename(*, campaign_id: int, name: str) -> bool:
    """Give it another name, by which it is found again. False: it was launched or cancelled already, or no name is left."""
    rows = Campaign.objects.filter(pk=campaign_id, state__in=OPEN)
    return bool(name.strip()) and bool(rows.update(name=name.strip()[:200]))


def campaign_sending_choose(
    *, campaign_id: int, starts_at: datetime | None, from_hour: time | None, until_hour: time | None, pace: int | None
) -> bool:
    """Choose when a planned campaign leaves (`starts_at` None = when it is launched), in which hours of the recipient's
    own day, and at most how many messages per second. False: it is not planned, or was launched or cancelled already.
    """
    rows = Campaign.objects.filter(pk=campaign_id, state=Campaign.State.PLANNED)
    return bool(rows.update(starts_at=starts_at, from_hour=from_hour, until_hour=until_hour, pace=pace))
