"""Meta's words and ours, as literals. A word that is not listed gets the default named beside its table."""

from __future__ import annotations

from providers.abilities import Health
from providers.contracts import DeliveryStatus
from providers.whatsapp import words as whatsapp

# Default: UNKNOWN. `played` is a voice message heard, which implies that it was read.
STATUSES = {
    "accepted": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "played": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}

# The answer's `message_status`: anything but these may still be held back (held_for_quality_assessment, paused).
NOT_HELD = frozenset({"", "accepted"})

# Default: unknown.
INBOUND_KINDS = whatsapp.INBOUND_KINDS

# Nothing new was written, so no window is opened by them.
NOT_MESSAGES = frozenset({"edit", "revoke", "request_welcome", "system"})
NUMBER_CHANGES = frozenset({"user_changed_number", "customer_changed_number"})

# Default: UNKNOWN. "" = the status is not said by this word; a sync will tell.
TEMPLATE_STATUSES = {**whatsapp.TEMPLATE_STATUSES, "FLAGGED": "", "UNARCHIVED": ""}

# Unique recipients in 24 h; -1 = no limit. Default: None (not said).
MESSAGING_LIMITS = {**whatsapp.MESSAGING_LIMITS, "UNLIMITED": -1}

# `throughput.level`, in messages/s. Default: 0 (not said).
THROUGHPUT_LEVELS = {"STANDARD": 80, "HIGH": 1000}
UPGRADED_THROUGHPUT = 1000

# `status` of a number. Default: UNKNOWN, also where Meta leaves it out.
NUMBER_STATES = {
    "CONNECTED": Health.GOOD,
    "PENDING": Health.WARNING,
    "FLAGGED": Health.WARNING,
    "RATE_LIMITED": Health.WARNING,
    "DISCONNECTED": Health.BAD,
    "UNVERIFIED": Health.BAD,
    "RESTRICTED": Health.BAD,
    "BANNED": Health.BAD,
    "DELETED": Health.BAD,
    "MIGRATED": Health.BAD,
}

# `restriction_info[].restriction_type` of account_update that stops sending; the others are only shown.
SENDING_RESTRICTIONS = frozenset({"RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"})
# `ban_info.waba_ban_state` of DISABLED_UPDATE. Default: None (only to be shown).
BAN_PARKS = {"DISABLE": True, "REINSTATE": False}
# Other events of account_update. Default: None.
ACCOUNT_PARKS = {"ACCOUNT_DELETED": True, "ACCOUNT_OFFBOARDED": True, "ACCOUNT_RECONNECTED": False}

# `value` of user_preferences: has the person opted out? A sign-up is a consent given anew.
PREFERENCES = {**whatsapp.PREFERENCES, "signup": False}
