"""The wire of Twilio."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import served
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.twilio import lookup, templates, usage, webhooks
from providers.simulator.wires.twilio.content import filling
from providers.simulator.wires.twilio.errors import AT_ONCE, NO_CONTENT, TwilioError, error_answer, not_found
from providers.simulator.wires.twilio.send import PREFIX, VERSION, order_of, resource, values_of
from providers.simulator.world import Account, Customer, Number, Template

MESSAGES = f"/{VERSION}/Accounts/{{account_sid}}/Messages"
CONTENT = "/v1/Content/{content_sid}"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answerer = Callable[[Call, Account], web.Response]


class TwilioWire(Wire):
    """Twilio's paths (of both hosts), forms, errors and callbacks. It tells nothing of templates: they are polled."""

    slug = "twilio"
    at_once = AT_ONCE
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    # The first and one more; Twilio tries more often only as the URL's fragment says, which is not read here.
    retry_limit = 2

    def routes(self) -> Iterable[web.RouteDef]:
        """Messages, usage, and the Content API."""
        return (
            web.post(f"{MESSAGES}.json", sends(self)),
            web.get(f"{MESSAGES}.json", self._answering(lookup.listed)),
            web.get(f"{MESSAGES}/{{message_sid}}.json", self._answering(lookup.one)),
            web.get(f"/{VERSION}/Accounts/{{account_sid}}/Usage/Records/Daily.json", self._answering(usage.daily)),
            web.get(f"{MESSAGES}/{{message_sid}}/Media/{{media_sid}}", self.media),
            web.get("/cdn/{media_sid}", self.cdn),
            web.get("/v1/ContentAndApprovals", self._answering(templates.listed)),
            web.get("/v2/ContentAndApprovals", self._answering(templates.listed)),
            web.post("/v1/Content", self._answering(lambda call, account: templates.create(call, account, self))),
            web.get(CONTENT, self._answering(templates.fetch)),
            web.put(CONTENT, self._answering(templates.change)),
            web.delete(CONTENT, self._answering(templates.delete)),
            web.get(f"{CONTENT}/ApprovalRequests", self._answering(templates.approvals)),
            web.post(f"{CONTENT}/ApprovalRequests/whatsapp", self._answering(templates.submit)),
        )

    def _answering(self, answer: Answerer) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = await call_of(request)
            return answer(call, self.account(call))

        return handle

    async def media(self, request: web.Request) -> web.StreamResponse:
        """``GET …/Media/{sid}`` with the account's key: leads on to an address that opens by itself."""
        call = await call_of(request)
        file = request.app[SIMULATOR].shelf.get(request.match_info["media_sid"], self.account(call).waba_id)
        if file is None:
            raise not_found(request.path.removeprefix(f"/{self.slug}"))
        return web.Response(status=307, headers={"Location": f"/{self.slug}/cdn/{file.id}"})

    async def cdn(self, request: web.Request) -> web.StreamResponse:
        """Where the files of messages lie."""
        shelf = request.app[SIMULATOR].shelf
        return await served(request, shelf, shelf.any(request.match_info["media_sid"]))

    # --- requests ---------------------------------------------------------------------------------------------

    def account(self, call: Call) -> Account:
        """The account of the auth token or API key; the path must be its own."""
        user, password = _basic(call)
        if not user:
            raise Refusal(104)
        account = call.world.account_with_token(self.slug, password)
        if account is None or webhooks.account_sid(account) != user:
            account = call.world.account_with(self.slug, api_key_sid=user, api_key_secret=password)
        if account is None or account.token_revoked:
            raise Refusal(190)
        if call.request.match_info.get("account_sid", webhooks.account_sid(account)) != webhooks.account_sid(account):
            raise not_found(call.request.path.removeprefix(f"/{self.slug}"))
        return account

    def read(self, call: Call) -> list[Order]:
        """The one message of the form; what fills it depends on the content."""
        order, values = order_of(call.form()), values_of(call.form())
        template = call.world.templates.get(order.template_id)
        if template is None or values is None:
            return [order]
        return [replace(order, fill=filling(template, values))]

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The number in ``From``, or one of the messaging service."""
        service, sender = order.extra["service"], call.form().get("From", "")
        numbers = call.world.numbers_of(account.waba_id)
        if service and (service != account.settings.get("messaging_service_sid") or not numbers):
            raise TwilioError(400, 21705, "The Messaging Service Sid is invalid")
        if not sender:
            if service:
                return numbers[0]
            raise TwilioError(400, 21603, "A 'From' phone number is required.")
        if not sender.startswith(PREFIX):
            raise TwilioError(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
        return super().number(call, account, order)

    def customer(self, call: Call, account: Account, number: Number, order: Order) -> Customer:
        """The recipient; a phone must be written in full."""
        try:
            return super().customer(call, account, number, order)
        except Refusal as refusal:
            if refusal.code != 100:
                raise
            raise TwilioError(400, 21211, f"Invalid 'To' Phone Number: {PREFIX}{order.recipient[:6]}XXXX") from refusal

    def template(self, call: Call, account: Account, customer: Customer, order: Order) -> Template:
        """The content; one that is not the account's is refused at once, one that may not be sent fails later."""
        template = call.world.templates.get(order.template_id)
        if template is None or template.waba_id != account.waba_id:
            raise TwilioError(*NO_CONTENT)
        return super().template(call, account, customer, order)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """Twilio's error."""
        status, body = error_answer(refusal)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The message resource."""
        message = results[0].accepted
        number = call.world.numbers[message.phone_number_id]
        account = call.world.accounts[message.waba_id]
        body = resource(message, number, webhooks.account_sid(account))
        return json_response(body, 201, headers={"Twilio-Concurrent-Requests": "1"})

    def new_message_id(self, order: Order, customer: Customer) -> str:
        """SM and 32 hexadecimal digits."""
        return "SM" + secrets.token_hex(16)

    def new_inbound_id(self, customer: Customer) -> str:
        """SM and 32 hexadecimal digits."""
        return "SM" + secrets.token_hex(16)

    def new_template_id(self) -> str:
        """HX and 32 hexadecimal digits."""
        return "HX" + secrets.token_hex(16)

    # --- webhooks ---------------------------------------------------------------------------------------------

    def status(self, fact: StatusFact) -> list[Note]:
        """Callbacks to the message's own URL."""
        return webhooks.status_notes(fact)

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One form; a message of an unsupported kind is not told."""
        return [] if fact.kind == "unsupported" else [webhooks.inbound_note(fact)]

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One form per request."""
        return Hook(
            urlencode(told[0].note.value).encode(),
            {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        )

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """With the primary auth token."""
        return webhooks.signature_headers(account, url, hook.body)


def _basic(call: Call) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(call.authorization("Basic"), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password
