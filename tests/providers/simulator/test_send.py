"""Sending: answers, the record, validation, limits, and answers that get lost."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import PHONE_NUMBER_ID, TOKEN, WABA_ID, SimulatorProcess, payload, shape, until


def error_of(response: httpx.Response) -> Any:
    return response.json()["error"]


def send_payload(simulator: SimulatorProcess, name: str, **changes: Any) -> httpx.Response:
    body = {**payload(name), **changes}
    return simulator.graph.post(f"{PHONE_NUMBER_ID}/messages", json=body)


def test_it_answers_an_accepted_template_in_metas_shape(simulator: SimulatorProcess) -> None:
    response = simulator.send()

    assert response.status_code == 200
    assert shape(response.json()) == shape(payload("send_template.response_accepted"))
    assert response.json()["contacts"] == [{"input": "+5491155550100", "wa_id": "5491155550100"}]


def test_it_answers_a_business_scoped_id_without_a_phone(simulator: SimulatorProcess) -> None:
    response = simulator.send(to="", recipient="AR.27183920456611029384")

    assert shape(response.json()) == shape(payload("send_template.response_bsuid"))


def test_it_corrects_an_argentine_mobile_without_its_nine(simulator: SimulatorProcess) -> None:
    response = simulator.send(to="+541155550155")

    assert response.json()["contacts"] == [{"input": "+541155550155", "wa_id": "5491155550155"}]


def test_it_answers_held_templates(simulator: SimulatorProcess) -> None:
    response = simulator.send(to="+5491155550110")

    assert shape(response.json()) == shape(payload("send_template.response_held_for_quality_assessment"))
    assert response.json()["messages"][0]["message_status"] == "held_for_quality_assessment"


def test_it_answers_text_in_an_open_window_without_a_message_status(simulator: SimulatorProcess) -> None:
    simulator.post("inbound", phone_number_id=PHONE_NUMBER_ID, **{"from": "5491155550155"}, text="Hola")

    response = simulator.send(to="+5491155550155", type="text", text={"body": "Buenas"})

    assert shape(response.json()) == shape(payload("send_text.response"))


def test_it_refuses_text_outside_the_window(simulator: SimulatorProcess) -> None:
    response = simulator.send(to="+5491155550155", type="text", text={"body": "Buenas"})

    assert error_of(response)["code"] == 131047


def test_it_closes_the_window_after_24_hours(simulator: SimulatorProcess) -> None:
    simulator.post("inbound", phone_number_id=PHONE_NUMBER_ID, **{"from": "5491155550155"}, text="Hola")
    simulator.knobs(clock_offset_seconds=24 * 3600 + 1)

    response = simulator.send(to="+5491155550155", type="text", text={"body": "Buenas"})

    assert error_of(response)["code"] == 131047


@pytest.mark.parametrize(
    ("digits", "code"),
    [("05", 130429), ("06", 131056), ("08", 131000), ("16", 131031), ("17", 368), ("18", 190), ("19", 131042),
     ("20", 132015), ("21", 131048), ("22", 132016), ("23", 131016), ("33", 131026), ("34", 4), ("35", 80007),
     ("36", 131057), ("37", 2), ("38", 131030), ("39", 130497), ("43", 131045), ("44", 133010), ("45", 10),
     ("46", 200), ("47", 131063), ("48", 131064), ("49", 131005)],
)  # fmt: skip
def test_it_refuses_by_the_last_digits_with_metas_own_words(
    simulator: SimulatorProcess, digits: str, code: int
) -> None:
    expected = payload(f"error_{code}")["error"]

    response = simulator.send(to=f"+54911555501{digits}")

    status = payload("_errors_index")["errors"][str(code)]["http_status"]
    assert response.status_code == status
    assert {**error_of(response), "fbtrace_id": ""} == {**expected, "fbtrace_id": ""}
    assert simulator.get("counts").get("accepted", 0) == 0


@pytest.mark.parametrize("digits", ["34", "35"])
def test_it_says_when_a_rate_limit_ends(simulator: SimulatorProcess, digits: str) -> None:
    response = simulator.send(to=f"+54911555501{digits}")

    usage = json.loads(response.headers["x-business-use-case-usage"])[WABA_ID][0]
    assert usage["estimated_time_to_regain_access"] == 5


def test_it_asks_for_a_token(simulator: SimulatorProcess) -> None:
    response = httpx.post(f"{simulator.url}/v25.0/{PHONE_NUMBER_ID}/messages", json={})

    assert response.status_code == 401
    assert shape(response.json()) == shape(payload("error_104_no_token"))


def test_it_refuses_an_unknown_token(simulator: SimulatorProcess) -> None:
    response = httpx.post(
        f"{simulator.url}/v25.0/{PHONE_NUMBER_ID}/messages", json={}, headers={"Authorization": "Bearer nobody"}
    )

    assert (response.status_code, error_of(response)["code"]) == (401, 190)


def test_it_refuses_a_revoked_token_until_it_is_restored(simulator: SimulatorProcess) -> None:
    simulator.post(f"accounts/{WABA_ID}", token_revoked=True)
    refused = simulator.send().status_code
    simulator.post(f"accounts/{WABA_ID}", token_revoked=False)

    assert (refused, simulator.send().status_code) == (401, 200)


def test_it_does_not_know_an_unknown_number(simulator: SimulatorProcess) -> None:
    response = simulator.graph.post("298117653388299/messages", json={"messaging_product": "whatsapp"})

    assert response.status_code == 400
    assert shape(response.json()) == shape(payload("error_100_subcode_33_unknown_object"))


def test_it_refuses_a_message_to_itself(simulator: SimulatorProcess) -> None:
    assert error_of(simulator.send(to="+54 9 11 5555-0199"))["code"] == 131021


@pytest.mark.parametrize(
    "changes",
    [
        {"messaging_product": "sms"},
        {"to": "nobody"},
        {"to": ""},
        {"biz_opaque_callback_data": "x" * 513},
        {"template": {"name": "hello_world"}},
        {"template": {"name": "hello_world", "language": {"code": "en_US"}, "parametros": []}},
    ],
)
def test_it_refuses_a_malformed_body_with_100(simulator: SimulatorProcess, changes: dict[str, Any]) -> None:
    response = simulator.send(**changes)

    assert (response.status_code, error_of(response)["code"]) == (400, 100)


def test_it_refuses_other_kinds_of_message(simulator: SimulatorProcess) -> None:
    assert error_of(simulator.send(type="location"))["code"] == 131051


def test_it_keeps_every_request_before_its_outcome(simulator: SimulatorProcess) -> None:
    simulator.send(to="+5491155550105")
    simulator.send(to="+5491155550155")

    requests = simulator.get("requests")["data"]
    assert [item["result"] for item in requests] == ["refused", "accepted"]
    assert json.loads(requests[1]["body"])["to"] == "+5491155550155"


def test_it_finds_accepted_messages_by_reference_and_recipient(simulator: SimulatorProcess) -> None:
    wamid = simulator.send(to="+5491155550155", biz_opaque_callback_data="hsm:A").json()["messages"][0]["id"]
    simulator.send(to="+5491155550156", biz_opaque_callback_data="hsm:B")

    by_reference = simulator.get("messages", reference="hsm:A")["data"]
    by_recipient = simulator.get("messages", to="+54 9 11 5555-0155")["data"]
    assert [item["wamid"] for item in by_reference] == [item["wamid"] for item in by_recipient] == [wamid]
    assert by_reference[0]["rendered"] == "Welcome"


def test_it_names_references_that_were_accepted_twice(simulator: SimulatorProcess) -> None:
    simulator.send(biz_opaque_callback_data="hsm:once")
    simulator.send(biz_opaque_callback_data="hsm:twice")
    simulator.send(biz_opaque_callback_data="hsm:twice")

    counts = simulator.get("counts")
    assert (counts["duplicates"], counts["duplicated_references"]) == (1, {"hsm:twice": 2})


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_accepts_and_breaks_the_connection(simulator: SimulatorProcess, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.send(to=f"+54911555501{digits}")

    assert simulator.get("counts")["accepted"] == 1


def test_it_accepts_and_never_answers(simulator: SimulatorProcess) -> None:
    with httpx.Client(timeout=0.3) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.post(
            f"{simulator.url}/v25.0/{PHONE_NUMBER_ID}/messages",
            headers={"Authorization": f"Bearer {TOKEN}"},
            json={**payload("send_template_no_params.request"), "to": "+5491155550107"},
        )

    until(lambda: simulator.get("counts").get("accepted") == 1)


@pytest.mark.parametrize(("digits", "status", "accepted"), [("24", 500, 1), ("28", 200, 1), ("40", 502, 0)])
def test_it_answers_without_json(simulator: SimulatorProcess, digits: str, status: int, accepted: int) -> None:
    response = simulator.send(to=f"+54911555501{digits}")

    assert response.status_code == status
    assert "json" not in response.headers["content-type"]
    assert simulator.get("counts").get("accepted", 0) == accepted


def test_it_answers_slowly_when_told(simulator: SimulatorProcess) -> None:
    simulator.knobs(slow_answer_ms=200)

    response = simulator.send(to="+5491155550126")

    assert response.elapsed.total_seconds() >= 0.2


def test_it_loses_the_next_answers_only(simulator: SimulatorProcess) -> None:
    simulator.knobs(lose_answers=1)
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.send()

    assert simulator.send().status_code == 200
    assert simulator.get("counts")["accepted"] == 2


def test_it_fails_the_next_requests_only(simulator: SimulatorProcess) -> None:
    simulator.knobs(fail_next=1, fail_code=131016)

    assert [simulator.send().status_code, simulator.send().status_code] == [500, 200]


def test_it_resets_the_next_connections_and_does_nothing_for_them(simulator: SimulatorProcess) -> None:
    simulator.knobs(reset_next=1)
    with pytest.raises(httpx.ReadError):
        simulator.send()

    assert simulator.send().status_code == 200
    counts = simulator.get("counts")
    assert (counts["requests"], counts["reset"], counts["accepted"]) == (2, 1, 1)


def test_it_resets_the_connection_after_accepting(simulator: SimulatorProcess) -> None:
    simulator.knobs(lose_answers=1, lose_mode="reset")
    with pytest.raises(httpx.ReadError):
        simulator.send()

    assert simulator.get("counts")["accepted"] == 1


@pytest.mark.parametrize(("code", "asked"), [(130429, "7"), (131000, None)])
def test_it_asks_for_the_wait_that_the_knob_says_in_every_answer_429(
    simulator: SimulatorProcess, code: int, asked: str | None
) -> None:
    simulator.knobs(fail_next=1, fail_code=code, retry_after=7)

    assert simulator.send().headers.get("Retry-After") == asked


def test_it_refuses_all_sends_of_a_blocked_account(simulator: SimulatorProcess) -> None:
    simulator.post(f"accounts/{WABA_ID}", blocked_code=131031)

    assert error_of(simulator.send())["code"] == 131031


def test_it_holds_the_number_to_its_messages_per_second(simulator: SimulatorProcess) -> None:
    simulator.post(f"numbers/{PHONE_NUMBER_ID}", messages_per_second=2.0)
    simulator.knobs(enforce_limits=True)

    codes = [simulator.send(to=f"+54911555501{60 + number}").status_code for number in range(3)]

    assert codes == [200, 200, 429]


def test_it_holds_one_recipient_to_the_pair_limit(simulator: SimulatorProcess) -> None:
    simulator.post(f"numbers/{PHONE_NUMBER_ID}", messages_per_second=1000.0)
    simulator.knobs(enforce_limits=True)

    codes = [simulator.send(to="+5491155550160") for _ in range(46)]

    assert [response.status_code for response in codes[:45]] == [200] * 45
    assert error_of(codes[45])["code"] == 131056
