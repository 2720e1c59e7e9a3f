"""From acceptance to the last status: what is planned for a message, and the events that come of it."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, TypeAlias

from providers.simulator.outcomes import Outcome
from providers.simulator.pricing import Charge, price, pricing_object
from providers.simulator.record import Message, Status
from providers.simulator.simulator import Simulator
from providers.simulator.wires.facts import StatusFact, StatusWord

# When a status comes, in units of the knob webhook_delay_ms.
STEPS = {"sent": 1.0, "delivered": 2.0, "read": 4.0, "failed": 2.0}
HOLD_STEPS = 5.0
#: After how many seconds which status comes, the time it tells, and its failure code.
Coming: TypeAlias = tuple[float, Any, int, int | None]


@lru_cache(maxsize=128)
def plan_for(outcome: Outcome) -> tuple[tuple[str, float, int | None], ...]:
    """The statuses to come, each with when (in steps) and its failure code."""
    plan: list[tuple[str, float, int | None]] = []
    previous = HOLD_STEPS if outcome.held else 0.0
    for status in outcome.statuses:
        at = max(STEPS[status] + (HOLD_STEPS if outcome.held else 0.0), previous + 1)
        plan.append((status, at, outcome.failure if status == "failed" else None))
        previous = at
    return tuple(plan)


def schedule(simulator: Simulator, message: Message) -> None:
    """Let the planned statuses that have not come yet happen at their time (shuffled by the knob ``reorder``)."""
    done = {status.status for status in message.statuses}
    steps = [item for item in message.plan if item[0] not in done]
    if not steps:
        return
    moments = [float(item[1]) for item in steps]
    if simulator.knobs.reorder:
        simulator.random.shuffle(moments)
    unit, now = simulator.knobs.webhook_delay_ms / 1000, simulator.now()
    coming = [
        (moment * unit, status, int(now + float(step) * unit), code)
        for (status, step, code), moment in zip(steps, moments, strict=True)
    ]
    coming.sort(key=lambda item: item[0], reverse=True)
    _await_next(simulator, message, coming, 0.0)


def _await_next(simulator: Simulator, message: Message, coming: list[Coming], waited: float) -> None:
    """Let the last of ``coming`` happen, and the others after it: one timer a message at a time."""
    simulator.later(coming[-1][0] - waited, partial(_happen, simulator, message, coming))


def _happen(simulator: Simulator, message: Message, coming: list[Coming]) -> None:
    after, status, at, code = coming.pop()
    # First, so that there is never a moment at which nothing seems to be coming.
    if coming:
        _await_next(simulator, message, coming, after)
    report(simulator, message, status=status, at=at, failure=code)


def report(simulator: Simulator, message: Message, *, status: StatusWord, at: int, failure: int | None) -> None:
    """Let one status happen now: price it, charge it on the first delivery, queue its webhooks."""
    world = simulator.world
    account, number = world.accounts.get(message.waba_id), world.numbers.get(message.phone_number_id)
    if account is None or number is None:
        return
    seen = {item.status for item in message.statuses}
    first_delivery = status in ("delivered", "read") and not seen & {"delivered", "read"}
    pricing = charge = None
    if status == "sent" or first_delivery:
        pricing = message.pricing = message.pricing or price_now(simulator, message, at)
    if first_delivery and pricing is not None:
        charge = Charge(
            waba_id=message.waba_id,
            phone=number.digits,
            recipient=message.wa_id or message.user_id,
            at=at,
            category=pricing["category"],
            pricing_type=pricing["type"],
        )
        simulator.charge(charge)
    fact = StatusFact(
        account=account,
        number=number,
        customer=world.customer_with_user_id(account.portfolio, message.user_id),
        message=message,
        status=status,
        at=at,
        failure=failure,
        pricing=pricing,
        price=price(account, charge) if charge is not None else None,
    )
    simulator.report_status(message, Status(status, at, failure), simulator.wire_of(account).status(fact))


def price_now(simulator: Simulator, message: Message, at: int) -> Any:
    """The ``pricing`` object of a message that is sent or delivered at this time."""
    return pricing_object(
        message.category,
        at=at,
        window_open=simulator.world.window_open(message.phone_number_id, message.customer_key, at),
        entry_free=simulator.world.entry_free(message.phone_number_id, message.customer_key, at),
    )


def resume(simulator: Simulator) -> None:
    """After a restart: send again what no webhook settled, and go on with what was planned."""
    for event in list(simulator.unsettled.values()):
        simulator.webhooks.emit(event)
    for message in simulator.record.messages.values():
        if len(message.statuses) < len(message.plan):
            schedule(simulator, message)
