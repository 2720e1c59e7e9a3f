"""A message is found by our reference in the channel's list; what is not found proves nothing."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.adapters.messagebird import MessageBird
from providers.contracts import DeliveryStatus, Recipient, StatusEvent
from providers.errors import ProviderCallError, Reason
from tests.contract.cases_messagebird import CHANNEL, REFERENCE, SEND, SENT_ID
from tests.providers.adapters.messagebird.wire import Asked, Page, adapter, exchanged, payload

ROW = payload("bird-message-list.json")["results"][0]
LOST = LookUp(
    reference=REFERENCE,
    provider_message_id="",
    sender_external_id=CHANNEL,
    sender_phone="+5491155550199",
    recipient=Recipient(phone="+5491155550100"),
    sent_from=datetime(2026, 11, 20, 14, 2, tzinfo=UTC),
    sent_until=datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
)
KNOWN = replace(LOST, provider_message_id=SENT_ID)
DELIVERED = StatusEvent(
    SENT_ID,
    DeliveryStatus.DELIVERED,
    datetime.fromisoformat("2026-11-20T14:03:13.902+00:00"),
    reference=REFERENCE,
    sender_external_id=CHANNEL,
    recipient_phone="+5491155550100",
    raw_status="delivered",
)


def asked_for(message: LookUp, *pages: Page) -> tuple[LookUpAnswer, list[Asked]]:
    async def work(made: MessageBird) -> LookUpAnswer:
        return await made.look_up(message)

    return exchanged(list(pages), work)


def listed(*rows: Any, token: str = "") -> Page:
    return "200 OK", {"results": list(rows), "nextPageToken": token}


def row(**changed: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ROW), **changed}


def test_it_says_that_it_looks_up_and_that_absence_proves_nothing() -> None:
    assert isinstance(adapter(), LooksUp)
    assert adapter().capabilities.look_up
    assert adapter().capabilities.absence_proves_after is None


def test_a_lost_message_is_found_by_our_reference() -> None:
    answer, (asked,) = asked_for(LOST, listed(row(id="other", reference="other"), ROW))
    assert (list(answer.events), answer.absent) == ([DELIVERED], False)
    assert asked.path == SEND
    assert asked.query == {
        "direction": "outgoing",
        "startAt": "2026-11-20T14:02:00.000Z",
        "endAt": "2026-11-20T14:05:00.000Z",
        "limit": "100",
    }


@pytest.mark.parametrize(("message", "page"), [(LOST, listed(ROW)), (KNOWN, ("200 OK", ROW))])
def test_the_proof_shows_nobody(message: LookUp, page: Page) -> None:
    answer, _asked = asked_for(message, page)
    record = repr(answer.exchanges)
    assert all(word not in record for word in ("5491155550100", "Ana", "ORD-1042", "bird-access-key"))
    assert all(word in record for word in (SENT_ID, REFERENCE, "delivered"))


def test_the_search_ends_where_the_message_is_found() -> None:
    answer, asked = asked_for(LOST, listed(row(reference="x"), token="p2"), listed(ROW, token="p3"))
    assert list(answer.events) == [DELIVERED]
    assert [one.query.get("pageToken") for one in asked] == [None, "p2"]


def test_what_is_in_no_row_is_absent() -> None:
    answer, _asked = asked_for(LOST, listed(row(reference="x")))
    assert (list(answer.events), answer.absent) == ([], True)


def test_a_list_that_was_not_read_to_its_end_shows_no_absence() -> None:
    answer, asked = asked_for(LOST, *[listed(token=f"p{number}") for number in range(50)])
    assert (answer.absent, len(asked)) == (False, 50)


def test_two_messages_under_our_reference_are_both_told() -> None:
    answer, _asked = asked_for(LOST, listed(ROW, row(id="second")))
    assert [event.provider_message_id for event in answer.events] == [SENT_ID, "second"]


@pytest.mark.parametrize("changed", [{"direction": "incoming"}, {"updatedAt": "soon"}, {"status": None}])
def test_a_row_that_cannot_be_ours_or_read_is_no_proof(changed: dict[str, Any]) -> None:
    answer, _asked = asked_for(LOST, listed(row(**changed)))
    assert (list(answer.events), answer.absent) == ([], False)


def test_a_known_message_is_asked_for_by_its_id() -> None:
    answer, (asked,) = asked_for(KNOWN, ("200 OK", row(reference="")))
    assert list(answer.events) == [DELIVERED]
    assert asked.path == f"{SEND}/{SENT_ID}"


@pytest.mark.parametrize("page", [("200 OK", row(id="other")), ("404 X", {"code": "NotFound"})])
def test_an_id_that_bird_does_not_know_proves_nothing(page: Page) -> None:
    answer, _asked = asked_for(KNOWN, page)
    assert (list(answer.events), answer.absent, len(answer.exchanges)) == ([], False, 1)


@pytest.mark.parametrize("message", [LOST, KNOWN], ids=["lost", "known"])
@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (("401 X", payload("bird-error-401-guess.json")), Reason.CREDENTIALS),
        (("500 X", b""), Reason.PROVIDER_DOWN),
        (("200 X", b"<html>"), Reason.UNREADABLE_ANSWER),
    ],
)
def test_a_question_that_was_not_answered_says_so(message: LookUp, page: Page, reason: Reason) -> None:
    with pytest.raises(ProviderCallError) as caught:
        asked_for(message, page)
    assert caught.value.reason is reason
