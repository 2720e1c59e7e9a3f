"""The other Graph endpoints: numbers, the account, its subscription, prices, and a message's history."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.pricing import parse_analytics, pricing_analytics
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.meta import media
from providers.simulator.wires.meta.access import (
    account_by_token,
    graph_response,
    json_body,
    number_of,
    template_of,
    waba_of,
)
from providers.simulator.wires.meta.envelope import handshake
from providers.simulator.wires.meta.errors import UnknownObject
from providers.simulator.wires.meta.templates import template_json
from providers.simulator.world import Account, Number

APPLICATION_ID = "778120934455102"
NUMBER_FIELDS = (
    "verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type",
    "throughput", "webhook_configuration",
)  # fmt: skip
LISTED_NUMBER_FIELDS = ("verified_name", "code_verification_status", "display_phone_number", "quality_rating")
TEMPLATE_FIELDS = ("name", "language", "status", "category", "components", "parameter_format")
CURSORS = {"before": "MAZDZD", "after": "MAZDZD"}


async def get_object(request: web.Request) -> web.Response:
    """``GET /{id}?fields=…``: a number, a template, or the account (with ``pricing_analytics``)."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    object_id = request.match_info["object_id"]
    asked = request.query.get("fields", "")
    if object_id == account.waba_id:
        return graph_response(request, _account_json(request, account, asked))
    fields = tuple(item.strip() for item in asked.split(",") if item.strip())
    file = simulator.shelf.get(object_id, account.waba_id)
    if file is not None:
        return graph_response(request, media.about(file, f"{request.scheme}://{request.host}"))
    if object_id in simulator.world.templates:
        template = template_of(simulator, account, object_id)
        return graph_response(request, template_json(template, fields or TEMPLATE_FIELDS))
    number = number_of(simulator.world, account, object_id)
    return graph_response(request, _number_json(account, number, fields or NUMBER_FIELDS))


def _number_json(account: Account, number: Number, fields: tuple[str, ...]) -> Json:
    values: Json = {
        "verified_name": number.verified_name,
        "code_verification_status": "VERIFIED",
        "display_phone_number": number.display_phone_number,
        "quality_rating": number.quality_rating,
        "platform_type": "CLOUD_API",
        "status": number.status,
        "throughput": {"level": number.throughput},
        "webhook_configuration": {"application": account.webhook_url},
        "whatsapp_business_manager_messaging_limit": number.messaging_limit,
        "messaging_limit_tier": number.messaging_limit,
        "name_status": "APPROVED",
        "account_mode": "LIVE",
    }
    return {**{name: values[name] for name in fields if name in values}, "id": number.phone_number_id}


def _account_json(request: web.Request, account: Account, asked: str) -> Json:
    if asked.startswith("pricing_analytics"):
        try:
            query = parse_analytics(asked)
        except ValueError as problem:
            raise Refusal(100, str(problem)) from problem
        return pricing_analytics(account, request.app[SIMULATOR].record.charges, query)
    values = {"id": account.waba_id, "name": account.name, "currency": account.currency, "timezone_id": "1"}
    fields = [item.strip() for item in asked.split(",") if item.strip()] or list(values)
    return {**{name: values[name] for name in fields if name in values}, "id": account.waba_id}


async def list_numbers(request: web.Request) -> web.Response:
    """``GET /{waba_id}/phone_numbers``."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"])
    asked = request.query.get("fields", "")
    fields = tuple(item.strip() for item in asked.split(",") if item.strip()) or LISTED_NUMBER_FIELDS
    found = [_number_json(account, number, fields) for number in simulator.world.numbers_of(account.waba_id)]
    paging = {"paging": {"cursors": CURSORS}} if found else {}
    return graph_response(request, {"data": found, **paging})


async def subscribe(request: web.Request) -> web.Response:
    """``POST /{waba_id}/subscribed_apps``; with ``override_callback_uri`` it verifies and takes over that URL."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"], "post")
    body = await json_body(request) if request.can_read_body else {}
    url = body.get("override_callback_uri")
    if url is not None:
        verify_token = str(body.get("verify_token", ""))
        problem = await handshake(simulator.webhooks.session, str(url), verify_token)
        if problem is not None:
            raise Refusal(100, f"Callback verification failed: {problem}")
        account.webhook_url, account.verify_token = str(url), verify_token
    account.subscribed = True
    simulator.save(account)
    return graph_response(request, {"success": True})


async def unsubscribe(request: web.Request) -> web.Response:
    """``DELETE /{waba_id}/subscribed_apps``: no webhooks from now on."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"], "delete")
    account.subscribed = False
    simulator.save(account)
    return graph_response(request, {"success": True})


async def list_subscriptions(request: web.Request) -> web.Response:
    """``GET /{waba_id}/subscribed_apps``."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"])
    application: dict[str, Any] = {
        "whatsapp_business_api_data": {"id": APPLICATION_ID, "link": "https://example.com/", "name": "Simulated app"}
    }
    return graph_response(request, {"data": [application] if account.subscribed else []})


async def message_history(request: web.Request) -> web.Response:
    """``GET /{phone_number_id}/message_history?message_id=…``: what happened to a message whose id is known."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    number = number_of(simulator.world, account, request.match_info["object_id"])
    wamid = request.query.get("message_id")
    if not wamid:
        raise Refusal(100, "The parameter message_id is required.")
    message = simulator.record.messages.get(wamid)
    if message is None or message.phone_number_id != number.phone_number_id:
        return graph_response(request, {"data": []})
    entry = {"id": str(10**15 + message.request_id), "message_id": wamid, "events": _events(account, message)}
    return graph_response(request, {"data": [entry], "paging": {"cursors": CURSORS}})


def _events(account: Account, message: Message) -> Json:
    events: list[Json] = []
    for position, status in enumerate(message.statuses):
        event: Json = {
            "id": str(10**15 + message.request_id * 10 + position),
            "delivery_status": status.status.upper(),
            "webhook_update_state": status.webhook,
            "timestamp": status.at,
            "application": {"id": APPLICATION_ID},
            "webhook_uri": account.webhook_url,
        }
        if status.error:
            event["error_description"] = status.error
        events.append(event)
    return {"data": events, "paging": {"cursors": {"before": "MAZDZD", "after": "MQZDZD"}}}


async def unknown_object(request: web.Request) -> web.Response:
    """Any other path: Graph says that the object does not exist."""
    account_by_token(request.app[SIMULATOR].world, request)
    raise UnknownObject(request.match_info["object_id"], request.method.lower())
