"""Infobip's wire: how well the senders are that one asks about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import ACCOUNT, NUMBER, SENDER, TOKEN, Stage, stage_make


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    stage = stage_make(simulator, receiver, "infobip", headers={"Authorization": f"App {TOKEN}"})
    yield stage
    stage.client.close()


def test_it_says_how_a_sender_is(stage: Stage) -> None:
    number = {"phone_number_id": NUMBER, "waba_id": ACCOUNT, "quality_rating": "RED"}
    stage.simulator.post("seed", numbers=[{**number, "display_phone_number": f"+{SENDER}"}])
    answer = stage.client.get("/whatsapp/1/senders/quality", params={"senders": f"{SENDER},5491155550000"}).json()

    assert shape(answer) == shape(sample("infobip", "senders-quality"))
    (result,) = answer["results"]
    kept = ("sender", "qualityRating", "status", "currentLimit")
    assert [result[key] for key in kept] == [SENDER, "LOW", "CONNECTED", "LIMIT_2K"]


def test_it_lists_nobody_unasked(stage: Stage) -> None:
    assert stage.client.get("/whatsapp/1/senders/quality").json() == {"results": []}


def test_it_asks_for_the_key(stage: Stage) -> None:
    stage.simulator.post(f"accounts/{ACCOUNT}", token_revoked=True)

    response = stage.client.get("/whatsapp/1/senders/quality", params={"senders": SENDER})
    assert (response.status_code, response.json()) == (401, sample("infobip", "error-401"))
