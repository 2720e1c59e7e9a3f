"""The table of Gupshup's codes, and answers that its fixtures do not hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.adapters.gupshup import Gupshup
from providers.adapters.gupshup.errors import CODES, WORDS, message_read
from providers.contracts import Accepted, DeliveryStatus, StatusEvent, WebhookRequest
from providers.errors import Reason, SendError
from tests.contract.cases_gupshup import CASES, GS_ID, payload
from tests.providers.wire import answer, answering, run, served

# Section 6 of the contract page, code by code.
MEANINGS = {
    "500": Reason.PROVIDER_ERROR,
    "1001": Reason.CONFIGURATION,
    "1002": Reason.RECIPIENT_UNREACHABLE,
    "1003": Reason.BILLING,
    "1004": Reason.CONFIGURATION,
    "1005": Reason.TEMPLATE_PARAMETERS,
    "1006": Reason.PROVIDER_REJECTED,
    "1007": Reason.PROVIDER_REJECTED,
    "1008": Reason.PROVIDER_REJECTED,
    "1009": Reason.BAD_REQUEST,
    "1010": Reason.MEDIA,
    "1011": Reason.MEDIA,
    "1012": Reason.RECIPIENT_OPTED_OUT,
    "4001": Reason.ACCOUNT_RATE,
    "4002": Reason.UNREADABLE_ANSWER,
    "4003": Reason.TEMPLATE_PARAMETERS,
    "4004": Reason.CONFIGURATION,
    "4005": Reason.TEMPLATE_PAUSED,
    "470": Reason.WINDOW_CLOSED,
    "131047": Reason.WINDOW_CLOSED,
    "131026": Reason.RECIPIENT_UNREACHABLE,
    "131049": Reason.MARKETING_LIMIT,
    "131050": Reason.MARKETING_OPT_OUT,
    "130429": Reason.THROUGHPUT,
    "131056": Reason.PAIR_RATE,
    "131048": Reason.NUMBER_BLOCKED,
    "131042": Reason.BILLING,
    "132000": Reason.TEMPLATE_PARAMETERS,
    "132001": Reason.TEMPLATE_MISSING,
    "132012": Reason.TEMPLATE_PARAMETERS,
    "132015": Reason.TEMPLATE_PAUSED,
    "132016": Reason.TEMPLATE_DISABLED,
}
BY_STATUS = {"HTTP 401", "HTTP 429", "HTTP 500"}


def outcome(body: Any, status: int, *, content_type: str = "application/json") -> Accepted | SendError:
    raw = answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=f"{status} X")
    raw = raw.replace(b"application/json", content_type.encode())

    async def work() -> Accepted | SendError:
        async with served(answering(raw)) as base_url:
            try:
                return await CASES.adapter(base_url).send(CASES.message)
            except SendError as error:
                return error

    return run(work())


def failed(code: Any) -> StatusEvent:
    body = payload("webhook-v2-failed-sync-1002.json")
    body["payload"]["payload"]["code"] = code
    event = CASES.adapter().parse_webhook(WebhookRequest(json.dumps(body).encode(), {}))[0]
    assert isinstance(event, StatusEvent)
    return event


def test_the_table_has_exactly_the_pages_codes() -> None:
    assert set(CODES) == set(MEANINGS) | set(WORDS) | BY_STATUS
    assert CODES is Gupshup.error_codes


@pytest.mark.parametrize(("code", "reason"), MEANINGS.items())
def test_a_failed_message_has_the_reason_of_its_code(code: str, reason: Reason) -> None:
    assert (failed(int(code)).error_reason, failed(code).error_code) == (reason, code)


def test_an_unlisted_code_is_a_refusal() -> None:
    assert failed(987654).error_reason == Reason.PROVIDER_REJECTED
    assert failed({"odd": 1}).error_reason == Reason.PROVIDER_REJECTED


def test_a_failure_after_which_it_may_have_gone_out_proves_nothing() -> None:
    assert failed(4002).status is DeliveryStatus.UNKNOWN
    assert not CODES["4002"].proven


@pytest.mark.parametrize("content_type", ["text/html", "text/plain; charset=utf-8"])
def test_an_acceptance_is_read_whatever_its_content_type(content_type: str) -> None:
    accepted = outcome(payload("send-success-202.json"), 202, content_type=content_type)
    assert isinstance(accepted, Accepted)
    assert accepted.provider_message_id == GS_ID


@pytest.mark.parametrize(
    "body", [{"status": "submitted"}, {"status": "submitted", "messageId": ""}, {"messageId": 1.5}, [], b"ok"]
)
def test_an_answer_without_an_id_is_uncertain(body: Any) -> None:
    error = outcome(body, 202)
    assert isinstance(error, SendError)
    assert error.kind == "uncertain"


def test_an_error_with_an_id_is_no_acceptance() -> None:
    error = outcome({"status": "error", "messageId": GS_ID, "message": "Invalid Destination"}, 202)
    assert isinstance(error, SendError)
    assert error.kind == "uncertain"


def test_a_refusal_may_come_with_a_2xx() -> None:
    error = outcome({"status": "error", "message": "Invalid Destination"}, 202)
    assert isinstance(error, SendError)
    assert (error.kind, error.reason) == ("rejected", Reason.RECIPIENT_UNREACHABLE)


@pytest.mark.parametrize("words", ["Internal server error, try later", "Invalid Destination", "Too Many Requests"])
def test_no_words_are_believed_beside_a_5xx(words: str) -> None:
    error = outcome({"status": "error", "message": words}, 500)
    assert isinstance(error, SendError)
    assert (error.kind, error.detail) == ("uncertain", words)


def test_an_unknown_refusal_is_a_rejection_with_its_words() -> None:
    error = outcome({"status": "error", "message": "Something new"}, 400)
    assert isinstance(error, SendError)
    assert (error.kind, error.reason, error.detail) == ("rejected", Reason.PROVIDER_REJECTED, "Something new")


def test_a_400_of_somebody_else_proves_nothing() -> None:
    error = outcome(b"<html>Bad Request</html>", 400)
    assert isinstance(error, SendError)
    assert error.kind == "uncertain"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Plain", "Plain"),
        ({"message": "Nested"}, "Nested"),
        ('{"message": "In a text"}', "In a text"),
        ('{"reason": {"message": "Deep"}}', "Deep"),
        ("{not json", "{not json"),
        (["list"], ""),
        (None, ""),
    ],
)
def test_the_words_of_an_error_are_found_wherever_they_stand(message: Any, words: str) -> None:
    assert message_read({"status": "error", "message": message}) == words
