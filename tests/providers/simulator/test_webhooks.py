"""Webhooks: shapes, signature, retries, prices, and what the knobs do to them."""

from __future__ import annotations

from typing import Any

import pytest

from providers.simulator.wires.meta.envelope import signature, webhook_bytes
from tests.providers.simulator.server import (
    PAYLOADS,
    PHONE_NUMBER_ID,
    WABA_ID,
    Receiver,
    SimulatorProcess,
    payload,
    shape,
    until,
)


def change_of(document: Any) -> Any:
    return document["entry"][0]["changes"][0]


def write(simulator: SimulatorProcess, sender: str = "5491155550100", **order: Any) -> Any:
    return simulator.post("inbound", phone_number_id=PHONE_NUMBER_ID, **{"from": sender}, **order)


def test_it_signs_as_meta_does() -> None:
    vector = payload("_signature_vector")
    raw = (PAYLOADS / "_signature_vector.raw_body.json").read_bytes()

    assert signature(vector["app_secret"], raw) == vector["value"]


def test_it_writes_the_bytes_that_meta_writes() -> None:
    raw = (PAYLOADS / "_signature_vector.raw_body.json").read_bytes()

    assert webhook_bytes(payload("_signature_vector.raw_body")) == raw


def test_it_escapes_slashes() -> None:
    assert webhook_bytes({"a": "ñ/"}) == b'{"a":"\\u00f1\\/"}'


def test_it_signs_the_exact_bytes_that_it_sends(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.send()
    until(lambda: len(receiver.arrived) == 3)

    assert all(webhook.signed for webhook in receiver.arrived)
    assert b"Luc\\u00eda" in receiver.arrived[0].body


@pytest.mark.parametrize(("position", "sample"), [(0, "sent"), (1, "delivered"), (2, "read")])
def test_it_reports_sent_delivered_read_in_metas_shape(
    simulator: SimulatorProcess, receiver: Receiver, position: int, sample: str
) -> None:
    simulator.send(to="+5491155550100")
    until(lambda: len(receiver.arrived) == 3)

    document = receiver.arrived[position].document
    assert shape(document) == shape(payload(f"webhook_status_{sample}"))
    assert change_of(document)["value"]["statuses"][0]["status"] == sample
    assert change_of(document)["value"]["statuses"][0]["biz_opaque_callback_data"] == "hsm:1"


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("01", ["sent", "read"]),
        ("07", ["sent", "delivered", "read"]),
        ("10", ["sent", "delivered", "read"]),
        ("12", ["sent", "delivered"]),
        ("13", ["sent"]),
        ("14", []),
        ("15", ["sent", "failed"]),
        ("24", ["sent", "delivered", "read"]),
        ("42", ["failed", "delivered"]),
        ("55", ["sent", "delivered"]),
    ],
)
def test_it_reports_by_the_last_digits(
    simulator: SimulatorProcess, receiver: Receiver, digits: str, words: list[str]
) -> None:
    simulator.knobs(unanswered_ms=10)
    if digits == "07":
        with pytest.raises(Exception, match="disconnected"):
            simulator.send(to="+5491155550107")
    else:
        simulator.send(to=f"+54911555501{digits}")
    simulator.settle()

    assert receiver.words() == words


@pytest.mark.parametrize(
    ("digits", "code"),
    [("02", 131026), ("03", 131049), ("04", 131050), ("09", 132015), ("15", 131000), ("29", 130472), ("30", 131042),
     ("31", 131048)],
)  # fmt: skip
def test_it_reports_failures_in_metas_words(
    simulator: SimulatorProcess, receiver: Receiver, digits: str, code: int
) -> None:
    simulator.send(to=f"+54911555501{digits}")
    simulator.settle()

    document = receiver.arrived[-1].document
    expected = payload(f"webhook_status_failed_{code}")
    assert shape(document) == shape(expected)
    failed = change_of(document)["value"]["statuses"][0]
    assert failed["errors"] == change_of(expected)["value"]["statuses"][0]["errors"]


