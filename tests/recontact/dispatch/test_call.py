"""The call: what a provider says of a refusal reaches the books without the person's phone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from providers.contracts import Accepted
from providers.errors import Reason, Rejected, Throttled, Unavailable, Uncertain
from recontact.dispatch.call import call
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import Lease, leases_take
from recontact.dispatch.number import NumberPump
from recontact.dispatch.pump import Pump
from recontact.dispatch.record import Result, record
from recontact.models import Attempt, Message
from tests.factories import message_make


class _Refuses:
    """Says whom it refuses, as some providers do."""

    async def send(self, message: Any) -> None:
        digits = message.recipient.phone.lstrip("+")
        raise Rejected(Reason.RECIPIENT_UNREACHABLE, detail=f"The number whatsapp:+{digits} or {digits} is not valid.")


@pytest.mark.django_db(transaction=True)
def test_a_refusal_names_no_phone() -> None:
    message = message_make()
    [lease] = leases_take("test")
    [claimed] = claim(lease, 1)
    [outcome] = asyncio.run(call(_Refuses(), [claimed]))  # type: ignore[arg-type]
    record([Result(claimed, outcome)])
    said = "The number whatsapp:••• or ••• is not valid."
    assert Message.objects.get(pk=message.pk).provider_detail == Attempt.objects.get().detail == said


class _Answers:
    """Returns what it was told to, whatever that is."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def send(self, message: Any) -> Any:
        return self.answer


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("answer", [None, "wamid.1", Accepted(None), Accepted(17)])  # type: ignore[arg-type]
def test_an_answer_of_the_adapter_that_is_none_leaves_the_message_in_doubt(answer: Any) -> None:
    message_make()
    [lease] = leases_take("test")
    [outcome] = asyncio.run(call(_Answers(answer), claim(lease, 1)))  # type: ignore[arg-type]
    assert isinstance(outcome, Uncertain)


class _Raises(_Answers):
    async def send(self, message: Any) -> Any:
        raise self.answer


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error",
    [
        Throttled("too_fast", retry_after=1.0),  # type: ignore[arg-type]
        Throttled(Reason.THROUGHPUT, retry_after=None),  # type: ignore[arg-type]
        Unavailable(None),  # type: ignore[arg-type]
        Uncertain(""),  # type: ignore[arg-type]
    ],
    ids=["a word of its own", "no wait", "no reason", "an empty reason"],
)
def test_an_error_of_the_adapter_that_nobody_knows_leaves_the_message_in_doubt_with_a_reason(error: Any) -> None:
    message = message_make()
    [lease] = leases_take("test")
    pump = Pump("test", lambda: False, adapter=lambda _config: _Raises(error))  # type: ignore[arg-type, return-value]
    asyncio.run(_sent(pump, lease))
    message.refresh_from_db()
    assert (message.state, message.reason, pump.unanswered) == ("uncertain", "unreadable_answer", 0)


async def _sent(pump: Pump, lease: Lease) -> None:
    """One claim of the number, and its calls, recorded."""
    number = NumberPump(pump, lease)
    await number._claim(1)
    await asyncio.gather(*number.sends, return_exceptions=True)
    await pump.flush()
    pump._close_threads()
