"""Numbers, the account, its subscription, prices, and a message's history."""

from __future__ import annotations

import httpx
import pytest

from tests.providers.simulator.server import (
    PHONE_NUMBER_ID,
    VERIFY_TOKEN,
    WABA_ID,
    Receiver,
    SimulatorProcess,
    payload,
    shape,
)

FIELDS = (
    "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,"
    "webhook_configuration"
)
DIMENSIONS = '["PRICING_CATEGORY","PRICING_TYPE","COUNTRY","TIER"]'


def analytics(simulator: SimulatorProcess, dimensions: str = DIMENSIONS) -> httpx.Response:
    now = int(simulator.get("state")["now"])
    fields = (
        f"pricing_analytics.start({now - 86400}).end({now + 86400}).granularity(DAILY)"
        f'.dimensions({dimensions}).metric_types(["COST","VOLUME"])'
    )
    return simulator.graph.get(WABA_ID, params={"fields": fields})


def test_it_shows_a_number_in_metas_shape(simulator: SimulatorProcess) -> None:
    shown = simulator.graph.get(PHONE_NUMBER_ID, params={"fields": FIELDS}).json()

    assert shape(shown) == shape(payload("phone_number_get.response"))


def test_it_shows_the_messaging_limit(simulator: SimulatorProcess) -> None:
    fields = "whatsapp_business_manager_messaging_limit"

    shown = simulator.graph.get(PHONE_NUMBER_ID, params={"fields": fields}).json()

    assert shown == payload("phone_number_messaging_limit.response")


def test_it_shows_a_changed_quality_of_the_number(simulator: SimulatorProcess) -> None:
    simulator.post(f"numbers/{PHONE_NUMBER_ID}", quality_rating="RED")

    shown = simulator.graph.get(PHONE_NUMBER_ID, params={"fields": "quality_rating"}).json()

    assert shown == {"quality_rating": "RED", "id": PHONE_NUMBER_ID}


def test_it_lists_the_numbers_of_the_account(simulator: SimulatorProcess) -> None:
    listed = simulator.graph.get(f"{WABA_ID}/phone_numbers").json()

    assert [number["id"] for number in listed["data"]] == [PHONE_NUMBER_ID]


def test_it_subscribes_and_unsubscribes(simulator: SimulatorProcess) -> None:
    path = f"{WABA_ID}/subscribed_apps"
    counts = []
    for call in (simulator.graph.delete, simulator.graph.post):
        assert call(path).json() == {"success": True}
        counts.append(len(simulator.graph.get(path).json()["data"]))

    assert counts == [0, 1]


def test_it_verifies_an_overriding_callback(simulator: SimulatorProcess, receiver: Receiver) -> None:
    body = {"override_callback_uri": receiver.url, "verify_token": VERIFY_TOKEN}

    assert simulator.graph.post(f"{WABA_ID}/subscribed_apps", json=body).json() == {"success": True}


def test_it_refuses_a_callback_that_fails_verification(simulator: SimulatorProcess, receiver: Receiver) -> None:
    body = {"override_callback_uri": receiver.url, "verify_token": "wrong"}

    response = simulator.graph.post(f"{WABA_ID}/subscribed_apps", json=body)

    assert "HTTP 403" in response.json()["error"]["error_data"]["details"]


def test_it_computes_prices_from_delivered_messages(simulator: SimulatorProcess) -> None:
    for to in ("+5491155550155", "+5491155550156", "+5511955550157", "+5491155550102"):
        simulator.send(to=to)
    simulator.settle()

    answer = analytics(simulator).json()

    points = answer["pricing_analytics"]["data"][0]["data_points"]
    assert shape(points[0]) == shape(
        payload("pricing_analytics.response")["pricing_analytics"]["data"][0]["data_points"][0]
    )
    assert [(point["country"], point["volume"], point["cost"]) for point in points] == [
        ("AR", 2, 0.1236),
        ("BR", 1, 0.0625),
    ]


def test_it_shows_no_cost_on_a_partners_credit_line(simulator: SimulatorProcess) -> None:
    simulator.post(f"accounts/{WABA_ID}", partner_credit=True)
    simulator.send(to="+5491155550155")
    simulator.settle()

    points = analytics(simulator).json()["pricing_analytics"]["data"][0]["data_points"]
    assert "cost" not in points[0]


def test_it_groups_prices_by_number_when_asked(simulator: SimulatorProcess) -> None:
    simulator.send(to="+5491155550155")
    simulator.settle()

    points = analytics(simulator, '["PHONE"]').json()["pricing_analytics"]["data"][0]["data_points"]
    assert [(point["phone_number"], point["volume"]) for point in points] == [("5491155550199", 1)]


def test_it_wants_start_and_end_for_prices(simulator: SimulatorProcess) -> None:
    response = simulator.graph.get(WABA_ID, params={"fields": "pricing_analytics.granularity(DAILY)"})

    assert response.json()["error"]["code"] == 100


def test_it_tells_the_history_of_a_message(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(retry_limit=1)
    receiver.answers[:] = [200, 500]
    wamid = simulator.send(to="+5491155550112").json()["messages"][0]["id"]
    simulator.settle()

    history = simulator.graph.get(f"{PHONE_NUMBER_ID}/message_history", params={"message_id": wamid}).json()

    assert shape(history) == shape(payload("message_history.response"))
    events = history["data"][0]["events"]["data"]
    assert [(event["delivery_status"], event["webhook_update_state"]) for event in events] == [
        ("SENT", "DELIVERED"),
        ("DELIVERED", "FAILED"),
    ]


def test_it_knows_no_history_of_an_unknown_message(simulator: SimulatorProcess) -> None:
    response = simulator.graph.get(f"{PHONE_NUMBER_ID}/message_history", params={"message_id": "wamid.none"})

    assert response.json() == {"data": []}


@pytest.mark.parametrize("path", ["123456", f"{WABA_ID}/nothing", "123456/phone_numbers"])
def test_it_does_not_know_other_objects(simulator: SimulatorProcess, path: str) -> None:
    response = simulator.graph.get(path)

    assert (response.status_code, response.json()["error"]["error_subcode"]) == (400, 33)
