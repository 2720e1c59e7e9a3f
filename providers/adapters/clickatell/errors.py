"""What Clickatell's codes mean here: those of failed statuses, and those of answers, which share their numbers.

Codes of answers are therefore shown as "error 25". Sources: https://docs.clickatell.com/channels/one-api/one-api-message-status-table/,
https://docs.clickatell.com/channels/one-api/one-api-errors-table/ (read 2026-11).
"""

from __future__ import annotations

from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason, SendError
from providers.http import Answer
from providers.policy import answer_error, error_of
from providers.reading import part, text

MINUTE = 60.0

_UNPROVEN = ErrorCode(Reason.PROVIDER_ERROR, "Internal error", proven=False)

ANSWER_CODES: dict[str, ErrorCode] = {
    "error 1": ErrorCode(Reason.CREDENTIALS, "Invalid or missing integration API Key"),
    "error 2": ErrorCode(Reason.ACCOUNT_BLOCKED, "Account is not active"),
    "error 3": ErrorCode(Reason.CONFIGURATION, "Integration is not active"),
    "error 7": ErrorCode(Reason.CONFIGURATION, "Originating IP address is not approved"),
    "error 18": _UNPROVEN,
    "error 19": _UNPROVEN,
    "error 20": ErrorCode(Reason.BILLING, "Insufficient account balance"),
    "error 21": ErrorCode(Reason.BAD_REQUEST, "Payload data is malformed"),
    "error 22": ErrorCode(Reason.BAD_REQUEST, "Maximum messages per request exceeded"),
    "error 23": ErrorCode(Reason.BAD_REQUEST, "Invalid or missing parameter"),
    "error 24": ErrorCode(Reason.BAD_REQUEST, "Maximum content size exceeded"),
    "error 25": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Invalid recipient address"),
    "error 26": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "Recipient opted out"),
    "error 27": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Recipient not available on channel"),
    "error 28": ErrorCode(Reason.RECIPIENT_NOT_ALLOWED, "Recipient not available on sandbox"),
    "error 30": ErrorCode(Reason.MEDIA, "Content type not supported"),
    "error 31": ErrorCode(Reason.MEDIA, "Media file size exceeds limit"),
    "error 32": ErrorCode(Reason.MEDIA, "Media payload size exceeds limit"),
    "error 33": ErrorCode(Reason.MEDIA, "Media item not found"),
    "error 38": ErrorCode(Reason.CONFIGURATION, "Channel or feature is not active on integration"),
    "error 39": ErrorCode(Reason.CONFIGURATION, "Channel is not available on integration"),
    "error 40": ErrorCode(Reason.BAD_REQUEST, "Character set is not supported"),
    "error 41": ErrorCode(Reason.CONFIGURATION, "Resource does not exist"),
    "error 42": ErrorCode(Reason.BAD_REQUEST, "HTTP method is not supported"),
    "error 43": ErrorCode(Reason.THROUGHPUT, "Rate limit"),
    "error 44": ErrorCode(Reason.NUMBER_BLOCKED, "FROM number is suspended"),
    "error 45": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "FROM number is not related to integration"),
    "error 46": ErrorCode(Reason.ACCOUNT_BLOCKED, "Demo access has expired"),
    "HTTP 400": ErrorCode(Reason.BAD_REQUEST, "Bad Request"),
    "HTTP 401": ErrorCode(Reason.CREDENTIALS, "Unauthorized"),
    "HTTP 402": ErrorCode(Reason.BILLING, "Payment Required"),
    "HTTP 403": ErrorCode(Reason.CONFIGURATION, "Forbidden"),
    "HTTP 429": ErrorCode(Reason.THROUGHPUT, "Too Many Requests", seconds=5),
}

