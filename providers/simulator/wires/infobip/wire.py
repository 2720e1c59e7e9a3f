"""The wire of Infobip."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from aiohttp import web

from providers.simulator.documents import Json, compact_bytes
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import served
from providers.simulator.pricing import price
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.usage import charge_of
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, PreferenceFact, StatusFact, TemplateFact
from providers.simulator.wires.infobip import reports, usage
from providers.simulator.wires.infobip.errors import DUPLICATE, PENDING, SINGLE, WHOLE, error_answer, rejected
from providers.simulator.wires.infobip.send import order_of_file, order_of_text, orders_of_messages, orders_of_templates
from providers.simulator.wires.infobip.senders import sender_json
from providers.simulator.wires.infobip.templates import TemplateEndpoints, template_note
from providers.simulator.world import Account, Customer, Number

PROVIDER = "infobip"
TEMPLATE_PATH = "/whatsapp/1/message/template"
TEXT_PATH = "/whatsapp/1/message/text"
FILE_PATH = "/whatsapp/1/message/{kind:image|audio|video|document}"
MESSAGES_PATH = "/messages-api/1/messages"
SENDER_TEMPLATES = "/whatsapp/2/senders/{sender}/templates"
ONE_TEMPLATE = SENDER_TEMPLATES + "/{template}"
REPORTS_KEPT_SECONDS = 48 * 3600
PAGE_SIZE, LARGEST_PAGE = 50, 1000
TOGETHER = ("delivery", "seen", "inbound")


class InfobipWire(TemplateEndpoints, Wire):
    """Infobip's paths, bodies, errors, reports and templates."""

    slug = PROVIDER
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    at_once = WHOLE.keys() | SINGLE.keys()
    batched = True
    numeric_template_ids = True

    def routes(self) -> Iterable[web.RouteDef]:
        """Sends, reports, logs, usage, templates."""
        return (
            web.post(TEMPLATE_PATH, sends(self)),
            web.post(TEXT_PATH, sends(self)),
            web.post(MESSAGES_PATH, sends(self)),
            web.post(FILE_PATH, sends(self)),
            web.get("/messages-api/1/reports", self.list_reports),
            web.get("/omni/1/logs", self.list_logs),
            web.get("/whatsapp/1/senders/quality", self.list_quality),
            web.post("/billing/1/usage/query", self.query_usage),
            web.get("/whatsapp/1/templates", self.list_by_account),
            web.get(SENDER_TEMPLATES, self.list_by_sender),
            web.post(SENDER_TEMPLATES, self.create),
            web.get(ONE_TEMPLATE, self.get),
            web.patch(ONE_TEMPLATE, self.edit),
            web.delete(ONE_TEMPLATE, self.delete),
            web.get("/whatsapp/1/senders/{sender}/media/{media_id}", self.media),
        )

    def account(self, call: Call) -> Account:
        """By the API key."""
        if "Authorization" not in call.request.headers:
            raise Refusal(104)
        account = call.world.account_with_token(PROVIDER, call.authorization("App"))
        if account is None or account.token_revoked:
            raise Refusal(190)
        return account

    def read(self, call: Call) -> list[Order]:
        """The messages of the request."""
        path = call.request.path
        if path.endswith(TEXT_PATH):
            return [order_of_text(call.json())]
        if "kind" in call.request.match_info:
            return [order_of_file(call.json(), call.request.match_info["kind"])]
        return orders_of_messages(call.json()) if path.endswith(MESSAGES_PATH) else orders_of_templates(call.json())

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The sender, for a message whose id was not used before."""
        if order.reference in call.record.messages:
            raise Refusal(DUPLICATE)
        return super().number(call, account, order)

    def refuses_request(self, code: int) -> bool:
        """Whatever no single message can be refused for."""
        return code not in SINGLE

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """An error; or, for what is said of single messages only, a 200 that rejects each."""
        if refusal.code in SINGLE:
            with suppress(Refusal):
                return self._answer(call, [(order, rejected(refusal.code)) for order in self.read(call)])
        status, body = error_answer(refusal, call.request.path)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The state of each message."""
        states = [
            (result.order, PENDING if result.refusal is None else rejected(result.refusal.code)) for result in results
        ]
        return self._answer(call, states, [result.message for result in results])

    def _answer(
        self, call: Call, states: Sequence[tuple[Order, Json]], messages: Sequence[Message | None] = ()
    ) -> web.Response:
        newer = call.request.path.endswith(MESSAGES_PATH)
        items: list[Json] = []
        for index, (order, state) in enumerate(states):
            message = messages[index] if messages else None
            name = message.wamid if message is not None else order.reference
            shown = {"destination": order.recipient} if newer else {"to": order.recipient, "messageCount": 1}
            items.append({**shown, "messageId": name, "status": state})
        if call.request.path.endswith(TEXT_PATH) or "kind" in call.request.match_info:
            return json_response(items[0])
        bulk_id = str(states[0][0].extra.get("bulk_id", ""))
        return json_response({"messages": items, **({"bulkId": bulk_id} if bulk_id else {})})

    def new_message_id(self, order: Order, customer: Customer) -> str:
        """The client's own, where it gave one."""
        return order.reference or super().new_message_id(order, customer)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """``GET …/media/{id}`` with the key."""
        call, shelf = await call_of(request), request.app[SIMULATOR].shelf
        return await served(request, shelf, shelf.get(request.match_info["media_id"], self.account(call).waba_id))

    # --- webhooks --------------------------------------------------------------------------------------------------------

    def status(self, fact: StatusFact) -> list[Note]:
        """A delivery report, a seen report."""
        return reports.status_notes(fact)

    def inbound(self, fact: InboundFact) -> list[Note]:
        """A customer's message."""
        return [reports.inbound_note(fact)]

    def preference(self, fact: PreferenceFact) -> list[Note]:
        """A customer's choice about marketing."""
        return [reports.preference_note(fact)]

    def template_changed(self, fact: TemplateFact) -> list[Note]:
        """A change of status, category or quality."""
        note = template_note(fact)
        return [note] if note is not None else []

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """Reports and inbound messages come as results; all else by itself."""
        note = told[0].note
        if note.stream not in TOGETHER:
            return Hook(compact_bytes(note.value))
        body: Json = {"results": [item.note.value for item in told]}
        if note.stream == "inbound":
            body |= {"messageCount": len(told), "pendingMessageCount": 0}
        return Hook(compact_bytes(body))

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """Nothing is signed; a profile may hold a password or a header."""
        headers: dict[str, str] = {}
        if password := account.settings.get("webhook_password"):
            headers["Authorization"] = f"Basic {base64.b64encode(f'hsm:{password}'.encode()).decode()}"
        if secret := account.settings.get("webhook_secret"):
            headers["X-Hook-Secret"] = secret
        return headers

    # --- look-ups --------------------------------------------------------------------------------------------------------

    async def list_reports(self, request: web.Request) -> web.Response:
        """``GET /messages-api/1/reports``: each report is given once, and for two days."""
        call = await call_of(request)
        account, limit = self.account(call), _limit(request)
        rows: list[Json] = []
        for message in self._asked(call, account, request.query.get("messageId", "")):
            status = reports.final_status(message)
            known = status is not None and not message.extra.get("reported")
            if status is None or not known or call.now - status.at > REPORTS_KEPT_SECONDS:
                continue
            if len(rows) >= limit:
                break
            message.extra["reported"] = True
            rows.append(reports.report_row(message, self._sender(call, message), status))
        return json_response({"results": rows})

    async def list_logs(self, request: web.Request) -> web.Response:
        """``GET /omni/1/logs``: what was sent, as often as one asks."""
        call = await call_of(request)
        account = self.account(call)
        rows: list[Json] = []
        for message in self._asked(call, account, request.query.get("messageId", "")):
            delivered = any(status.status in ("delivered", "read") for status in message.statuses)
            shown = reports.price_json(_price(call, account, message) if delivered else None, account.currency)
            rows.append(reports.log_row(message, self._sender(call, message), shown))
        return json_response({"results": rows[: _limit(request)]})

    async def list_quality(self, request: web.Request) -> web.Response:
        """``GET /whatsapp/1/senders/quality``: of the account's senders those that are asked about."""
        call = await call_of(request)
        account, asked = self.account(call), request.query.get("senders", "").split(",")
        known = [number for number in call.world.numbers_of(account.waba_id) if number.digits in asked]
        return json_response({"results": [sender_json(number, call.now) for number in known]})

    async def query_usage(self, request: web.Request) -> web.Response:
        """``POST /billing/1/usage/query``: answered by one webhook to the address in the question."""
        call = await call_of(request)
        account, body = self.account(call), call.json()
        first, last = usage.period_of(body)
        request_id, simulator = uuid.uuid4().hex.upper(), request.app[SIMULATOR]

        def tell() -> None:
            found = usage.result(request_id, simulator.record, account, first, last)
            simulator.emit(account.waba_id, [Note("usage", found, url=str(body["callbackUrl"]), stream="usage")])

        simulator.later(simulator.knobs.webhook_delay_ms / 1000, tell)
        return json_response({"requestId": request_id}, 201)

    def _asked(self, call: Call, account: Account, ids: str) -> Iterable[Message]:
        """The account's messages, the newest first; with ids only those."""
        if ids:
            named = (call.record.messages.get(name) for name in ids.split(","))
            found = [message for message in named if message is not None]
        else:
            found = list(call.record.find_messages(to=None, reference=None))[::-1]
        return [message for message in found if message.waba_id == account.waba_id]

    def _sender(self, call: Call, message: Message) -> str:
        number = call.world.numbers.get(message.phone_number_id)
        return number.digits if number is not None else ""


def _price(call: Call, account: Account, message: Message) -> Decimal:
    return price(account, charge_of(message, at=int(message.at)))


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(PAGE_SIZE))
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise Refusal(100, f"limit: must be between 1 and {LARGEST_PAGE}")
    return int(text)
