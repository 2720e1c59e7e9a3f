"""Twilio's callbacks: forms, signed over the URL and the sorted fields. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from providers.simulator.documents import Json, mapping
from providers.simulator.wires.contract import Note
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.twilio.errors import failed_word, later_error
from providers.simulator.wires.twilio.send import PREFIX, VERSION
from providers.simulator.world import Account

EVENT_TYPES = {"delivered": "DELIVERED", "read": "READ", "undelivered": "UNDELIVERED"}
# What WhatsApp says of it comes beside Twilio's own text, or in its place.
CHANNEL_MESSAGES = {63024: "Message undeliverable"}
ONLY_FROM_CHANNEL = frozenset({63049})
INSTALL_SID = "XE0f1e2d3c4b5a69780f1e2d3c4b5a6978"


def account_sid(account: Account) -> str:
    """The AC… of an account."""
    return account.settings.get("account_sid", account.waba_id)


def status_notes(fact: StatusFact) -> list[Note]:
    """The callbacks of a status, to the message's own URL; a messaging service tells before that the message is queued."""
    message = fact.message
    url = str(message.extra["callback"])
    if not url:
        return []
    word = fact.status if fact.failure is None else failed_word(fact.failure)
    words = ["queued", word] if fact.status == "sent" and message.extra["service"] else [word]
    return [Note("status", {**_status_fields(fact, item), **_error(fact, item)}, url=url) for item in words]


def _status_fields(fact: StatusFact, word: str) -> Json:
    message, sender = fact.message, f"{PREFIX}+{fact.number.digits}"
    to = fact.message.to
    fields: Json = {
        "AccountSid": account_sid(fact.account),
        "ApiVersion": VERSION,
        "ChannelInstallSid": INSTALL_SID,
        "ChannelPrefix": "whatsapp",
        "ChannelToAddress": f"{to[:9]}XXXXX",
        "From": sender,
        "MessageSid": message.wamid,
        "MessageStatus": word,
        "SmsSid": message.wamid,
        "SmsStatus": word,
        "StructuredMessage": "false",
        "To": PREFIX + to,
    }
    if message.extra["service"]:
        fields["MessagingServiceSid"] = message.extra["service"]
    if word in EVENT_TYPES:
        fields["EventType"] = EVENT_TYPES[word]
    return fields


def _error(fact: StatusFact, word: str) -> Json:
    if fact.failure is None:
        return {}
    code, words = later_error(fact.failure)
    error: Json = {"ErrorCode": str(code)}
    if code not in ONLY_FROM_CHANNEL:
        error["ErrorMessage"] = words
    if word == "undelivered":
        error["ChannelStatusMessage"] = CHANNEL_MESSAGES.get(code, words)
    return error


def inbound_note(fact: InboundFact) -> Note:
    """The form of a customer's message."""
    fields: Json = {
        "AccountSid": account_sid(fact.account),
        "ApiVersion": VERSION,
        "Body": fact.text,
        **_writer(fact),
        "MessageSid": fact.id,
        "MessageType": fact.kind,
        "NumMedia": "0",
        "NumSegments": "1",
        "ProfileName": fact.customer.name,
        "ReferralNumMedia": "0",
        "SmsMessageSid": fact.id,
        "SmsSid": fact.id,
        "SmsStatus": "received",
        "To": f"{PREFIX}+{fact.number.digits}",
    }
    if fact.file is not None:
        fields |= {"NumMedia": "1", "MediaUrl0": media_url(fact), "MediaContentType0": fact.file.content_type}
    elif fact.kind != "text":
        reply = mapping(fact.interactive.get(str(fact.interactive.get("type"))))
        fields |= {"ButtonText": fact.text, "ButtonPayload": fact.payload or str(reply.get("id", ""))}
    if fact.context:
        sender = f"{PREFIX}+{fact.number.digits}"
        fields |= {"OriginalRepliedMessageSid": fact.context, "OriginalRepliedMessageSender": sender}
    return Note("inbound", fields)


def media_url(fact: InboundFact) -> str:
    """The address of the file of a customer's message, at Twilio's host."""
    media_id = fact.file.id if fact.file is not None else ""
    return f"https://api.twilio.com/{VERSION}/Accounts/{account_sid(fact.account)}/Messages/{fact.id}/Media/{media_id}"


def _writer(fact: InboundFact) -> Json:
    if fact.hide_phone or fact.customer.wa_id is None:
        person = PREFIX + fact.customer.user_id
        return {"From": person, "ExternalUserId": person}
    return {"From": f"{PREFIX}+{fact.customer.wa_id}", "WaId": fact.customer.wa_id}


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """``X-Twilio-Signature``. A URL's fragment is Twilio's own and never signed."""
    signed = url.partition("#")[0] + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def signature_headers(account: Account, url: str, body: bytes) -> Mapping[str, str]:
    """The header of one attempt."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return {"X-Twilio-Signature": signature(account.token, url, fields)}
