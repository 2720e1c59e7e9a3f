"""The control API, the journal behind a restart, and the phone page."""

from __future__ import annotations

import json
import signal
from typing import Any

import httpx
import pytest

from providers.simulator.phone_words import WORDS
from tests.providers.simulator.server import (
    APP_SECRET,
    PHONE_NUMBER_ID,
    TOKEN,
    VERIFY_TOKEN,
    WABA_ID,
    Receiver,
    SimulatorProcess,
    seed_data,
    until,
)


def test_it_seeds_the_same_world_twice_without_touching_templates(
    simulator: SimulatorProcess, receiver: Receiver
) -> None:
    simulator.post("templates/1100000000000001/status", status="PAUSED")

    written = simulator.post("seed", **seed_data(receiver.url))

    assert written == {"accounts": 1, "numbers": 1, "templates": 0, "customers": 0}
    statuses = {item["name"]: item["status"] for item in simulator.get("templates")["data"]}
    assert statuses["hello_world"] == "PAUSED"


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("seed", {"numbers": [{"phone_number_id": "1", "waba_id": "none", "display_phone_number": "1"}]}),
        ("seed", {"accounts": [{"waba_id": "1", "colour": "red"}]}),
        ("seed", {"things": []}),
        ("knobs", {"latency": 1}),
        ("knobs", {"latency_ms": "1"}),
        ("knobs", {"latency_ms": -1}),
        ("knobs", {"loss_share": 2}),
        ("knobs", {"lose_mode": "maybe"}),
        ("knobs", {"fail_code": 7}),
        ("inbound", {"phone_number_id": "none", "from": "5491155550100", "text": "x"}),
        ("inbound", {"phone_number_id": PHONE_NUMBER_ID, "from": "nobody", "text": "x"}),
        ("inbound", {"phone_number_id": PHONE_NUMBER_ID, "from": "5491155550100"}),
        ("inbound", {"phone_number_id": PHONE_NUMBER_ID, "from": "5491155550100", "type": "smoke"}),
        ("preference", {"phone_number_id": PHONE_NUMBER_ID, "from": "5491155550100", "choice": "perhaps"}),
        ("templates/1/status", {"status": "PAUSED"}),
        ("templates/1100000000000001/status", {}),
        ("accounts/none", {}),
        (f"accounts/{WABA_ID}", {"blocked_code": 7}),
        ("emit", {"waba_id": WABA_ID}),
    ],
)
def test_it_says_what_is_wrong_with_an_order(simulator: SimulatorProcess, path: str, order: dict[str, Any]) -> None:
    response = simulator.control.post(path, json=order)

    assert response.status_code == 400
    assert response.json()["error"]


def test_it_takes_orders_only_as_json(simulator: SimulatorProcess) -> None:
    response = simulator.control.post("reset", content="{}", headers={"Content-Type": "text/plain"})

    assert response.status_code == 400


def test_it_changes_no_knob_when_one_is_wrong(simulator: SimulatorProcess) -> None:
    simulator.control.post("knobs", json={"latency_ms": 77, "nothing": 1})

    assert simulator.get("knobs")["latency_ms"] == 0


def test_it_sets_a_webhook_only_after_the_handshake(simulator: SimulatorProcess, receiver: Receiver) -> None:
    path = f"accounts/{WABA_ID}/webhook"
    refused = simulator.control.post(path, json={"url": receiver.url, "verify_token": "wrong"})
    accepted = simulator.control.post(path, json={"url": receiver.url, "verify_token": VERIFY_TOKEN})

    assert (refused.status_code, accepted.status_code) == (400, 200)


def test_it_waits_before_it_answers(simulator: SimulatorProcess) -> None:
    simulator.knobs(latency_ms=150)

    assert simulator.send().elapsed.total_seconds() >= 0.15


def test_it_repeats_chance_with_the_same_seed(simulator: SimulatorProcess) -> None:
    runs = []
    for _ in range(2):
        simulator.post("reset")
        simulator.knobs(read_share=0.5, seed=7, enforce_limits=False, webhook_delay_ms=0)
        for number in range(12):
            simulator.send(to=f"+54911555501{60 + number}")
        runs.append([len(message["plan"]) for message in simulator.get("messages")["data"]])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {2, 3}


def test_it_forgets_traffic_but_keeps_the_world(simulator: SimulatorProcess) -> None:
    simulator.send()
    simulator.post("reset")

    assert simulator.get("messages")["data"] == []
    assert simulator.send().status_code == 200


def test_it_pages_its_record(simulator: SimulatorProcess) -> None:
    for number in range(3):
        simulator.send(biz_opaque_callback_data=f"hsm:{number}")

    page = simulator.get("messages", limit="1", offset="1")["data"]

    assert [message["reference"] for message in page] == ["hsm:1"]


def test_it_counts_what_was_accepted_by_reference(simulator: SimulatorProcess) -> None:
    for reference in ("hsm:a", "hsm:b", "hsm:b"):
        simulator.send(biz_opaque_callback_data=reference)

    assert simulator.get("references")["data"] == {"hsm:a": 1, "hsm:b": 2}


def test_it_knows_a_seeded_person_in_every_portfolio(simulator: SimulatorProcess) -> None:
    person = {"wa_id": "5491155550177", "name": "Olga"}
    simulator.post("seed", accounts=[{"waba_id": "399", "token": "other", "app_secret": "s"}], customers=[person])

    simulator.send(to="+5491155550177")

    listed = httpx.get(f"{simulator.url}/phone/conversations").json()["data"]
    assert [item["name"] for item in listed] == ["Olga"]


