"""What happened, as the core tells it to a wire, which renders its webhooks from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from providers.simulator.documents import Json
from providers.simulator.media import StoredFile
from providers.simulator.record import Message
from providers.simulator.world import Account, Customer, Number, Template

StatusWord = Literal["sent", "delivered", "read", "failed"]
TemplateChange = Literal["status", "quality", "category", "category_impending", "components"]


@dataclass(frozen=True, slots=True)
class StatusFact:
    """A message reached a status. ``at`` in seconds; ``failure``: neutral code of a ``failed``.

    ``pricing``: Meta's pricing object (billable, type, category), on ``sent`` and the first delivery. ``price``: what the
    message costs in ``account.currency``, on the first delivery only.
    """

    account: Account
    number: Number
    customer: Customer
    message: Message
    status: StatusWord
    at: int
    failure: int | None = None
    pricing: Json | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class InboundFact:
    """A customer wrote. ``kind``: text, button (a template's quick reply: its label in ``text``, its ``payload``),

    interactive (Meta's object), unsupported, or one with a ``file`` (its caption in ``text``), or one whose ``content`` is
    Meta's object of that kind (location, contacts, reaction, order). ``context``: the id of the message that is answered, or "".
    ``hide_phone``: only her user id may be shown. ``last``: what she was last sent from this number.
    """

    account: Account
    number: Number
    customer: Customer
    id: str
    at: int
    kind: str
    text: str = ""
    payload: str = ""
    context: str = ""
    interactive: Json = field(default_factory=dict)
    referral: Json | None = None
    hide_phone: bool = False
    last: Message | None = None
    file: StoredFile | None = None
    content: Any = None


@dataclass(frozen=True, slots=True)
class PreferenceFact:
    """A customer stopped or resumed (``choice``) marketing messages."""

    account: Account
    number: Number
    customer: Customer
    choice: str
    at: int


@dataclass(frozen=True, slots=True)
class NumberFact:
    """A customer changed her phone number to ``fresh``."""

    account: Account
    number: Number
    customer: Customer
    fresh: str
    id: str
    at: int


@dataclass(frozen=True, slots=True)
class TemplateFact:
    """A template changed: ``word`` is the new status, quality or category (Meta's words), ``before`` the old one."""

    account: Account
    template: Template
    change: TemplateChange
    word: str
    before: str
    at: int
    reason: str | None = None
