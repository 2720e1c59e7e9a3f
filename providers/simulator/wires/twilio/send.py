"""The form of a message, read; and the message resource, written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from providers.simulator.documents import Json
from providers.simulator.media import sent_words
from providers.simulator.record import Message
from providers.simulator.refusal import Refusal
from providers.simulator.validation import FORBIDDEN_WHITESPACE
from providers.simulator.wires.contract import Order
from providers.simulator.wires.twilio.errors import TwilioError, failed_word, later_error
from providers.simulator.world import Number

PREFIX = "whatsapp:"
VERSION = "2010-04-01"
# Twilio's own fee; Meta's is not in it.
PRICE, PRICE_UNIT = "-0.00500", "USD"


def order_of(form: Mapping[str, str]) -> Order:
    """The order; what is wrong with the form is its problem."""
    callback, content = form.get("StatusCallback", ""), form.get("ContentSid", "")
    query = parse_qsl(urlsplit(callback).query, keep_blank_values=True)
    return Order(
        sender=form.get("From", "").removeprefix(PREFIX),
        recipient=form.get("To", "").removeprefix(PREFIX),
        reference=query[-1][1] if query else "",
        text=None if content else _text(form),
        template_id=content,
        extra={"callback": callback, "service": form.get("MessagingServiceSid", ""), "media": form.get("MediaUrl", "")},
        problem=_problem(form, callback, content),
    )


def _text(form: Mapping[str, str]) -> str:
    return sent_words("media", form.get("Body")) if form.get("MediaUrl") else form.get("Body", "")


def _problem(form: Mapping[str, str], callback: str, content: str) -> Refusal | None:
    """What Twilio says of the form; a missing sender is found with the number."""
    if not form.get("To"):
        return Refusal(100)
    if not form["To"].startswith(PREFIX):
        return TwilioError(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
    if callback and urlsplit(callback).scheme not in ("http", "https"):
        return TwilioError(400, 21609, f"The StatusCallback URL {callback} is not a valid URL.")
    if not content and not form.get("Body") and not form.get("MediaUrl"):
        return TwilioError(400, 21619, "A text message body or media urls must be specified.")
    if content and values_of(form) is None:
        return TwilioError(400, 21656, "The ContentVariables Parameter is invalid")
    return None


def values_of(form: Mapping[str, str]) -> dict[str, str] | None:
    """``ContentVariables``; None when they are no JSON object of plain texts."""
    try:
        given = json.loads(form.get("ContentVariables") or "{}")
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    if any(not isinstance(value, str) or FORBIDDEN_WHITESPACE.search(value) for value in given.values()):
        return None
    return given


# --- the resource ----------------------------------------------------------------------------------------------


def word_of(message: Message) -> str:
    """The message's status in Twilio's words."""
    latest = message.statuses[-1] if message.statuses else None
    if latest is None:
        return "accepted" if message.extra["service"] else "queued"
    return latest.status if latest.code is None else failed_word(latest.code)


def resource(message: Message, number: Number, account_sid: str) -> Json:
    """A message as POST, GET and the list show it."""
    latest = message.statuses[-1] if message.statuses else None
    words = {item.status for item in message.statuses}
    sent_at = next((item.at for item in message.statuses), None)
    error = later_error(latest.code) if latest and latest.code is not None else (None, None)
    unassigned = bool(message.extra["service"]) and not message.statuses
    uri = f"/{VERSION}/Accounts/{account_sid}/Messages/{message.wamid}"
    delivered = bool(words & {"delivered", "read"})
    return {
        "account_sid": account_sid,
        "api_version": VERSION,
        "body": message.rendered,
        "date_created": rfc2822(message.at),
        "date_sent": None if sent_at is None else rfc2822(sent_at),
        "date_updated": rfc2822(latest.at if latest else message.at),
        "direction": "outbound-api",
        "error_code": error[0],
        "error_message": error[1],
        "from": None if unassigned else f"{PREFIX}+{number.digits}",
        "messaging_service_sid": message.extra["service"] or None,
        "num_media": "0",
        "num_segments": "0" if unassigned else "1",
        "price": PRICE if delivered else None,
        "price_unit": PRICE_UNIT if delivered else None,
        "sid": message.wamid,
        "status": word_of(message),
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": PREFIX + message.to,
        "uri": f"{uri}.json",
    }


def rfc2822(at: float) -> str:
    """A time in seconds as Twilio writes it."""
    return format_datetime(datetime.fromtimestamp(int(at), UTC))
