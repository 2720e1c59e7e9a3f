"""WhatsApp's own error codes, which every provider passes on (13xxxx), and what each means here.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, of 2026-11. The codes
of Meta's Graph API, which only its own answers have, stand in its adapter. An adapter of another provider names the codes
that its provider's page or samples show; what they mean is said here alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from providers.errors import ErrorCode, Reason

MINUTE = 60.0

# Unproven by Meta's page: the message may have gone out although the answer is an error.
_UNPROVEN = ErrorCode(Reason.PROVIDER_ERROR, proven=False)
_PERMISSION = ErrorCode(Reason.PERMISSION)
_BLOCKED = ErrorCode(Reason.ACCOUNT_BLOCKED)
_BILLING = ErrorCode(Reason.BILLING)
_UNREGISTERED = ErrorCode(Reason.NUMBER_NOT_REGISTERED)
_BAD_REQUEST = ErrorCode(Reason.BAD_REQUEST)
_PARAMETERS = ErrorCode(Reason.TEMPLATE_PARAMETERS)
_ROUTE = ErrorCode(Reason.MARKETING_ROUTE)

CODES: Mapping[str, ErrorCode] = {
    "130403": ErrorCode(Reason.RECIPIENT_BLOCKED_US),
    "130429": ErrorCode(Reason.THROUGHPUT),
    "130472": ErrorCode(Reason.RECIPIENT_EXPERIMENT),
    "130497": ErrorCode(Reason.COUNTRY_NOT_ALLOWED),
    "131000": _UNPROVEN,
    "131005": _PERMISSION,
    "131008": _PARAMETERS,
    "131009": _BAD_REQUEST,
    "131016": _UNPROVEN,
    "131021": ErrorCode(Reason.RECIPIENT_IS_SENDER),
    "131026": ErrorCode(Reason.RECIPIENT_UNREACHABLE),
    "131030": ErrorCode(Reason.RECIPIENT_NOT_ALLOWED),
    "131031": _BLOCKED,
    "131037": _UNREGISTERED,
    "131042": _BILLING,
    "131045": _UNREGISTERED,
    "131047": ErrorCode(Reason.WINDOW_CLOSED),
    "131048": ErrorCode(Reason.NUMBER_BLOCKED),
    "131049": ErrorCode(Reason.MARKETING_LIMIT),
    "131050": ErrorCode(Reason.MARKETING_OPT_OUT),
    "131051": ErrorCode(Reason.UNSUPPORTED),
    "131052": ErrorCode(Reason.MEDIA),
    # Often Meta failing to fetch the link: worth the retries that an unavailable message has.
    "131053": ErrorCode(Reason.MEDIA_FETCH),
    "131055": _ROUTE,
    "131056": ErrorCode(Reason.PAIR_RATE),
    "131057": ErrorCode(Reason.NUMBER_MAINTENANCE),
    "131062": ErrorCode(Reason.BSUID_NOT_SUPPORTED),
    # Only marketing is refused, so the template stops and the account's other templates go on.
    "131063": _ROUTE,
    "131064": _BLOCKED,
    "132000": _PARAMETERS,
    "132001": ErrorCode(Reason.TEMPLATE_MISSING),
    "132005": _PARAMETERS,
    "132007": ErrorCode(Reason.TEMPLATE_POLICY),
    "132008": _PARAMETERS,
    "132012": _PARAMETERS,
    "132015": ErrorCode(Reason.TEMPLATE_PAUSED),
    "132016": ErrorCode(Reason.TEMPLATE_DISABLED),
    "132018": _PARAMETERS,
    "132068": ErrorCode(Reason.TEMPLATE_POLICY),
    "132069": ErrorCode(Reason.TEMPLATE_FLOW),
    "133000": _UNREGISTERED,
    "133004": ErrorCode(Reason.PROVIDER_DOWN),
    "133005": _UNREGISTERED,
    "133006": _UNREGISTERED,
    "133008": _UNREGISTERED,
    "133009": _UNREGISTERED,
    "133010": _UNREGISTERED,
    "133015": ErrorCode(Reason.NUMBER_NOT_REGISTERED, seconds=5 * MINUTE),
    "133016": _UNREGISTERED,
    "134011": _BILLING,
    "134100": _ROUTE,
    "134101": ErrorCode(Reason.TEMPLATE_SYNCING),
    "134102": _ROUTE,
    "135000": _BAD_REQUEST,
    "137000": ErrorCode(Reason.RECIPIENT_IDENTITY),
}


def codes_named(codes: Iterable[str]) -> dict[str, ErrorCode]:
    """The rows of codes that come in answers to a send or in reports of it."""
    return {code: CODES[code] for code in codes}


def codes_worded(words: Mapping[str, str]) -> dict[str, ErrorCode]:
    """The same, each with the provider's own word for it ("" = none)."""
    return {code: replace(CODES[code], name=word) for code, word in words.items()}


def codes_reported(codes: Iterable[str]) -> dict[str, ErrorCode]:
    """The rows of codes that come only in reports of failed deliveries: such a report proves that nothing arrived."""
    return {code: replace(CODES[code], proven=True) for code in codes}
