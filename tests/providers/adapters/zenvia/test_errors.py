"""The table of Zenvia's codes and of Meta's in causes, and answers that the fixtures do not hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.adapters.zenvia import Zenvia
from providers.adapters.zenvia.errors import CODES, META_CODES, OWN_CODES
from providers.contracts import Accepted, StatusEvent, WebhookRequest
from providers.errors import Reason, SendError
from tests.contract.cases_zenvia import CASES, MESSAGE_ID, payload
from tests.providers.wire import answer, answering, run, served

# Section 3 of the contract page.
OWN = {
    "VALIDATION_ERROR": Reason.BAD_REQUEST,
    "AUTHENTICATION_ERROR": Reason.CREDENTIALS,
    "NOT_FOUND": Reason.CONFIGURATION,
    "DUPLICATED": Reason.DUPLICATE,
    "INTERNAL_ERROR": Reason.PROVIDER_ERROR,
    "HTTP 429": Reason.THROUGHPUT,
}


def outcome(body: Any, status: int) -> Accepted | SendError:
    raw = answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=f"{status} X")

    async def work() -> Accepted | SendError:
        async with served(answering(raw)) as base_url:
            try:
                return await CASES.adapter(base_url).send(CASES.message)
            except SendError as error:
                return error

    return run(work())


def error(body: Any, status: int) -> SendError:
    found = outcome(body, status)
    assert isinstance(found, SendError)
    return found


def failed(causes: Any) -> StatusEvent:
    body = payload("webhook-not-delivered.json")
    body["messageStatus"]["causes"] = causes
    event = CASES.adapter().parse_webhook(WebhookRequest(json.dumps(body).encode(), {}))[0]
    assert isinstance(event, StatusEvent)
    return event


def test_the_table_has_exactly_the_pages_codes_and_metas() -> None:
    assert {code: row.reason for code, row in OWN_CODES.items()} == OWN
    assert {**OWN_CODES, **META_CODES} == CODES == Zenvia.error_codes
    assert all(len(code) == 6 and code.isdecimal() for code in META_CODES)


@pytest.mark.parametrize("code", sorted(META_CODES))
def test_a_failed_message_has_the_reason_of_its_cause(code: str) -> None:
    event = failed([{"channelErrorCode": code, "reason": "Why"}])
    assert (event.error_code, event.error_reason, event.error_detail) == (code, META_CODES[code].reason, "Why")


def test_the_cause_that_is_known_counts() -> None:
    event = failed([{"channelErrorCode": "ZX-1", "reason": "odd"}, {"channelErrorCode": "131047"}])
    assert (event.error_code, event.error_reason) == ("131047", Reason.WINDOW_CLOSED)


@pytest.mark.parametrize("causes", [None, [], ["odd"], [{}], "odd", [{"channelErrorCode": 7}]])
def test_a_failure_without_a_known_cause_is_a_refusal(causes: Any) -> None:
    event = failed(causes)
    assert (event.error_reason, event.error_detail) == (Reason.PROVIDER_REJECTED, "The message was not delivered")


def test_an_error_says_which_place_is_wrong() -> None:
    found = error(payload("error-400.json"), 400)
    assert found.detail == "Validation error - contents.0.templateId: Missing required property"


def test_an_unknown_code_with_a_400_is_a_rejection() -> None:
    found = error({"code": "NEW_CODE", "message": "New"}, 400)
    assert (found.kind, found.reason, found.provider_code) == ("rejected", Reason.PROVIDER_REJECTED, "NEW_CODE")


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 503])
def test_an_answer_of_somebody_else_proves_nothing(status: int) -> None:
    assert error(b"<html>no</html>", status).kind == "uncertain"


def test_too_many_requests_are_believed_without_a_code() -> None:
    assert error(b"", 429).kind == "throttled"


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": None, "externalId": "x"}, [], b"ok"])
def test_an_answer_without_an_id_is_uncertain(body: Any) -> None:
    assert error(body, 200).kind == "uncertain"


def test_an_acceptance_has_the_messages_id() -> None:
    accepted = outcome(payload("send-success-200.json"), 200)
    assert isinstance(accepted, Accepted)
    assert accepted.provider_message_id == MESSAGE_ID


def test_an_error_with_200_is_no_acceptance() -> None:
    assert error(payload("error-400.json"), 200).reason is Reason.BAD_REQUEST


@pytest.mark.parametrize(("extra", "status"), [({"id": "x"}, 200), ({}, 500), ({}, 503)])
def test_no_code_is_believed_beside_an_id_or_a_5xx(extra: dict[str, str], status: int) -> None:
    assert error({**payload("error-400.json"), **extra}, status).kind == "uncertain"
