"""What stood on a button that a customer tapped, where the provider tells only what the button carries."""

from __future__ import annotations

from typing import Any

from recontact.models import Message
from recontact.models.message import KNOWN_AT_PROVIDER


def tapped_words(*, account_id: int, context_message_id: str, payload: str) -> str:
    """The words of the quick reply that carried `payload` in the message answered; "" when they cannot be told."""
    if not context_message_id or not payload:
        return ""
    sent = Message.objects.filter(KNOWN_AT_PROVIDER, account_id=account_id, provider_message_id=context_message_id)
    message = sent.only("components", "bubble").first()
    if message is None:
        return ""
    shown: list[dict[str, Any]] = message.bubble.get("buttons") or []
    for component in message.components:
        if str(component.get("sub_type", "")).lower() != "quick_reply":
            continue
        index, parameters = int(component["index"]), component["parameters"]
        if parameters[0].get("payload") == payload and index < len(shown):
            return str(shown[index].get("text", ""))
    return ""
