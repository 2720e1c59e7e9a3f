"""``POST /{version}/{phone_number_id}/messages``: the send, from the first byte to the answer (or its absence)."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from typing import Any

from aiohttp import web

from providers.simulator import lifecycle
from providers.simulator.access import SIMULATOR, account_by_token, graph_headers, number_of, refusal_response
from providers.simulator.definition import Definition, definition_of
from providers.simulator.errors import Refusal
from providers.simulator.identity import USER_ID, new_message_id, wa_id_from_input
from providers.simulator.outcomes import PLAIN, PLAIN_READ, STOPPED, Outcome, outcome_for
from providers.simulator.payloads import version_number
from providers.simulator.record import Message, Received
from providers.simulator.rendering import plain_text, rendered
from providers.simulator.simulator import Simulator
from providers.simulator.validation import Check
from providers.simulator.wire import Json, compact_bytes, mapping, sequence
from providers.simulator.world import Account, Customer, Number, Template

PARAMETER_ERRORS_CHANGED_IN = 23.0
REFERENCE_LIMIT = 512
TEXT_LIMIT = 4096
GATEWAY_PAGE = "<html><head><title>Sorry, something went wrong.</title></head><body></body></html>"


async def send(request: web.Request) -> web.StreamResponse:
    """Answer one send. The request is on record before anything is decided, the message before it is answered."""
    simulator = request.app[SIMULATOR]
    raw = await request.text()
    received = _receive(simulator, request, raw)
    try:
        message = _accept(simulator, request, received, raw)
    except Refusal as refusal:
        simulator.settle_request(received, "refused", refusal.code)
        await _delay(simulator)
        return refusal_response(request, refusal)
    await _delay(simulator)
    if message is None:
        return web.Response(status=502, text=GATEWAY_PAGE, content_type="text/html")
    return await _answer(simulator, request, message)


def _receive(simulator: Simulator, request: web.Request, raw: str) -> Received:
    body = _parsed(raw)
    received = Received(
        id=len(simulator.record.requests) + 1,
        at=simulator.now(),
        path=request.path,
        phone_number_id=request.match_info["object_id"],
        to=str(body.get("to") or body.get("recipient") or ""),
        reference=str(body.get("biz_opaque_callback_data") or ""),
        body=raw,
    )
    simulator.receive(received)
    return received


def _parsed(raw: str) -> Json:
    try:
        return mapping(json.loads(raw))
    except ValueError:
        return {}


async def _delay(simulator: Simulator) -> None:
    if simulator.knobs.latency_ms:
        await asyncio.sleep(simulator.knobs.latency_ms / 1000)


def _accept(simulator: Simulator, request: web.Request, received: Received, raw: str) -> Message | None:
    """Judge the request and keep the message; None when a gateway error hides that nothing was done."""
    account, number = _admitted(simulator, request, received)
    body = _parsed(raw)
    if not body:
        raise Refusal(100, "The request body is not a JSON object.")
    _check_shape(body)
    customer = _customer(simulator, account, number, body)
    template = _sendable(simulator, request, account, number, customer, body)
    if simulator.knobs.enforce_limits:
        simulator.limits.check(number, customer.key)
    outcome = _outcome(simulator, customer, template)
    if outcome.refused is not None:
        raise Refusal(outcome.refused)
    if outcome.gateway_error:
        simulator.settle_request(received, "gateway_error", None)
        return None
    message = _message(simulator, received, number, customer, template, body, outcome, lite=_is_lite(request))
    simulator.accept(message)
    simulator.world.note_answer(number.phone_number_id, customer.key, message.at)
    lifecycle.schedule(simulator, message)
    return message


def _admitted(simulator: Simulator, request: web.Request, received: Received) -> tuple[Account, Number]:
    account = account_by_token(simulator, request)
    number = number_of(simulator, account, received.phone_number_id, "post")
    if simulator.knobs.fail_next > 0:
        simulator.knobs.fail_next -= 1
        raise Refusal(simulator.knobs.fail_code)
    if account.blocked_code is not None:
        raise Refusal(account.blocked_code)
    return account, number


def _sendable(
    simulator: Simulator, request: web.Request, account: Account, number: Number, customer: Customer, body: Json
) -> Template | None:
    """The template of the send, checked; None for a text inside the service window."""
    if body["type"] == "template":
        template = _template(simulator, account, body, customer)
        if _is_lite(request) and template.category != "MARKETING":
            raise Refusal(134100)
        _check_template(account, request, template, body)
        return template
    if _is_lite(request):
        raise Refusal(134100)
    if not simulator.world.window_open(number.phone_number_id, customer.key, simulator.now()):
        raise Refusal(131047)
    return None


def _is_lite(request: web.Request) -> bool:
    return request.path.endswith("/marketing_messages")


def _outcome(simulator: Simulator, customer: Customer, template: Template | None) -> Outcome:
    if customer.stopped and template is not None and template.category == "MARKETING":
        return STOPPED
    outcome = outcome_for(customer.key)
    if outcome is PLAIN and simulator.random.random() < simulator.knobs.read_share:
        return PLAIN_READ
    return outcome


def _check_shape(body: Json) -> None:
    if body.get("messaging_product") != "whatsapp":
        raise Refusal(100, "The parameter messaging_product is required.")
    if not (body.get("to") or body.get("recipient")):
        raise Refusal(100, "The parameter to is required.")
    if body.get("recipient_type", "individual") != "individual":
        raise Refusal(100, "Param recipient_type must be one of {INDIVIDUAL}")
    reference = body.get("biz_opaque_callback_data", "")
    if not isinstance(reference, str) or len(reference) > REFERENCE_LIMIT:
        raise Refusal(100, f"Param biz_opaque_callback_data must be at most {REFERENCE_LIMIT} characters long.")
    kind = body.get("type", "text")
    if kind == "text":
        body["type"] = "text"
        text = mapping(body.get("text")).get("body")
        if not isinstance(text, str) or not text.strip():
            raise Refusal(100, "The parameter text['body'] is required.")
        if len(text) > TEXT_LIMIT:
            raise Refusal(100, f"Param text['body'] must be at most {TEXT_LIMIT} characters long.")
    elif kind != "template":
        raise Refusal(131051)


def _customer(simulator: Simulator, account: Account, number: Number, body: Json) -> Customer:
    if not body.get("to"):
        user_id = str(body["recipient"])
        if not USER_ID.match(user_id):
            raise Refusal(100, "Param recipient is not a valid business-scoped user id.")
        return simulator.world.customer_with_user_id(account.portfolio, user_id)
    wa_id = wa_id_from_input(str(body["to"]), number.digits)
    if wa_id is None:
        raise Refusal(100, "Param to is not a valid phone number.")
    if wa_id == number.digits:
        raise Refusal(131021)
    return simulator.world.customer_with_phone(account.portfolio, wa_id)


def _template(simulator: Simulator, account: Account, body: Json, customer: Customer) -> Template:
    sent = mapping(body.get("template"))
    for key in sent:
        if key not in ("name", "language", "components", "namespace"):
            raise Refusal(100, f'Unexpected key "{key}" on param "template".')
    name, language = sent.get("name"), mapping(sent.get("language")).get("code")
    if not isinstance(name, str) or not isinstance(language, str):
        raise Refusal(100, "The parameters template['name'] and template['language']['code'] are required.")
    template = simulator.world.template_named(account.waba_id, name, language)
    if template is not None and template.status == "PAUSED":
        raise Refusal(132015)
    if template is not None and template.status == "DISABLED":
        raise Refusal(132016)
    if template is None or template.status != "APPROVED":
        raise Refusal(132001, f"template name ({name}) does not exist in {language}")
    if template.category == "AUTHENTICATION" and not body.get("to") and customer.wa_id is None:
        raise Refusal(131062)
    return template


def _check_template(account: Account, request: web.Request, template: Template, body: Json) -> None:
    components = mapping(body["template"]).get("components", [])
    if not isinstance(components, list) or not all(isinstance(item, dict) for item in components):
        raise Refusal(100, "Param template['components'] must be an array of objects.")
    modern = account.parameter_errors == "v23" or (
        account.parameter_errors == "auto"
        and version_number(request.match_info["version"]) >= PARAMETER_ERRORS_CHANGED_IN
    )
    check = Check(_definition(template), named=template.parameter_format == "NAMED", modern=modern)
    check.components(components)


def _definition(template: Template) -> Definition:
    return _definition_from(json.dumps(template.components, sort_keys=True))


@lru_cache(maxsize=512)
def _definition_from(components: str) -> Definition:
    return definition_of(json.loads(components))


def _message(
    simulator: Simulator,
    received: Received,
    number: Number,
    customer: Customer,
    template: Template | None,
    body: Json,
    outcome: Outcome,
    *,
    lite: bool,
) -> Message:
    if template is None:
        bubble: Json = {"body": body["text"]["body"]}
        category = "service"
    else:
        components = [mapping(item) for item in sequence(body["template"].get("components"))]
        bubble = rendered(_definition(template), components, named=template.parameter_format == "NAMED")
        category = "marketing_lite" if lite else template.category.lower()
    answer: str = outcome.answer
    if simulator.knobs.lose_answers > 0:
        simulator.knobs.lose_answers -= 1
        answer = simulator.knobs.lose_mode
    status = None if template is None else "held_for_quality_assessment" if outcome.held else "accepted"
    return Message(
        wamid=new_message_id(customer.key),
        request_id=received.id,
        at=simulator.now(),
        received_at=received.at,
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        to=received.to,
        wa_id=customer.wa_id,
        user_id=customer.user_id,
        reference=received.reference,
        type=str(body["type"]),
        category=category,
        template=template.name if template else None,
        template_id=template.id if template else None,
        language=template.language if template else None,
        bubble=bubble,
        rendered=plain_text(bubble),
        answer=answer,
        message_status=status,
        bsuid_only=outcome.bsuid_only or customer.wa_id is None,
        plan=lifecycle.plan_for(outcome),
    )


async def _answer(simulator: Simulator, request: web.Request, message: Message) -> web.StreamResponse:
    if message.answer == "never":
        await asyncio.sleep(simulator.knobs.unanswered_ms / 1000)
    if message.answer in ("never", "close"):
        _cut(request)
        return web.Response(status=500)
    if message.answer == "html_500":
        return web.Response(status=500, text=GATEWAY_PAGE, content_type="text/html")
    if message.answer == "junk":
        return web.Response(text="OK<!-- cached -->", content_type="text/html")
    if message.answer == "slow":
        await asyncio.sleep(simulator.knobs.slow_answer_ms / 1000)
    answer = compact_bytes(answer_body(message))
    headers = graph_headers(request)
    if message.answer == "half":
        response = web.StreamResponse(headers={**headers, "Content-Length": str(len(answer))})
        response.content_type = "application/json"
        await response.prepare(request)
        await response.write(answer[: len(answer) // 2])
        _cut(request)
        return response
    return web.Response(body=answer, content_type="application/json", charset="utf-8", headers=headers)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def answer_body(message: Message) -> Json:
    """The answer to an accepted message."""
    item: dict[str, Any] = {"id": message.wamid}
    if message.message_status is not None:
        item["message_status"] = message.message_status
    to_phone = "." not in message.to
    contact = {"input": message.to, **({"wa_id": message.wa_id} if to_phone else {"user_id": message.user_id})}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [item]}
