"""Meta's history of one message: facts about exactly this one, and never a proof that nothing was sent."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.contracts import DeliveryStatus, Recipient
from providers.errors import ProviderCallError, Reason
from tests.providers.adapters.meta.openapi import problems
from tests.providers.adapters.meta.payloads import adapter, payload
from tests.providers.adapters.meta.wire import Asked, from_pages

HISTORY = payload("message_history.response")
WAMID = HISTORY["data"][0]["message_id"]
ASKED = LookUp(
    reference="hsm:01JC9Z6T8Q4V2K7M3N5P8R1S0T",
    provider_message_id=WAMID,
    sender_external_id="298117653388214",
    sender_phone="+5491155550199",
    recipient=Recipient(phone="+5491155550100"),
    sent_from=datetime(2026, 11, 8, 14, tzinfo=UTC),
    sent_until=datetime(2026, 11, 8, 15, tzinfo=UTC),
)


def looked_up(body: Any, *, status: str = "200 OK") -> tuple[LookUpAnswer, list[Asked]]:
    return from_pages([(status, body)], lambda made: asyncio.run(made.look_up(ASKED)))


def with_events(*events: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = copy.deepcopy(HISTORY)
    body["data"][0]["events"]["data"] = list(events)
    return body


def test_it_says_that_it_looks_up() -> None:
    assert isinstance(adapter(), LooksUp)
    assert adapter().capabilities.look_up
    assert adapter().capabilities.absence_proves_after is None


def test_the_events_of_the_message_are_found_with_the_proof() -> None:
    answer, (asked,) = looked_up(HISTORY)
    assert [(event.status, event.occurred_at.timestamp()) for event in answer.events] == [
        (DeliveryStatus.SENT, 1794153600),
        (DeliveryStatus.DELIVERED, 1794153604),
    ]
    assert {(event.provider_message_id, event.reference) for event in answer.events} == {(WAMID, ASKED.reference)}
    assert [exchange.status for exchange in answer.exchanges] == [200]
    assert (asked.path, asked.query["message_id"]) == ("/v25.0/298117653388214/message_history", WAMID)
    assert problems(asked) == []


def test_without_an_id_nothing_is_asked_and_nothing_is_known() -> None:
    answer, asked = from_pages([], lambda made: asyncio.run(made.look_up(replace(ASKED, provider_message_id=""))))
    assert (answer, asked) == (LookUpAnswer(), [])


def test_finding_nothing_is_no_absence() -> None:
    answer, _asked = looked_up({"data": []})
    assert (list(answer.events), answer.absent) == ([], False)


def test_another_message_says_nothing_about_this_one() -> None:
    body = copy.deepcopy(HISTORY)
    body["data"][0]["message_id"] = "wamid.other"
    assert list(looked_up(body)[0].events) == []


def test_the_same_fact_told_by_two_apps_is_one_event() -> None:
    twice = [{"delivery_status": "READ", "timestamp": second} for second in (1794153700, 1794153690)]
    answer, _asked = looked_up(with_events(*twice))
    assert [event.occurred_at.timestamp() for event in answer.events] == [1794153690]


def test_a_failure_has_its_words_and_no_code() -> None:
    event = {"delivery_status": "FAILED", "timestamp": 1794153700, "error_description": "Message undeliverable"}
    (failed,) = looked_up(with_events(event))[0].events
    assert (failed.status, failed.error_code) == (DeliveryStatus.FAILED, "")
    assert (failed.error_reason, failed.error_detail) == (Reason.PROVIDER_REJECTED, "Message undeliverable")


def test_the_trouble_of_a_webhook_is_none_of_the_message() -> None:
    assert {event.error_detail for event in looked_up(HISTORY)[0].events} == {""}


@pytest.mark.parametrize("event", [{"delivery_status": "READ"}, {"timestamp": "soon", "delivery_status": "READ"}])
def test_an_event_without_a_time_is_left_out(event: dict[str, Any]) -> None:
    assert list(looked_up(with_events(event))[0].events) == []


def test_an_unknown_word_proves_nothing() -> None:
    (event,) = looked_up(with_events({"delivery_status": "DELETED", "timestamp": 1794153700}))[0].events
    assert (event.status, event.raw_status) == (DeliveryStatus.UNKNOWN, "DELETED")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("401 Unauthorized", payload("error_190"), Reason.CREDENTIALS),
        ("500 Internal Server Error", b"", Reason.PROVIDER_DOWN),
        ("200 OK", {"data": {}}, Reason.PROVIDER_REJECTED),
    ],
)
def test_a_question_that_was_not_answered_says_so(status: str, body: Any, reason: Reason) -> None:
    with pytest.raises(ProviderCallError) as caught:
        looked_up(body, status=status)
    assert caught.value.reason is reason
