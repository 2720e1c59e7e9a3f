"""The control API: how demo, tests and people set up and steer the simulator. JSON in and out.

POST bodies must be ``application/json``. Mistakes answer 400 ``{"error": "…"}``.

* ``GET  /control/state``           health, counts, knobs, accounts (secrets masked), numbers, ``pending``
* ``GET  /control/counts``          counters only; ``duplicates``: how many references were accepted more than once, and how many
  texts without a reference to the same person from the same account; ``duplicated_references`` and ``repeated_texts``: which
* ``POST /control/seed``            {accounts, numbers, templates, customers}: accounts and numbers are updated, templates
  and customers that exist are left alone unless ``replace`` is true
* ``POST /control/knobs``           any of the knobs (see knobs.py); ``GET`` shows them
* ``POST /control/reset``           forgets traffic and knobs; ``{"world": true}`` the world too
* ``POST /control/webhooks/hold``, ``/control/webhooks/release``
* ``GET  /control/messages``        accepted messages; filters ``to``, ``reference``; ``limit`` (10,000), ``offset``; oldest first
* ``GET  /control/references``      how often each reference was accepted: the whole oracle in one answer
* ``GET  /control/requests``        received requests, same filters
* ``GET  /control/deliveries``      webhook POSTs; ``limit``
* ``POST /control/inbound``         a customer's message (see customers.py); a number by its id, or its digits and ``waba_id``
* ``POST /control/preference``      {phone_number_id, from, choice: stop|resume}
* ``POST /control/number_change``   {phone_number_id, from, to}
* ``POST /control/templates/{id}/status``   {status, reason?}; ``/quality`` {score}; ``/category`` {category, impending?}
* ``POST /control/accounts/{waba_id}``      {token_revoked?, blocked_code?, webhook_url?, verify_token?, …}
* ``POST /control/accounts/{waba_id}/webhook``  {url, verify_token}: kept only when the provider's handshake succeeds
* ``POST /control/numbers/{phone_number_id}``   {quality_rating?, throughput?, status?, messaging_limit?, …}
* ``POST /control/emit``            {waba_id, field, value, url?}: any other webhook, as a note of the account's wire
* ``GET  /control/outcomes``        the table of recipients' last two digits
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Any

from aiohttp import web

from providers.simulator import customers, reviews, seeding
from providers.simulator.documents import Json, compact_bytes
from providers.simulator.outcomes import OUTCOMES
from providers.simulator.refusal import CODES
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Note
from providers.simulator.world import Account, Number, Template, merged, thing_to_json

DEFAULT_LIMIT = 10_000
SECRETS = ("token", "app_secret", "verify_token")
SECRET_WORDS = re.compile("token|secret|key|password")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=compact_bytes(body), content_type="application/json", charset="utf-8")


async def order_of(request: web.Request) -> Json:
    """The JSON object of a control request; raises ValueError. Other content types are refused: no page may forge one."""
    if request.content_type != "application/json":
        raise ValueError("the body must be application/json")
    body = json.loads(await request.text() or "{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def account_shown(account: Account) -> Json:
    """An account without its secrets."""
    shown = thing_to_json(account)
    shown["settings"] = {name: _masked(value, SECRET_WORDS.search(name)) for name, value in account.settings.items()}
    return {name: _masked(value, name in SECRETS) for name, value in shown.items()}


def _masked(value: Any, secret: object) -> Any:
    return "••••" if secret and value else value


async def state(request: web.Request) -> web.Response:
    """``GET /control/state``."""
    simulator = request.app[SIMULATOR]
    return answer(
        {
            "ok": True,
            "pending": simulator.pending,
            "now": simulator.now(),
            "counts": dict(simulator.record.counts),
            "knobs": simulator.knobs.as_json(),
            "accounts": [account_shown(account) for account in simulator.world.accounts.values()],
            "numbers": [thing_to_json(number) for number in simulator.world.numbers.values()],
            "templates": len(simulator.world.templates),
        }
    )


async def counts(request: web.Request) -> web.Response:
    """``GET /control/counts``."""
    simulator = request.app[SIMULATOR]
    twice, repeated = simulator.record.duplicated_references(), simulator.record.repeated_texts()
    return answer(
        {
            **simulator.record.counts,
            "pending": simulator.pending,
            "duplicates": len(twice) + len(repeated),
            "duplicated_references": twice,
            "repeated_texts": repeated,
        }
    )


async def seed(request: web.Request) -> web.Response:
    """``POST /control/seed``."""
    return answer(seeding.seed(request.app[SIMULATOR], await order_of(request)))


async def show_knobs(request: web.Request) -> web.Response:
    """``GET /control/knobs``."""
    return answer(request.app[SIMULATOR].knobs.as_json())


async def set_knobs(request: web.Request) -> web.Response:
    """``POST /control/knobs``."""
    simulator = request.app[SIMULATOR]
    simulator.tune(simulator.knobs.changed(await order_of(request)))
    return answer(simulator.knobs.as_json())


async def hold(request: web.Request) -> web.Response:
    """``POST /control/webhooks/{hold,release}``."""
    simulator = request.app[SIMULATOR]
    held = request.path.endswith("/hold")
    simulator.tune(simulator.knobs.changed({"hold_webhooks": held}))
    return answer({"hold_webhooks": held})


async def reset(request: web.Request) -> web.Response:
    """``POST /control/reset``."""
    order = await order_of(request)
    request.app[SIMULATOR].reset(keep_world=not order.get("world", False))
    return answer({"ok": True})


async def messages(request: web.Request) -> web.Response:
    """``GET /control/messages``."""
    record = request.app[SIMULATOR].record
    found = record.find_messages(to=request.query.get("to"), reference=request.query.get("reference"))
    return answer(_page(request, found))


async def references(request: web.Request) -> web.Response:
    """``GET /control/references``."""
    return answer({"data": request.app[SIMULATOR].record.accepted_by_reference()})


async def requests(request: web.Request) -> web.Response:
    """``GET /control/requests``."""
    record = request.app[SIMULATOR].record
    found = record.find_requests(to=request.query.get("to"), reference=request.query.get("reference"))
    return answer(_page(request, found))


async def deliveries(request: web.Request) -> web.Response:
    """``GET /control/deliveries``."""
    return answer(_page(request, request.app[SIMULATOR].record.deliveries))


def _page(request: web.Request, found: Iterable[Any]) -> Json:
    limit, offset = (int(request.query.get(name, usual)) for name, usual in (("limit", DEFAULT_LIMIT), ("offset", 0)))
    return {"data": list(islice(found, offset, offset + limit))}


async def inbound(request: web.Request) -> web.Response:
    """``POST /control/inbound``."""
    return answer(customers.write(request.app[SIMULATOR], await order_of(request)))


async def preference(request: web.Request) -> web.Response:
    """``POST /control/preference``."""
    return answer(thing_to_json(customers.choose(request.app[SIMULATOR], await order_of(request))))


async def number_change(request: web.Request) -> web.Response:
    """``POST /control/number_change``."""
    return answer(customers.move(request.app[SIMULATOR], await order_of(request)))


async def change_template(request: web.Request) -> web.Response:
    """``POST /control/templates/{id}/{status,quality,category}``."""
    simulator = request.app[SIMULATOR]
    order = await order_of(request)
    template = _known(simulator.world.templates, request.match_info["template_id"], "template")
    aspect = request.match_info["aspect"]
    if aspect == "status":
        reason = order.get("reason", "NONE")
        reviews.change_status(simulator, template, _word(order, "status"), reason=reason)
    elif aspect == "quality":
        reviews.change_quality(simulator, template, _word(order, "score"))
    else:
        impending = bool(order.get("impending", False))
        reviews.change_category(simulator, template, _word(order, "category"), impending=impending)
    return answer(thing_to_json(template))


def _word(order: Json, name: str) -> str:
    word = order.get(name)
    if not isinstance(word, str) or not word:
        raise ValueError(f"{name} is required")
    return word.upper()


def _known(things: dict[str, Any], name: str, kind: str) -> Any:
    if name not in things:
        raise ValueError(f"there is no {kind} {name}")
    return things[name]


async def change_account(request: web.Request) -> web.Response:
    """``POST /control/accounts/{waba_id}``."""
    simulator = request.app[SIMULATOR]
    old: Account = _known(simulator.world.accounts, request.match_info["waba_id"], "account")
    order = await order_of(request)
    if order.get("blocked_code") is not None and order["blocked_code"] not in CODES:
        raise ValueError(f"blocked_code: {order['blocked_code']} is not an error of the table")
    settings = {**old.settings, **order.get("settings", {})}
    account = merged(Account, old, {**order, "settings": settings, "waba_id": old.waba_id, "provider": old.provider})
    simulator.save(account)
    return answer(account_shown(account))


async def set_webhook(request: web.Request) -> web.Response:
    """``POST /control/accounts/{waba_id}/webhook``."""
    simulator = request.app[SIMULATOR]
    old: Account = _known(simulator.world.accounts, request.match_info["waba_id"], "account")
    order = await order_of(request)
    url, verify_token = str(order.get("url", "")), str(order.get("verify_token", ""))
    problem = await simulator.wire_of(old).verify_callback(simulator.webhooks.session, url, verify_token)
    if problem is not None:
        raise ValueError(problem)
    account = merged(Account, old, {"webhook_url": url, "verify_token": verify_token})
    simulator.save(account)
    return answer(account_shown(account))


async def change_number(request: web.Request) -> web.Response:
    """``POST /control/numbers/{phone_number_id}``."""
    simulator = request.app[SIMULATOR]
    old: Number = _known(simulator.world.numbers, request.match_info["phone_number_id"], "number")
    number = merged(Number, old, {**await order_of(request), "phone_number_id": old.phone_number_id})
    simulator.save(number)
    return answer(thing_to_json(number))


async def emit(request: web.Request) -> web.Response:
    """``POST /control/emit``."""
    simulator = request.app[SIMULATOR]
    order = await order_of(request)
    _known(simulator.world.accounts, str(order.get("waba_id")), "account")
    if not isinstance(order.get("field"), str) or not isinstance(order.get("value"), dict):
        raise ValueError("field and value are required")
    simulator.emit(order["waba_id"], [Note(order["field"], order["value"], url=str(order.get("url", "")))])
    return answer({"ok": True})


async def show_templates(request: web.Request) -> web.Response:
    """``GET /control/templates``."""
    found: Iterable[Template] = request.app[SIMULATOR].world.templates.values()
    return answer({"data": [thing_to_json(template) for template in found]})


async def outcomes(request: web.Request) -> web.Response:
    """``GET /control/outcomes``."""
    return answer({"data": {digits: outcome.english for digits, outcome in OUTCOMES.items()}})


@web.middleware
async def mistakes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a control request that makes no sense with 400 and the reason."""
    try:
        return await handler(request)
    except ValueError as problem:
        return answer({"error": str(problem)}, 400)


ROUTES = (
    web.get("/state", state),
    web.get("/counts", counts),
    web.post("/seed", seed),
    web.get("/knobs", show_knobs),
    web.post("/knobs", set_knobs),
    web.post("/webhooks/hold", hold),
    web.post("/webhooks/release", hold),
    web.post("/reset", reset),
    web.get("/messages", messages),
    web.get("/references", references),
    web.get("/requests", requests),
    web.get("/deliveries", deliveries),
    web.post("/inbound", inbound),
    web.post("/preference", preference),
    web.post("/number_change", number_change),
    web.get("/templates", show_templates),
    web.post("/templates/{template_id}/{aspect:status|quality|category}", change_template),
    web.post("/accounts/{waba_id}", change_account),
    web.post("/accounts/{waba_id}/webhook", set_webhook),
    web.post("/numbers/{phone_number_id}", change_number),
    web.post("/emit", emit),
    web.get("/outcomes", outcomes),
)


def control_application() -> web.Application:
    """The application to mount under ``/control``."""
    application = web.Application(middlewares=[mistakes])
    application.add_routes(ROUTES)
    return application
