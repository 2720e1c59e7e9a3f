"""The oracle: every request received, every message accepted, every webhook sent, with what came of each.

Everything is indexed as it arrives; nothing on the sending path scans.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from providers.simulator.documents import Json
from providers.simulator.pricing import Charge

DELIVERIES_KEPT = 5_000
NOT_DIGITS = re.compile(r"\D")


@dataclass(slots=True, eq=False)
class Received:
    """One message of a POST, kept as soon as its body was read. ``result``: pending, accepted, refused, gateway_error.

    ``phone_number_id`` is the sender as the client named it.
    """

    id: int
    at: float
    path: str
    phone_number_id: str
    to: str
    reference: str
    body: str
    result: str = "pending"
    code: int | None = None
    wamid: str | None = None


@dataclass(slots=True)
class Status:
    """One status that a message reached, and how its webhook fared."""

    status: str
    at: int
    code: int | None = None
    webhook: str = "PENDING"
    error: str = ""


@dataclass(slots=True, eq=False)
class Message:
    """One accepted message. ``plan``: (status, when, failure code) still to come or done, in order.

    ``wamid`` is its id at the provider, of whatever shape; ``extra`` is what its wire wants to remember.
    """

    wamid: str
    request_id: int
    at: float
    received_at: float
    phone_number_id: str
    waba_id: str
    to: str
    wa_id: str | None
    user_id: str
    reference: str
    type: str
    category: str
    template: str | None
    template_id: str | None
    language: str | None
    bubble: Json
    rendered: str
    answer: str
    message_status: str | None
    bsuid_only: bool
    plan: Sequence[Sequence[Any]]
    pricing: Json | None = None
    statuses: list[Status] = field(default_factory=list)
    extra: Json = field(default_factory=dict)

    @property
    def customer_key(self) -> str:
        """What the conversation is filed under."""
        return self.wa_id or self.user_id


@dataclass(slots=True)
class Inbound:
    """One message of a customer. ``message``: its kind, and what it answers, as the wire was told."""

    wamid: str
    at: float
    phone_number_id: str
    waba_id: str
    customer_key: str
    text: str
    message: Json


@dataclass(slots=True)
class Delivery:
    """One webhook request: what it carried (event ids, body) and what was answered (HTTP status or the error's name).

    ``reached``: the answer was what the provider takes for success.
    """

    id: int
    at: float
    waba_id: str
    url: str
    events: list[int]
    attempt: int
    answer: str
    body: str
    took_ms: int
    reached: bool = False


@dataclass(slots=True)
class Conversation:
    """Everything between one number and one customer, oldest first."""

    phone_number_id: str
    customer_key: str
    last_at: float = 0.0
    entries: list[Message | Inbound] = field(default_factory=list)


def as_json(item: Any) -> Json:
    """All fields of a record."""
    return {name: getattr(item, name) for name in _field_names(type(item))}


_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def _field_names(kind: type) -> tuple[str, ...]:
    if kind not in _FIELD_NAMES:
        _FIELD_NAMES[kind] = tuple(item.name for item in fields(kind))
    return _FIELD_NAMES[kind]


class Record:
    """The whole record, in memory; the journal is its copy on disk."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.messages: dict[str, Message] = {}
        self.inbound: dict[str, Inbound] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        self.charges: list[Charge] = []
        self.counts: Counter[str] = Counter()
        self._messages_by_reference: dict[str, list[Message]] = defaultdict(list)
        self._accepted_twice: dict[str, int] = {}
        self._messages_to: dict[str, list[Message]] = defaultdict(list)
        self._texts: Counter[tuple[str, str, str]] = Counter()
        self._repeated: dict[tuple[str, str, str], None] = {}
        self._requests_by_reference: dict[str, list[Received]] = defaultdict(list)
        self._requests_to: dict[str, list[Received]] = defaultdict(list)
        self._conversations: dict[tuple[str, str], Conversation] = {}

    def add_request(self, received: Received) -> None:
        """Note a request."""
        self.requests.append(received)
        self._requests_by_reference[received.reference].append(received)
        self._requests_to[digits_or_id(received.to)].append(received)
        self.counts["requests"] += 1

    def add_message(self, message: Message) -> None:
        """Note an accepted message and settle its request."""
        self.messages[message.wamid] = message
        self._note_reference(message)
        for key in {digits_or_id(message.to), message.wa_id or "", message.user_id} - {""}:
            self._messages_to[key].append(message)
        if not message.reference:
            self._note_text((message.waba_id, message.customer_key, message.rendered))
        received = self.request(message.request_id)
        if received is not None:
            received.result, received.wamid = "accepted", message.wamid
        self._file(message.phone_number_id, message.customer_key, message)
        self.counts["accepted"] += 1

    def add_inbound(self, inbound: Inbound) -> None:
        """Note a customer's message."""
        self.inbound[inbound.wamid] = inbound
        self._file(inbound.phone_number_id, inbound.customer_key, inbound)
        self.counts["inbound"] += 1

    def add_delivery(self, delivery: Delivery) -> None:
        """Note one webhook POST (or a webhook dropped on purpose)."""
        self.deliveries.append(delivery)
        self.counts["deliveries"] += 1
        self.counts[f"deliveries_{delivery.answer}"] += 1

    def add_charge(self, charge: Charge) -> None:
        """Note a delivered message for the invoice."""
        self.charges.append(charge)
        self.counts["charged"] += 1

    def request(self, request_id: int) -> Received | None:
        """A request by its id (ids count from 1)."""
        return self.requests[request_id - 1] if 0 < request_id <= len(self.requests) else None

    def find_messages(self, *, to: str | None, reference: str | None) -> Iterable[Message]:
        """Accepted messages by reference or recipient (phone in any spelling, or user id); all without a filter."""
        if reference is not None:
            found = self._messages_by_reference.get(reference, [])
            return [item for item in found if to is None or item in self._messages_to.get(digits_or_id(to), [])]
        if to is not None:
            return self._messages_to.get(digits_or_id(to), [])
        return self.messages.values()

    def find_requests(self, *, to: str | None, reference: str | None) -> Iterable[Received]:
        """Requests by reference or recipient; all without a filter."""
        if reference is not None:
            found = self._requests_by_reference.get(reference, [])
            return [item for item in found if to is None or digits_or_id(item.to) == digits_or_id(to)]
        return self.requests if to is None else self._requests_to.get(digits_or_id(to), [])

    def accepted_by_reference(self) -> dict[str, int]:
        """How often each reference was accepted."""
        return {key: len(messages) for key, messages in self._messages_by_reference.items() if messages}

    def duplicated_references(self) -> dict[str, int]:
        """References that were accepted more than once: what a sender must never cause."""
        return dict(self._accepted_twice)

    def repeated_texts(self) -> list[Json]:
        """The same text to the same person from one account, accepted more than once without a reference.

        The oracle for wires that carry no reference of ours: who sends nobody the same text twice causes none.
        """
        return [
            {"waba_id": waba_id, "to": to, "rendered": rendered, "count": self._texts[waba_id, to, rendered]}
            for waba_id, to, rendered in self._repeated
        ]

    def conversation(self, phone_number_id: str, customer_key: str) -> Conversation | None:
        """One conversation."""
        return self._conversations.get((phone_number_id, customer_key))

    def last_message(self, phone_number_id: str, customer_key: str) -> Message | None:
        """What the customer was last sent from the number."""
        conversation = self.conversation(phone_number_id, customer_key)
        entries = reversed(conversation.entries) if conversation is not None else ()
        return next((entry for entry in entries if isinstance(entry, Message)), None)

    def conversations(self) -> Iterable[Conversation]:
        """Conversations, the latest first."""
        return reversed(self._conversations.values())

    def _note_reference(self, message: Message) -> None:
        same = self._messages_by_reference[message.reference]
        same.append(message)
        if message.reference and len(same) > 1:
            self._accepted_twice[message.reference] = len(same)

    def _note_text(self, text: tuple[str, str, str]) -> None:
        self._texts[text] += 1
        if self._texts[text] > 1:
            self._repeated[text] = None

    def _file(self, phone_number_id: str, customer_key: str, entry: Message | Inbound) -> None:
        key = (phone_number_id, customer_key)
        conversation = self._conversations.pop(key, None) or Conversation(phone_number_id, customer_key)
        conversation.entries.append(entry)
        conversation.last_at = entry.at
        self._conversations[key] = conversation


def digits_or_id(to: str) -> str:
    """A phone in any spelling as its digits; a user id as it is."""
    if "." in to:
        return to
    return NOT_DIGITS.sub("", to) or to
