"""Several messages in one request: each has its own outcome, found by its reference."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from providers.abilities import SendsInBulk
from providers.contracts import Accepted, OutboundMessage, Recipient, TemplateContent, TextContent
from providers.errors import Reason, Rejected, SendError, Throttled, Unavailable, Uncertain
from providers.splitting import Splitter
from tests.contract.cases_clickatell import MESSAGE_ID, REFERENCE, outbound
from tests.providers.adapters.clickatell.account import account, against, fixture
from tests.providers.wire import free_port, run

FIRST = outbound()
SECOND = outbound(REFERENCE[:-1] + "2", "+5491155550101", "Bruno", "ORD-1043")
REFUSED = fixture("send-207-one-refused.json")


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.adapters.clickatell.send._halves", Splitter())


def answered(status: int, document: Any, *messages: OutboundMessage) -> list[Accepted | SendError]:
    return against(status, document, lambda made: made.send_many(messages or [FIRST, SECOND]))[0]


def outcome_of(message: OutboundMessage) -> SendError:
    """The error of a message that never leaves."""
    (outcome,) = run(account(f"http://127.0.0.1:{free_port()}").send_many([message]))
    assert isinstance(outcome, SendError)
    return outcome


def with_error(code: object) -> Any:
    """The answer in which the second message is refused with this code."""
    first, second = REFUSED["messages"]
    return {**REFUSED, "messages": [first, {**second, "error": {"code": code, "description": "Why."}}]}


# --- the request ---------------------------------------------------------------------------------------------------------


def test_it_sends_two_hundred_at_once() -> None:
    assert isinstance(account(), SendsInBulk)
    assert account().capabilities.bulk_limit == 200


def test_many_go_as_the_fixture_in_one_request() -> None:
    _outcomes, asked = against(202, fixture("send-success-202.json"), lambda made: made.send_many([FIRST, SECOND]))
    ((head, body),) = asked
    assert head.startswith("POST /v1/message ")
    assert "authorization: clickatell-key-0123456789==\r\n" in f"{head}\r\n".lower()
    assert body == fixture("send-bulk.json")


def test_a_text_goes_as_content() -> None:
    message = dataclasses.replace(FIRST, content=TextContent("Hola"))
    _outcomes, asked = against(202, fixture("send-success-202.json"), lambda made: made.send_many([message]))
    assert asked[0][1]["messages"] == [
        {"channel": "whatsapp", "to": "5491155550100", "clientMessageId": REFERENCE, "content": "Hola"}
    ]


def test_a_template_without_variables_names_no_parameters() -> None:
    message = dataclasses.replace(FIRST, content=TemplateContent("aviso", "es_AR", [], "utility"))
    _outcomes, asked = against(202, fixture("send-success-202.json"), lambda made: made.send_many([message]))
    assert asked[0][1]["messages"][0]["hsm"] == {"template": "aviso"}


def test_an_amount_goes_as_its_words() -> None:
    amount = {"type": "currency", "currency": {"fallback_value": "$ 10", "code": "ARS", "amount_1000": 10000}}
    components = [{"type": "body", "parameters": [amount]}]
    message = dataclasses.replace(FIRST, content=TemplateContent("aviso", "es_AR", components, "utility"))
    _outcomes, asked = against(202, fixture("send-success-202.json"), lambda made: made.send_many([message]))
    assert asked[0][1]["messages"][0]["hsm"]["parameters"] == {"1": "$ 10"}


# --- what never leaves ---------------------------------------------------------------------------------------------------

IMAGE = {"type": "image", "image": {"link": "https://cdn.example.com/a.jpg"}}
URL = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "7"}]}


@pytest.mark.parametrize(
    ("component", "named"),
    [
        ({"type": "header", "parameters": [{"type": "text", "text": "7"}]}, "header_text"),
        ({"type": "header", "parameters": [IMAGE]}, "header_image"),
        (URL, "button_url"),
        ({"type": "carousel", "cards": []}, "carousel"),
    ],
)
def test_all_but_text_parameters_is_refused_by_name(component: Any, named: str) -> None:
    message = dataclasses.replace(FIRST, content=TemplateContent("aviso", "es_AR", [component], "utility"))
    error = outcome_of(message)
    assert (type(error), error.reason, error.detail) == (Rejected, Reason.UNSUPPORTED, named)


def test_a_variable_with_a_name_is_refused_because_its_place_is_not_known() -> None:
    named = {"type": "body", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}]}
    error = outcome_of(dataclasses.replace(FIRST, content=TemplateContent("aviso", "es_AR", [named], "utility")))
    assert (type(error), error.reason) == (Rejected, Reason.UNSUPPORTED)


def test_a_person_without_a_phone_is_refused() -> None:
    error = outcome_of(dataclasses.replace(FIRST, recipient=Recipient(bsuid="AR.1349120865530274191")))
    assert (type(error), error.reason) == (Rejected, Reason.BSUID_NOT_SUPPORTED)


def test_what_is_refused_stays_behind_and_the_others_go() -> None:
    nobody = dataclasses.replace(SECOND, recipient=Recipient(bsuid="AR.1349120865530274191"))
    outcomes, asked = against(202, fixture("send-success-202.json"), lambda made: made.send_many([nobody, FIRST]))
    assert [type(outcome) for outcome in outcomes] == [Rejected, Accepted]
    assert len(asked[0][1]["messages"]) == 1


# --- the answer ----------------------------------------------------------------------------------------------------------


def test_each_message_has_its_own_outcome() -> None:
    first, second = answered(207, REFUSED)
    assert isinstance(first, Accepted)
    assert first.provider_message_id == MESSAGE_ID
    assert isinstance(second, Rejected)
    assert (second.provider_code, second.detail) == ("error 105", "Invalid Destination Address.")


def test_outcomes_are_found_by_reference_not_by_place() -> None:
    reversed_answer = {**REFUSED, "messages": REFUSED["messages"][::-1]}
    assert [type(outcome) for outcome in answered(207, reversed_answer)] == [Accepted, Rejected]


def test_a_message_that_the_answer_does_not_name_is_uncertain() -> None:
    assert [type(outcome) for outcome in answered(202, fixture("send-success-202.json"))] == [Accepted, Uncertain]


@pytest.mark.parametrize(
    "entry",
    [{"accepted": True, "apiMessageId": None}, {"accepted": False}, {"accepted": "yes"}, {"accepted": None}],
)
def test_an_entry_that_contradicts_itself_is_uncertain(entry: dict[str, Any]) -> None:
    (item,) = fixture("send-success-202.json")["messages"]
    (outcome,) = answered(202, {"messages": [{**item, **entry}], "error": None}, FIRST)
    assert isinstance(outcome, Uncertain)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (25, Rejected, Reason.RECIPIENT_UNREACHABLE),
        ("26", Rejected, Reason.RECIPIENT_OPTED_OUT),
        (20, Unavailable, Reason.BILLING),
        (43, Throttled, Reason.THROUGHPUT),
        (44, Unavailable, Reason.NUMBER_BLOCKED),
        (18, Uncertain, Reason.PROVIDER_ERROR),
        (999, Rejected, Reason.PROVIDER_REJECTED),
        (None, Rejected, Reason.PROVIDER_REJECTED),
    ],
)
def test_a_refused_message_is_understood_by_its_own_code(code: object, kind: type[SendError], reason: Reason) -> None:
    outcome = answered(207, with_error(code))[1]
    assert isinstance(outcome, SendError)
    assert (type(outcome), outcome.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (400, "21", Rejected, Reason.BAD_REQUEST),
        (401, "1", Unavailable, Reason.CREDENTIALS),
        (402, "25", Unavailable, Reason.BILLING),
        (403, "900", Unavailable, Reason.CONFIGURATION),
        (202, "2", Unavailable, Reason.ACCOUNT_BLOCKED),
        (202, "900", Rejected, Reason.PROVIDER_REJECTED),
        (429, "43", Throttled, Reason.THROUGHPUT),
        (500, "18", Uncertain, Reason.PROVIDER_ERROR),
        (503, "19", Uncertain, Reason.PROVIDER_ERROR),
        (502, "25", Uncertain, Reason.PROVIDER_ERROR),
    ],
)
def test_a_request_refused_as_a_whole_refuses_every_message(
    status: int, code: str, kind: type[SendError], reason: Reason
) -> None:
    document = {"messages": [], "error": {"code": code, "description": "Why."}}
    alone = [answered(status, document, message)[0] for message in (FIRST, SECOND)]
    found = [(type(outcome), outcome.reason) for outcome in alone if isinstance(outcome, SendError)]
    assert found == [(kind, reason)] * 2


@pytest.mark.parametrize(("status", "code", "sizes"), [(400, "23", [4, 2, 1]), (429, "43", [4, 4, 4])])
def test_a_refused_request_that_names_no_message_goes_again_in_halves(status: int, code: str, sizes: list[int]) -> None:
    sent = [outbound(f"{REFERENCE[:-8]}{status}{index:05d}", f"+549115555{index:04d}") for index in range(4)]
    document = {"messages": [], "error": {"code": code, "description": "Why."}}
    asked = [against(status, document, lambda made: made.send_many(sent)) for _try in sizes]
    assert [len(calls[0][1]["messages"]) for _outcomes, calls in asked] == sizes
    if status == 400:
        assert [type(outcome) for outcome in asked[-1][0]] == [Rejected, Unavailable, Unavailable, Unavailable]
        assert {outcome.reason for outcome in asked[0][0] if isinstance(outcome, SendError)} == {Reason.NOT_STARTED}


@pytest.mark.parametrize(
    ("status", "document"),
    [(202, {"messages": [], "error": None}), (200, REFUSED), (401, b"<html>"), (402, {}), (503, b"")],
    ids=["nothing in it", "another status", "a proxy's page", "no error in it", "down"],
)
def test_an_answer_that_is_not_clickatells_proves_nothing(status: int, document: Any) -> None:
    assert [type(outcome) for outcome in answered(status, document)] == [Uncertain, Uncertain]


def test_a_call_that_fails_fails_for_every_message() -> None:
    outcomes = run(account(f"http://127.0.0.1:{free_port()}").send_many([FIRST, SECOND]))
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
