from __future__ import annotations

import json
from typing import Any

import pytest

from providers.abilities import SendsInBulk
from providers.adapters.infobip import BULK_LIMIT, Infobip
from providers.contracts import Accepted, OutboundMessage, Recipient, TextContent
from providers.errors import Reason, Rejected, SendError, Throttled, Unavailable, Uncertain
from providers.splitting import Splitter
from tests.contract.cases_infobip import REFERENCE, SECOND, SENDER, body, header, outbound
from tests.providers.adapters.infobip.account import account, against, fixture, message_of
from tests.providers.wire import Handler, answer, answering, run

ANA = outbound("order_update", body("Ana", "ORD-1042"))
BRUNO = outbound("order_update", body("Bruno", "ORD-1043"), reference=SECOND, phone="+5491155550101")


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.adapters.infobip.send._halves", Splitter())


def outcomes(handler: Handler, *messages: OutboundMessage, **credentials: str) -> list[Accepted | SendError]:
    async def work(made: Infobip) -> list[Accepted | SendError]:
        return await made.send_many(messages)

    return against(handler, work, **credentials)


def kinds(found: list[Accepted | SendError]) -> list[str]:
    return [item.kind if isinstance(item, SendError) else "accepted" for item in found]


def refusal(violations: dict[str, list[str]]) -> bytes:
    exception = {"messageId": "BAD_REQUEST", "text": "Bad request", "validationErrors": violations}
    return answer(json.dumps({"requestError": {"serviceException": exception}}).encode(), status="400 Bad Request")


def test_it_can() -> None:
    assert isinstance(account(), SendsInBulk)
    assert account().capabilities.bulk_limit == BULK_LIMIT == 1000


def test_the_request_is_the_fixtures_but_for_what_is_ours_to_choose() -> None:
    requests: list[bytes] = []
    outcomes(answering(answer(fixture("send-bulk-success-200.json")), requests), ANA, BRUNO)
    sent = json.loads(requests[0].partition(b"\r\n\r\n")[2])
    expected: Any = json.loads(fixture("send-bulk.json"))
    del expected["bulkId"]
    for ours, theirs in zip(sent["messages"], expected["messages"], strict=True):
        theirs |= {"callbackData": theirs["messageId"], "notifyUrl": ours["notifyUrl"]}
    assert sent == expected
    assert len(requests) == 1


def test_each_message_is_accepted_under_its_id() -> None:
    found = outcomes(answering(answer(fixture("send-bulk-success-200.json"))), ANA, BRUNO)
    assert [item.provider_message_id for item in found if isinstance(item, Accepted)] == [REFERENCE, SECOND]


def test_a_partly_accepted_request_settles_each_message_by_itself() -> None:
    found = outcomes(answering(answer(fixture("send-200-one-rejected.json"))), ANA, BRUNO)
    assert kinds(found) == ["accepted", "unavailable"]
    assert isinstance(found[1], Unavailable)
    assert (found[1].reason, found[1].provider_code) == (Reason.BILLING, "12")


def test_the_order_of_the_answer_means_nothing() -> None:
    found = outcomes(answering(answer(fixture("send-200-one-rejected.json"))), BRUNO, ANA)
    assert kinds(found) == ["unavailable", "accepted"]


def test_a_message_that_the_answer_does_not_name_is_uncertain() -> None:
    found = outcomes(answering(answer(fixture("send-success-200.json"))), ANA, BRUNO)
    assert kinds(found) == ["accepted", "uncertain"]


def test_a_message_that_the_answer_names_twice_is_uncertain() -> None:
    document = json.loads(fixture("send-200-one-rejected.json"))
    document["messages"][1]["messageId"] = REFERENCE
    assert kinds(outcomes(answering(answer(json.dumps(document).encode())), ANA)) == ["uncertain"]


def test_a_refused_request_refuses_only_the_message_at_fault_when_it_is_named() -> None:
    raw = refusal({"messages[1].content.templateData.body.placeholders[0]": ["must not be blank"]})
    found = outcomes(answering(raw), ANA, BRUNO)
    assert kinds(found) == ["unavailable", "rejected"]
    assert isinstance(found[1], Rejected)
    assert found[1].detail == "messages[1].content.templateData.body.placeholders[0] must not be blank"


