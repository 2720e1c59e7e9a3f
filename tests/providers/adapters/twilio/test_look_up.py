"""What became of a message: by sid, by the list of what its recipient got, and when nothing is concluded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.adapters.twilio.look_up import MAX_PAGES
from providers.contracts import DeliveryStatus, PriceReport, Recipient, StatusEvent
from providers.errors import ProviderCallError, Reason
from tests.contract.cases_twilio import ACCOUNT, BSUID, PHONE, REFERENCE, SID
from tests.providers.adapters.twilio.account import Answer, Asked, account, against, fixture, query_check, schema_check
from tests.providers.wire import free_port, run

SENT_AT = datetime(2026, 11, 20, 14, 3, 10, tzinfo=UTC)
TEXT = "Hola Ana, tu pedido ORD-1042 está listo."
LIST = fixture("message-list.json")
ITEM = LIST["messages"][0]


def question(*, sid: str = "", text: str = TEXT, recipient: Recipient | None = None) -> LookUp:
    return LookUp(
        reference=REFERENCE,
        provider_message_id=sid,
        sender_external_id="5491155550199",
        sender_phone="+5491155550199",
        recipient=recipient or Recipient(PHONE),
        sent_from=SENT_AT - timedelta(seconds=60),
        sent_until=SENT_AT + timedelta(seconds=60),
        text=text,
    )


def looked_up(message: LookUp, *answers: Answer) -> tuple[LookUpAnswer, list[Asked]]:
    return against(answers, lambda made: made.look_up(message))


def listed(*items: Any, next_page: str | None = None) -> Answer:
    return 200, {**LIST, "messages": list(items), "next_page_uri": next_page}


def item(**changed: Any) -> Any:
    return {**ITEM, **changed}


def at(seconds: float) -> str:
    return format_datetime(SENT_AT + timedelta(seconds=seconds))


def concluded(*items: Any, **asked: Any) -> tuple[list[str], bool]:
    """The sids of the events, and whether the message is said to be absent."""
    answer, _asked = looked_up(question(**asked), listed(*items))
    return [event.provider_message_id for event in answer.events], answer.absent


# --- by sid --------------------------------------------------------------------------------------------------------------


def test_it_can_be_asked() -> None:
    assert isinstance(account(), LooksUp)


def test_a_known_message_gives_its_status_and_price() -> None:
    answer, asked = looked_up(question(sid=SID), (200, fixture("message-get-delivered-priced.json")))
    assert asked[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json"
    assert answer.events == [
        StatusEvent(
            SID,
            DeliveryStatus.DELIVERED,
            SENT_AT + timedelta(seconds=3),
            reference=REFERENCE,
            sender_external_id="5491155550199",
            recipient_phone=PHONE,
            price=PriceReport(True, "", amount=Decimal("0.00500"), currency="USD"),
            raw_status="delivered",
        )
    ]


def test_a_known_message_that_failed_gives_its_reason() -> None:
    (event,) = looked_up(question(sid=SID), (200, fixture("message-get-undelivered.json")))[0].events
    assert (event.status, event.error_code, event.error_reason, event.price) == (
        DeliveryStatus.FAILED,
        "63024",
        Reason.RECIPIENT_UNREACHABLE,
        None,
    )


@pytest.mark.parametrize("unit", ["", None, 7.5])
def test_a_price_without_its_currency_is_left_out(unit: object) -> None:
    (event,) = looked_up(question(sid=SID), (200, item(price="-0.005", price_unit=unit)))[0].events
    assert event.price is None


@pytest.mark.parametrize("price", ["NaN", "-Infinity", "", "soon", None, 7.5])
def test_a_price_that_is_none_is_left_out(price: object) -> None:
    (event,) = looked_up(question(sid=SID), (200, item(price=price)))[0].events
    assert event.price is None


def test_a_sid_that_twilio_does_not_know_concludes_nothing() -> None:
    answer, _asked = looked_up(question(sid=SID), (404, fixture("error-404-20404.json")))
    assert (answer.events, answer.absent) == ((), False)


# --- by recipient --------------------------------------------------------------------------------------------------------


def test_the_only_message_with_its_text_is_it() -> None:
    answer, asked = looked_up(question(), listed(ITEM))
    query_check(asked[0].query)
    assert asked[0].query["To"] == f"whatsapp:{PHONE}"
    assert [(event.provider_message_id, event.reference, event.status) for event in answer.events] == [
        (SID, REFERENCE, DeliveryStatus.SENT)
    ]


def test_the_listed_message_is_a_resource_of_twilios_own_specification() -> None:
    schema_check(ITEM, "api.v2010.account.message")


def test_a_message_with_another_text_is_not_it_and_nothing_is_absent() -> None:
    assert concluded(item(body="Otra cosa.")) == ([], False)


def test_of_several_the_one_with_its_text_is_it() -> None:
    assert concluded(item(body="Otra cosa.", sid="SM2"), ITEM) == ([SID], False)


def test_two_with_its_text_conclude_nothing() -> None:
    assert concluded(item(sid="SM2"), ITEM) == ([], False)


def test_a_medium_without_text_in_the_list_is_it_when_it_is_the_only_candidate() -> None:
    assert concluded(item(body="")) == ([SID], False)
    assert concluded(item(body=None), item(body="", sid="SM2")) == ([], False)


def test_a_text_to_the_same_person_is_not_the_file_that_was_sent_without_words() -> None:
    assert concluded(ITEM, text="") == ([], False)
    assert concluded(ITEM, item(body="", sid="SM2"), text="") == (["SM2"], False)


def test_a_message_from_another_of_our_numbers_is_not_it() -> None:
    assert concluded(item(**{"from": "whatsapp:+5491155550198"})) == ([], False)


def test_a_message_of_a_service_without_a_sender_yet_may_be_it() -> None:
    assert concluded(item(**{"from": None})) == ([SID], False)


def test_a_person_without_a_phone_is_found_by_the_business_scoped_id() -> None:
    recipient = Recipient(bsuid=BSUID)
    assert concluded(item(to=f"whatsapp:{BSUID}"), recipient=recipient) == ([SID], False)


def test_an_empty_list_says_that_it_is_absent() -> None:
    answer, _asked = looked_up(question(), (200, fixture("message-list-empty.json")))
    assert (answer.events, answer.absent, len(answer.exchanges)) == ((), True, 1)


def test_messages_of_other_times_and_inbound_ones_leave_it_absent() -> None:
    others = [
        item(date_created=at(120)),
        item(direction="inbound"),
        item(date_created=at(-61), sid="SM2"),
    ]
    assert concluded(*others) == ([], True)


def test_a_list_that_is_not_newest_first_concludes_nothing() -> None:
    assert concluded(item(date_created=at(-300)), item(date_created=at(300))) == ([], False)


def test_a_list_with_a_time_that_cannot_be_read_concludes_nothing() -> None:
    assert concluded(item(date_created="yesterday")) == ([], False)


def test_pages_are_read_until_they_are_older_than_the_send() -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=whatsapp%3A%2B5491155550100&PageSize=100&PageToken=PA1"
    newer = listed(item(date_created=at(300)), next_page=f"https://elsewhere.example{path}")
    older = listed(item(date_created=at(-300)), next_page=path)
    answer, asked = looked_up(question(), newer, older)
    assert answer.absent
    assert [(each.path, each.query.get("PageToken")) for each in asked] == [
        (f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", None),
        (f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", "PA1"),
    ]


def test_a_list_without_an_end_concludes_nothing() -> None:
    endless = [listed(item(date_created=at(300)), next_page="/2010-04-01/x?Page=1")] * MAX_PAGES
    answer, asked = looked_up(question(), *endless)
    assert (answer.events, answer.absent, len(asked)) == ((), False, MAX_PAGES)


# --- what goes wrong, and what is kept -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, fixture("error-401-20003.json")), Reason.CREDENTIALS),
        ((429, fixture("error-429-20429.json")), Reason.ACCOUNT_RATE),
        ((200, b"<html>"), Reason.UNREADABLE_ANSWER),
        ((503, b""), Reason.PROVIDER_DOWN),
    ],
    ids=["credentials", "too many", "a page", "down"],
)
def test_a_question_that_is_not_answered_says_why(answer: Answer, reason: Reason) -> None:
    with pytest.raises(ProviderCallError) as caught:
        looked_up(question(), answer)
    assert caught.value.reason is reason


def test_a_provider_that_is_not_reached_says_so() -> None:
    with pytest.raises(ProviderCallError) as caught:
        run(account(f"http://127.0.0.1:{free_port()}").look_up(question()))
    assert caught.value.reason is Reason.NETWORK


def test_what_is_kept_as_proof_shows_no_person_and_no_text() -> None:
    answer, _asked = looked_up(question(), listed(ITEM))
    record = repr(answer.exchanges)
    assert [word for word in ("5491155550100", "Ana", "pedido") if word in record] == []
    assert SID in record
