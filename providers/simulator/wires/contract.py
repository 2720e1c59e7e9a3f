"""What a wire is: how one provider's requests are read, its answers and errors written, its webhooks rendered and
signed.

A wire is a package ``wires/<slug>/`` that holds one subclass of `Wire` and one line in ``wires/registry.py``. It is
mounted under ``/<slug>``; behind that prefix the vendor's own paths are unchanged (of all its hosts).

**A send** runs through ``flow.sends(wire)``, which the wire puts behind its send paths. In this order:

1. `Wire.read` turns the request into neutral `Order` objects, one per message in it. Every order is kept on record
   before anything is decided. A body that cannot be read raises ``Refusal(100)`` (the core keeps the request all
   the same); what is wrong with one order is its ``problem``.
2. `Wire.account` authenticates; raises ``Refusal(104)`` without credentials, ``Refusal(190)`` with wrong ones.
3. The core decides each order: knob ``fail_next`` and a blocked account, then `Wire.number` (133010), the order's
   ``problem``, `Wire.customer` (100, 131021), `Wire.template` (132001 unknown or not approved, 132015 paused,
   132016 disabled), `Wire.check` (parameters: 132000, 132012, 131008, 131009, 132005) or the 24 h window for a text
   (131047), limits (130429, 131056), and last the fate by the recipient's last two digits (`outcomes.py`). The
   first four are methods with a sensible default: override one only where the vendor differs. Refusals carry the
   neutral codes of ``refusal.CODES``.
4. A refusal whose code `Wire.late` knows becomes an accepted message that fails by webhook with that code. Any
   other refusal for which `Wire.refuses_request` is true (always, unless a bulk wire says otherwise) refuses the
   whole request: nothing in it is accepted and `Wire.refused` writes the answer.
5. Otherwise the messages are accepted under `Wire.new_message_id` and `Wire.accepted` writes the answer for all of
   them (in a bulk request some `Result` may hold a refusal). If any of them has a fate that loses the answer, the
   core loses the answer of the whole request: never, closed, HTML 500, half, junk, slow; also the 502 of fate 40.
   The wire does nothing for that.

**Webhooks.** Whatever happens, the core tells the wire as a fact (facts.py): `StatusFact` (sent, delivered, read, failed, in
the order and at the time of the fate), `InboundFact`, `PreferenceFact`, `NumberFact`, `TemplateFact`. The wire
answers with `Note` objects, none if that vendor does not tell it, several if it tells it in several requests (say,
a price apart from the status). `Wire.render` writes the notes of one request as a `Hook`: method, headers and exact
bytes (``batched`` wires get several notes with the same ``url`` and ``stream``; the others one). `Wire.sign` adds
the headers of one attempt (its signature, with the time of this attempt). The core delays, reorders, doubles,
loses, holds and retries (same bytes) by its knobs, and drops notes of accounts without ``webhook_url`` (unless the
note has its own url) or with ``subscribed`` false.

**Other requests** (look-ups, templates, subscriptions, OAuth) are plain aiohttp handlers in `Wire.routes`: take
``call = await flow.call_of(request)``, read ``call.world`` and ``call.record`` and return
``flow.json_response(document, status)``; to change something call ``request.app[SIMULATOR].save(thing)`` (``from
providers.simulator.simulator import SIMULATOR``). Template review, status, quality:
``providers.simulator.reviews``. A raised `Refusal` is answered by `Wire.refused` here too.

**What a wire must define**: ``slug``, `routes`, `read`, `account`, `refused`, `accepted`, `status`, `inbound`,
`render`; nearly always also a table from neutral code to its own (status, code, text) that `refused` and `status`
use.
**What it gets for free**: the record, the oracle, fates, lost answers, knobs, limits, the window, template and
parameter checks, the bubble on the phone page, the retries, the journal, the control API.

Keys: an account's one main credential (bearer token, API key, auth token) is ``account.token``
(``world.account_with_token(slug, token)``), a shared signing secret ``account.app_secret``; everything else is in
``account.settings`` (``world.account_with(slug, app_id="…")``), named in the docstring of the wire's package. A
number is seeded with ``phone_number_id`` unique in the world and found by its id or its digits. Templates are kept
in Meta's components; what else the vendor has (element name, variable names…) is in ``template.settings``.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

from providers.simulator.definition import Definition
from providers.simulator.documents import Json, mapping
from providers.simulator.identity import USER_ID, new_object_id, wa_id_from_input
from providers.simulator.record import Message, Received, Record
from providers.simulator.refusal import Refusal
from providers.simulator.validation import Check
from providers.simulator.wires.facts import InboundFact, NumberFact, PreferenceFact, StatusFact, TemplateFact
from providers.simulator.world import Account, Customer, Number, Template, World

# What fills a template: gets its definition, returns components as Meta's send has them. See parameters.py for ready ones.
Filling = Callable[[Definition], list[Json]]


class Asked(Protocol):
    """What wires look at in a request beside its body, as aiohttp names it."""

    @property
    def app(self) -> web.Application:
        """The application that the request came to."""

    @property
    def method(self) -> str:
        """``POST`` and such."""

    @property
    def path(self) -> str:
        """The path, without the query."""

    @property
    def url(self) -> URL:
        """The whole address."""

    @property
    def match_info(self) -> Mapping[str, str]:
        """The variable parts of the path."""

    @property
    def query(self) -> Mapping[str, str]:
        """The query."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, in any case."""


