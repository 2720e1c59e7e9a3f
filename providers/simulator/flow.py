"""A send, from the first byte to the answer or its absence: the same for every wire (see wires/contract.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from providers.simulator import lifecycle
from providers.simulator.definition import Definition, definition_of
from providers.simulator.documents import Json, compact_bytes
from providers.simulator.outcomes import PLAIN, PLAIN_READ, STOPPED, Outcome, outcome_for
from providers.simulator.record import Message, Received
from providers.simulator.refusal import Refusal
from providers.simulator.rendering import plain_text, rendered
from providers.simulator.replies import Reply, deliver, gateway_page, reply_of
from providers.simulator.simulator import SIMULATOR, Simulator
from providers.simulator.wires.contract import Call, Order, Result, Wire
from providers.simulator.world import Account, Customer, Number, Template

UNREAD = Order(sender="", recipient="", text="")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, eq=False)
class Judged:
    """One order decided, before anything is kept: who, what, and its fate."""

    result: Result
    number: Number
    customer: Customer
    template: Template | None
    definition: Definition | None
    components: list[Json]
    outcome: Outcome


async def call_of(request: web.Request) -> Call:
    """The request as wires read it."""
    simulator = request.app[SIMULATOR]
    return Call(request, await request.read(), simulator.world, simulator.record, simulator.now())


def json_response(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer in compact JSON."""
    body = compact_bytes(document)
    return web.Response(
        status=status, body=body, content_type="application/json", charset="utf-8", headers=headers or {}
    )


