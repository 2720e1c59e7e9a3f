"""WhatsApp's words and ours, as literals, for the adapters of providers that pass them on.

An adapter names those that its provider is known to pass on; a word that it does not name gets the adapter's own default.
Sources, of 2026-11: developers.facebook.com/documentation/business-messaging/whatsapp, its pages on templates, webhooks
(message_template_status_update, message_template_quality_update, user_preferences) and messaging limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.reading import text

#: The approval status of a template, in the words of `templates_app.models.TemplateStatus`.
TEMPLATE_STATUSES: Mapping[str, str] = {
    "APPROVED": "APPROVED",
    "PENDING": "PENDING",
    "IN_REVIEW": "PENDING",
    "REJECTED": "REJECTED",
    "PAUSED": "PAUSED",
    "DISABLED": "DISABLED",
    "IN_APPEAL": "IN_APPEAL",
    "PENDING_DELETION": "PENDING_DELETION",
    "DELETED": "DELETED",
    "LIMIT_EXCEEDED": "LIMIT_EXCEEDED",
    "ARCHIVED": "ARCHIVED",
    "LOCKED": "LOCKED",
    "REINSTATED": "APPROVED",
}

#: The quality of a template.
QUALITIES = frozenset({"GREEN", "YELLOW", "RED", "UNKNOWN"})

#: Unique recipients in 24 h; -1 = no limit.
MESSAGING_LIMITS: Mapping[str, int] = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1000,
    "TIER_2K": 2000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": -1,
}

#: The kinds of what a customer writes.
INBOUND_KINDS: Mapping[str, str] = {
    "text": "text",
    "button": "button",
    "interactive": "interactive",
    "image": "image",
    "audio": "audio",
    "voice": "audio",
    "video": "video",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contacts",
    "reaction": "reaction",
    "order": "order",
    "unsupported": "unsupported",
}

#: A person's wish about marketing: has the person opted out?
PREFERENCES: Mapping[str, bool] = {"stop": True, "resume": False}


def statuses_named(*words: str) -> dict[str, str]:
    """The rows of `TEMPLATE_STATUSES` for the words that a provider passes on."""
    return {word: TEMPLATE_STATUSES[word] for word in words}


def quality_read(value: Any) -> str:
    """A template's quality, "" for what is none."""
    word = text(value).upper()
    return word if word in QUALITIES else ""


def category_read(value: Any) -> str:
    """A template's category in lower case, "" for what is no text."""
    return text(value).lower()
