"""What Twilio's error codes mean here (https://www.twilio.com/docs/api/errors), those of answers and those of callbacks."""

from __future__ import annotations

from providers.contracts import JsonObject
from providers.errors import ErrorCode, Reason
from providers.http import Answer
from providers.reading import text, whole_number

MINUTE = 60.0

#: The message may have been delivered although Twilio calls it failed: no proof of a failure.
AMBIGUOUS_FAILURES = frozenset({"30410"})

CODES: dict[str, ErrorCode] = {
    # Of answers.
    "20003": ErrorCode(Reason.CREDENTIALS, "Permission denied"),
    # The number of this code is not confirmed by the sources.
    "20005": ErrorCode(Reason.ACCOUNT_BLOCKED, "Account not active", proven=False),
    "20404": ErrorCode(Reason.CONFIGURATION, "Not found"),
    "20429": ErrorCode(Reason.ACCOUNT_RATE, "Too many requests", seconds=2),
    "20500": ErrorCode(Reason.PROVIDER_ERROR, "Internal server error", proven=False),
    "20503": ErrorCode(Reason.PROVIDER_ERROR, "Service unavailable", proven=False),
    "21211": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Invalid 'To' phone number"),
    "21212": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "Invalid 'From' number"),
    "21408": ErrorCode(Reason.COUNTRY_NOT_ALLOWED, "Permission to send has not been enabled for the region"),
    "21603": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "'From' is required"),
    "21606": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "'From' is not a valid sender"),
    "21609": ErrorCode(Reason.CONFIGURATION, "Invalid 'StatusCallback' URL"),
    "21610": ErrorCode(Reason.RECIPIENT_OPTED_OUT, "Attempt to send to unsubscribed recipient"),
    "21611": ErrorCode(Reason.THROUGHPUT, "'From' has exceeded its queue", seconds=MINUTE),
    "21614": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "'To' is not a valid mobile number"),
    "21654": ErrorCode(Reason.TEMPLATE_MISSING, "ContentSid required"),
    "21655": ErrorCode(Reason.TEMPLATE_MISSING, "ContentSid invalid"),
    "21656": ErrorCode(Reason.TEMPLATE_PARAMETERS, "ContentVariables invalid"),
    "21703": ErrorCode(Reason.CONFIGURATION, "The Messaging Service has no senders"),
    "21705": ErrorCode(Reason.CONFIGURATION, "Invalid Messaging Service"),
    "21910": ErrorCode(Reason.BAD_REQUEST, "'From' and 'To' are of different channels"),
    # Of callbacks and resources. PROVIDER_ERROR: late, a failure that may be tried again; in an answer it proves nothing.
    "30001": ErrorCode(Reason.THROUGHPUT, "Queue overflow", seconds=MINUTE),
    "30007": ErrorCode(Reason.PROVIDER_REJECTED, "Message filtered"),
    "30008": ErrorCode(Reason.PROVIDER_ERROR, "Unknown error"),
    "30036": ErrorCode(Reason.EXPIRED, "Validity period expired"),
    "30410": ErrorCode(Reason.NO_ANSWER, "Provider timeout", proven=False),
    "63001": ErrorCode(Reason.CONFIGURATION, "Channel could not authenticate the request"),
    "63002": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "Channel could not find From"),
    "63003": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Channel could not find To"),
    "63005": ErrorCode(Reason.PROVIDER_REJECTED, "Channel did not accept the content"),
    "63006": ErrorCode(Reason.BAD_REQUEST, "Could not format the content for the channel"),
    "63007": ErrorCode(Reason.NUMBER_NOT_REGISTERED, "Could not find a channel with the From address"),
    "63008": ErrorCode(Reason.CONFIGURATION, "Channel misconfigured"),
    "63009": ErrorCode(Reason.PROVIDER_ERROR, "Channel provider returned an error"),
    "63010": ErrorCode(Reason.PROVIDER_ERROR, "Channels internal error"),
    "63012": ErrorCode(Reason.PROVIDER_ERROR, "Channel provider's internal error"),
    "63013": ErrorCode(Reason.NUMBER_BLOCKED, "Channel policy violation"),
    "63014": ErrorCode(Reason.RECIPIENT_BLOCKED_US, "Blocked by user action"),
    "63015": ErrorCode(Reason.RECIPIENT_NOT_ALLOWED, "Sandbox: the recipient has not joined"),
    "63016": ErrorCode(Reason.WINDOW_CLOSED, "Freeform message outside the allowed window"),
    "63017": ErrorCode(Reason.THROUGHPUT, "Rate limit exceeded", seconds=MINUTE),
    "63018": ErrorCode(Reason.THROUGHPUT, "Channel's rate limit exceeded", seconds=MINUTE),
    "63019": ErrorCode(Reason.MEDIA_FETCH, "Media failed to download"),
    "63020": ErrorCode(Reason.ACCOUNT_BLOCKED, "Business Manager account error"),
    "63021": ErrorCode(Reason.TEMPLATE_PARAMETERS, "Invalid content"),
    "63022": ErrorCode(Reason.CONFIGURATION, "Invalid vname certificate"),
    "63023": ErrorCode(Reason.PROVIDER_REJECTED, "Channel generic error"),
    "63024": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "Invalid message recipient"),
    "63026": ErrorCode(Reason.NUMBER_BLOCKED, "Sender flagged as spam"),
    "63027": ErrorCode(Reason.TEMPLATE_MISSING, "Template does not exist for the language"),
    "63028": ErrorCode(Reason.TEMPLATE_PARAMETERS, "Number of parameters does not match"),
    "63029": ErrorCode(Reason.RECIPIENT_UNREACHABLE, "The receiver failed to download the template"),
    "63030": ErrorCode(Reason.TEMPLATE_PARAMETERS, "Unsupported parameter"),
    "63031": ErrorCode(Reason.RECIPIENT_IS_SENDER, "From and To are the same"),
    # An experiment or a cap of the person's: not before a day.
    "63032": ErrorCode(Reason.MARKETING_LIMIT, "WhatsApp limitation for this user"),
    "63033": ErrorCode(Reason.RECIPIENT_BLOCKED_US, "Recipient blocked to receive"),
    "63034": ErrorCode(Reason.MEDIA, "Media exceeds the limit"),
    "63036": ErrorCode(Reason.UNSUPPORTED, "RBM: the recipient cannot be reached"),
    "63037": ErrorCode(Reason.MEDIA_FETCH, "Media upload failed"),
    "63038": ErrorCode(Reason.ACCOUNT_LIMIT, "Account exceeded the daily messages limit"),
    "63040": ErrorCode(Reason.TEMPLATE_POLICY, "Template rejected"),
    "63041": ErrorCode(Reason.TEMPLATE_PAUSED, "Template paused"),
    # The numbers of these two are not confirmed by the sources.
    "63042": ErrorCode(Reason.TEMPLATE_DISABLED, "Template disabled", proven=False),
    "63051": ErrorCode(Reason.ACCOUNT_BLOCKED, "WhatsApp Business Account locked", proven=False),
    "63049": ErrorCode(Reason.MARKETING_LIMIT, "Meta chose not to deliver this marketing message"),
}

UNLISTED = ErrorCode(Reason.PROVIDER_REJECTED)


def code_of(value: object) -> str:
    """An error code as it comes, a number or its text; "" when there is none."""
    number = whole_number(value)
    return str(number) if number else ""


def reason_of(code: str) -> str:
    """The reason of a callback's or resource's code; "" without one."""
    return CODES.get(code, UNLISTED).reason if code else ""


def answer_words(answer: Answer) -> tuple[str, str, bool]:
    """Code and message of an answer, and whether it is an error as Twilio writes them: code and status are numbers."""
    body: JsonObject = answer.json_object() or {}
    code = code_of(body.get("code"))
    understood = bool(code) and whole_number(body.get("status")) == answer.status
    return code, text(body.get("message"))[:1000], understood
