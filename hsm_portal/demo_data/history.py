"""The rows of past messages: each with its attempt, events, cost entries and ledger row, as a real send leaves them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hsm_portal.demo_data.fates import UNCERTAIN, Fate
from hsm_portal.models import User
from providers.adapters.meta.send import KEPT_PATHS, payload_build
from providers.contracts import OutboundMessage, Recipient, TemplateContent, TextContent
from providers.models import RateCard, SenderNumber
from providers.rates.lookup import TariffBook
from providers.rates.markets import market_of
from providers.rates.tariff import Price
from providers.redaction import Redactor
from providers.simulator.identity import new_message_id
from recontact.budgets.scope import team_of
from recontact.costs.estimate import lines_stored
from recontact.models import Attempt, Campaign, CostEntry, Customer, Message, MessageEvent, Query, Recontact
from recontact.states import LedgerState, MessageState, ledger_state_for
from templates_app.models import Template
from templates_app.rendering import render
from templates_app.selectors import template_parsed

LIFETIME = timedelta(hours=1)
SERVICE = "service"


class Prices:
    """The prices of all accounts, looked up in memory as they are when something is sent."""

    def __init__(self) -> None:
        self._book = TariffBook()
        self._first: dict[int, datetime] = {}
        for card in RateCard.objects.order_by("-valid_from"):
            self._first[card.account_id] = card.valid_from

    def price(self, *, account_id: int, customer: Customer, category: str, at: datetime) -> tuple[Price, str]:
        """The price by the card in force at `at` (before the first one: by that), and the card's name."""
        at = max(at, self._first[account_id])
        market = market_of(phone=customer.phone or "", bsuid=customer.bsuid or "")
        tariff = self._book.tariff(account_id=account_id, market=market, category=category, at=at)
        if tariff is None:
            raise ValueError(f"no price for {market} {category}")
        return tariff.price_of(tariff.tier(0)), tariff.card


@dataclass(slots=True)
class Send:
    """One message that was queued at `at` and had a fate. Without a template it is the free text `text`."""

    number: SenderNumber
    customer: Customer
    at: datetime
    fate: Fate
    origin: str
    user: User
    query: Query | None = None
    template: Template | None = None
    values: Mapping[str, str] | None = None
    text: str = ""
    campaign: Campaign | None = None
    is_recontact: bool = False


