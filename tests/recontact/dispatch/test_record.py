"""Recording: what one answer holds must never keep the others, or its own fate, from being written down."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.contracts import Accepted, Exchange
from providers.errors import Park, Reason, Rejected, Throttled, Unavailable, Uncertain
from providers.models import SenderNumber
from recontact.dispatch import pump as pump_module
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.pump import Pump
from recontact.dispatch.record import Result, record
from recontact.models import Incident, Message, Recontact
from tests.factories import message_make, query_make, template_make


def _exchange(text: str) -> Exchange:
    return Exchange("POST", "https://graph.example/messages", {"body": {}}, 200, {"text": text}, 12, "")


def _claims(count: int) -> list[Claim]:
    first = query_make()
    template = template_make(account=first.sender_number.account)
    for query in [first, *(query_make(sender_number=first.sender_number) for _ in range(count - 1))]:
        message_make(query=query, template=template)
    [lease] = leases_take("test")
    return claim(lease, count)


async def _flush(results: list[Result]) -> list[Result]:
    pump = Pump("test", lambda: True)
    pump.results = results
    await pump.flush()
    pump._close_threads()
    return pump.results


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_no_column_takes_keeps_no_other_back() -> None:
    good, poisoned = _claims(2)
    results = [
        Result(poisoned, Accepted("wamid.poisoned\x00", exchange=_exchange("half a pair \ud800"))),
        Result(good, Accepted("wamid.good", exchange=_exchange("fine"))),
    ]
    assert asyncio.run(_flush(results)) == []
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.ACCEPTED}
    assert Message.objects.get(pk=poisoned.message_id).provider_message_id == "wamid.poisoned"


@pytest.mark.django_db(transaction=True)
def test_a_refusal_with_words_that_no_column_takes_is_recorded_all_the_same() -> None:
    [claimed] = _claims(1)
    refused = Rejected(Reason.BAD_REQUEST, provider_code="1\x00", detail="\x00", exchange=_exchange("\x00"))
    assert asyncio.run(_flush([Result(claimed, refused)])) == []
    message = Message.objects.get(pk=claimed.message_id)
    assert (message.state, message.reason, message.provider_code) == ("rejected", "bad_request", "1")


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_slice_waits_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    [claimed] = _claims(1)
    failures = [OperationalError("the server is starting up")] * 3

    def record_later(results: list[Result]) -> None:
        if failures:
            raise failures.pop()
        record(results)

    monkeypatch.setattr(pump_module, "record", record_later)
    pump = Pump("test", lambda: True)
    pump.results = [Result(claimed, Accepted("wamid.late"))]
    asyncio.run(pump.run(0.1))
    assert Message.objects.get(pk=claimed.message_id).state == Message.State.ACCEPTED


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [float("inf"), float("nan"), -5.0])
def test_a_throttle_that_asks_for_no_wait_at_all_waits_a_minute(asked: float) -> None:
    [claimed] = _claims(1)
    record([Result(claimed, Throttled(Reason.THROUGHPUT, retry_after=asked))])
    message = Message.objects.get(pk=claimed.message_id)
    assert message.state == Message.State.QUEUED
    assert 50 < (message.due_at - timezone.now()).total_seconds() <= 60


@pytest.mark.django_db
def test_a_throttle_that_asks_for_an_absurd_wait_holds_the_number_for_a_day_at_most() -> None:
    [claimed] = _claims(1)
    record([Result(claimed, Throttled(Reason.THROUGHPUT, retry_after=1e12))])
    held_until = SenderNumber.objects.get().throttled_until
    assert held_until is not None
    assert held_until - timezone.now() <= timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_what_may_have_gone_out_is_in_doubt_even_if_its_template_is_parked() -> None:
    [claimed] = _claims(1)
    record([Result(claimed, Uncertain(Reason.TEMPLATE_PAUSED, park=Park.TEMPLATE))])
    message = Message.objects.select_related("recontact", "template").get(pk=claimed.message_id)
    assert (message.state, message.recontact.state) == (Message.State.UNCERTAIN, Recontact.State.RESERVED)
    assert message.template is not None
    assert message.template.is_parked


@pytest.mark.django_db(transaction=True)
def test_an_outcome_that_nobody_can_write_down_keeps_no_other_back() -> None:
    good, odd = _claims(2)
    results = [Result(odd, Accepted(None)), Result(good, Accepted("wamid.good"))]  # type: ignore[arg-type]
    left = asyncio.run(_flush(results))
    assert [result.claim for result in left] == [odd]
    assert Message.objects.get(pk=good.message_id).state == Message.State.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_each_late_acceptance_without_an_id_is_an_incident_of_its_own() -> None:
    claims = _claims(2)
    record([Result(each, Rejected(Reason.BAD_REQUEST)) for each in claims])
    record([Result(each, Accepted("")) for each in claims])
    assert set(Incident.objects.values_list("message", flat=True)) == {each.message_id for each in claims}


@pytest.mark.django_db(transaction=True)
def test_many_refusals_park_their_number_once_and_for_the_longest() -> None:
    first, *others = _claims(4)
    soon = timezone.now() + timedelta(hours=2)
    blocked = Unavailable(Reason.NUMBER_BLOCKED, park=Park.NUMBER)
    limited = Unavailable(Reason.RECIPIENT_LIMIT, park=Park.NUMBER, park_until=soon)
    with CaptureQueriesContext(connection) as queries:
        record([Result(first, blocked), *(Result(each, limited) for each in others)])
    assert len([each for each in queries if each["sql"].startswith('UPDATE "providers_sendernumber"')]) == 1
    number = SenderNumber.objects.get()
    assert (number.parked_reason, number.parked_until) == (Reason.NUMBER_BLOCKED, None)
