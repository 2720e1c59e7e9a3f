"""One run: a campaign through the portal's real path while the storm goes over it, and the proof at its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from providers.models import WebhookDelivery
from providers.simulator.outcomes import outcome_for
from recontact.books import differences
from recontact.campaigns.columns import mapping_suggest
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.plan import campaign_plan_request
from recontact.campaigns.proof import campaigns_books
from recontact.campaigns.recipients import unlaunched
from recontact.campaigns.upload import campaign_configure, campaign_draft_from_file
from recontact.models import Attempt, Campaign, CampaignRecipient, Incident, Message
from recontact.states import MessageState
from templates_app.selectors import template_parsed
from tests.chaos.audience import Audience, audience_of
from tests.chaos.parts import Parts
from tests.chaos.plan import Plan
from tests.chaos.proof import Asked, Booked, Recipient, Taken, Verdict, judge
from tests.chaos.storm import Storm
from tests.factories import budget_make, user_make
from tests.providers.simulator.server import PHONE_NUMBER_ID
from tests.world import World, world_make

#: Meta's codes of the plan's faults after which the message may have gone out.
UNPROVEN = frozenset({2, 131000, 131016})
PLAN_SECONDS = 120.0
#: How long nothing at all may move before a run is given up: longer than any lease and any pause of the portal's.
STILL_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.25
LOOK_AGAIN_SECONDS = 0.5
PAGE = 2_000


@dataclass
class Result:
    """What a run came to."""

    seed: int
    messages: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    restarted: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    retried: int = 0
    doubted: dict[str, int] = field(default_factory=dict)
    doubled: int = 0
    lost: int = 0
    uncertain: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def run(parts: Parts, plan: Plan, recipients: int, patience: float) -> Result:
    """Plan and launch the campaign, throw the plan's faults, wait for its end, and prove. Limits are times `patience`."""
    began = time.monotonic()
    audience = audience_of(plan.seed, recipients)
    world = _world(parts, plan)
    campaign = _launched(world, audience, PLAN_SECONDS * patience)
    storm = Storm(parts, plan, len(audience.phones))
    problems = _weather(parts, storm, campaign, STILL_SECONDS * patience)
    result = _proved(parts, campaign, audience, plan.seed)
    result.problems = problems + result.problems
    result.faults, result.restarted = dict(storm.thrown), dict(storm.restarted)
    result.seconds = round(time.monotonic() - began, 1)
    return result


def _world(parts: Parts, plan: Plan) -> World:
    world = world_make(parts.simulator, webhook_base=parts.url)
    world.number.throughput = plan.throughput
    world.number.save()
    parts.simulator.post(f"numbers/{PHONE_NUMBER_ID}", throughput="HIGH")
    parts.simulator.knobs(
        seed=plan.seed,
        enforce_limits=True,
        latency_ms=plan.latency_ms,
        slow_answer_ms=500,
        unanswered_ms=60_000,
        webhook_delay_ms=100,
        webhook_concurrency=2,
        retry_base_ms=250,
        retry_limit=60,
        batch=plan.batch,
    )
    return world


def _launched(world: World, audience: Audience, within: float) -> Campaign:
    """From the file to a running campaign, as a manager does it; beat and the workers do the rest."""
    user = user_make()
    # Its sums are part of what the books' checks prove.
    budget_make(amount="100000")
    campaign = campaign_draft_from_file(name="turnos.csv", body=BytesIO(audience.body), user=user)
    columns = campaign.file.facts["columns"]
    campaign_configure(
        campaign_id=campaign.pk,
        template_id=world.template.pk,
        sender_number_id=world.number.pk,
        mapping=mapping_suggest(world.template, template_parsed(world.template), columns),
        default_country="AR",
    )
    campaign_plan_request(campaign_id=campaign.pk)
    planned = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.PLANNED)
    if not _within(within, planned.exists):
        raise TimeoutError("the campaign was not planned")
    return campaign_launch(campaign_id=campaign.pk, user=user)


def _weather(parts: Parts, storm: Storm, campaign: Campaign, still_for: float) -> list[str]:
    """Until everything was thrown and the campaign has ended by itself; returns what did not, having stood still so long."""
    received, moved, still = -1, time.monotonic(), {"storm": 1}
    while still:
        time.sleep(LOOK_EVERY_SECONDS)
        seen = parts.simulator.get("state")
        storm.tick(seen["counts"].get("requests", 0))
        left = {"storm": 1, "pending": seen["pending"]}
        if storm.over:
            # Not sooner: looking costs the database more than a tick does.
            time.sleep(LOOK_AGAIN_SECONDS)
            left = _left_or_away(parts, campaign)
        if (seen["counts"].get("requests", 0), left) != (received, still):
            received, still, moved = seen["counts"].get("requests", 0), left, time.monotonic()
        if time.monotonic() - moved > still_for:
            return [f"the campaign did not end by itself: {left}"]
    return []


