"""What became of a message whose id at Clickatell is known. By our own reference nothing can be asked."""

from __future__ import annotations

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.clickatell.errors import failure_of, whole_refusal
from providers.adapters.clickatell.webhook import status_of
from providers.contracts import StatusEvent
from providers.http import Answer
from providers.policy import call_error, unreadable_answer
from providers.reading import Unreadable, moment, part, text


def answer_read(answer: Answer, message: LookUp) -> LookUpAnswer:
    """The status that the answer tells. Raises ProviderCallError when it tells none."""
    if answer.status == 404:
        return LookUpAnswer(exchanges=[answer.exchange])
    if answer.status != 200:
        error = whole_refusal(answer)
        raise call_error(answer, {}, code=error.provider_code, detail=error.detail)
    told = part(answer.json_object() or {}, "whatsapp")
    word, code = text(told.get("status")), text(told.get("statusCode"))
    try:
        at = moment(told.get("timestamp"))
    except Unreadable as error:
        raise unreadable_answer(answer, str(error)) from error
    failure = failure_of(code, word)
    event = StatusEvent(
        provider_message_id=message.provider_message_id,
        status=status_of(code, word),
        occurred_at=at,
        reference=message.reference,
        error_code=failure[0] if failure else "",
        error_reason=failure[1].reason if failure else "",
        raw_status=word or code,
    )
    return LookUpAnswer([event], exchanges=[answer.exchange])