@dataclass(slots=True, eq=False)
class Call:
    """One request: its head, its whole body, and what there is to look things up in."""

    request: Asked
    body: bytes
    world: World
    record: Record
    now: float
    _document: Json | None = field(default=None, init=False, repr=False)

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Json:
        """The body's JSON object, read once; an empty one when it is none."""
        if self._document is None:
            try:
                self._document = mapping(orjson.loads(self.body))
            except ValueError:
                self._document = {}
        return self._document

    def form(self) -> dict[str, str]:
        """The fields of a form body, the last of each name."""
        return dict(parse_qsl(self.text, keep_blank_values=True))

    def authorization(self, scheme: str) -> str:
        """The credentials of the Authorization header under a scheme (any case), or an empty string."""
        given, _, credentials = self.request.headers.get("Authorization", "").partition(" ")
        return credentials.strip() if given.lower() == scheme.lower() else ""


@dataclass(frozen=True, slots=True)
class Order:
    """One message to send, as read from a request. A template by id, or name and language; or a text.

    ``problem``: what is wrong with it; it is kept on record with all that could be read, then refused. ``extra``: what
    the wire wants to find again on the accepted message (a callback URL, a correlation id).
    """

    sender: str
    recipient: str
    reference: str = ""
    text: str | None = None
    template_id: str = ""
    template_name: str = ""
    language: str = ""
    fill: Filling = field(default=lambda definition: [])
    extra: Json = field(default_factory=dict)
    problem: Refusal | None = None

    @property
    def kind(self) -> str:
        """``text`` or ``template``."""
        return "template" if self.text is None else "text"


@dataclass(slots=True, eq=False)
class Result:
    """What came of one order: the accepted message, or the refusal."""

    order: Order
    received: Received
    message: Message | None = None
    refusal: Refusal | None = None

    @property
    def accepted(self) -> Message:
        """The accepted message; for wires with one message a request, where there always is one."""
        if self.message is None:
            raise ValueError("the message was not accepted")
        return self.message


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to tell: any name and JSON value the wire likes (both are kept in the journal until it was told).

    ``url``: where to, if not to the account's ``webhook_url``. ``stream``: notes are batched only within a stream.
    """

    field: str
    value: Json
    url: str = ""
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A note on its way: with its account's id, a number that is unique, and when it happened (seconds)."""

    id: int
    waba_id: str
    at: int
    note: Note


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook request. ``headers`` without the signature; ``Content-Length`` and ``Host`` come by themselves."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    method: str = "POST"


