"""Who may see what: the bearer token's account and its objects, and how errors and headers are written."""

from __future__ import annotations

import base64
import json
import random

from aiohttp import web

from providers.simulator.documents import Json, compact_bytes, mapping
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR, Simulator
from providers.simulator.wires.contract import Asked
from providers.simulator.wires.meta.errors import UnknownObject, graph_answer
from providers.simulator.world import Account, Number, Template, World

RATE_LIMITS = {4: "whatsapp", 80007: "whatsapp"}
# Minutes until the next call may succeed, with the usage that got there.
BUSY = {"call_count": 100, "total_cputime": 25, "total_time": 25, "estimated_time_to_regain_access": 5}
PROVIDER = "meta"
JSON_TYPE = "application/json; charset=utf-8"


def account_by_token(world: World, request: Asked) -> Account:
    """The account whose token the request carries; raises 104 without a token and 190 with a bad one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "oauth") or not token.strip():
        token = request.query.get("access_token", "")
    if not token.strip():
        raise Refusal(104)
    account = world.account_with_token(PROVIDER, token.strip())
    if account is None or account.token_revoked:
        raise Refusal(190)
    return account


def number_of(world: World, account: Account, phone_number_id: str, verb: str = "get") -> Number:
    """A number of the account; raises 100/33 when it is unknown or another's."""
    number = world.numbers.get(phone_number_id)
    if number is None or number.waba_id != account.waba_id:
        raise UnknownObject(phone_number_id, verb)
    return number


def waba_of(account: Account, waba_id: str, verb: str = "get") -> Account:
    """The account itself, when the path names it; raises 100/33 for any other."""
    if account.waba_id != waba_id:
        raise UnknownObject(waba_id, verb)
    return account


def template_of(simulator: Simulator, account: Account, template_id: str, verb: str = "get") -> Template:
    """A template of the account; raises 100/33 when it is unknown or another's."""
    template = simulator.world.templates.get(template_id)
    if template is None or template.waba_id != account.waba_id:
        raise UnknownObject(template_id, verb)
    return template


async def json_body(request: web.Request) -> Json:
    """The request's JSON object; raises 100 when it is none."""
    try:
        return mapping(json.loads(await request.text()))
    except ValueError as problem:
        raise Refusal(100, "The request body is not a JSON object.") from problem


def graph_headers(request: Asked) -> dict[str, str]:
    """The headers that Graph puts on its answers."""
    trace = base64.urlsafe_b64encode(random.randbytes(9)).decode()  # noqa: S311 - no secret
    return {
        "Content-Type": JSON_TYPE,
        "facebook-api-version": request.match_info.get("version", ""),
        "x-fb-trace-id": trace,
    }


def graph_response(request: Asked, body: Json) -> web.Response:
    """A successful answer."""
    return web.Response(body=compact_bytes(body), headers=graph_headers(request))


def refusal_response(request: Asked, refusal: Refusal) -> web.Response:
    """An error answer; rate limits say in a header when to come back."""
    status, body = graph_answer(refusal)
    headers = graph_headers(request)
    if refusal.code in RATE_LIMITS:
        usage = {**BUSY, "type": RATE_LIMITS[refusal.code]}
        number = request.app[SIMULATOR].world.numbers.get(request.match_info.get("object_id", ""))
        headers["x-business-use-case-usage"] = json.dumps({number.waba_id if number else "0": [usage]})
    return web.Response(status=status, body=compact_bytes(body), headers=headers)
