"""Several messages in one request: grouped by what the adapter can, each settled by itself, whatever comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import pytest
from django.utils import timezone

from providers.contracts import Accepted, AccountConfig, Capabilities, OutboundMessage
from providers.errors import Reason, Rejected, SendError, Throttled, Uncertain
from providers.http import Call, call_provider, close_client
from providers.models import SenderNumber
from recontact.books import differences
from recontact.dispatch.claim import claim
from recontact.dispatch.deadline import Deadline
from recontact.dispatch.lease import leases_take
from recontact.dispatch.number import NumberPump
from recontact.dispatch.pump import Pump
from recontact.models import Attempt, Message, Query, Recontact
from recontact.outbox import text_send
from recontact.windows import window_extend
from tests.factories import message_make, query_make, template_make, user_make
from tests.providers.wire import answer, request_read, served

pytestmark = pytest.mark.django_db(transaction=True)

#: reference -> what the provider says of it; a reference left out is not named in the answer.
Script = Callable[[list[str]], dict[str, str]]


class BulkAdapter:
    """Sends up to three messages in one POST, and reads the answer by reference."""

    capabilities = Capabilities(bulk_limit=3)

    def __init__(self, config: AccountConfig, base_url: str) -> None:
        self.base_url = base_url

    async def send(self, message: OutboundMessage) -> Accepted:
        [outcome] = await self.send_many([message])
        if isinstance(outcome, SendError):
            raise outcome
        return outcome

    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        body = {"messages": [{"id": each.reference, "text": each.sender_phone} for each in messages]}
        try:
            got = await call_provider(Call("POST", self.base_url, json_body=body, timeout=2.0))
        except SendError as error:
            return [error for _ in messages]
        said = (got.json_object() or {}).get("said", {})
        return [self._outcome(each.reference, said, got.exchange) for each in messages]

    def _outcome(self, reference: str, said: dict[str, str], exchange: Any) -> Accepted | SendError:
        match said.get(reference):
            case None:
                return Uncertain(Reason.UNREADABLE_ANSWER, exchange=exchange)
            case "refused":
                return Rejected(Reason.RECIPIENT_UNREACHABLE, exchange=exchange)
            case "throttled":
                return Throttled(Reason.THROUGHPUT, retry_after=30, exchange=exchange)
        return Accepted(f"id-{reference}", exchange=exchange)


def _queue(count: int) -> list[Message]:
    first = query_make()
    template = template_make(account=first.sender_number.account)
    queries = [first, *(query_make(sender_number=first.sender_number) for _ in range(count - 1))]
    return [message_make(query=query, template=template) for query in queries]


def _pumped(script: Script, *, adapter: type[BulkAdapter] = BulkAdapter, seconds: float = 1.0) -> list[list[str]]:
    """Pump until nothing is due; returns the references of each request that arrived."""
    requests: list[list[str]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = await request_read(reader)
        references = [each["id"] for each in json.loads(raw.partition(b"\r\n\r\n")[2])["messages"]]
        requests.append(references)
        writer.write(answer(json.dumps({"said": script(references)}).encode()))
        await writer.drain()

    async def work() -> None:
        async with served(handler) as url:
            pump = Pump("test", lambda: False, adapter=lambda config: adapter(config, url), idle_seconds=0.1)  # type: ignore[arg-type, return-value]
            try:
                await pump.run(seconds)
            finally:
                await close_client()

    asyncio.run(work())
    return requests


def _all(word: str) -> Script:
    return lambda references: dict.fromkeys(references, word)


def _states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def test_it_puts_what_is_claimed_into_as_few_requests_as_the_provider_takes() -> None:
    messages = _queue(7)
    requests = _pumped(_all("accepted"))
    assert sorted(map(len, requests)) == [1, 3, 3]
    assert sorted(chain.from_iterable(requests)) == sorted(str(each.reference) for each in messages)
    assert _states() == ["accepted"] * 7
    assert list(differences()) == []


def test_each_message_keeps_an_attempt_with_the_exchange() -> None:
    _queue(3)
    _pumped(_all("accepted"))
    kept = [(each.outcome, each.http_status) for each in Attempt.objects.all()]
    assert kept == [("accepted", 200)] * 3


def test_a_partly_accepted_request_settles_each_message_by_itself() -> None:
    first, second, third = _queue(3)
    said = {str(first.reference): "accepted", str(second.reference): "refused"}
    _pumped(lambda _references: said)
    assert _states() == ["accepted", "rejected", "uncertain"]
    assert list(Recontact.objects.order_by("message_id").values_list("state", flat=True)) == [
        "spent",
        "released",
        "reserved",
    ]
    assert str(third.reference) not in said
    assert list(differences()) == []


def test_a_throttle_for_one_of_a_request_holds_the_number() -> None:
    first, second, third = _queue(3)
    said = {str(each.reference): "accepted" for each in (first, second)} | {str(third.reference): "throttled"}
    assert len(_pumped(lambda _references: said)) == 1
    assert _states() == ["accepted", "accepted", "queued"]
    assert SenderNumber.objects.exclude(throttled_until=None).count() == 1


class _Raises(BulkAdapter):
    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        raise ValueError("a bug")


class _TooShort(BulkAdapter):
    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        return (await super().send_many(messages))[:-1]


class _NoList(BulkAdapter):
    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        return None  # type: ignore[return-value]


@pytest.mark.parametrize("broken", [_Raises, _TooShort, _NoList])
def test_an_adapter_that_breaks_its_word_leaves_all_of_the_request_uncertain(broken: type[BulkAdapter]) -> None:
    _queue(3)
    _pumped(_all("accepted"), adapter=broken)
    assert _states() == ["uncertain"] * 3


class _HalfAnOutcome(BulkAdapter):
    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        return [*(await super().send_many(messages))[:-1], "accepted"]  # type: ignore[list-item]


def test_an_outcome_that_is_none_leaves_its_message_alone_uncertain() -> None:
    _queue(3)
    _pumped(_all("accepted"), adapter=_HalfAnOutcome)
    assert sorted(_states()) == ["accepted", "accepted", "uncertain"]


def test_texts_go_one_by_one() -> None:
    queries = [query_make()]
    queries += [query_make(sender_number=queries[0].sender_number) for _ in range(2)]
    user = user_make()
    for query in queries:
        _write(query, user)
    assert [len(each) for each in _pumped(_all("accepted"))] == [1, 1, 1]


def _write(query: Query, user: Any) -> None:
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=timezone.now())
    text_send(query_id=query.pk, text="Hola", user=user, send_key=None)


def test_a_request_whose_turn_comes_after_the_deadline_is_not_made() -> None:
    _queue(3)
    [lease] = leases_take("test")

    async def too_late() -> list[Any]:
        pump = Pump("test", lambda: True)
        number = NumberPump(pump, lease)
        number.adapter = _Raises(lease.config, "")  # type: ignore[assignment]
        claims = await pump.in_database(claim, lease, 10)
        await number._send(claims, Deadline.after(-1))
        pump._close_threads()
        return pump.results

    results = asyncio.run(too_late())
    assert [result.outcome.reason for result in results] == [Reason.NOT_STARTED] * 3