def test_the_others_of_a_refused_request_lose_no_try() -> None:
    found = outcomes(
        answering(refusal({"messages[1].content.language": ["is not valid"]})), message_of(1), message_of(2)
    )
    assert [item.reason for item in found if isinstance(item, SendError)] == [Reason.NOT_STARTED, Reason.BAD_REQUEST]


@pytest.mark.parametrize("path", ["content.language", "messages[7].content.language"])
def test_a_refused_request_that_names_none_of_its_messages_goes_again_in_halves(path: str) -> None:
    sent = [message_of(index) for index in range(100, 104)]
    requests: list[bytes] = []
    for _try in range(3):
        found = outcomes(answering(refusal({path: ["is not valid"]}), requests), *sent)
    sizes = [len(json.loads(request.partition(b"\r\n\r\n")[2])["messages"]) for request in requests]
    assert sizes == [4, 2, 1]
    assert kinds(found) == ["rejected", "unavailable", "unavailable", "unavailable"]
    waiting = [item for item in found if isinstance(item, Unavailable)]
    assert {item.reason for item in waiting} == {Reason.NOT_STARTED}


def test_a_throttled_request_is_not_halved() -> None:
    sent = [message_of(index) for index in range(100, 104)]
    requests: list[bytes] = []
    for _try in range(2):
        outcomes(answering(answer(fixture("error-429.json"), status="429 X"), requests), *sent)
    sizes = [len(json.loads(request.partition(b"\r\n\r\n")[2])["messages"]) for request in requests]
    assert sizes == [4, 4]


def test_a_throttled_request_throttles_all() -> None:
    found = outcomes(
        answering(answer(fixture("error-429.json"), status="429 X", headers="Retry-After: 7\r\n")), ANA, BRUNO
    )
    assert [item.retry_after for item in found if isinstance(item, Throttled)] == [7.0, 7.0]


def test_a_lost_answer_leaves_all_in_doubt_each_with_its_own_record() -> None:
    async def silent(_reader: Any, writer: Any) -> None:
        writer.close()

    found = outcomes(silent, ANA, BRUNO)
    assert kinds(found) == ["uncertain", "uncertain"]
    assert all(isinstance(item, Uncertain) and item.exchange for item in found)
    references = [item.exchange.request["body"]["messages"][0]["messageId"] for item in found]  # type: ignore[union-attr, index]
    assert references == [REFERENCE, SECOND]


def test_a_record_holds_only_its_own_message() -> None:
    found = outcomes(answering(answer(fixture("send-200-one-rejected.json"))), ANA, BRUNO)
    exchange = found[1].exchange
    assert exchange is not None
    assert exchange.request is not None
    assert exchange.response is not None
    assert [item["messageId"] for item in exchange.request["body"]["messages"]] == [SECOND]
    assert [item["messageId"] for item in exchange.response["body"]["messages"]] == [SECOND]


def test_what_cannot_be_carried_is_refused_and_the_others_go() -> None:
    requests: list[bytes] = []
    product = outbound("any", header({"type": "product"}), reference=SECOND)
    found = outcomes(answering(answer(fixture("send-success-200.json")), requests), product, ANA)
    assert kinds(found) == ["rejected", "accepted"]
    assert len(json.loads(requests[0].partition(b"\r\n\r\n")[2])["messages"]) == 1


def test_a_text_beside_others_waits_for_a_call_of_its_own() -> None:
    text = OutboundMessage(SECOND, SENDER, f"+{SENDER}", Recipient("+5491155550101"), TextContent("Hola"))
    found = outcomes(answering(answer(fixture("send-success-200.json"))), ANA, text)
    assert kinds(found) == ["accepted", "unavailable"]


def test_nothing_is_called_when_nothing_can_be_sent() -> None:
    product = outbound("any", header({"type": "product"}))
    assert kinds(run(account("http://127.0.0.1:9").send_many([product]))) == ["rejected"]


def test_a_full_request_is_settled_in_its_order() -> None:
    messages = [message_of(index) for index in range(BULK_LIMIT)]
    rows = [{"messageId": message.reference, "status": {"groupId": 1, "id": 7}} for message in reversed(messages)]
    found = outcomes(answering(answer(json.dumps({"messages": rows}).encode())), *messages)
    references = [item.provider_message_id for item in found if isinstance(item, Accepted)]
    assert references == [message.reference for message in messages]