def refusals_of(wire: Wire) -> Any:
    """A middleware that answers refusals of any handler as the wire does."""

    @web.middleware
    async def answer_refusal(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return wire.refused(await call_of(request), refusal)

    return answer_refusal


def sends(wire: Wire) -> Handler:
    """The handler of a wire's send paths."""

    async def send(request: web.Request) -> web.StreamResponse:
        return await deliver(request, decided(request.app[SIMULATOR], wire, await call_of(request)))

    return send


def decided(simulator: Simulator, wire: Wire, call: Call) -> Reply:
    """Everything that a send brings about, and the reply to it."""
    results, unreadable = _receive(simulator, wire, call)
    if simulator.knobs.reset_next > 0:
        return _reset_untouched(simulator, results)
    try:
        gateway_error = _decide(simulator, wire, call, results, unreadable)
    except Refusal as refusal:
        for result in results:
            simulator.settle_request(result.received, "refused", refusal.code)
        return reply_of(simulator.knobs, _with_wait(simulator, wire.refused(call, refusal)))
    if gateway_error:
        return reply_of(simulator.knobs, gateway_page(502))
    fate = next((result.message.answer for result in results if result.message is not None), "normal")
    return reply_of(simulator.knobs, wire.accepted(call, results), fate)


def _reset_untouched(simulator: Simulator, results: list[Result]) -> Reply:
    """Something between us and the client broke the connection off before the request was looked at."""
    simulator.knobs.reset_next -= 1
    for result in results:
        simulator.settle_request(result.received, "reset", None)
    return Reply(gateway_page(500), ending="reset")


def _with_wait(simulator: Simulator, response: web.Response) -> web.Response:
    if response.status == 429 and simulator.knobs.retry_after > 0:
        response.headers["Retry-After"] = str(simulator.knobs.retry_after)
    return response


def _receive(simulator: Simulator, wire: Wire, call: Call) -> tuple[list[Result], Refusal | None]:
    """Keep every message of the request before anything is decided; one blank message when it cannot be read."""
    unreadable = None
    try:
        orders = wire.read(call)
        if not orders:
            raise Refusal(100, "There is no message in the request.")
    except Refusal as refusal:
        orders, unreadable = [UNREAD], refusal
    results = []
    for order in orders:
        received = Received(
            id=len(simulator.record.requests) + 1,
            at=call.now,
            path=call.request.path,
            phone_number_id=order.sender,
            to=order.recipient,
            reference=order.reference,
            body=call.text,
        )
        simulator.receive(received)
        results.append(Result(order, received))
    return results, unreadable


def _decide(simulator: Simulator, wire: Wire, call: Call, results: list[Result], unreadable: Refusal | None) -> bool:
    """Accept or refuse each message; true when a gateway error hides that nothing was done.

    Raises the Refusal that the whole request is answered with. Nothing is accepted until every message is decided.
    """
    account = wire.account(call)
    if unreadable is not None:
        raise unreadable
    forced = _forced(simulator, account)
    if forced is not None and not wire.late(forced.code):
        raise forced
    judged: list[Judged] = []
    for result in results:
        try:
            judged.append(_judge(simulator, wire, call, account, result, forced))
        except Refusal as refusal:
            if wire.refuses_request(refusal.code):
                raise
            result.refusal = refusal
    if any(item.outcome.gateway_error for item in judged):
        for result in results:
            simulator.settle_request(result.received, "gateway_error", None)
        return True
    for result in results:
        if result.refusal is not None:
            simulator.settle_request(result.received, "refused", result.refusal.code)
    answers = _answers(simulator, judged)
    for item, answer in zip(judged, answers, strict=True):
        _accept(simulator, wire, call, account, item, answer)
    return False


def _forced(simulator: Simulator, account: Account) -> Refusal | None:
    """The refusal that a knob or the account's state brings about."""
    if simulator.knobs.fail_next > 0:
        simulator.knobs.fail_next -= 1
        return Refusal(simulator.knobs.fail_code)
    return Refusal(account.blocked_code) if account.blocked_code is not None else None


def _judge(
    simulator: Simulator, wire: Wire, call: Call, account: Account, result: Result, forced: Refusal | None
) -> Judged:
    """Check one order and choose its fate; a refusal that the vendor only reports later becomes a failure."""
    order = result.order
    number = wire.number(call, account, order)
    if order.problem is not None:
        raise order.problem
    customer = wire.customer(call, account, number, order)
    template: Template | None = None
    definition: Definition | None = None
    components: list[Json] = []
    try:
        if forced is not None:
            raise forced
        if order.text is None:
            template = wire.template(call, account, customer, order)
            definition = _definition(template)
            filled = order.fill(definition)
            wire.check(call, account, template, definition, filled)
            components = filled
        elif not simulator.world.window_open(number.phone_number_id, customer.key, simulator.now()):
            raise Refusal(131047)
        if simulator.knobs.enforce_limits:
            simulator.limits.check(number, customer.key)
        outcome = _outcome(simulator, customer, template)
        if outcome.refused is not None:
            raise Refusal(outcome.refused)
    except Refusal as refusal:
        if not wire.late(refusal.code):
            raise
        outcome = Outcome("", "", statuses=("failed",), failure=refusal.code)
    return Judged(result, number, customer, template, definition, components, outcome)


def _outcome(simulator: Simulator, customer: Customer, template: Template | None) -> Outcome:
    if customer.stopped and template is not None and template.category == "MARKETING":
        return STOPPED
    outcome = outcome_for(customer.key)
    if outcome is PLAIN and simulator.random.random() < simulator.knobs.read_share:
        return PLAIN_READ
    return outcome


def _answers(simulator: Simulator, judged: list[Judged]) -> list[str]:
    """How the answer reaches the client, as kept with each message: a request has one answer."""
    answer = next((item.outcome.answer for item in judged if item.outcome.answer != "normal"), "normal")
    if judged and simulator.knobs.lose_answers > 0:
        simulator.knobs.lose_answers -= 1
        return [simulator.knobs.lose_mode] * len(judged)
    return [answer] * len(judged)


_definitions: dict[str, tuple[list[Json], Definition]] = {}


def _definition(template: Template) -> Definition:
    """Kept by the template's id for as long as its components stay the same."""
    components, definition = _definitions.get(template.id, (None, None))
    if definition is None or components != template.components:
        definition = definition_of(template.components)
        _definitions[template.id] = (deepcopy(template.components), definition)
    return definition


def _accept(simulator: Simulator, wire: Wire, call: Call, account: Account, judged: Judged, answer: str) -> None:
    """Keep the message and plan what happens to it."""
    message = judged.result.message = _message(simulator, wire, call, judged, answer)
    simulator.accept(message)
    simulator.world.note_answer(message.phone_number_id, message.customer_key, message.at)
    lifecycle.schedule(simulator, message)


def _message(simulator: Simulator, wire: Wire, call: Call, judged: Judged, answer: str) -> Message:
    order, template, customer = judged.result.order, judged.template, judged.customer
    category, status = "service", None
    bubble: Json = {"body": order.text or f"[{order.template_id or order.template_name}]"}
    if template is not None:
        named = template.parameter_format == "NAMED"
        bubble = rendered(judged.definition or _definition(template), judged.components, named=named)
        category = wire.category(call, template)
        status = "held_for_quality_assessment" if judged.outcome.held else "accepted"
    return Message(
        wamid=wire.new_message_id(order, customer),
        request_id=judged.result.received.id,
        at=simulator.now(),
        received_at=judged.result.received.at,
        phone_number_id=judged.number.phone_number_id,
        waba_id=judged.number.waba_id,
        to=order.recipient,
        wa_id=customer.wa_id,
        user_id=customer.user_id,
        reference=order.reference,
        type=order.kind,
        category=category,
        template=template.name if template else None,
        template_id=template.id if template else None,
        language=template.language if template else None,
        bubble=bubble,
        rendered=plain_text(bubble),
        answer=answer,
        message_status=status,
        bsuid_only=judged.outcome.bsuid_only or customer.wa_id is None,
        plan=lifecycle.plan_for(judged.outcome),
        extra=order.extra,
    )