def test_it_lists_outcomes(simulator: SimulatorProcess) -> None:
    assert "131026" in simulator.get("outcomes")["data"]["02"]


def test_it_shows_no_secret(simulator: SimulatorProcess) -> None:
    shown = json.dumps(simulator.get("state")) + httpx.get(simulator.url).text

    for secret in (TOKEN, APP_SECRET, VERIFY_TOKEN):
        assert secret not in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_remembers_everything_after_a_restart(own_simulator: SimulatorProcess, number: signal.Signals) -> None:
    own_simulator.knobs(webhook_delay_ms=0)
    own_simulator.send(biz_opaque_callback_data="hsm:kept")
    own_simulator.send(to="+5491155550105")
    own_simulator.post("inbound", phone_number_id=PHONE_NUMBER_ID, **{"from": "5491155550155"}, text="Hola")
    own_simulator.settle()
    before = own_simulator.get("counts")
    messages = own_simulator.get("messages")

    own_simulator.stop(number)
    own_simulator.start()

    own_simulator.settle()
    assert own_simulator.get("counts") == before
    assert own_simulator.get("messages") == messages
    text = own_simulator.send(to="+5491155550155", type="text", text={"body": "Sigue abierta"})
    assert text.status_code == 200


def test_it_goes_on_with_planned_statuses_after_a_crash(own_simulator: SimulatorProcess, receiver: Receiver) -> None:
    own_simulator.knobs(webhook_delay_ms=60_000)
    own_simulator.send(to="+5491155550112")

    own_simulator.stop(signal.SIGKILL)
    own_simulator.start()
    until(lambda: receiver.words() == ["sent", "delivered"])


def test_it_sends_unanswered_webhooks_again_after_a_crash(own_simulator: SimulatorProcess, receiver: Receiver) -> None:
    own_simulator.knobs(webhook_delay_ms=0, hold_webhooks=True)
    own_simulator.send(to="+5491155550113")
    until(lambda: own_simulator.get("counts").get("status_sent") == 1)

    own_simulator.stop(signal.SIGKILL)
    own_simulator.start()

    until(lambda: receiver.words() == ["sent"])


def test_it_survives_a_record_that_a_crash_cut_short(own_simulator: SimulatorProcess) -> None:
    own_simulator.send(biz_opaque_callback_data="hsm:whole")
    own_simulator.stop()
    with (own_simulator.store / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"kind":"message","data":{"wamid":"wam')
    own_simulator.start()
    own_simulator.send(biz_opaque_callback_data="hsm:next")
    own_simulator.stop()
    own_simulator.start()

    references = [message["reference"] for message in own_simulator.get("messages")["data"]]
    assert references == ["hsm:whole", "hsm:next"]


def test_it_stops_at_once_while_answers_are_held(own_simulator: SimulatorProcess) -> None:
    with httpx.Client(timeout=0.2) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.post(
            f"{own_simulator.url}/v25.0/{PHONE_NUMBER_ID}/messages",
            headers={"Authorization": f"Bearer {TOKEN}"},
            json={
                "messaging_product": "whatsapp",
                "to": "+5491155550107",
                "type": "template",
                "template": {"name": "hello_world", "language": {"code": "en_US"}},
            },
        )

    assert own_simulator.stop() < 3


def test_it_keeps_its_store_to_itself(own_simulator: SimulatorProcess) -> None:
    journal = own_simulator.store / "journal.jsonl"

    assert (own_simulator.store.stat().st_mode & 0o077, journal.stat().st_mode & 0o077) == (0, 0)


@pytest.mark.parametrize(("accepted", "language"), [("es-AR,es;q=0.9", "es"), ("fr, en;q=0.5", "en"), ("", "en")])
def test_it_speaks_the_visitors_language(simulator: SimulatorProcess, accepted: str, language: str) -> None:
    page = httpx.get(simulator.url, headers={"Accept-Language": accepted}).text

    assert f'<html lang="{language}">' in page
    assert WORDS[language]["subtitle"] in page


def test_it_has_every_word_in_both_languages() -> None:
    assert WORDS["es"].keys() == WORDS["en"].keys()


def test_it_serves_a_page_without_inline_code(simulator: SimulatorProcess) -> None:
    response = httpx.get(simulator.url)

    assert "<script>" not in response.text
    assert "default-src 'self'" in response.headers["content-security-policy"]
    for name, kind in (("phone.css", "text/css"), ("phone.js", "text/javascript")):
        assert httpx.get(f"{simulator.url}/phone/static/{name}").headers["content-type"].startswith(kind)


def test_it_shows_conversations_the_latest_first(simulator: SimulatorProcess) -> None:
    simulator.send(to="+5491155550155")
    simulator.send(to="+5491155550156")
    order = {"from": "5491155550155", "text": "Hola"}
    simulator.post("inbound", phone_number_id=PHONE_NUMBER_ID, **order)

    listed = httpx.get(f"{simulator.url}/phone/conversations").json()["data"]
    query = {"phone_number_id": PHONE_NUMBER_ID, "customer": "5491155550155"}
    shown = httpx.get(f"{simulator.url}/phone/conversation", params=query).json()

    assert [item["customer"] for item in listed] == ["5491155550155", "5491155550156"]
    assert [entry["bubble"]["body"] for entry in shown["entries"]] == ["Welcome", "Hola"]


def test_it_searches_conversations(simulator: SimulatorProcess) -> None:
    simulator.send(to="+5491155550100")
    simulator.send(to="+5491155550156")

    listed = httpx.get(f"{simulator.url}/phone/conversations", params={"search": "lucía"}).json()["data"]

    assert [item["customer"] for item in listed] == ["5491155550100"]
