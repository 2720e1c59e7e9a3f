"""What holds for every wire."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from providers.simulator.app import build_application
from providers.simulator.refusal import CODES, Refusal
from providers.simulator.simulator import Simulator
from providers.simulator.wires.contract import Call
from providers.simulator.wires.registry import WIRES
from tests.providers.simulator.server import PHONE_NUMBER_ID, TOKEN, WABA_ID, Receiver, SimulatorProcess
from tests.providers.simulator.wires.stage import CUSTOMER, NUMBER, stage_make

FOLDER = Path(__file__).parents[4] / "providers" / "simulator" / "wires"
# 360dialog passes Meta's bodies and webhooks on.
MAY_IMPORT = {"dialog360": {"meta"}}


@pytest.mark.parametrize("slug", WIRES)
def test_it_has_an_answer_to_every_refusal(slug: str, tmp_path: Path) -> None:
    simulator = Simulator(tmp_path / "store", WIRES)
    request = make_mocked_request("POST", f"/{slug}/x", app=build_application(simulator))
    call = Call(request, b"{}", simulator.world, simulator.record, 0.0)

    unanswered = [
        code
        for code in CODES
        if not WIRES[slug].late(code) and WIRES[slug].refused(call, Refusal(code)).status not in range(400, 600)
    ]

    assert unanswered == []


@pytest.mark.parametrize("slug", WIRES)
def test_it_does_not_import_another_wire(slug: str) -> None:
    own = {slug, *MAY_IMPORT.get(slug, set())}
    imported = {
        node.module.split(".")[3]
        for path in (FOLDER / slug).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("providers.simulator.wires.")
        if node.module is not None
    }

    assert imported & {item.name for item in FOLDER.iterdir() if item.is_dir()} <= own


def test_it_serves_meta_under_its_prefix_too(simulator: SimulatorProcess) -> None:
    path = f"{simulator.url}/meta/v25.0/{WABA_ID}/message_templates"
    response = simulator.graph.get(path, params={"limit": 1, "access_token": TOKEN})

    assert response.status_code == 200
    assert response.json()["paging"]["next"].startswith(f"{simulator.url}/meta/v25.0/")


def test_it_counts_the_same_text_without_a_reference_as_a_duplicate(simulator: SimulatorProcess) -> None:
    for to in ("+5491155550150", "+5491155550150", "+5491155550151"):
        simulator.send(to=to, biz_opaque_callback_data="")

    counts = simulator.get("counts")
    assert (counts["duplicates"], counts["duplicated_references"]) == (1, {})
    assert [item["to"] for item in counts["repeated_texts"]] == ["5491155550150"]


def test_it_does_not_know_another_provider(simulator: SimulatorProcess) -> None:
    account = {"waba_id": "1", "token": "t", "provider": "pigeons"}
    response = simulator.control.post("seed", json={"accounts": [account]})

    assert (response.status_code, response.json()) == (400, {"error": "there is no provider pigeons"})


def test_it_shows_no_secret_of_the_settings(simulator: SimulatorProcess) -> None:
    simulator.post("seed", accounts=[{"waba_id": WABA_ID, "settings": {"key_secret": "hidden", "app_id": "shown"}}])

    (account,) = simulator.get("state")["accounts"]
    assert account["settings"] == {"key_secret": "••••", "app_id": "shown"}


def test_it_finds_a_number_by_its_digits_within_an_account(simulator: SimulatorProcess) -> None:
    order = {"phone_number_id": "+54 9 11 5555-0199", "waba_id": WABA_ID, "from": "5491155550100", "text": "Hola"}

    assert simulator.post("inbound", **order)["phone_number_id"] == PHONE_NUMBER_ID


@pytest.mark.parametrize("slug", WIRES)
def test_it_shows_what_customers_wrote_and_chose_on_the_phone(
    slug: str, simulator: SimulatorProcess, receiver: Receiver
) -> None:
    stage = stage_make(simulator, receiver, slug)
    stage.write("Hola")
    simulator.post("preference", phone_number_id=NUMBER, **{"from": CUSTOMER, "choice": "stop"})
    stage.client.close()

    (shown,) = stage.simulator.control.get(f"{simulator.url}/phone/conversations").json()["data"]
    assert (shown["customer"], shown["last"], shown["stopped"]) == (CUSTOMER, "Hola", True)


@pytest.mark.parametrize("slug", WIRES)
def test_it_changes_a_template_of_any_provider(slug: str, simulator: SimulatorProcess, receiver: Receiver) -> None:
    body = [{"type": "BODY", "text": "Hola"}]
    template = {"id": "7", "name": "hola", "language": "es", "category": "UTILITY", "components": body}
    stage_make(simulator, receiver, slug, templates=[template]).client.close()
    for aspect, order in (
        ("status", {"status": "PAUSED"}),
        ("quality", {"score": "YELLOW"}),
        ("category", {"category": "MARKETING"}),
    ):
        simulator.post(f"templates/7/{aspect}", **order)

    (changed,) = simulator.get("templates")["data"]
    assert [changed[name] for name in ("status", "quality", "category")] == ["PAUSED", "YELLOW", "MARKETING"]
