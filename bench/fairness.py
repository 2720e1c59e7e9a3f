"""Ten numbers at 80 messages/s each, shared by two dispatcher workers: does each keep its pace beside the others?"""

from __future__ import annotations

from datetime import timedelta

from bench.campaigns import accepted_moments, draft, go_on, plan
from bench.figures import figure
from bench.portal import portal, provider_like, until
from providers.models import SenderNumber
from recontact.models import Campaign, Message
from tests.factories import sender_number_make
from tests.providers.simulator.server import WABA_ID
from tests.world import World, world_make

NUMBERS = 10
PACE = 80
#: Of a number, a tenth of which is left to what comes in.
THROUGHPUT = 89
SECONDS = 30


def run(scale: float) -> None:
    """Print what the slowest of the numbers reached of its pace, and what all reached together."""
    count = max(PACE, int(PACE * SECONDS * scale))
    with portal() as made:
        world = world_make(made.simulator)
        provider_like(made.simulator)
        numbers = [_number(world, place) for place in range(NUMBERS)]
        made.start("worker", "beat", "dispatcher1", "dispatcher2")
        campaigns = [
            draft(number, world.template, count, name=f"numero-{place}", first=place * count)
            for place, number in enumerate(numbers)
        ]
        for campaign in campaigns:
            plan(campaign)
        made.watch()
        for campaign in campaigns:
            go_on(campaign)
        rows = Message.objects.filter(campaign__in=campaigns, accepted_at__isnull=False)
        until(lambda: rows.count() == NUMBERS * count, seconds=600, what="sending by ten numbers", every=1)
        paces = [_pace(campaign) for campaign in campaigns]
        figure("fairness_min", min(paces) / PACE, "of its pace")
        figure("fairness_rate", sum(paces), "messages/s")
        made.used(NUMBERS * count, "fairness_cpu")


def _number(world: World, place: int) -> SenderNumber:
    """A number that portal and simulator know, whose share for our own messages is PACE."""
    external_id = f"2981176533889{place:02d}"
    phone = f"+54911555502{place:02d}"
    world.simulator.post(
        "seed",
        numbers=[
            {
                "phone_number_id": external_id,
                "waba_id": WABA_ID,
                "display_phone_number": phone,
                "verified_name": "Ejemplo S.A.",
            }
        ],
    )
    return sender_number_make(account=world.account, external_id=external_id, phone=phone, throughput=THROUGHPUT)


def _pace(campaign: Campaign) -> float:
    """Messages per second, without the first second of its start and the last."""
    moments = accepted_moments(campaign)
    inner = [
        each for each in moments if moments[0] + timedelta(seconds=1) <= each <= moments[-1] - timedelta(seconds=1)
    ]
    chosen = inner if len(inner) > PACE else moments
    return (len(chosen) - 1) / max((chosen[-1] - chosen[0]).total_seconds(), 0.001)
