"""The wire of 360dialog: Meta's, with other paths, another key and no signature."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import aiohttp
from aiohttp import web

from providers.simulator.documents import mapping
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.media_serving import served
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Hook, Order, Result, Told, Wire
from providers.simulator.wires.dialog360 import templates
from providers.simulator.wires.dialog360.errors import error_answer
from providers.simulator.wires.meta import media
from providers.simulator.wires.meta.envelope import envelope, webhook_bytes
from providers.simulator.wires.meta.send import answer_body, order_of
from providers.simulator.wires.meta.wire import MetaWire
from providers.simulator.world import Account, Number

KEY_HEADER = "D360-API-KEY"
PARTNER = "/api/v2/partners/{partner_id}/waba_accounts/{waba_account_id}"


class Dialog360Wire(MetaWire):
    """360dialog's paths, key, own errors, template list and webhook headers."""

    slug = "dialog360"

    def routes(self) -> Iterable[web.RouteDef]:
        """No version and no number in the paths."""
        return (
            web.post("/messages", sends(self)),
            web.post("/v1/configs/webhook", self.set_webhook),
            web.get("/v1/configs/templates", self.list_templates),
            web.post("/v1/configs/templates", self.create_template),
            web.delete("/v1/configs/templates/{name}", self.delete_templates),
            web.patch(PARTNER + "/waba_templates/{template_id}", self.edit_template),
            web.get(r"/{media_id:\d+}", self.media_about),
            web.get(media.ATTACHMENTS, self.media_download),
        )

    def account(self, call: Call) -> Account:
        """The account of the API key; at the Partner API of the partner's, its id and 360dialog's id of the WABA."""
        named = call.request.match_info
        if "partner_id" in named:
            ids = {name: named[name] for name in ("partner_id", "waba_account_id")}
            partner_key = call.request.headers.get("X-API-Key", "")
            partner = call.world.account_with(self.slug, partner_api_key=partner_key, **ids) if partner_key else None
            if partner is None:
                raise Refusal(190)
            return partner
        key = call.request.headers.get(KEY_HEADER, "")
        if not key:
            raise Refusal(104)
        account = call.world.account_with_token(self.slug, key)
        if account is None or account.token_revoked:
            raise Refusal(190)
        return account

    def read(self, call: Call) -> list[Order]:
        """The one message of the request; its sender is the key's number."""
        return [order_of("", call.json())]

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The account's only number."""
        return Wire.number(self, call, account, order)

    def graph_version(self, call: Call, account: Account) -> str:
        """There is no version on the wire."""
        return account.graph_version

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """An own error, or Meta's."""
        status, body = error_answer(refusal)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """Meta's answer."""
        return json_response(answer_body(results[0].accepted))

    async def set_webhook(self, request: web.Request) -> web.Response:
        """``POST /v1/configs/webhook``: the URL of this number, and headers that each webhook will carry."""
        call = await call_of(request)
        account, body = self.account(call), call.json()
        if not isinstance(body.get("url"), str) or not body["url"]:
            raise Refusal(100, "url is required.")
        account.webhook_url = body["url"]
        account.settings["webhook_headers"] = json.dumps(mapping(body.get("headers")))
        request.app[SIMULATOR].save(account)
        return json_response({"url": account.webhook_url})

    async def list_templates(self, request: web.Request) -> web.Response:
        """``GET /v1/configs/templates``."""
        call = await call_of(request)
        return templates.listed(call, self.account(call))

    async def create_template(self, request: web.Request) -> web.Response:
        """``POST /v1/configs/templates``."""
        call = await call_of(request)
        return templates.created(request.app[SIMULATOR], call, self.account(call))

    async def edit_template(self, request: web.Request) -> web.Response:
        """``PATCH …/waba_templates/{template_id}``, of the Partner API."""
        call = await call_of(request)
        return templates.changed(request.app[SIMULATOR], call, self.account(call))

    async def delete_templates(self, request: web.Request) -> web.Response:
        """``DELETE /v1/configs/templates/{name}``."""
        call = await call_of(request)
        return templates.deleted(request.app[SIMULATOR], call, self.account(call))

    async def media_about(self, request: web.Request) -> web.Response:
        """``GET /{media_id}``: its address is at Meta's host, and read at this one."""
        call = await call_of(request)
        file = request.app[SIMULATOR].shelf.get(request.match_info["media_id"], self.account(call).waba_id)
        if file is None:
            raise Refusal(100, "Unsupported get request. Object does not exist.")
        return json_response(media.about(file, "https://lookaside.fbsbx.com"))

    async def media_download(self, request: web.Request) -> web.StreamResponse:
        """``GET /whatsapp_business/attachments/?mid=…`` with the key."""
        call, shelf = await call_of(request), request.app[SIMULATOR].shelf
        return await served(request, shelf, shelf.get(request.query.get("mid", ""), self.account(call).waba_id))

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """Meta's envelope, with the headers that were asked for."""
        own = {name: str(value) for name, value in json.loads(account.settings.get("webhook_headers", "{}")).items()}
        return Hook(webhook_bytes(envelope(told)), {"Content-Type": "application/json", **own})

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """Webhooks of numbers are not signed."""
        return {}

    def received(self, status: int) -> bool:
        """Any success."""
        return 200 <= status < 300

    async def verify_callback(self, session: aiohttp.ClientSession, url: str, verify_token: str) -> str | None:
        """There is no handshake."""
        return None
