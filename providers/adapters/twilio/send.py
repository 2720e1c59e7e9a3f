"""The request of POST .../Messages.json, and its answer."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from providers.adapters.twilio.errors import CODES, UNLISTED, answer_words, code_of
from providers.adapters.twilio.values import content_variables
from providers.adapters.twilio.vocabulary import STATUSES
from providers.contracts import (
    Accepted,
    Capabilities,
    DeliveryStatus,
    MediaContent,
    OutboundMessage,
    Recipient,
    TemplateContent,
    TextContent,
)
from providers.errors import Reason, Rejected, Uncertain
from providers.http import Answer
from providers.parts import media_check, parts_check
from providers.policy import answer_error, error_of
from providers.reading import text

KEPT_PATHS = frozenset({"ContentSid", "MessagingServiceSid"})
#: The parameter of the status callback's address that brings our reference back.
REFERENCE = "reference"
#: Without it Twilio calls once: three tries for any failure, 2 s to connect, 5 s to answer, 15 s in all.
CALLBACK_RETRIES = "rc=3&rp=all&ct=2000&rt=5000&tt=15000"
LONGEST_TEXT = 1600

_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")


def form_build(
    message: OutboundMessage, *, webhook_url: str, messaging_service: str, capabilities: Capabilities
) -> dict[str, str]:
    """The form fields that send `message`. Raises Rejected for what Twilio cannot carry."""
    form = {"To": address(message.recipient), "From": f"whatsapp:+{message.sender_phone.removeprefix('+')}"}
    if messaging_service:
        form["MessagingServiceSid"] = messaging_service
    form |= _content(message.content, capabilities)
    if webhook_url:
        query = urlencode({REFERENCE: message.reference})
        form["StatusCallback"] = f"{webhook_url}?{query}#{CALLBACK_RETRIES}"
    return form


def address(recipient: Recipient) -> str:
    """A person as Twilio names him: the phone, else the business-scoped user id."""
    return f"whatsapp:+{recipient.phone.removeprefix('+')}" if recipient.phone else f"whatsapp:{recipient.bsuid}"


def answer_read(answer: Answer) -> Accepted:
    """What Twilio's answer says. Raises SendError unless the message was created and has an id."""
    body = answer.json_object()
    if answer.status != 201 or body is None:
        code, words, understood = answer_words(answer)
        # Beside a 5xx no code is believed.
        known = CODES if answer.status < 500 else {}
        raise answer_error(answer, known, code=code, detail=words, understood=understood)
    sid = text(body.get("sid"))
    if not _MESSAGE_SID.fullmatch(sid):
        raise Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer holds no message id.", exchange=answer.exchange)
    if STATUSES.get(text(body.get("status"))) is DeliveryStatus.FAILED:
        code = code_of(body.get("error_code"))
        words = text(body.get("error_message"))[:1000]
        error = error_of(CODES.get(code, UNLISTED), code=code, detail=words, exchange=answer.exchange)
        if isinstance(error, Rejected):
            raise error
        # Twilio has a message under our reference: what it reports of it must not be taken for that of a second try.
        raise Uncertain(
            error.reason,
            provider_code=code,
            detail=words,
            park=error.park,
            park_until=error.park_until,
            exchange=answer.exchange,
        )
    return Accepted(provider_message_id=sid, exchange=answer.exchange)


def _content(content: TemplateContent | TextContent | MediaContent, capabilities: Capabilities) -> dict[str, str]:
    if isinstance(content, MediaContent):
        media_check(content, capabilities)
        if len(content.caption) > LONGEST_TEXT:
            raise Rejected(Reason.BAD_REQUEST, detail=f"Twilio takes texts of up to {LONGEST_TEXT} characters.")
        # The name of a document is the end of its link.
        return {"MediaUrl": content.link, **({"Body": content.caption} if content.caption else {})}
    if isinstance(content, TextContent):
        if len(content.body) > LONGEST_TEXT:
            raise Rejected(Reason.BAD_REQUEST, detail=f"Twilio takes texts of up to {LONGEST_TEXT} characters.")
        return {"Body": content.body}
    parts_check(content, capabilities.parts)
    if not _CONTENT_SID.fullmatch(content.external_id):
        raise Rejected(Reason.TEMPLATE_MISSING, detail="The template has no content sid (HX...): sync the templates.")
    variables = content_variables(content)
    # Without variables the field stays away: Twilio would take {} for a wrong one.
    filled = {"ContentVariables": json.dumps(variables, ensure_ascii=False)} if variables else {}
    return {"ContentSid": content.external_id, **filled}
