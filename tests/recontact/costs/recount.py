"""What each message counts and costs, told in Python from its row alone: what the portal's SQL is held against."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from recontact.models import Message

MEASURES = (
    *("waiting", "uncertain", "on_its_way", "delivered", "read", "failed", "not_sent", "answered", "priced"),
    *("ahead", "awaiting", "uncharged", "unreported", "confirmed", "reported"),
)
AMOUNTS = MEASURES[9:]
_FATES = {"queued": "waiting", "sending": "waiting", "accepted": "on_its_way", "sent": "on_its_way"}
_THEMSELVES = ("uncertain", "delivered", "read", "failed")


def recounted() -> list[tuple[dict[str, Any], list[Decimal]]]:
    """For each message: what it is told apart by, and its measures in the order of `MEASURES`; amounts in millionths."""
    return [(_facts(message), _measures(_counted(message))) for message in Message.objects.order_by("pk")]


def _measures(counted: dict[str, Any]) -> list[Decimal]:
    return [Decimal(counted.get(name, 0)) * (1_000_000 if name in AMOUNTS else 1) for name in MEASURES]


def _facts(message: Message) -> dict[str, Any]:
    return {
        "day": timezone.localtime(message.created_at, timezone.get_default_timezone()).date(),
        "account_id": message.account_id,
        "category": message.category,
        "market": message.market,
        "campaign_id": message.campaign_id or 0,
        "agent_id": message.created_by_id or 0,
        "currency": message.currency,
        "superseded": Message.objects.filter(retry_of=message).exists(),
    }


def _counted(message: Message) -> dict[str, Any]:
    state, estimate = message.state, message.estimate or Decimal(0)
    fate = _FATES.get(state, state if state in _THEMSELVES else "not_sent")
    counted: dict[str, Any] = {fate: 1, "answered": int(message.answered_at is not None)}
    if message.reported is not None:
        counted |= {"priced": 1, "reported": message.reported}
    if fate in ("waiting", "uncertain"):
        counted["ahead"] = estimate
    elif fate == "on_its_way":
        counted["awaiting"] = estimate
    elif message.billed is False or (fate == "failed" and message.billed is None):
        counted["uncharged"] = estimate if fate != "not_sent" else 0
    elif fate != "not_sent":
        counted["unreported" if message.reported is None else "confirmed"] = estimate
    return counted
