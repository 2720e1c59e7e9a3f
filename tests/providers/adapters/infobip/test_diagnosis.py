from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from providers.abilities import Check, Diagnoses, Finding, Health
from providers.adapters.infobip import Infobip
from tests.contract.cases_infobip import SENDER, payload
from tests.providers.adapters.infobip.account import account, against, fixture
from tests.providers.wire import answer, answering


def found(document: Any, status: str = "200 OK", requests: list[bytes] | None = None) -> list[Finding]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()

    async def work(made: Infobip) -> list[Finding]:
        asked = asyncio.to_thread(lambda: list(made.diagnose(webhook_url="", sender_external_ids=[SENDER])))
        return await asked

    return against(answering(answer(raw, status=status), requests), work)


def quality(**changed: str) -> Any:
    return {"results": [{**payload("senders-quality.json")["results"][0], **changed}]}


def test_it_can() -> None:
    assert isinstance(account(), Diagnoses)


def test_it_asks_about_a_sender_by_name() -> None:
    requests: list[bytes] = []
    well = [Finding(Check.NUMBER, Health.GOOD, SENDER, "CONNECTED, MEDIUM, LIMIT_100K")]
    assert found(fixture("senders-quality.json"), requests=requests) == well
    assert requests[0].split(b" ")[1].decode() == f"/whatsapp/1/senders/quality?senders={SENDER}"


@pytest.mark.parametrize(
    ("changed", "health"),
    [
        ({"qualityRating": "HIGH"}, Health.GOOD),
        ({"qualityRating": "LOW"}, Health.WARNING),
        ({"status": "SOMETHING_NEW"}, Health.WARNING),
        ({"sender": "another"}, Health.UNKNOWN),
    ],
)
def test_it_says_how_the_sender_is(changed: dict[str, str], health: Health) -> None:
    assert [finding.health for finding in found(quality(**changed))] == [health]


@pytest.mark.parametrize(
    ("name", "status", "health"),
    [
        ("error-401.json", "401 X", Health.BAD),
        ("error-403.json", "403 X", Health.BAD),
        ("error-429.json", "429 X", Health.UNKNOWN),
        ("error-500.json", "500 X", Health.UNKNOWN),
    ],
)
def test_what_cannot_be_asked_is_a_finding(name: str, status: str, health: Health) -> None:
    assert [finding.health for finding in found(fixture(name), status)] == [health]