class Wire(ABC):
    """One provider's wire. ``slug``: its prefix and the ``provider`` of its accounts.

    ``batched``: it tells several notes in one webhook. ``inbound_kinds``: what it can tell of a customer's messages.
    ``retry_limit``: attempts of a webhook, when fewer than the knob says. ``numeric_template_ids``: the ids of templates are
    digits. ``at_once``: the codes that the vendor itself refuses in its answer; it accepts what WhatsApp refuses with any other
    and reports that by webhook (None: all come in the answer).
    """

    slug: str
    batched = False
    inbound_kinds: Collection[str] = ("text", "button", "interactive", "unsupported")
    retry_limit: int | None = None
    numeric_template_ids = False
    at_once: Collection[int] | None = None

    # --- requests ---------------------------------------------------------------------------------------------

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """The vendor's paths with their handlers."""

    @abstractmethod
    def read(self, call: Call) -> list[Order]:
        """The messages that the request wants sent; raises Refusal(100) when it cannot be read."""

    @abstractmethod
    def account(self, call: Call) -> Account:
        """Whose request it is; raises Refusal 104 (no credentials) or 190 (wrong, or ``token_revoked``)."""

    @abstractmethod
    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """The vendor's error answer."""

    @abstractmethod
    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The vendor's answer to a request of which at least one message was accepted (or all were refused singly)."""

    def late(self, code: int) -> bool:
        """Whether this vendor accepts such a message and reports the refusal by webhook."""
        return self.at_once is not None and code not in self.at_once

    def refuses_request(self, code: int) -> bool:
        """Whether this refusal of one message refuses the whole request; otherwise `accepted` shows it."""
        return True

    def new_message_id(self, order: Order, customer: Customer) -> str:
        """The vendor's id of an accepted message."""
        return str(uuid.uuid4())

    def new_template_id(self) -> str:
        """The vendor's id of a new template."""
        return new_object_id()

    # --- the steps of a decision, for wires that differ -------------------------------------------------------

    def number(self, call: Call, account: Account, order: Order) -> Number:
        """The sender of an order; an empty ``order.sender`` is the account's only number."""
        numbers = call.world.numbers_of(account.waba_id)
        number = call.world.number_of(account.waba_id, order.sender) if order.sender else None
        if number is None and not order.sender and len(numbers) == 1:
            number = numbers[0]
        if number is None:
            raise Refusal(133010)
        return number

    def customer(self, call: Call, account: Account, number: Number, order: Order) -> Customer:
        """The recipient of an order: a business-scoped user id, or a phone in any spelling."""
        if USER_ID.match(order.recipient):
            return call.world.customer_with_user_id(account.portfolio, order.recipient)
        wa_id = wa_id_from_input(order.recipient, number.digits)
        if wa_id is None:
            raise Refusal(100, "The recipient is not a valid phone number.")
        if wa_id == number.digits:
            raise Refusal(131021)
        return call.world.customer_with_phone(account.portfolio, wa_id)

    def template(self, call: Call, account: Account, customer: Customer, order: Order) -> Template:
        """The approved template of an order, by id when it names one, else by name and language."""
        if order.template_id:
            template = call.world.templates.get(order.template_id)
        else:
            template = call.world.template_named(account.waba_id, order.template_name, order.language)
        if template is not None and template.waba_id == account.waba_id:
            if template.status == "PAUSED":
                raise Refusal(132015)
            if template.status == "DISABLED":
                raise Refusal(132016)
            if template.status == "APPROVED":
                return template
        raise Refusal(132001)

    def check(self, call: Call, account: Account, template: Template, definition: Definition, sent: list[Json]) -> None:
        """Hold the sent components (from ``order.fill``) against the template; raises the first Refusal."""
        Check(definition, named=template.parameter_format == "NAMED", modern=False).components(sent)

    def category(self, call: Call, template: Template) -> str:
        """The category that a template message is priced as, in lower case."""
        return template.category.lower()

    # --- webhooks ---------------------------------------------------------------------------------------------

    @abstractmethod
    def status(self, fact: StatusFact) -> list[Note]:
        """How the vendor tells a status; an empty list when it does not."""

    @abstractmethod
    def inbound(self, fact: InboundFact) -> list[Note]:
        """How the vendor tells a customer's message."""

    def preference(self, fact: PreferenceFact) -> list[Note]:
        """How the vendor tells that a customer stopped or resumed marketing messages."""
        return []

    def number_changed(self, fact: NumberFact) -> list[Note]:
        """How the vendor tells that a customer changed her number."""
        return []

    def template_changed(self, fact: TemplateFact) -> list[Note]:
        """How the vendor tells a change of a template."""
        return []

    def new_inbound_id(self, customer: Customer) -> str:
        """The vendor's id of a customer's message."""
        return str(uuid.uuid4())

    @abstractmethod
    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """The request that tells these notes, which all go to the same url."""

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """Headers to add to one attempt at the time ``at`` (seconds): the signature over ``url`` and ``hook.body``."""
        return {}

    def received(self, status: int) -> bool:
        """Whether this HTTP status of the receiver ends the retries."""
        return 200 <= status < 300

    async def verify_callback(self, session: aiohttp.ClientSession, url: str, verify_token: str) -> str | None:
        """Verify a new callback URL as the vendor does; returns what is wrong, or None."""
        return None