def test_it_prices_a_read_without_delivered(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.send(to="+5491155550101")
    until(lambda: len(receiver.arrived) == 2)

    assert shape(receiver.arrived[1].document) == shape(payload("webhook_status_read_without_delivered"))


def test_it_leaves_the_phone_out_for_people_with_a_username(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.send(to="+5491155550111")
    until(lambda: len(receiver.arrived) == 3)

    assert shape(receiver.arrived[1].document) == shape(payload("webhook_status_delivered_bsuid_only"))


def test_it_reports_conversations_to_older_versions(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.post(f"accounts/{WABA_ID}", graph_version="v23.0")
    simulator.send()
    until(lambda: len(receiver.arrived) == 3)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_status_sent_v23_with_conversation"))


@pytest.mark.parametrize(
    ("offset_days", "window", "expected"),
    [(-60, True, "free_customer_service"), (-60, False, "regular"), (0, True, "regular"), (0, False, "regular")],
)
def test_it_prices_utility_by_date_and_window(
    simulator: SimulatorProcess, receiver: Receiver, offset_days: int, window: bool, expected: str
) -> None:
    at_october = 1790812800 - simulator.get("state")["now"]
    simulator.knobs(clock_offset_seconds=int(at_october) + (offset_days or 1) * 86400)
    if window:
        write(simulator, "5491155550155", text="Hola")
    request = {**payload("send_template_body_positional.request"), "to": "+5491155550155"}
    request["template"]["components"].append(
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "t"}]}
    )

    assert simulator.graph.post(f"{PHONE_NUMBER_ID}/messages", json=request).status_code == 200
    until(lambda: len(receiver.statuses()) == 2)

    pricing = receiver.statuses()[1]["pricing"]
    assert pricing == {
        "billable": expected == "regular",
        "pricing_model": "PMP",
        "type": expected,
        "category": "utility",
    }


def test_it_makes_the_answer_to_an_ad_free(simulator: SimulatorProcess, receiver: Receiver) -> None:
    sample = change_of(payload("webhook_inbound_text_ctwa_referral"))["value"]["messages"][0]
    write(simulator, text="Quiero más info", referral=sample["referral"])
    simulator.send()
    until(lambda: len(receiver.statuses()) == 3)

    delivered = receiver.arrived[2].document
    assert shape(delivered) == shape(payload("webhook_status_delivered_free_entry_point"))
    assert receiver.statuses()[1]["pricing"]["type"] == "free_entry_point"


def test_it_retries_the_same_bytes_until_200(simulator: SimulatorProcess, receiver: Receiver) -> None:
    receiver.answers[:] = [500, 201]
    simulator.send(to="+5491155550113")
    simulator.settle()

    assert len({webhook.body for webhook in receiver.arrived}) == 1
    answers = [delivery["answer"] for delivery in simulator.get("deliveries")["data"]]
    assert answers == ["500", "201", "200"]


