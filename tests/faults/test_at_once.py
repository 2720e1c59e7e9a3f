"""Fifty requests at once over real HTTP: the simulator receives exactly one message, and 49 are told why not."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from recontact.models import Message, Query
from tests.api_client import client_make
from tests.customer_service.agents import agent_make, browser, hsm_data
from tests.factories import VALUES
from tests.faults.stage import Stage

AT_ONCE = 50
CSRF = "0123456789abcdef0123456789abcdef"
PHONE = "+54 9 11 5555-0100"


def _at_once(request: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """Make `request` in 50 threads that start together."""
    together = threading.Barrier(AT_ONCE)

    def run(number: int) -> httpx.Response:
        together.wait()
        return request(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def _agent(live_server: Any) -> httpx.Client:
    """A browser's connections, logged in as an agent."""
    session = browser(agent_make()).cookies["sessionid"].value
    return httpx.Client(
        base_url=live_server.url,
        cookies={"sessionid": session, "csrftoken": CSRF},
        headers={"X-CSRFToken": CSRF},
        timeout=120,
        limits=httpx.Limits(max_connections=AT_ONCE),
    )


def _exactly_one_left(stage: Stage) -> Message:
    """The one message of the portal, after it went out once."""
    message = Message.objects.get()
    stage.messages = [message]
    stage.wait_for("read", "delivered")
    stage.prove()
    assert stage.accepted() == {str(message.reference): 1}
    assert stage.world.simulator.get("counts")["requests"] == 1
    return message


@pytest.mark.parametrize("forms", ["fifty forms", "one form"])
def test_fifty_clicks_on_recontact_send_one_message(stage: Stage, live_server: Any, forms: str) -> None:
    query = stage.world.query()
    same = str(uuid.uuid4())

    with _agent(live_server) as agent:

        def click(number: int) -> httpx.Response:
            key = same if forms == "one form" else f"form {number}"
            data = hsm_data(stage.world.template, send_key=key)
            return agent.post(f"/service/queries/{query.pk}/recontact/", data=data)

        answers = _at_once(click)

    assert Counter(answer.status_code for answer in answers) == {302: 1, 409: AT_ONCE - 1}
    said = "This form was sent already" if forms == "one form" else "Already recontacted by Ana"
    assert all(said in answer.text for answer in answers if answer.status_code == 409)
    assert _exactly_one_left(stage).query_id == query.pk


@pytest.mark.parametrize("forms", ["fifty forms", "one form"])
def test_fifty_whatsapp_hsm_to_one_phone_open_one_query_and_send_one_message(
    stage: Stage, live_server: Any, forms: str
) -> None:
    same = str(uuid.uuid4())

    with _agent(live_server) as agent:

        def click(number: int) -> httpx.Response:
            key = same if forms == "one form" else f"form {number}"
            data = hsm_data(stage.world.template, send_key=key, phone=PHONE, number=stage.world.number.pk)
            return agent.post("/service/hsm/", data=data)

        answers = _at_once(click)

    assert Counter(answer.status_code for answer in answers) == {302: 1, 409: AT_ONCE - 1}
    said = "This form was sent already" if forms == "one form" else "This phone already has the open query"
    assert all(said in answer.text for answer in answers if answer.status_code == 409)
    assert _exactly_one_left(stage).query == Query.objects.get()


def test_fifty_api_requests_to_recontact_one_query_send_one_message(stage: Stage, live_server: Any) -> None:
    query, client = stage.world.query(), client_make()
    body = {"template": stage.world.template.pk, "values": VALUES}
    headers = {"Authorization": f"Bearer {client.secret}"}

    with httpx.Client(base_url=live_server.url, headers=headers, timeout=120) as api:
        answers = _at_once(
            lambda number: api.post(
                f"/api/v1/queries/{query.pk}/recontact", json=body, headers={"Idempotency-Key": f"key-{number}"}
            )
        )

    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: AT_ONCE - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_recontacted"}
    _exactly_one_left(stage)


def test_one_api_request_repeated_fifty_times_sends_one_message_and_gets_one_answer(
    stage: Stage, live_server: Any
) -> None:
    query, client = stage.world.query(), client_make()
    body = {"template": stage.world.template.pk, "values": VALUES}
    headers = {"Authorization": f"Bearer {client.secret}", "Idempotency-Key": "the-only-one"}

    with httpx.Client(base_url=live_server.url, headers=headers, timeout=120) as api:
        answers = _at_once(lambda _number: api.post(f"/api/v1/queries/{query.pk}/recontact", json=body))

    assert Counter(answer.status_code for answer in answers) == {202: AT_ONCE}
    assert {answer.json()["id"] for answer in answers} == {Message.objects.get().pk}
    _exactly_one_left(stage)
