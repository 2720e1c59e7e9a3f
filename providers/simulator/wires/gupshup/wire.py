"""The wire of Gupshup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from aiohttp import web

from providers.simulator.documents import compact_bytes, mapping
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.identity import new_message_id
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import open_address
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import change_status, review_later
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, PreferenceFact, StatusFact, TemplateFact
from providers.simulator.wires.gupshup import templates, usage, webhooks
from providers.simulator.wires.gupshup.errors import AT_ONCE, BadForm, error_answer
from providers.simulator.wires.gupshup.send import order_of
from providers.simulator.world import Account, Customer, Number

EXISTS = "Template Already exists with same namespace and elementName and languageCode"
TEMPLATE_PATH = "/template/msg"


class GupshupWire(Wire):
    """Gupshup's paths, forms, errors and v2 events. It echoes no reference, looks nothing up and signs nothing."""

    slug = "gupshup"
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    at_once = AT_ONCE

    def routes(self) -> Iterable[web.RouteDef]:
        """The self-serve paths, and their twins at the partner host."""
        yield web.post("/wa/api/v1" + TEMPLATE_PATH, sends(self))
        yield web.post("/wa/api/v1/msg", sends(self))
        yield web.get("/wa/media/{media_id}", open_address)
        yield web.post("/partner/app/{app_id}" + TEMPLATE_PATH, sends(self))
        for path in ("/wa/app/{app_id}/template", "/partner/app/{app_id}/templates"):
            yield web.get(path, self.list_templates)
            yield web.post(path, self.create_template)
            yield web.delete(path + "/{name}", self.delete_template)
        yield web.put("/partner/app/{app_id}/templates/{template_id}", self.edit_template)
        yield web.post("/partner/app/{app_id}/upload/media", self.upload_media)
        yield web.get("/partner/app/{app_id}/usage", self.daily_usage)
        for path in ("/wa/app/{app_id}/subscription", "/partner/app/{app_id}/subscription"):
            yield web.post(path, self.subscribe)

    def account(self, call: Call) -> Account:
        """The account of the key; in a path with an app it must be the key's."""
        headers = call.request.headers
        token = headers.get("apikey") or headers.get("Authorization") or headers.get("token", "")
        if not token:
            raise Refusal(104)
        account = call.world.account_with_token(self.slug, token)
        if account is None and call.request.path.startswith("/partner/", len(self.slug) + 1):
            account = call.world.account_with(self.slug, partner_app_token=token)
        if account is None or account.token_revoked:
            raise Refusal(190)
        app_id = call.request.match_info.get("app_id")
        if app_id is not None and app_id != account.settings.get("app_id"):
            raise Refusal(133010)
        return account

    def read(self, call: Call) -> list[Order]:
        """The one message of the form."""
        return [order_of(call.form(), is_template=call.request.path.endswith(TEMPLATE_PATH))]

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The number in ``source``, under the name of its app."""
        if not order.sender or order.extra["src.name"] != account.settings.get("app_name", order.extra["src.name"]):
            raise Refusal(133010)
        return super().number(call, account, order)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """Gupshup's error."""
        status, body = error_answer(refusal)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The message id; in the older answer as text, with another word."""
        message_id = results[0].accepted.wamid
        if self.account(call).settings.get("answer") == "plain":
            body = compact_bytes({"status": "success", "messageId": message_id})
            return web.Response(body=body, content_type="text/plain")
        return json_response({"status": "submitted", "messageId": message_id}, 202)

    def status(self, fact: StatusFact) -> list[Note]:
        """``enqueued`` before the first status, ``billing-event`` after the delivery."""
        return webhooks.status_notes(fact)

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One event, if the subscription has it."""
        return self._told(fact.account, webhooks.inbound_note(fact))

    def preference(self, fact: PreferenceFact) -> list[Note]:
        """One event, if the subscription has it."""
        return self._told(fact.account, webhooks.preference_note(fact))

    def template_changed(self, fact: TemplateFact) -> list[Note]:
        """One event for a status, if the subscription has it."""
        return self._told(fact.account, webhooks.template_note(fact))

    def new_inbound_id(self, customer: Customer) -> str:
        """WhatsApp's own."""
        return new_message_id(customer.key, inbound=True)

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One event per request, with the headers of the subscription."""
        return Hook(compact_bytes(told[0].note.value), webhooks.headers(account))

    async def daily_usage(self, request: web.Request) -> web.Response:
        """``GET /partner/app/{app_id}/usage``: from and to, both counted."""
        call = await call_of(request)
        account, asked = self.account(call), request.query
        if not asked.get("from") or not asked.get("to"):
            raise BadForm("Invalid dates")
        found = usage.totals(call.record, account, asked["from"], asked["to"])
        return json_response({"status": "success", "partnerAppUsageList": found})

    async def subscribe(self, request: web.Request) -> web.Response:
        """``POST …/subscription``: where events go, which of them, and with which headers."""
        call = await call_of(request)
        account, form = self.account(call), call.form()
        if form.get("version") not in ("2", None) or not form.get("url"):
            raise BadForm("Invalid subscription")
        account.webhook_url = form["url"]
        account.settings["modes"] = form.get("modes", "ENQUEUED,FAILED")
        account.settings["webhook_headers"] = json.dumps(_headers(form.get("meta", "")))
        request.app[SIMULATOR].save(account)
        return json_response({"status": "success", "subscription": {"url": form["url"], "tag": form.get("tag", "")}})

    async def list_templates(self, request: web.Request) -> web.Response:
        """``GET …/template``."""
        call = await call_of(request)
        account = self.account(call)
        page = templates.list_page(account, call.world.templates_of(account.waba_id), request.query)
        return json_response({"status": "success", "templates": page})

    async def create_template(self, request: web.Request) -> web.Response:
        """``POST …/template``: PENDING at once, then reviewed."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account = self.account(call)
        template = templates.template_of(call.form(), account)
        if call.world.template_named(account.waba_id, template.name, template.language) is not None:
            raise BadForm(EXISTS)
        simulator.save(template)
        review_later(simulator, template)
        return json_response({"status": "success", "template": templates.created_item(account, template)})

    async def edit_template(self, request: web.Request) -> web.Response:
        """``PUT /partner/app/{app_id}/templates/{templateId}``: replaced, and reviewed anew. Its answer is inferred."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account = self.account(call)
        template = call.world.templates.get(request.match_info["template_id"])
        if template is None or template.waba_id != account.waba_id:
            raise BadForm("Template Does not exists")
        templates.change(template, call.form())
        simulator.save(template)
        review_later(simulator, template)
        return json_response({"status": "success"})

    async def upload_media(self, request: web.Request) -> web.Response:
        """``POST /partner/app/{app_id}/upload/media``: the handle of a sample."""
        call = await call_of(request)
        self.account(call)
        fields = templates.multipart_fields(call.body, request.headers.get("Content-Type", ""))
        return json_response({"status": "success", "handleId": {"message": templates.handle_of(fields)}})

    async def delete_template(self, request: web.Request) -> web.Response:
        """``DELETE …/template/{elementName}``: all its languages."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account, name = self.account(call), request.match_info["name"]
        found = [item for item in call.world.templates_of(account.waba_id) if item.name == name]
        if not found:
            raise BadForm("Template Does not exists")
        for template in found:
            change_status(simulator, template, "DELETED")
            simulator.delete_template(template.id)
        return json_response({"status": "success"})

    def _told(self, account: Account, note: Note | None) -> list[Note]:
        return [note] if note is not None and webhooks.is_told(account, note.field) else []


def _headers(meta: str) -> dict[str, str]:
    try:
        given = mapping(mapping(json.loads(meta)).get("headers"))
    except ValueError:
        given = {}
    return {name: str(value) for name, value in given.items()}
