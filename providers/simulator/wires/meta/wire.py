"""The wire of Meta's Cloud API (Graph)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import aiohttp
from aiohttp import web

from providers.simulator.definition import Definition
from providers.simulator.documents import Json
from providers.simulator.flow import sends
from providers.simulator.identity import USER_ID, new_message_id, wa_id_from_input
from providers.simulator.media import FILE_KINDS, WITH_CONTENT
from providers.simulator.refusal import Refusal
from providers.simulator.validation import Check
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, NumberFact, PreferenceFact, StatusFact, TemplateFact
from providers.simulator.wires.meta import media, notes, objects, templates, uploads
from providers.simulator.wires.meta.access import (
    PROVIDER,
    account_by_token,
    graph_response,
    number_of,
    refusal_response,
)
from providers.simulator.wires.meta.envelope import AGENT, envelope, handshake, signature, webhook_bytes
from providers.simulator.wires.meta.payloads import version_number
from providers.simulator.wires.meta.send import answer_body, order_of
from providers.simulator.world import Account, Customer, Number, Template

PARAMETER_ERRORS_CHANGED_IN = 23.0
VERSION = r"/{version:v\d+\.\d+}"
OBJECT = VERSION + "/{object_id}"


class MetaWire(Wire):
    """Meta's paths, bodies, errors and webhooks."""

    slug = PROVIDER
    batched = True
    numeric_template_ids = True
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS, *WITH_CONTENT)

    def routes(self) -> Iterable[web.RouteDef]:
        """The Graph endpoints."""
        return (
            web.post(OBJECT + "/messages", sends(self)),
            web.post(OBJECT + "/marketing_messages", sends(self)),
            web.get(OBJECT + "/message_history", objects.message_history),
            web.get(OBJECT + "/message_templates", templates.list_templates),
            web.post(OBJECT + "/message_templates", templates.create_template),
            web.delete(OBJECT + "/message_templates", templates.delete_templates),
            web.post(VERSION + "/{app_id}/uploads", uploads.begin),
            web.post(VERSION + r"/{session:upload:[^/]+}", uploads.receive),
            web.post(OBJECT + "/unpause", templates.unpause_template),
            web.get(OBJECT + "/phone_numbers", objects.list_numbers),
            web.get(OBJECT + "/subscribed_apps", objects.list_subscriptions),
            web.post(OBJECT + "/subscribed_apps", objects.subscribe),
            web.delete(OBJECT + "/subscribed_apps", objects.unsubscribe),
            web.post(OBJECT + "/media", media.upload),
            web.get(media.ATTACHMENTS, media.download),
            web.get(OBJECT, objects.get_object),
            web.post(OBJECT, templates.edit_template),
            web.route("*", OBJECT + "{rest:.*}", objects.unknown_object),
        )

    def read(self, call: Call) -> list[Order]:
        """The one message of the request."""
        return [order_of(call.request.match_info["object_id"], call.json(), lite=_is_lite(call))]

    def account(self, call: Call) -> Account:
        """The account of the bearer token."""
        return account_by_token(call.world, call.request)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """An error of the Graph API."""
        return refusal_response(call.request, refusal)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The message's id and contact."""
        return graph_response(call.request, answer_body(results[0].accepted))

    def new_message_id(self, order: Order, customer: Customer) -> str:
        """A new ``wamid``."""
        return new_message_id(customer.key)

    def new_inbound_id(self, customer: Customer) -> str:
        """A new ``wamid``."""
        return new_message_id(customer.wa_id or customer.key, inbound=True)

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The number that the path names."""
        return number_of(call.world, account, order.sender, "post")

    def customer(self, call: Call, account: Account, number: Number, order: Order) -> Customer:
        """A phone in ``to``, or a business-scoped user id in ``recipient``."""
        if not call.json().get("to"):
            if not USER_ID.match(order.recipient):
                raise Refusal(100, "Param recipient is not a valid business-scoped user id.")
            return call.world.customer_with_user_id(account.portfolio, order.recipient)
        wa_id = wa_id_from_input(order.recipient, number.digits)
        if wa_id is None:
            raise Refusal(100, "Param to is not a valid phone number.")
        if wa_id == number.digits:
            raise Refusal(131021)
        return call.world.customer_with_phone(account.portfolio, wa_id)

    def template(self, call: Call, account: Account, customer: Customer, order: Order) -> Template:
        """The approved template; marketing only by marketing_messages, and no one-time code without a phone."""
        try:
            template = super().template(call, account, customer, order)
        except Refusal as refusal:
            if refusal.code != 132001:
                raise
            text = f"template name ({order.template_name}) does not exist in {order.language}"
            raise Refusal(132001, text) from refusal
        if template.category == "AUTHENTICATION" and not call.json().get("to") and customer.wa_id is None:
            raise Refusal(131062)
        if _is_lite(call) and template.category != "MARKETING":
            raise Refusal(134100)
        return template

    def check(self, call: Call, account: Account, template: Template, definition: Definition, sent: list[Json]) -> None:
        """Graph v23.0 changed the codes of parameter mistakes."""
        version = version_number(self.graph_version(call, account))
        modern = account.parameter_errors == "v23" or (
            account.parameter_errors == "auto" and version >= PARAMETER_ERRORS_CHANGED_IN
        )
        Check(definition, named=template.parameter_format == "NAMED", modern=modern).components(sent)

    def graph_version(self, call: Call, account: Account) -> str:
        """The version that answers the call."""
        return call.request.match_info["version"]

    def category(self, call: Call, template: Template) -> str:
        """marketing_messages has a category of its own."""
        return "marketing_lite" if _is_lite(call) else template.category.lower()

    def status(self, fact: StatusFact) -> list[Note]:
        """One status."""
        return [notes.status_note(fact)]

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One message."""
        return [notes.inbound_note(fact)]

    def preference(self, fact: PreferenceFact) -> list[Note]:
        """A ``user_preferences`` change."""
        return [notes.preference_note(fact)]

    def number_changed(self, fact: NumberFact) -> list[Note]:
        """A ``system`` message."""
        return [notes.number_note(fact)]

    def template_changed(self, fact: TemplateFact) -> list[Note]:
        """One of the template fields."""
        return [notes.template_note(fact)]

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One envelope around all of them."""
        headers = {"Content-Type": "application/json", "User-Agent": AGENT}
        return Hook(webhook_bytes(envelope(told)), headers)

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """The HMAC of the app secret over the body."""
        return {"X-Hub-Signature-256": signature(account.app_secret, hook.body)}

    def received(self, status: int) -> bool:
        """Only 200 will do."""
        return status == 200

    async def verify_callback(self, session: aiohttp.ClientSession, url: str, verify_token: str) -> str | None:
        """A GET with a challenge."""
        return await handshake(session, url, verify_token)


def _is_lite(call: Call) -> bool:
    return call.request.path.endswith("/marketing_messages")
