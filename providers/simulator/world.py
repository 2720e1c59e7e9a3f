"""The simulated world: accounts, numbers, templates and customers, with the look-ups that requests need."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from functools import lru_cache
from itertools import count
from operator import mul
from typing import Any, TypeVar

from providers.simulator.documents import Json
from providers.simulator.identity import user_id_for

NOT_DIGITS = re.compile(r"\D")
SERVICE_WINDOW_SECONDS = 24 * 3600
FREE_ENTRY_SECONDS = 72 * 3600
FIRST_NAMES = ("Lucía", "Martín", "Sofía", "Joaquín", "Valentina", "Mateo", "Camila", "Tomás", "Renata", "Iván")
LAST_NAMES = ("Fernández", "Gómez", "Pereira", "Rojas", "Quispe", "Ibáñez", "Muñoz", "Castro", "Núñez", "Vidal")


@lru_cache(maxsize=1024)
def _digits(text: str) -> str:
    return NOT_DIGITS.sub("", text)


@dataclass(slots=True)
class Account:
    """An account at a provider: its main credential, secret and webhook. ``blocked_code`` refuses every send.

    ``waba_id`` is its id in this world. ``settings`` are the provider's own keys, named by its wire.
    """

    waba_id: str
    token: str
    app_secret: str = ""
    provider: str = "meta"
    settings: dict[str, str] = field(default_factory=dict)
    name: str = "Simulated account"
    verify_token: str = ""
    webhook_url: str = ""
    portfolio_id: str = ""
    currency: str = "USD"
    timezone: str = "UTC"
    graph_version: str = "v25.0"
    parameter_errors: str = "auto"
    subscribed: bool = True
    token_revoked: bool = False
    blocked_code: int | None = None
    partner_credit: bool = False
    rates: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def portfolio(self) -> str:
        """The business portfolio; an account without one is alone in its own."""
        return self.portfolio_id or self.waba_id


@dataclass(slots=True)
class Number:
    """A business phone number. ``messages_per_second`` overrides what the throughput level allows."""

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    verified_name: str = "Simulated number"
    quality_rating: str = "GREEN"
    throughput: str = "STANDARD"
    status: str = "CONNECTED"
    messaging_limit: str = "TIER_2K"
    messages_per_second: float | None = None

    @property
    def digits(self) -> str:
        """The number as webhooks print it."""
        return _digits(self.display_phone_number)


@dataclass(slots=True)
class Template:
    """A template, in Meta's component shape whoever carries it. ``pauses`` counts quality pauses: the third disables.

    ``settings`` are the provider's own facts about it (an element name, a namespace, the names of its variables...).
    """

    id: str
    waba_id: str
    name: str
    language: str
    category: str
    components: list[Json]
    status: str = "APPROVED"
    parameter_format: str = "POSITIONAL"
    quality: str = "UNKNOWN"
    quality_date: int = 0
    rejected_reason: str = "NONE"
    sub_category: str | None = None
    previous_category: str | None = None
    correct_category: str | None = None
    message_send_ttl_seconds: int | None = None
    pauses: int = 0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Customer:
    """A person on WhatsApp as one portfolio sees her. ``stopped`` once she stopped marketing messages."""

    portfolio_id: str
    user_id: str
    wa_id: str | None
    name: str
    username: str | None = None
    stopped: bool = False

    @property
    def key(self) -> str:
        """What conversations are filed under."""
        return self.wa_id or self.user_id


Thing = TypeVar("Thing", Account, Number, Template, Customer)


def thing_from_json(kind: type[Thing], data: Json) -> Thing:
    """Build one object; raises ValueError that names unknown or missing fields."""
    known = {item.name for item in fields(kind)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise ValueError(f"{kind.__name__}: unknown fields {', '.join(unknown)}")
    try:
        return kind(**data)
    except TypeError as problem:
        raise ValueError(f"{kind.__name__}: {problem}") from problem


def thing_to_json(thing: Account | Number | Template | Customer) -> Json:
    """All fields of one object."""
    return {item.name: getattr(thing, item.name) for item in fields(thing)}


class World:
    """Everything that exists, indexed by what requests name it with."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self._accounts_by_token: dict[tuple[str, str], Account] = {}
        self.numbers: dict[str, Number] = {}
        self.templates: dict[str, Template] = {}
        self._templates_by_name: dict[tuple[str, str, str], Template] = {}
        self._customers_by_phone: dict[tuple[str, str], Customer] = {}
        self._customers_by_user_id: dict[tuple[str, str], Customer] = {}
        self._last_inbound: dict[tuple[str, str], float] = {}
        self._entry_click: dict[tuple[str, str], float] = {}
        self._free_until: dict[tuple[str, str], float] = {}

    def put_account(self, account: Account) -> None:
        """Add or replace an account."""
        old = self.accounts.get(account.waba_id)
        if old is not None:
            self._accounts_by_token.pop((old.provider, old.token), None)
        self.accounts[account.waba_id] = account
        self._accounts_by_token[(account.provider, account.token)] = account

    def account_with_token(self, provider: str, token: str) -> Account | None:
        """The provider's account with this main credential."""
        return self._accounts_by_token.get((provider, token))

    def account_with(self, provider: str, **settings: str) -> Account | None:
        """The provider's first account that has all these settings."""
        for account in self.accounts.values():
            if account.provider == provider and settings.items() <= account.settings.items():
                return account
        return None

    def put_number(self, number: Number) -> None:
        """Add or replace a number."""
        self.numbers[number.phone_number_id] = number

    def put_template(self, template: Template) -> None:
        """Add or replace a template."""
        self.remove_template(template.id)
        self.templates[template.id] = template
        self._templates_by_name[(template.waba_id, template.name, template.language)] = template

    def remove_template(self, template_id: str) -> None:
        """Forget a template; nothing happens when it is unknown."""
        template = self.templates.pop(template_id, None)
        if template is not None:
            self._templates_by_name.pop((template.waba_id, template.name, template.language), None)

    def template_named(self, waba_id: str, name: str, language: str) -> Template | None:
        """The template of an account by name and language."""
        return self._templates_by_name.get((waba_id, name, language))

    def templates_of(self, waba_id: str) -> list[Template]:
        """Templates of an account, in the order of their creation."""
        return [template for template in self.templates.values() if template.waba_id == waba_id]

    def numbers_of(self, waba_id: str) -> list[Number]:
        """Numbers of an account."""
        return [number for number in self.numbers.values() if number.waba_id == waba_id]

    def number_of(self, waba_id: str, name: str) -> Number | None:
        """A number of an account by its id or its digits (in any spelling)."""
        number = self.numbers.get(name)
        if number is not None and number.waba_id == waba_id:
            return number
        digits = NOT_DIGITS.sub("", name)
        return next((number for number in self.numbers_of(waba_id) if digits and number.digits == digits), None)

    def forget_things(self) -> None:
        """Forget accounts, numbers and templates."""
        for things in (self.accounts, self._accounts_by_token, self.numbers):
            things.clear()
        for template_id in list(self.templates):
            self.remove_template(template_id)

    def put_customer(self, customer: Customer) -> None:
        """Add or replace a customer."""
        self._customers_by_user_id[(customer.portfolio_id, customer.user_id)] = customer
        if customer.wa_id is not None:
            self._customers_by_phone[(customer.portfolio_id, customer.wa_id)] = customer

    def customers(self) -> list[Customer]:
        """All customers that were seen or seeded."""
        return list(self._customers_by_user_id.values())

    def customer_with_phone(self, portfolio_id: str, wa_id: str) -> Customer:
        """The customer with this phone, made on first sight."""
        known = self._customers_by_phone.get((portfolio_id, wa_id))
        if known is None:
            known = Customer(portfolio_id, user_id_for(portfolio_id, wa_id), wa_id, invented_name(wa_id))
            self.put_customer(known)
        return known

    def customer_with_user_id(self, portfolio_id: str, user_id: str) -> Customer:
        """The customer with this business-scoped id, made (without a phone) on first sight."""
        known = self._customers_by_user_id.get((portfolio_id, user_id))
        if known is None:
            known = Customer(portfolio_id, user_id, None, invented_name(user_id), username=f"user{user_id[-6:]}")
            self.put_customer(known)
        return known

    def note_inbound(self, phone_number_id: str, customer_key: str, at: float, *, from_entry_point: bool) -> None:
        """The customer wrote: the 24 h window opens again."""
        pair = (phone_number_id, customer_key)
        self._last_inbound[pair] = at
        if from_entry_point:
            self._entry_click[pair] = at

    def note_answer(self, phone_number_id: str, customer_key: str, at: float) -> None:
        """The business wrote: answering an entry point within 24 h opens its free 72 h."""
        clicked = self._entry_click.pop((phone_number_id, customer_key), None)
        if clicked is not None and at - clicked <= SERVICE_WINDOW_SECONDS:
            self._free_until[(phone_number_id, customer_key)] = at + FREE_ENTRY_SECONDS

    def window_open(self, phone_number_id: str, customer_key: str, at: float) -> bool:
        """Whether the 24 h customer service window is open."""
        last = self._last_inbound.get((phone_number_id, customer_key))
        return last is not None and at - last < SERVICE_WINDOW_SECONDS

    def entry_free(self, phone_number_id: str, customer_key: str, at: float) -> bool:
        """Whether the free entry point window is open."""
        return at < self._free_until.get((phone_number_id, customer_key), 0.0)

    def forget_traffic(self) -> None:
        """Close all windows and forget customers' choices (a reset that keeps the world)."""
        for windows in (self._last_inbound, self._entry_click, self._free_until):
            windows.clear()
        for customer in self._customers_by_user_id.values():
            customer.stopped = False


def invented_name(key: str) -> str:
    """A profile name for somebody whom nobody named: always the same one for the same key."""
    number = sum(map(mul, map(ord, key), count(1)))
    return f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number // 10 % len(LAST_NAMES)]}"


def merged(kind: type[Thing], old: Thing | None, data: dict[str, Any]) -> Thing:
    """The old object with the given fields replaced, or a new one."""
    return thing_from_json(kind, {**(thing_to_json(old) if old is not None else {}), **data})
