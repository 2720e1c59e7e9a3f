"""The wire of Sinch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from aiohttp import web

from providers.simulator.documents import Json, compact_bytes
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import open_address
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.sinch import webhooks
from providers.simulator.wires.sinch.access import PROVIDER, ExpiredToken, account_of, oauth_token
from providers.simulator.wires.sinch.errors import AT_ONCE, error_answer, provisioning_answer
from providers.simulator.wires.sinch.send import order_of
from providers.simulator.world import Account, Customer, Number

PROJECT = "/v1/projects/{project_id}"
LARGEST_PAGE = 1000
PAGE_SIZE = 10
TEMPLATE_PAGE_SIZE = 50
TEMPLATE_STATES = {"PENDING": "IN_PROGRESS"}
SOURCES = {"CONVERSATION_SOURCE": "CONVERSATION", "DISPATCH_SOURCE": "DISPATCH"}


class SinchWire(Wire):
    """Sinch's paths, bodies, errors, callbacks and look-up. It tells nothing of templates."""

    slug = PROVIDER
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    at_once = AT_ONCE

    def routes(self) -> Iterable[web.RouteDef]:
        """Three hosts: conversation, auth, provisioning."""
        return (
            web.post("/oauth2/token", oauth_token),
            web.get(r"/media/{media_id:\d+}.{ending}", open_address),
            web.post(PROJECT + "/messages:send", sends(self)),
            web.get(PROJECT + "/messages", self.list_messages),
            web.get(PROJECT + "/messages/{message_id}", self.get_message),
            web.get(PROJECT + "/whatsapp/templates", self.list_templates),
        )

    def account(self, call: Call) -> Account:
        """The account of the credentials."""
        return account_of(call)

    def read(self, call: Call) -> list[Order]:
        """The one message of the request."""
        return [order_of(call.json())]

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The number of the app."""
        numbers = call.world.numbers_of(account.waba_id)
        if not numbers or not order.sender or order.sender != account.settings.get("app_id"):
            raise Refusal(133010)
        return numbers[0]

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """An error of the API that the path belongs to."""
        provisioning = "/whatsapp/" in call.request.path
        status, body = provisioning_answer(refusal) if provisioning else error_answer(refusal)
        return json_response(body, status, headers=refusal.headers if isinstance(refusal, ExpiredToken) else None)

    def new_message_id(self, order: Order, customer: Customer) -> str:
        """A ULID."""
        return webhooks.new_ulid()

    def new_inbound_id(self, customer: Customer) -> str:
        """A ULID."""
        return webhooks.new_ulid()

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The id and the time."""
        message = results[0].accepted
        return json_response({"message_id": message.wamid, "accepted_time": webhooks.iso(message.at)})

    def status(self, fact: StatusFact) -> list[Note]:
        """One callback."""
        return [webhooks.status_note(fact)]

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One callback; a message of an unsupported kind is not told."""
        return [] if fact.kind == "unsupported" else [webhooks.inbound_note(fact)]

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One callback per request."""
        return Hook(compact_bytes(told[0].note.value))

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """With the webhook's secret, or the app's for a message's own callback URL."""
        secret = account.app_secret
        if url != account.webhook_url:
            secret = account.settings.get("callback_url_secret", secret)
        return webhooks.signature_headers(secret, hook.body, at)

    async def get_message(self, request: web.Request) -> web.Response:
        """``GET …/messages/{message_id}``."""
        call = await call_of(request)
        account = self.account(call)
        message = call.record.messages.get(request.match_info["message_id"])
        if message is None or message.waba_id != account.waba_id:
            raise Refusal(133010, "Message not found")
        return json_response(webhooks.message_json(message))

    async def list_messages(self, request: web.Request) -> web.Response:
        """``GET …/messages``: the newest first, by app, identity, time, direction and source."""
        call = await call_of(request)
        account, query = self.account(call), request.query
        if query.get("app_id", account.settings.get("app_id")) != account.settings.get("app_id"):
            raise Refusal(133010)
        found: list[Message] = []
        if query.get("direction", "TO_CONTACT") == "TO_CONTACT" and query.get("channel", "WHATSAPP") == "WHATSAPP":
            found = [
                message
                for message in call.record.find_messages(to=query.get("channel_identity"), reference=None)
                if message.waba_id == account.waba_id and _asked(query, message)
            ]
        found.reverse()
        size = min(_whole(query, "page_size", PAGE_SIZE), LARGEST_PAGE)
        return _page("messages", [webhooks.message_json(item) for item in found], _whole(query, "page_token", 0), size)

    async def list_templates(self, request: web.Request) -> web.Response:
        """``GET …/whatsapp/templates`` of the provisioning API."""
        call = await call_of(request)
        account, query = self.account(call), request.query
        found = [
            {
                "name": item.name,
                "language": item.language,
                "category": item.category,
                "state": TEMPLATE_STATES.get(item.status, item.status),
                "details": {"components": item.components},
            }
            for item in call.world.templates_of(account.waba_id)
        ]
        start, size = _whole(query, "pageToken", 0), _whole(query, "pageSize", TEMPLATE_PAGE_SIZE)
        following = str(start + size) if start + size < len(found) else ""
        page = found[start : start + size]
        return json_response({"templates": page, "pageSize": size, "nextPageToken": following})


def _asked(query: Mapping[str, str], message: Message) -> bool:
    source = SOURCES.get(query.get("messages_source", "CONVERSATION_SOURCE"))
    begins, ends = (_moment(query, name) for name in ("start_time", "end_time"))
    in_time = (begins is None or message.at >= begins) and (ends is None or message.at < ends)
    return in_time and message.extra["mode"] == source


def _moment(query: Mapping[str, str], name: str) -> float | None:
    try:
        return datetime.fromisoformat(query[name]).timestamp() if name in query else None
    except ValueError as problem:
        raise Refusal(100, name) from problem


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name, "") or str(usual)
    if not text.isdigit():
        raise Refusal(100, name)
    return int(text)


def _page(name: str, found: list[Json], start: int, size: int) -> web.Response:
    following = str(start + size) if start + size < len(found) else ""
    return json_response({name: found[start : start + size], "next_page_token": following})
