"""The wire of Bird (MessageBird)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from aiohttp import web

from providers.simulator.documents import Json, compact_bytes
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import served
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.messagebird import templates, webhooks
from providers.simulator.wires.messagebird.errors import AT_ONCE, InvalidField, error_answer
from providers.simulator.wires.messagebird.send import order_of
from providers.simulator.world import Account, Customer, Number, Template

WORKSPACE = "/workspaces/{workspace_id}"
MESSAGES = WORKSPACE + "/channels/{channel_id}/messages"
PAGE_SIZE, LARGEST_PAGE = 10, 100


class MessageBirdWire(Wire):
    """Bird's paths, bodies, errors, signed events and look-ups. It tells nothing of templates."""

    slug = "messagebird"
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    at_once = AT_ONCE

    def routes(self) -> Iterable[web.RouteDef]:
        """One host."""
        return (
            web.post(MESSAGES, sends(self)),
            web.get("/media/{media_id}", self.media),
            web.get(MESSAGES, self.list_messages),
            web.get(MESSAGES + "/{message_id}", self.get_message),
            web.get(WORKSPACE + "/projects", self.list_projects),
            web.get(WORKSPACE + "/projects/{project_id}/channel-templates", self.list_templates),
        )

    async def media(self, request: web.Request) -> web.StreamResponse:
        """``GET …/{id}`` at the host of files, with an access key."""
        call, shelf = await call_of(request), request.app[SIMULATOR].shelf
        account = call.world.account_with_token(self.slug, call.authorization("AccessKey"))
        if account is None:
            raise Refusal(190)
        return await served(request, shelf, shelf.get(request.match_info["media_id"], account.waba_id))

    def account(self, call: Call) -> Account:
        """The account of the access key, if it is that of the path's workspace."""
        key = call.authorization("AccessKey")
        if not key:
            raise Refusal(104)
        account = call.world.account_with_token(self.slug, key)
        if account is None or account.token_revoked:
            raise Refusal(190)
        if call.request.match_info.get("workspace_id") != account.settings.get("workspace_id"):
            raise Refusal(200)
        return account

    def read(self, call: Call) -> list[Order]:
        """The one message of the request."""
        return [order_of(call.request.match_info["channel_id"], call.json())]

    def template(self, call: Call, account: Account, customer: Customer, order: Order) -> Template:
        """By project, version and locale; the studio knows whether it is active."""
        for found in templates.by_project(call.world.templates_of(account.waba_id)).get(order.template_id, []):
            versions = (templates.LATEST, templates.version_id(found))
            if found.language == order.language and order.extra["version"] in versions:
                if found.status in ("PAUSED", "DISABLED"):
                    raise Refusal(132015 if found.status == "PAUSED" else 132016)
                if found.status == "APPROVED":
                    return found
        raise Refusal(132001)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """Bird's error."""
        status, body = error_answer(refusal)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The message, accepted."""
        message = results[0].accepted
        return json_response(webhooks.message_json(message, _number(call, message)), 202)

    def status(self, fact: StatusFact) -> list[Note]:
        """One event."""
        return [webhooks.status_note(fact)]

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One event; messages of other kinds, and people without a phone, are not told."""
        return (
            [webhooks.inbound_note(fact)]
            if fact.kind in ("text", "button", *FILE_KINDS) and fact.customer.wa_id
            else []
        )

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One event per request."""
        return Hook(compact_bytes(told[0].note.value))

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """With the signing key, over the address too."""
        return webhooks.signature_headers(account.app_secret, url, hook.body, at)

    async def get_message(self, request: web.Request) -> web.Response:
        """``GET …/messages/{message_id}``."""
        call = await call_of(request)
        account = self.account(call)
        message = call.record.messages.get(request.match_info["message_id"])
        if message is None or not _of_channel(request, account, message):
            raise Refusal(133010)
        return json_response(webhooks.message_json(message, _number(call, message)))

    async def list_messages(self, request: web.Request) -> web.Response:
        """``GET …/messages``: the newest first, by direction, status and time."""
        call = await call_of(request)
        account, query = self.account(call), request.query
        if call.world.number_of(account.waba_id, request.match_info["channel_id"]) is None:
            raise Refusal(133010)
        found: list[Json] = []
        if query.get("direction", "outgoing") == "outgoing":
            begins, ends = (_moment(query, name) for name in ("startAt", "endAt"))
            found = [
                webhooks.message_json(message, _number(call, message))
                for message in reversed(list(call.record.messages.values()))
                if _of_channel(request, account, message)
                and (begins is None or message.at >= begins)
                and (ends is None or message.at < ends)
            ]
        if "status" in query:
            found = [item for item in found if item["status"] == query["status"]]
        return _page(query, found)

    async def list_projects(self, request: web.Request) -> web.Response:
        """``GET …/projects``: those of channel templates."""
        call = await call_of(request)
        account = self.account(call)
        projects = templates.by_project(call.world.templates_of(account.waba_id))
        wanted = request.query.get("type", "channelTemplate") == "channelTemplate"
        return _page(request.query, [templates.project_json(found[0]) for found in projects.values()] if wanted else [])

    async def list_templates(self, request: web.Request) -> web.Response:
        """``GET …/projects/{project_id}/channel-templates``."""
        call = await call_of(request)
        account = self.account(call)
        projects = templates.by_project(call.world.templates_of(account.waba_id))
        found = projects.get(request.match_info["project_id"])
        if found is None:
            raise Refusal(133010)
        return _page(request.query, [templates.version_json(found)])


def _of_channel(request: web.Request, account: Account, message: Message) -> bool:
    return message.waba_id == account.waba_id and message.phone_number_id == request.match_info["channel_id"]


def _number(call: Call, message: Message) -> Number:
    return call.world.numbers[message.phone_number_id]


def _moment(query: Mapping[str, str], name: str) -> float | None:
    try:
        return datetime.fromisoformat(query[name]).timestamp() if name in query else None
    except ValueError as problem:
        raise InvalidField(f".{name}", "must be a time") from problem


def _page(query: Mapping[str, str], found: list[Json]) -> web.Response:
    start, size = _whole(query, "pageToken", 0), min(_whole(query, "limit", PAGE_SIZE), LARGEST_PAGE)
    following = str(start + size) if start + size < len(found) else ""
    return json_response({"results": found[start : start + size], "nextPageToken": following})


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    words = query.get(name, "") or str(usual)
    if not words.isdigit():
        raise InvalidField(f".{name}", "must be a number")
    return int(words)
