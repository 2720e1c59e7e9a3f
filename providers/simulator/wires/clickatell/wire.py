"""The wire of Clickatell."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from aiohttp import web

from providers.simulator.documents import compact_bytes
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.refusal import Refusal
from providers.simulator.wires.clickatell import webhooks
from providers.simulator.wires.clickatell.errors import MESSAGE, REQUEST, BadMessage, request_error
from providers.simulator.wires.clickatell.send import answer_body, orders_of
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.world import Account, Customer, Number, Template


class ClickatellWire(Wire):
    """Clickatell's paths, bodies, errors and callbacks. Templates are made and approved on its site."""

    slug = "clickatell"
    at_once = REQUEST.keys() | MESSAGE.keys()

    def routes(self) -> Iterable[web.RouteDef]:
        """The send and the look-up by its own id."""
        return (
            web.post("/v1/message", sends(self)),
            web.get("/v1/message/{message_id}", self.get_message),
        )

    def account(self, call: Call) -> Account:
        """The account of the key."""
        key = call.request.headers.get("Authorization", "").strip()
        if not key:
            raise Refusal(104)
        account = call.world.account_with_token(self.slug, key)
        if account is None or account.token_revoked:
            raise Refusal(190)
        return account

    def read(self, call: Call) -> list[Order]:
        """All messages of the request."""
        return orders_of(call.json())

    def customer(self, call: Call, account: Account, number: Number, order: Order) -> Customer:
        """The recipient; one that is no phone refuses only its message."""
        try:
            return super().customer(call, account, number, order)
        except Refusal as refusal:
            raise BadMessage("105", "Invalid Destination Address.") from refusal

    def template(self, call: Call, account: Account, customer: Customer, order: Order) -> Template:
        """The template of the name, whatever its language."""
        named = [item for item in call.world.templates_of(account.waba_id) if item.name == order.template_name]
        found = replace(order, language=named[0].language) if named else order
        return super().template(call, account, customer, found)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """An error of the whole request."""
        if refusal.code == 133010 and call.request.method == "GET":
            return json_response({"messages": [], "error": {"code": "104", "description": "Unknown message."}}, 404)
        status, body = request_error(refusal)
        return json_response(body, status)

    def refuses_request(self, code: int) -> bool:
        """Key, rights, balance and rate are the whole request's; an address is its message's."""
        return code not in MESSAGE

    def new_message_id(self, order: Order, customer: Customer) -> str:
        """32 hexadecimal digits."""
        return uuid.uuid4().hex

    def new_inbound_id(self, customer: Customer) -> str:
        """32 hexadecimal digits."""
        return uuid.uuid4().hex

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """One result per message."""
        status, body = answer_body(results)
        return json_response(body, status)

    def status(self, fact: StatusFact) -> list[Note]:
        """One callback."""
        return [webhooks.status_note(fact)]

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One callback; a message of an unsupported kind is not told."""
        return [] if fact.kind == "unsupported" else [webhooks.inbound_note(fact)]

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One callback per request."""
        return Hook(compact_bytes(told[0].note.value))

    async def get_message(self, request: web.Request) -> web.Response:
        """``GET /v1/message/{apiMessageId}``."""
        call = await call_of(request)
        account = self.account(call)
        message = call.record.messages.get(request.match_info["message_id"])
        if message is None or message.waba_id != account.waba_id:
            raise Refusal(133010)
        last = message.statuses[-1] if message.statuses else None
        word = webhooks.status_word(last.status, last.code)[1] if last else "QUEUED"
        at = last.at if last else int(message.at)
        return json_response({"whatsapp": {"status": word, "timestamp": at * 1000}})
