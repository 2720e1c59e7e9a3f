"""A message is found by our reference in the list of a person's messages; what is not found proves nothing."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.adapters.sinch import Sinch
from providers.contracts import DeliveryStatus, Recipient, StatusEvent
from providers.errors import ProviderCallError, Reason
from tests.contract.cases_sinch import APP, PROJECT, REFERENCE, SENT_ID
from tests.providers.adapters.sinch.wire import Asked, Page, adapter, exchanged, payload

LIST = payload("message-list.json")
ROW = LIST["messages"][0]
LOST = LookUp(
    reference=REFERENCE,
    provider_message_id="",
    sender_external_id="5491155550199",
    sender_phone="+5491155550199",
    recipient=Recipient(phone="+5491155550100"),
    sent_from=datetime(2026, 11, 20, 14, 2, tzinfo=UTC),
    sent_until=datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
)
KNOWN = replace(LOST, provider_message_id=SENT_ID)
TAKEN = StatusEvent(
    SENT_ID,
    DeliveryStatus.ACCEPTED,
    datetime.fromisoformat("2026-11-20T14:03:11.482+00:00"),
    reference=REFERENCE,
    sender_external_id="5491155550199",
    recipient_phone="+5491155550100",
)


def asked_for(message: LookUp, *pages: Page) -> tuple[LookUpAnswer, list[Asked]]:
    async def work(made: Sinch) -> LookUpAnswer:
        return await made.look_up(message)

    return exchanged(list(pages), work)


def listed(*rows: Any, token: str = "") -> Page:
    return "200 OK", {"messages": list(rows), "next_page_token": token}


def row(**changed: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ROW), **changed}


def test_it_says_that_it_looks_up_and_that_absence_proves_nothing() -> None:
    assert isinstance(adapter(), LooksUp)
    assert adapter().capabilities.look_up
    assert adapter().capabilities.absence_proves_after is None


def test_a_lost_message_is_found_by_our_reference() -> None:
    other = row(id="01OTHER", metadata="another reference")
    answer, (asked,) = asked_for(LOST, listed(other, ROW))
    assert (list(answer.events), answer.absent) == ([TAKEN], False)
    assert asked.path == f"/v1/projects/{PROJECT}/messages"
    assert asked.query == {
        "app_id": APP,
        "channel": "WHATSAPP",
        "channel_identity": "5491155550100",
        "start_time": "2026-11-20T14:02:00.000000Z",
        "end_time": "2026-11-20T14:05:00.000000Z",
        "direction": "TO_CONTACT",
        "messages_source": "CONVERSATION_SOURCE",
        "view": "WITH_METADATA",
        "page_size": "1000",
    }


def test_the_proof_shows_nobody() -> None:
    answer, _asked = asked_for(LOST, listed(ROW))
    assert len(answer.exchanges) == 1
    record = repr(answer.exchanges)
    assert all(word not in record for word in ("5491155550100", "Ana", "ORD-1042"))
    assert all(word in record for word in (SENT_ID, REFERENCE))


def test_the_proof_by_id_shows_nobody_either() -> None:
    answer, _asked = asked_for(KNOWN, ("200 OK", ROW))
    assert "Ana" not in repr(answer.exchanges)
    assert SENT_ID in repr(answer.exchanges)


def test_all_pages_are_searched() -> None:
    answer, asked = asked_for(LOST, listed(row(metadata="x"), token="p2"), listed(ROW))
    assert list(answer.events) == [TAKEN]
    assert asked[1].query["page_token"] == "p2"


def test_what_is_in_no_row_is_absent() -> None:
    answer, _asked = asked_for(LOST, listed(row(metadata="another reference")))
    assert (list(answer.events), answer.absent) == ([], True)


def test_a_row_without_metadata_might_be_ours() -> None:
    answer, _asked = asked_for(LOST, listed(row(metadata="")))
    assert (list(answer.events), answer.absent) == ([], False)


def test_a_list_that_was_not_read_to_its_end_shows_no_absence() -> None:
    answer, asked = asked_for(LOST, *[listed(token=f"p{number}") for number in range(10)])
    assert (answer.absent, len(asked)) == (False, 10)


def test_a_known_message_is_asked_for_by_its_id() -> None:
    answer, (asked,) = asked_for(KNOWN, ("200 OK", ROW))
    assert list(answer.events) == [TAKEN]
    assert asked.path == f"/v1/projects/{PROJECT}/messages/{SENT_ID}"


def test_a_known_message_needs_no_metadata() -> None:
    answer, _asked = asked_for(KNOWN, ("200 OK", row(metadata="")))
    assert list(answer.events) == [TAKEN]


@pytest.mark.parametrize("changed", [{"id": "01OTHER"}, {"metadata": "another reference"}, {"accept_time": "soon"}])
def test_another_message_under_the_id_is_no_proof(changed: dict[str, Any]) -> None:
    answer, _asked = asked_for(KNOWN, ("200 OK", row(**changed)))
    assert (list(answer.events), answer.absent) == ([], False)


def test_an_id_that_sinch_does_not_know_proves_nothing() -> None:
    answer, _asked = asked_for(KNOWN, ("404 X", payload("error-404.json")))
    assert answer == LookUpAnswer()


def test_a_person_without_a_phone_cannot_be_asked_for() -> None:
    answer, asked = asked_for(replace(LOST, recipient=Recipient(bsuid="AR.1")))
    assert (answer, asked) == (LookUpAnswer(), [])


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (("401 X", payload("error-401.json")), Reason.CREDENTIALS),
        (("500 X", payload("error-500.json")), Reason.PROVIDER_DOWN),
        (("200 X", {"messages": {}}), Reason.UNREADABLE_ANSWER),
    ],
)
@pytest.mark.parametrize("message", [LOST, KNOWN], ids=["lost", "known"])
def test_a_question_that_was_not_answered_says_so(message: LookUp, page: Page, reason: Reason) -> None:
    if message is KNOWN and page[0] == "200 X":
        page = ("200 X", b"<html>")
    with pytest.raises(ProviderCallError) as caught:
        asked_for(message, page)
    assert caught.value.reason is reason