def test_it_gives_up_after_the_last_retry(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(retry_limit=2)
    receiver.answers[:] = [500, 500, 500]
    simulator.send(to="+5491155550113")
    simulator.settle()

    assert len(receiver.arrived) == 2
    assert simulator.get("counts")["webhooks_given_up"] == 1


def test_it_doubles_webhooks(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(duplicate_share=1.0)
    simulator.send(to="+5491155550113")
    simulator.settle()

    assert receiver.words() == ["sent", "sent"]


def test_it_loses_webhooks(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(loss_share=1.0)
    simulator.send()
    simulator.settle()

    assert receiver.arrived == []
    assert simulator.get("counts")["deliveries_lost"] == 3


def test_it_reorders_statuses_but_keeps_their_timestamps(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(reorder=True, seed=3)
    for number in range(5):
        simulator.send(to=f"+54911666{number}00100", biz_opaque_callback_data=f"hsm:{number}")
    simulator.settle()

    by_message = {
        f"hsm:{number}": [
            item["status"] for item in receiver.statuses() if item["biz_opaque_callback_data"] == f"hsm:{number}"
        ]
        for number in range(5)
    }
    assert all(sorted(words) == ["delivered", "read", "sent"] for words in by_message.values())
    assert any(words != ["sent", "delivered", "read"] for words in by_message.values())


def test_it_batches_over_several_entries_changes_and_statuses(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(hold_webhooks=True, batch=50, webhook_concurrency=1)
    for number in range(4):
        simulator.send(to=f"+549115555015{number}", biz_opaque_callback_data=f"hsm:{number}")
    write(simulator, text="Hola")
    until(lambda: simulator.get("counts").get("status_delivered") == 4)
    simulator.post("webhooks/release")
    simulator.settle()

    assert len(receiver.arrived) < 5
    assert len(receiver.statuses()) == 8
    assert max(len(webhook.document["entry"]) for webhook in receiver.arrived) == 2


def test_it_holds_webhooks_until_released(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.post("webhooks/hold")
    simulator.send(to="+5491155550113")
    until(lambda: simulator.get("counts").get("status_sent") == 1)
    held = list(receiver.arrived)
    simulator.post("webhooks/release")
    simulator.settle()

    assert (held, receiver.words()) == ([], ["sent"])


def test_it_sends_none_to_an_account_that_is_not_subscribed(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.graph.delete(f"{WABA_ID}/subscribed_apps")
    simulator.send()
    simulator.settle()

    assert receiver.arrived == []


@pytest.mark.parametrize(
    ("order", "sample"),
    [
        ({"text": "¿Hasta qué hora?"}, "webhook_inbound_text"),
        ({"text": "Gracias", "context": "wamid.X"}, "webhook_inbound_text_reply_to_template"),
        (
            {"type": "button", "text": "No recibir más", "payload": "BAJA|1", "context": "wamid.X"},
            "webhook_inbound_button_quick_reply",
        ),
        (
            {
                "type": "interactive",
                "context": "wamid.X",
                "interactive": {"type": "button_reply", "button_reply": {"id": "si", "title": "Sí"}},
            },
            "webhook_inbound_interactive_button_reply",
        ),
        ({"type": "unsupported"}, "webhook_inbound_unsupported"),
    ],
)
def test_it_sends_what_customers_write_in_metas_shape(
    simulator: SimulatorProcess, receiver: Receiver, order: dict[str, Any], sample: str
) -> None:
    write(simulator, **order)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload(sample))


def test_it_hides_the_phone_of_a_writer_with_a_username(simulator: SimulatorProcess, receiver: Receiver) -> None:
    write(simulator, text="Hola", hide_phone=True)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_inbound_text_username_no_phone"))


def test_it_tells_a_number_change(simulator: SimulatorProcess, receiver: Receiver) -> None:
    order = {"from": "5491155550100", "to": "5491155550177"}
    simulator.post("number_change", phone_number_id=PHONE_NUMBER_ID, **order)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_system_user_changed_number"))


@pytest.mark.parametrize("choice", ["stop", "resume"])
def test_it_tells_marketing_preferences(simulator: SimulatorProcess, receiver: Receiver, choice: str) -> None:
    order = {"from": "5491155550100", "choice": choice}
    simulator.post("preference", phone_number_id=PHONE_NUMBER_ID, **order)
    until(lambda: len(receiver.arrived) == 1)

    expected = payload(f"webhook_user_preferences_{choice}")
    assert shape(receiver.arrived[0].document) == shape(expected)
    assert receiver.values("user_preferences")[0]["user_preferences"][0]["value"] == choice


def test_it_fails_marketing_to_a_customer_who_stopped_it(simulator: SimulatorProcess, receiver: Receiver) -> None:
    order = {"from": "5491155550100", "choice": "stop"}
    simulator.post("preference", phone_number_id=PHONE_NUMBER_ID, **order)
    simulator.send()
    simulator.settle()

    assert [status["errors"][0]["code"] for status in receiver.statuses()] == [131050]


@pytest.mark.parametrize(
    "sample",
    ["account_update_restriction", "account_update_disabled", "phone_number_quality_update_throughput",
     "business_capability_update", "account_alerts_limit_deferred"],
)  # fmt: skip
def test_it_sends_any_other_webhook_on_demand(simulator: SimulatorProcess, receiver: Receiver, sample: str) -> None:
    expected = payload(f"webhook_{sample}")
    change = change_of(expected)
    simulator.post("emit", waba_id=WABA_ID, field=change["field"], value=change["value"])
    until(lambda: len(receiver.arrived) == 1)

    document = receiver.arrived[0].document
    assert shape(document) == shape(expected)
    assert change_of(document) == change
