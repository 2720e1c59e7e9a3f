"""What became of a message: asked by Clickatell's own id, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.contracts import DeliveryStatus, Recipient, StatusEvent
from providers.errors import ProviderCallError, Reason
from tests.contract.cases_clickatell import AT, MESSAGE_ID, PHONE, REFERENCE
from tests.providers.adapters.clickatell.account import account, against, fixture
from tests.providers.wire import free_port, run

NOW = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)


def question(message_id: str = MESSAGE_ID) -> LookUp:
    return LookUp(REFERENCE, message_id, "5491155550199", "+5491155550199", Recipient(PHONE), NOW, NOW)


def looked_up(status: int, document: Any) -> tuple[LookUpAnswer, list[tuple[str, Any]]]:
    return against(status, document, lambda made: made.look_up(question()))


def test_a_known_message_gives_its_status() -> None:
    assert isinstance(account(), LooksUp)
    answer, asked = looked_up(200, fixture("lookup.json"))
    assert asked[0][0].startswith(f"GET /v1/message/{MESSAGE_ID} ")
    assert answer.events == [
        StatusEvent(MESSAGE_ID, DeliveryStatus.DELIVERED, AT, reference=REFERENCE, raw_status="DEVICE_ACK")
    ]


def test_a_message_that_failed_gives_its_reason() -> None:
    told = {"whatsapp": {"status": "RECIPIENT_DOES_NOT_EXIST", "timestamp": 1795183391000}}
    (event,) = looked_up(200, told)[0].events
    assert (event.status, event.error_code, event.error_reason) == (
        DeliveryStatus.FAILED,
        "29",
        Reason.RECIPIENT_UNREACHABLE,
    )


def test_a_lost_answer_cannot_be_looked_up() -> None:
    answer = run(account(f"http://127.0.0.1:{free_port()}").look_up(question("")))
    assert answer == LookUpAnswer()
    assert account().capabilities.absence_proves_after is None


def test_a_message_that_clickatell_does_not_know_concludes_nothing() -> None:
    answer, _asked = looked_up(404, {})
    assert (answer.events, answer.absent, len(answer.exchanges)) == ((), False, 1)


@pytest.mark.parametrize(
    ("status", "document", "reason"),
    [
        (401, fixture("error-401.json"), Reason.CREDENTIALS),
        (503, b"", Reason.PROVIDER_DOWN),
        (200, {"whatsapp": {"status": "READ"}}, Reason.UNREADABLE_ANSWER),
        (200, {}, Reason.UNREADABLE_ANSWER),
    ],
)
def test_a_question_that_is_not_answered_says_why(status: int, document: Any, reason: Reason) -> None:
    with pytest.raises(ProviderCallError) as caught:
        looked_up(status, document)
    assert caught.value.reason is reason


def test_a_provider_that_is_not_reached_says_so() -> None:
    with pytest.raises(ProviderCallError) as caught:
        run(account(f"http://127.0.0.1:{free_port()}").look_up(question()))
    assert caught.value.reason is Reason.NETWORK
