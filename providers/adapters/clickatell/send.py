"""The request of POST /v1/message, one to 200 messages, and what its answer says about each of them.

Source: https://docs.clickatell.com/channels/one-api/one-api-reference/
"""

from __future__ import annotations

from collections.abc import Sequence

from providers.adapters.clickatell.errors import message_refusal, whole_refusal
from providers.contracts import Accepted, Capabilities, JsonObject, MediaContent, OutboundMessage, TemplateContent
from providers.errors import Reason, Rejected, SendError, Unavailable, Uncertain
from providers.http import Answer
from providers.parts import media_check, parts_check
from providers.reading import part, parts, text
from providers.splitting import Splitter

#: 202 = all were looked at, 207 = some were refused; nothing else takes a message.
TAKEN = (202, 207)
KEPT_PATHS = frozenset({"messages.channel", "messages.clientMessageId", "messages.hsm.template"})

Outcome = Accepted | SendError

_halves = Splitter()


def message_build(message: OutboundMessage, capabilities: Capabilities) -> JsonObject:
    """The message as one of `messages`. Raises Rejected for what Clickatell cannot carry."""
    if not message.recipient.phone:
        raise Rejected(Reason.BSUID_NOT_SUPPORTED)
    built: JsonObject = {
        "channel": "whatsapp",
        "to": message.recipient.phone.removeprefix("+"),
        "clientMessageId": message.reference,
    }
    if isinstance(message.content, TemplateContent):
        return {**built, "hsm": _template(message.content, capabilities)}
    if isinstance(message.content, MediaContent):
        # How a file is sent stands on none of its pages that can be read.
        media_check(message.content, capabilities)
        return built
    return {**built, "content": message.content.body}


def outcomes_read(answer: Answer, messages: Sequence[OutboundMessage]) -> list[Outcome]:
    """One outcome per message, found by its reference, in the messages' order."""
    body = answer.json_object() or {}
    entries = parts(body, "messages")
    if answer.status not in TAKEN or not entries:
        return _all_refused(answer, messages)
    named = {text(entry.get("clientMessageId")): entry for entry in entries}
    return [_outcome(named.get(message.reference), answer) for message in messages]


def together(messages: Sequence[OutboundMessage]) -> int:
    """How many of these, from the first on, go in one request."""
    return _halves.together([message.reference for message in messages])


def _all_refused(answer: Answer, messages: Sequence[OutboundMessage]) -> list[Outcome]:
    """A refusal that names no message: of several, halves go again until the one at fault stands alone."""
    if len(messages) < 2 or not isinstance(whole_refusal(answer), Rejected):
        return [whole_refusal(answer) for _message in messages]
    _halves.refused([message.reference for message in messages])
    return [_not_started(whole_refusal(answer)) for _message in messages]


def _not_started(refusal: SendError) -> SendError:
    detail = "A request with several messages was refused because of one of them."
    return Unavailable(
        Reason.NOT_STARTED, provider_code=refusal.provider_code, detail=detail, exchange=refusal.exchange
    )


def _template(content: TemplateContent, capabilities: Capabilities) -> JsonObject:
    parts_check(content, capabilities.parts)
    if any("parameter_name" in item for component in content.components for item in parts(component, "parameters")):
        # The map's keys are positions; where a variable with a name would stand is not known.
        raise Rejected(Reason.UNSUPPORTED, provider_code="body", detail="Clickatell numbers variables: {{1}}, {{2}}.")
    parameters = [parameter for component in content.components for parameter in parts(component, "parameters")]
    values = {str(position): _words(parameter) for position, parameter in enumerate(parameters, start=1)}
    return {"template": content.name, **({"parameters": values} if values else {})}


def _words(parameter: JsonObject) -> str:
    """A text, or the fallback of an amount or a date."""
    kind = text(parameter.get("type"))
    return text(parameter.get("text")) or text(part(parameter, kind).get("fallback_value"))


def _outcome(entry: JsonObject | None, answer: Answer) -> Outcome:
    if entry is None:
        return Uncertain(
            Reason.UNREADABLE_ANSWER, detail="The answer does not name this message.", exchange=answer.exchange
        )
    message_id = text(entry.get("apiMessageId"))
    if entry.get("accepted") is True and message_id:
        return Accepted(provider_message_id=message_id, exchange=answer.exchange)
    if entry.get("accepted") is False and not message_id:
        return message_refusal(entry, answer)
    return Uncertain(Reason.UNREADABLE_ANSWER, detail="The answer contradicts itself.", exchange=answer.exchange)