class History:
    """Collects the rows of many sends; `save` writes them in the order of time."""

    def __init__(self, chance: random.Random, now: datetime) -> None:
        self.messages: list[Message] = []
        self._now = now
        self._chance = chance
        self._prices = Prices()
        self._attempts: list[Attempt] = []
        self._events: list[MessageEvent] = []
        self._costs: list[CostEntry] = []
        self._teams: dict[int, int | None] = {}
        self._recontacts: list[tuple[Recontact, LedgerState, datetime]] = []

    def add(self, send: Send) -> Message:
        """The message of `send`, not saved yet, with everything that belongs to it."""
        category = SERVICE if send.template is None else send.template.category
        price, card = self._prices.price(
            account_id=send.number.account_id, customer=send.customer, category=category, at=send.at
        )
        message = Message(
            **_envelope(send, category, price, self._team(send)),
            **_content(send),
            **self._progress(send),
        )
        self.messages.append(message)
        self._add_cost(message, CostEntry.Kind.ESTIMATE, price, card, send.at)
        if send.fate.attempt:
            self._add_attempt(message, send)
        self._add_events(message, send.fate, price)
        if send.is_recontact:
            self._add_recontact(message)
        return message

    def _team(self, send: Send) -> int | None:
        """The team that the message counts for: its query's, or else its sender's first."""
        if send.query is not None:
            return send.query.team_id
        if send.user.pk not in self._teams:
            self._teams[send.user.pk] = team_of(send.user)
        return self._teams[send.user.pk]

    def _progress(self, send: Send) -> dict[str, Any]:
        """How far the message got and when; the statuses' times are kept on it."""
        fate, state = send.fate, send.fate.state
        progress: dict[str, Any] = {
            "state": state.value,
            "reason": fate.reason,
            "provider_code": fate.code,
            "provider_detail": fate.detail,
        }
        if not fate.attempt:
            ends = send.at + (LIFETIME if state == MessageState.EXPIRED else timedelta(minutes=2))
            return progress | {"settled_at": ends}
        claimed_at = send.at + timedelta(milliseconds=self._chance.randrange(80, 900))
        answered_at = claimed_at + timedelta(milliseconds=self._chance.randrange(90, 700))
        progress |= {"attempt_number": 1, "claimed_at": claimed_at}
        if state == MessageState.REJECTED:
            return progress | {"settled_at": answered_at}
        if fate == UNCERTAIN:
            return progress
        moments = self._moments(answered_at, fate)
        return progress | {
            "accepted_at": answered_at,
            "provider_message_id": new_message_id(send.customer.wa_id or send.customer.bsuid or ""),
            "sent_at": moments.get("sent"),
            "delivered_at": moments.get("delivered") or moments.get("read"),
            "read_at": moments.get("read"),
            "settled_at": moments.get("failed"),
            "billed": {MessageState.SENT: None, MessageState.FAILED: False}.get(state, True),
        }

    def _moments(self, answered_at: datetime, fate: Fate) -> dict[str, datetime]:
        """When each status came, never later than now."""
        waits = {"sent": (1, 4), "delivered": (2, 40), "failed": (2, 20), "read": (30, 5400)}
        moments, moment = {}, answered_at
        for status in fate.statuses:
            wait = timedelta(seconds=self._chance.uniform(*waits[status]))
            moment = min(moment + wait, max(moment, self._now - timedelta(seconds=5)))
            moments[status] = moment
        return moments

    def _add_cost(self, message: Message, kind: str, price: Price, source: str, at: datetime) -> None:
        self._costs.append(
            CostEntry(
                message=message,
                kind=kind,
                amount=price.amount,
                fee=price.fee,
                currency=price.currency,
                market=price.market,
                category=message.category,
                rate_id=price.rate_id,
                rule_id=price.rule_id,
                lines=lines_stored(price.lines),
                source=source,
                created_at=at,
            )
        )

    def _add_attempt(self, message: Message, send: Send) -> None:
        claimed_at = message.claimed_at or send.at
        finished_at = message.accepted_at or message.settled_at or claimed_at + timedelta(seconds=20)
        refused = {"error": {"code": int(send.fate.code or 0), "message": send.fate.detail}}
        statuses = {Attempt.Outcome.ACCEPTED: 200, Attempt.Outcome.REJECTED: 400}
        status = statuses.get(Attempt.Outcome(send.fate.attempt))
        answers = {
            200: {"status": 200, "body": {"messaging_product": "whatsapp"}},
            400: {"status": 400, "body": refused},
        }
        self._attempts.append(
            Attempt(
                message=message,
                number=1,
                claimed_at=claimed_at,
                finished_at=finished_at,
                outcome=send.fate.attempt,
                reason=send.fate.reason if send.fate.attempt != Attempt.Outcome.ACCEPTED else "",
                provider_code=send.fate.code if send.fate.attempt == Attempt.Outcome.REJECTED else "",
                detail=send.fate.detail if send.fate.attempt == Attempt.Outcome.REJECTED else "",
                http_status=status,
                duration_ms=round((finished_at - claimed_at).total_seconds() * 1000),
                request={"body": _request(message, send)},
                response=answers.get(status or 0),
            )
        )

    def _add_events(self, message: Message, fate: Fate, cost: Price) -> None:
        times = {
            "sent": message.sent_at,
            "delivered": message.delivered_at,
            "failed": message.settled_at,
            "read": message.read_at,
        }
        price = {"billable": True, "category": message.category, "type": "regular", "amount": None, "currency": ""}
        charged = False
        for status in fate.statuses:
            at = times[status] or message.created_at
            delivery = status in ("delivered", "read") and not charged
            charged = charged or delivery
            failed = status == "failed"
            self._events.append(
                MessageEvent(
                    account_id=message.account_id,
                    message=message,
                    provider_message_id=message.provider_message_id,
                    reference=str(message.reference),
                    status=status,
                    raw_status=status,
                    occurred_at=at,
                    received_at=at + timedelta(milliseconds=self._chance.randrange(100, 900)),
                    effect=MessageEvent.Effect.MOVED,
                    reason=fate.reason if failed else "",
                    provider_code=fate.code if failed else "",
                    detail=fate.detail if failed else "",
                    price=price if status == "sent" or delivery else None,
                )
            )
            if delivery:
                self._add_cost(message, CostEntry.Kind.REPORT, cost, "status regular", at)

    def _add_recontact(self, message: Message) -> None:
        row = Recontact(
            query=message.query, message=message, reserved_by=message.created_by, reserved_at=message.created_at
        )
        settled_at = message.accepted_at or message.settled_at or message.created_at
        self._recontacts.append((row, ledger_state_for(MessageState(message.state)), settled_at))

    def save(self) -> None:
        """Write everything in the order of time. The queries and campaigns of the messages are saved already."""
        Message.objects.bulk_create(sorted(self.messages, key=lambda row: row.created_at))
        Attempt.objects.bulk_create(sorted(self._attempts, key=lambda row: row.claimed_at))
        MessageEvent.objects.bulk_create(sorted(self._events, key=lambda row: row.received_at))
        CostEntry.objects.bulk_create(sorted(self._costs, key=lambda row: row.created_at))
        rows = sorted(self._recontacts, key=lambda entry: entry[0].reserved_at)
        Recontact.objects.bulk_create([row for row, _state, _at in rows])
        for row, state, at in rows:
            if state == LedgerState.SPENT:
                row.state, row.spent_at = state.value, at
            elif state == LedgerState.RELEASED:
                row.state, row.released_at, row.release_reason = state.value, at, "never sent"
        Recontact.objects.bulk_update(
            [row for row, state, _at in rows if state != LedgerState.RESERVED],
            ["state", "spent_at", "released_at", "release_reason"],
        )