STATUS_CODES: dict[str, ErrorCode] = {
    "20": ErrorCode(Reason.EXPIRED, "EXPIRED"),
    "21": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "STOPPED_BY_USER"),
    "22": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "STOPPED_BY_ADMIN"),
    "23": ErrorCode(Reason.PROVIDER_REJECTED, "DELIVERY_FAILURE"),
    "24": ErrorCode(Reason.PROVIDER_REJECTED, "EMULATED"),
    "25": ErrorCode(Reason.BILLING, "INSUFFICIENT_ACCOUNT_BALANCE"),
    "26": ErrorCode(Reason.ACCOUNT_LIMIT, "VOLUME_LIMIT"),
    "27": ErrorCode(Reason.ACCOUNT_LIMIT, "VOLUME_LIMIT_DAILY"),
    "28": ErrorCode(Reason.ACCOUNT_LIMIT, "VOLUME_LIMIT_MONTHLY"),
    "29": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "RECIPIENT_DOES_NOT_EXIST"),
    "60": ErrorCode(Reason.CONFIGURATION, "ENCRYPTION_ACCESS_DENIED"),
    "61": ErrorCode(Reason.CONFIGURATION, "ENCRYPTION_CONTENT_ERROR"),
    "80": ErrorCode(Reason.MEDIA, "MEDIA_NOT_FOUND"),
    "81": ErrorCode(Reason.MEDIA, "MEDIA_SIZE_ERROR"),
    "82": ErrorCode(Reason.MEDIA, "MEDIA_CHECKSUM_FAILURE"),
    "83": ErrorCode(Reason.MEDIA, "MEDIA_REJECTED_BY_SUPPLIER"),
    "84": ErrorCode(Reason.MEDIA, "MEDIA_METADATA_ERROR"),
    "85": ErrorCode(Reason.MEDIA, "MEDIA_ACCESS_ERROR"),
    "100": ErrorCode(Reason.PROVIDER_DOWN, "ROUTING_ERROR"),
    "130": ErrorCode(Reason.BILLING, "WHATSAPP_ACCOUNT_PAYMENT_ISSUE"),
    "131": ErrorCode(Reason.WINDOW_CLOSED, "WHATSAPP_RE_ENGAGEMENT_REQUIRED"),
    "132": ErrorCode(Reason.NUMBER_BLOCKED, "WHATSAPP_SPAM_RATE_LIMIT_REACHED"),
    "133": ErrorCode(Reason.THROUGHPUT, "WHATSAPP_SERVER_RATE_LIMIT", seconds=MINUTE),
    "134": ErrorCode(Reason.TEMPLATE_MISSING, "WHATSAPP_HSM_NOT_AVAILABLE"),
    "135": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_HSM_PARAM_COUNT_MISMATCH"),
    "136": ErrorCode(Reason.TEMPLATE_MISSING, "WHATSAPP_HSM_IS_MISSING"),
    "137": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "WHATSAPP_HSM_DOWNLOAD_FAILED"),
    "138": ErrorCode(Reason.TEMPLATE_MISSING, "WHATSAPP_HSM_PACK_IS_MISSING"),
    "139": ErrorCode(Reason.RECIPIENT_EXPERIMENT, "WHATSAPP_EXPERIMENTAL_NUMBER"),
    "140": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_TEMPLATE_TEXT_TOO_LONG"),
    "141": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_TEMPLATE_FORMAT_MISMATCH"),
    "142": ErrorCode(Reason.TEMPLATE_POLICY, "WHATSAPP_TEMPLATE_FORMATTING_POLICY_VIOLATED"),
    # The words are the vendor's; that their numbers go on from 142 is inferred from their order.
    "143": ErrorCode(Reason.MEDIA, "WHATSAPP_TEMPLATE_MEDIA_FORMAT_UNSUPPORTED"),
    "144": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_PARAMETER_MISSING"),
    "145": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_PARAMETER_INVALID"),
    "146": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_PARAMETER_NOT_REQUIRED"),
    "147": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_TEMPLATE_INVALID_URL"),
    "148": ErrorCode(Reason.TEMPLATE_PARAMETERS, "WHATSAPP_TEMPLATE_INVALID_PHONE_NUMBER"),
    "149": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "WHATSAPP_TEMPLATE_RECEIVER_NO_BUTTON_SUPPORT"),
    # Newer words, whose numbers are not known.
    "STOP_MARKETING_MESSAGES": ErrorCode(Reason.MARKETING_OPT_OUT, "STOP_MARKETING_MESSAGES"),
    "EXCESSIVE_MESSAGES_TO_RECIPIENT": ErrorCode(Reason.MARKETING_LIMIT, "EXCESSIVE_MESSAGES_TO_RECIPIENT"),
}
CODES = {**ANSWER_CODES, **STATUS_CODES}

_BY_WORD = {row.name.removeprefix("WHATSAPP_"): (code, row) for code, row in STATUS_CODES.items()}
_REFUSED = ErrorCode(Reason.PROVIDER_REJECTED)


def failure_of(code: str, word: str) -> tuple[str, ErrorCode] | None:
    """The code and meaning of a failed status, by its word where that is listed, else by its code; None for no failure."""
    by_word = _BY_WORD.get(word.upper().removeprefix("WHATSAPP_"))
    if by_word is not None:
        return by_word
    known = STATUS_CODES.get(code)
    return (code, known) if known else None


def whole_refusal(answer: Answer) -> SendError:
    """What an answer means that takes no message at all."""
    body = answer.json_object() or {}
    code, words = _words(part(body, "error"))
    if 200 <= answer.status < 300 and code:
        return error_of(ANSWER_CODES.get(code, _REFUSED), code=code, detail=words, exchange=answer.exchange)
    # What is not written by Clickatell (a proxy's page) proves nothing, whatever its status; nor does a code beside a 5xx.
    believed = bool(code) and answer.status < 500
    known = {"HTTP 402": ANSWER_CODES["HTTP 402"]} if answer.status == 402 else ANSWER_CODES
    return answer_error(answer, known if believed else {}, code=code, detail=words, understood=bool(code))


def message_refusal(item: JsonObject, answer: Answer) -> SendError:
    """Why one message of a request was refused, as its own entry in the answer says."""
    code, words = _words(part(item, "error"))
    return error_of(ANSWER_CODES.get(code, _REFUSED), code=code, detail=words, exchange=answer.exchange)


def _words(error: JsonObject) -> tuple[str, str]:
    number = text(error.get("code"))
    return (f"error {number}"[:40] if number else "", text(error.get("description"))[:1000])
