from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.adapters.infobip import Infobip
from providers.contracts import DeliveryStatus, Recipient
from providers.errors import ProviderCallError, Reason
from tests.contract.cases_infobip import REFERENCE, SENDER
from tests.providers.adapters.infobip.account import account, against, fixture
from tests.providers.wire import Handler, answer, request_read

REPORTS, LOGS = "/messages-api/1/reports", "/omni/1/logs"
EMPTY = answer(fixture("lookup-empty.json"))
ASKED = LookUp(
    REFERENCE,
    "",
    SENDER,
    f"+{SENDER}",
    Recipient("+5491155550100"),
    datetime(2026, 11, 20, 14, 0, tzinfo=UTC),
    datetime(2026, 11, 20, 14, 10, tzinfo=UTC),
)


def by_path(answers: Mapping[str, bytes], asked: list[str]) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await request_read(reader)).split(b" ")[1].decode()
        asked.append(target)
        writer.write(answers[urlsplit(target).path])
        await writer.drain()

    return handler


def looked_up(reports: bytes, logs: bytes = EMPTY, asked: list[str] | None = None) -> LookUpAnswer:
    async def work(made: Infobip) -> LookUpAnswer:
        return await made.look_up(ASKED)

    return against(by_path({REPORTS: reports, LOGS: logs}, [] if asked is None else asked), work)


def test_it_can_and_absence_never_proves() -> None:
    assert isinstance(account(), LooksUp)
    assert account().capabilities.absence_proves_after is None


def test_a_report_is_the_answer_and_nothing_more_is_asked() -> None:
    asked: list[str] = []
    found = looked_up(answer(fixture("lookup-messages-api-reports.json")), asked=asked)
    (event,) = found.events
    assert (event.status, event.reference, event.sender_external_id) == (DeliveryStatus.DELIVERED, REFERENCE, SENDER)
    assert len(found.exchanges) == 1
    (target,) = asked
    assert dict(parse_qsl(urlsplit(target).query)) == {"channel": "WHATSAPP", "messageId": REFERENCE, "limit": "1"}


def test_the_logs_are_asked_after_an_empty_report_and_tell_the_price() -> None:
    asked: list[str] = []
    found = looked_up(EMPTY, answer(fixture("lookup-omni-logs.json")), asked)
    (event,) = found.events
    assert event.price is not None
    assert (event.status, event.price.amount) == (DeliveryStatus.DELIVERED, Decimal("0.0618"))
    assert dict(parse_qsl(urlsplit(asked[1]).query))["sentSince"] == "2026-11-20T14:00:00.000+0000"


def test_the_kept_proof_holds_nothing_of_what_was_written_to_the_person() -> None:
    found = looked_up(EMPTY, answer(fixture("lookup-omni-logs.json")))
    record = repr(found.exchanges)
    assert REFERENCE in record
    assert not any(words in record for words in ("Hola Ana", "ORD-1042", "5491155550100"))


def test_two_empty_answers_say_that_it_is_not_there_with_both_kept() -> None:
    found = looked_up(EMPTY)
    assert (found.absent, list(found.events), len(found.exchanges)) == (True, [], 2)


def test_the_report_of_another_message_is_not_taken() -> None:
    other = fixture("lookup-messages-api-reports.json").replace(REFERENCE.encode(), b"another")
    assert looked_up(answer(other)).events == ()


def test_one_place_that_cannot_be_asked_leaves_it_open() -> None:
    found = looked_up(EMPTY, answer(fixture("error-403.json"), status="403 Forbidden"))
    assert (found.absent, list(found.events), len(found.exchanges)) == (False, [], 2)


def test_the_logs_may_tell_what_the_reports_could_not() -> None:
    refused = answer(fixture("error-500.json"), status="500 X")
    assert len(looked_up(refused, answer(fixture("lookup-omni-logs.json"))).events) == 1


def test_no_place_that_can_be_asked_is_an_error() -> None:
    refused = answer(fixture("error-401.json"), status="401 Unauthorized")
    with pytest.raises(ProviderCallError) as failed:
        looked_up(refused, refused)
    assert failed.value.reason is Reason.CREDENTIALS
