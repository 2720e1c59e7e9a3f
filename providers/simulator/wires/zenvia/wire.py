"""The wire of Zenvia."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence

from aiohttp import web

from providers.simulator.documents import compact_bytes, mapping
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import open_address
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.zenvia import changes, templates, webhooks
from providers.simulator.wires.zenvia.errors import AT_ONCE, InvalidField, error_answer
from providers.simulator.wires.zenvia.send import answer_body, order_of
from providers.simulator.world import Account, Number


class ZenviaWire(Wire):
    """Zenvia's paths, bodies, errors and webhooks. It has no look-up, and tells no changes of templates."""

    slug = "zenvia"
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    at_once = AT_ONCE

    def routes(self) -> Iterable[web.RouteDef]:
        """The paths below /v2, which a base URL may or may not hold."""
        for prefix in ("", "/v2"):
            yield web.post(prefix + "/channels/whatsapp/messages", sends(self))
            yield web.post(prefix + "/subscriptions", self.subscribe)
            yield web.get(prefix + "/media/{media_id}", open_address)
            yield web.get(prefix + "/templates", self.list_templates)
            yield web.post(prefix + "/templates", self.create_template)
            yield web.patch(prefix + "/templates/{template}", self.change_template)
            yield web.delete(prefix + "/templates/{template}", self.delete_template)

    def account(self, call: Call) -> Account:
        """The account of the token."""
        token = call.request.headers.get("X-API-TOKEN", "")
        if not token:
            raise Refusal(104)
        account = call.world.account_with_token(self.slug, token)
        if account is None or account.token_revoked:
            raise Refusal(190)
        return account

    def read(self, call: Call) -> list[Order]:
        """The one message of the request."""
        return [order_of(call.json())]

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The number in ``from``, or the one that the alias stands for."""
        numbers = call.world.numbers_of(account.waba_id)
        if numbers and order.sender and order.sender == account.settings.get("alias"):
            return numbers[0]
        if not order.sender:
            raise order.problem or InvalidField("from")
        return super().number(call, account, order)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """Zenvia's error."""
        status, body = error_answer(refusal)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The message as Zenvia keeps it."""
        return json_response(answer_body(results[0].accepted))

    def status(self, fact: StatusFact) -> list[Note]:
        """One event."""
        return [webhooks.status_note(fact)]

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One event; a message of an unsupported kind is not told."""
        return [] if fact.kind == "unsupported" else [webhooks.inbound_note(fact)]

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One event per request."""
        note = told[0].note
        return Hook(compact_bytes(note.value), webhooks.headers(account, note.field))

    async def subscribe(self, request: web.Request) -> web.Response:
        """``POST /subscriptions``: where the events of one type go, and with which headers."""
        call = await call_of(request)
        account, body = self.account(call), call.json()
        kind, webhook = body.get("eventType"), mapping(body.get("webhook"))
        if kind not in (webhooks.STATUS, webhooks.MESSAGE):
            raise InvalidField("eventType")
        if not webhook.get("url"):
            raise InvalidField("webhook.url")
        account.settings[f"{kind}_url"] = str(webhook["url"])
        account.settings[f"{kind}_headers"] = json.dumps(mapping(webhook.get("headers")))
        request.app[SIMULATOR].save(account)
        return json_response({"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account.waba_id}:{kind}")), **body})

    async def list_templates(self, request: web.Request) -> web.Response:
        """``GET /templates``."""
        call = await call_of(request)
        return templates.listed(call, self.account(call))

    async def create_template(self, request: web.Request) -> web.Response:
        """``POST /templates``."""
        call = await call_of(request)
        return changes.created(call, self.account(call))

    async def change_template(self, request: web.Request) -> web.Response:
        """``PATCH /templates/{id}``."""
        call = await call_of(request)
        account = self.account(call)
        return changes.changed(call, account, templates.sender_of(call, account))

    async def delete_template(self, request: web.Request) -> web.Response:
        """``DELETE /templates/{id}``."""
        call = await call_of(request)
        return changes.deleted(call, self.account(call))