def _envelope(send: Send, category: str, price: Price, team_id: int | None) -> dict[str, Any]:
    phone, bsuid = send.customer.phone or "", send.customer.bsuid or ""
    return {
        "reference": uuid.uuid4(),
        "account_id": send.number.account_id,
        "sender_number": send.number,
        "customer": send.customer,
        "query": send.query,
        "campaign": send.campaign,
        "origin": send.origin,
        "created_by": send.user,
        "category": category,
        "recipient_phone": phone,
        "recipient_bsuid": bsuid,
        "market": market_of(phone=phone, bsuid=bsuid),
        "team_id": team_id,
        "created_at": send.at,
        "due_at": send.at,
        "expires_at": send.at + LIFETIME,
        "estimate": price.amount,
        "currency": price.currency,
    }


def _content(send: Send) -> dict[str, Any]:
    if send.template is None:
        return {"kind": Message.Kind.TEXT, "body": send.text}
    rendered = render(template_parsed(send.template), send.values or {})
    return {
        "kind": Message.Kind.TEMPLATE,
        "template": send.template,
        "template_name": send.template.name,
        "template_language": send.template.language,
        "template_hash": send.template.content_hash,
        "components": rendered.components,
        "bubble": rendered.bubble,
        "body": rendered.text,
    }


def _request(message: Message, send: Send) -> Any:
    """The request as it is kept: built by the adapter, redacted."""
    content: TemplateContent | TextContent = TextContent(message.body)
    if send.template is not None:
        content = TemplateContent(
            message.template_name, message.template_language, message.components, message.category
        )
    outbound = OutboundMessage(
        reference=str(message.reference),
        sender_external_id=send.number.external_id,
        sender_phone=send.number.phone,
        recipient=Recipient(message.recipient_phone, message.recipient_bsuid),
        content=content,
    )
    return Redactor().request(payload_build(outbound), kept_paths=KEPT_PATHS)
