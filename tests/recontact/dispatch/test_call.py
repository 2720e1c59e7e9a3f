"""The call: what a provider says of a refusal reaches the books without the person's phone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from providers.contracts import Accepted
from providers.errors import Reason, Rejected, Uncertain
from recontact.dispatch.call import call
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
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