def _left_or_away(parts: Parts, campaign: Campaign) -> dict[str, int]:
    try:
        return _left(parts, campaign)
    except (OperationalError, InterfaceError):
        connection.close()
        return {"a database": 1}


def _left(parts: Parts, campaign: Campaign) -> dict[str, int]:
    """What is still to come, by name; nothing at all once the campaign has ended."""
    state = Campaign.objects.get(pk=campaign.pk).state
    messages = Message.objects.filter(campaign=campaign)
    counts = {
        f"campaign {state}": int(state != Campaign.State.COMPLETED),
        "unlaunched": unlaunched(campaign.pk).count(),
        "queued": messages.filter(state=MessageState.QUEUED).count(),
        "sending": messages.filter(state=MessageState.SENDING).count(),
        "webhooks to read": WebhookDelivery.objects.filter(state=WebhookDelivery.State.RECEIVED).count(),
        "webhooks to come": parts.simulator.get("state")["pending"],
    }
    return {name: count for name, count in counts.items() if count}


def _proved(parts: Parts, campaign: Campaign, audience: Audience, seed: int) -> Result:
    messages = list(Message.objects.filter(campaign=campaign).order_by("pk"))
    taken = [_as_taken(each) for each in _all(parts, "messages")]
    verdict = judge(
        phones=audience.phones,
        recipients=_recipients(campaign),
        booked=[_booked(each) for each in messages],
        taken=taken,
        asked=[_as_asked(each) for each in _all(parts, "requests")],
    )
    _books(verdict, campaign, audience)
    final = {each.pk: each.state for each in messages}
    in_doubt = Attempt.objects.filter(message__campaign=campaign, outcome__in=["lost", "uncertain", "claimed"])
    return Result(
        seed=seed,
        messages=len(messages),
        states=dict(Counter(each.state for each in messages)),
        retried=sum(each.retry_of_id is not None for each in messages),
        doubted=dict(Counter(final[pk] for pk in in_doubt.values_list("message_id", flat=True))),
        doubled=verdict.doubled,
        lost=verdict.lost,
        uncertain=dict(verdict.uncertain),
        problems=verdict.problems,
    )


def _books(verdict: Verdict, campaign: Campaign, audience: Audience) -> None:
    """The portal's own proofs: the ledger's checks, the campaign's balance, no incident, no webhook with a problem."""
    verdict.found("check_ledger", differences())
    books = campaigns_books([campaign.pk])[campaign.pk]
    expected = (len(audience.phones), audience.left_out, audience.errors)
    if not books.balance or (books.planned, books.left_out, books.errors) != expected:
        verdict.problems.append(f"the campaign's books do not balance: {books}, expected {expected}")
    verdict.found("incidents", Incident.objects.values_list("kind", "message_id"))
    bad = WebhookDelivery.objects.exclude(problems=[]).values_list("pk", "problems")
    verdict.found("webhooks with problems", bad)


def _recipients(campaign: Campaign) -> list[Recipient]:
    rows = CampaignRecipient.objects.filter(campaign=campaign, outcome__in=CampaignRecipient.SENDABLE)
    found = rows.values_list("phone", "message_id", "dropped")
    return [Recipient(phone, message_id is not None, dropped) for phone, message_id, dropped in found]


def _booked(message: Message) -> Booked:
    return Booked(str(message.reference), message.recipient_phone, message.state, message.reason)


def _all(parts: Parts, what: str) -> list[dict[str, Any]]:
    """Everything of a kind in the simulator's record, oldest first."""
    found: list[dict[str, Any]] = []
    while True:
        page = parts.simulator.get(what, limit=str(PAGE), offset=str(len(found)))["data"]
        found += page
        if len(page) < PAGE:
            return found


def _as_taken(message: dict[str, Any]) -> Taken:
    statuses = message["statuses"]
    return Taken(
        reference=message["reference"],
        phone=f"+{message['wa_id']}",
        reached=tuple(each["status"] for each in statuses),
        told=tuple(each["status"] for each in statuses if each["webhook"] == "DELIVERED"),
    )


def _as_asked(request: dict[str, Any]) -> Asked:
    """What the provider's page says of the answer: not what the portal made of it."""
    code, is_refused = request["code"], request["result"] == "refused"
    fate = outcome_for(request["to"])
    return Asked(
        reference=request["reference"],
        did_nothing=is_refused and code not in UNPROVEN,
        for_good=is_refused and code == fate.refused,
    )


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True
