"""Campaigns for a bench: planned from a file by the portal's own worker, and what their messages tell of the speed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from itertools import pairwise

from bench.portal import until
from providers.models import SenderNumber
from recontact.campaigns.columns import COLUMN, TEXT, Source
from recontact.campaigns.control import campaign_launch, campaign_pause, campaign_resume
from recontact.campaigns.plan import campaign_plan_request
from recontact.campaigns.upload import campaign_configure, campaign_draft_from_file
from recontact.models import Campaign, Message
from templates_app.models import Template
from tests.factories import user_make

_MAPPING = {
    "body.1": Source(f"{COLUMN}nombre"),
    "body.2": Source(TEXT, words="Ana"),
    "body.3": Source(f"{COLUMN}turno"),
}
_NAMES = ("Lucía", "Martín", "Carla", "José", "Ana María", "Rubén", "Sofía")
_PLAN_SECONDS = 3600


def phones(count: int, *, first: int = 0) -> Iterator[str]:
    """That many valid phones of Buenos Aires, which the simulator delivers to (its last two digits decide)."""
    for number in range(first, first + count):
        yield f"+54911{400_000 + number // 50:06d}{50 + number % 50}"


def draft(number: SenderNumber, template: Template, count: int, *, name: str, first: int = 0) -> Campaign:
    """A draft of a .csv with that many people."""
    rows = [
        f"{phone},{_NAMES[row % len(_NAMES)]} Gómez {row},viernes {1 + row % 28} a las {8 + row % 12} h"
        for row, phone in enumerate(phones(count, first=first))
    ]
    body = "\n".join(["phone,nombre,turno", *rows]).encode()
    campaign = campaign_draft_from_file(name=f"{name}.csv", body=BytesIO(body), user=user_make())
    return campaign_configure(
        campaign_id=campaign.pk,
        template_id=template.pk,
        sender_number_id=number.pk,
        mapping=_MAPPING,
        default_country="AR",
    )


def plan(campaign: Campaign) -> None:
    """Have a worker plan it, and wait until it has."""
    campaign_plan_request(campaign_id=campaign.pk)

    def done() -> bool:
        campaign.refresh_from_db(fields=["state", "plan_problem", "rows_read"])
        if campaign.plan_problem:
            raise RuntimeError(campaign.plan_problem)
        return campaign.state == Campaign.State.PLANNED

    until(done, seconds=_PLAN_SECONDS, what="planning", every=0.1)


def go_on(campaign: Campaign) -> None:
    """Launch it, or let it go on after a pause."""
    campaign.refresh_from_db(fields=["state"])
    if campaign.state == Campaign.State.PAUSED:
        campaign_resume(campaign_id=campaign.pk)
    else:
        campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaign.refresh_from_db(fields=["state"])
    if campaign.state != Campaign.State.RUNNING:
        raise RuntimeError(f"the campaign is {campaign.state}, and does not run")


def pause(campaign: Campaign) -> None:
    """Stop it, and wait until nothing of it is on its way."""
    campaign_pause(campaign_id=campaign.pk)
    sending = Message.objects.filter(campaign=campaign, state="sending")
    until(lambda: not sending.exists(), seconds=60, what="the last calls")


def accepted_moments(campaign: Campaign) -> list[datetime]:
    """When each of its messages was recorded as accepted, in order."""
    rows = Message.objects.filter(campaign=campaign, accepted_at__isnull=False).order_by("accepted_at")
    return [moment for moment in rows.values_list("accepted_at", flat=True) if moment is not None]


def rate(moments: Sequence[datetime]) -> float:
    """Messages per second between the first and the last of them."""
    seconds = (moments[-1] - moments[0]).total_seconds() if len(moments) > 1 else 0.0
    return (len(moments) - 1) / seconds if seconds else 0.0


def tenths(moments: Sequence[datetime]) -> list[float]:
    """The rate in each tenth of the messages."""
    cuts = [(len(moments) - 1) * part // 10 for part in range(11)]
    return [rate(moments[start : end + 1]) for start, end in pairwise(cuts)]
