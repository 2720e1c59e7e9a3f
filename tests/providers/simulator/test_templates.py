"""Template management and the template webhooks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.providers.simulator.server import TOKEN, WABA_ID, Receiver, SimulatorProcess, payload, shape, until

UTILITY_ID = "1274830044512345"
MARKETING_ID = "1190283746655012"


def listed(simulator: SimulatorProcess, **query: str) -> Any:
    response = simulator.graph.get(f"{WABA_ID}/message_templates", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def uploaded(simulator: SimulatorProcess) -> str:
    """The handle of an uploaded picture."""
    session = simulator.graph.post("app/uploads", params={"file_length": "3", "file_type": "image/png"}).json()["id"]
    headers = {"Authorization": f"OAuth {TOKEN}", "file_offset": "0"}
    return str(simulator.graph.post(f"{simulator.url}/v25.0/{session}", content=b"png", headers=headers).json()["h"])


def create(simulator: SimulatorProcess, sample: str = "template_create_utility_positional", **changes: Any) -> Any:
    body = {**payload(f"{sample}.request"), "name": "nueva", **changes}
    for component in body["components"]:
        if "header_handle" in component.get("example", {}):
            # The handle of Meta's example is of nobody's upload here.
            component["example"] = {"header_handle": [uploaded(simulator)]}
    return simulator.graph.post(f"{WABA_ID}/message_templates", json=body).json()


def template_events(receiver: Receiver) -> list[str]:
    return [value["event"] for value in receiver.values("message_template_status_update")]


def test_it_lists_templates_in_metas_shape(simulator: SimulatorProcess) -> None:
    page = listed(simulator, limit="2")

    assert shape(page) == shape(payload("templates_list_page1.response"))
    assert page["data"] == payload("templates_list_page1.response")["data"]


def test_it_pages_by_cursor_until_there_is_no_next(simulator: SimulatorProcess) -> None:
    url: str | None = f"{simulator.url}/v25.0/{WABA_ID}/message_templates?limit=2"
    names: list[str] = []
    while url:
        page = simulator.graph.get(url).json()
        names += [template["name"] for template in page["data"]]
        url = page["paging"].get("next")

    assert names == ["aviso_vencimiento", "promo_cyber", "codigo_acceso", "promo_cyber", "hello_world"]


def test_it_pages_back(simulator: SimulatorProcess) -> None:
    first = listed(simulator, limit="2")
    second = simulator.graph.get(first["paging"]["next"]).json()

    assert simulator.graph.get(second["paging"]["previous"]).json() == first


def test_it_lists_nothing_in_metas_shape(simulator: SimulatorProcess) -> None:
    assert listed(simulator, name="otra") == payload("templates_list_empty.response")


def test_it_shows_the_asked_fields(simulator: SimulatorProcess) -> None:
    page = listed(simulator, fields="name,language,category,status,quality_score,rejected_reason", limit="4")

    assert shape(page["data"]) == shape(payload("templates_list_fields_subset.response")["data"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "approved"}, 3),
        ({"category": "MARKETING"}, 3),
        ({"language": "es"}, 1),
        ({"name_or_content": "vencimiento"}, 1),
        ({"content": "CYBER25"}, 1),
    ],
)
def test_it_filters_templates(simulator: SimulatorProcess, query: dict[str, str], count: int) -> None:
    assert len(listed(simulator, **query)["data"]) == count


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"after": "nowhere"}])
def test_it_refuses_bad_paging(simulator: SimulatorProcess, query: dict[str, str]) -> None:
    response = simulator.graph.get(f"{WABA_ID}/message_templates", params=query)

    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)


@pytest.mark.parametrize(
    "sample",
    ["template_create_utility_positional", "template_create_marketing_named", "template_create_authentication"],
)
def test_it_creates_templates_pending(simulator: SimulatorProcess, sample: str) -> None:
    answer = create(simulator, sample)

    assert shape(answer) == shape(payload("template_create.response"))
    assert answer["status"] == "PENDING"


def test_it_approves_a_new_template(simulator: SimulatorProcess, receiver: Receiver) -> None:
    create(simulator)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_template_status_approved"))
    assert listed(simulator, name="nueva")["data"][0]["status"] == "APPROVED"


def test_it_rejects_a_new_template_when_told(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.knobs(review="reject")
    create(simulator)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_template_status_rejected"))


def test_it_leaves_a_manual_review_pending(simulator: SimulatorProcess) -> None:
    simulator.knobs(review="manual")
    create(simulator)
    simulator.settle()

    assert listed(simulator, name="nueva")["data"][0]["status"] == "PENDING"


def test_it_refuses_a_second_template_of_that_name_and_language(simulator: SimulatorProcess) -> None:
    answer = create(simulator, name="aviso_vencimiento")

    assert shape(answer) == shape(payload("error_template_create_duplicate"))
    assert answer["error"]["error_subcode"] == 2388024


def test_it_refuses_a_leading_variable_in_metas_words(simulator: SimulatorProcess) -> None:
    answer = create(simulator, components=[{"type": "BODY", "text": "{{1}}, hola y gracias por escribirnos."}])

    expected = payload("error_template_create_leading_param")["error"]
    assert {**answer["error"], "fbtrace_id": ""} == {**expected, "fbtrace_id": ""}


@pytest.mark.parametrize(
    ("changes", "subcode"),
    [
        ({"components": [{"type": "BODY", "text": "Hola {{1}}{{2}} ya"}]}, 2388293),
        ({"components": [{"type": "BODY", "text": "x" * 1025}]}, 2388040),
        ({"components": [{"type": "BODY", "text": "a"}, {"type": "FOOTER", "text": "b {{1}} c"}]}, 2388073),
        (
            {"components": [{"type": "BODY", "text": "a"}, {"type": "HEADER", "format": "TEXT", "text": "x" * 61}]},
            2388047,
        ),
        ({"name": "Con Mayúsculas"}, None),
        ({"category": "OTHER"}, None),
        ({"components": []}, None),
    ],
)
def test_it_refuses_bad_templates(simulator: SimulatorProcess, changes: dict[str, Any], subcode: int | None) -> None:
    error = create(simulator, **changes)["error"]

    assert (error["code"], error.get("error_subcode")) == (100, subcode)


def test_it_edits_a_template_and_reviews_it_again(simulator: SimulatorProcess, receiver: Receiver) -> None:
    response = simulator.graph.post(UTILITY_ID, json=payload("template_edit.request"))
    until(lambda: len(receiver.arrived) == 2)

    assert response.json() == payload("template_edit.response")
    assert len(receiver.values("message_template_components_update")) == 1
    assert template_events(receiver) == ["APPROVED"]


def test_it_tells_the_new_components(simulator: SimulatorProcess, receiver: Receiver) -> None:
    components = payload("template_edit.request")["components"]
    components[3]["buttons"].pop()
    simulator.graph.post(UTILITY_ID, json={"components": components})
    until(lambda: len(receiver.arrived) == 2)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_template_components_update"))


def test_it_does_not_edit_the_category_of_an_approved_template(simulator: SimulatorProcess) -> None:
    response = simulator.graph.post(UTILITY_ID, json={"category": "MARKETING"})

    assert response.json()["error"]["code"] == 100


def test_it_deletes_all_languages_of_a_name(simulator: SimulatorProcess, receiver: Receiver) -> None:
    response = simulator.graph.delete(f"{WABA_ID}/message_templates", params={"name": "promo_cyber"})
    until(lambda: len(receiver.arrived) == 2)

    assert response.json() == payload("template_delete.response")
    assert listed(simulator, name="promo_cyber") == {"data": []}
    assert shape(receiver.arrived[0].document) == shape(payload("webhook_template_status_pending_deletion"))


def test_it_deletes_one_template_by_its_id(simulator: SimulatorProcess) -> None:
    query = {"name": "promo_cyber", "hsm_id": MARKETING_ID}
    simulator.graph.delete(f"{WABA_ID}/message_templates", params=query)

    assert [template["language"] for template in listed(simulator, name="promo_cyber")["data"]] == ["es"]


def test_it_unpauses_a_paused_template(simulator: SimulatorProcess, receiver: Receiver) -> None:
    response = simulator.graph.post(f"{MARKETING_ID}/unpause")
    until(lambda: len(receiver.arrived) == 1)

    assert response.json() == payload("template_unpause.response")
    assert shape(receiver.arrived[0].document) == shape(payload("webhook_template_status_unpaused"))


def test_it_pauses_twice_and_then_disables_on_red_quality(simulator: SimulatorProcess, receiver: Receiver) -> None:
    for _ in range(3):
        simulator.post(f"templates/{UTILITY_ID}/quality", score="RED")
        simulator.graph.post(f"{UTILITY_ID}/unpause")
    simulator.settle()

    documents = [
        webhook.document
        for webhook in receiver.arrived
        if webhook.document["entry"][0]["changes"][0]["field"] == "message_template_status_update"
    ]
    assert template_events(receiver) == ["PAUSED", "APPROVED", "PAUSED", "APPROVED", "DISABLED"]
    assert shape(documents[0]) == shape(payload("webhook_template_status_paused"))
    assert shape(documents[2]) == shape(payload("webhook_template_status_paused_second"))
    assert shape(documents[4]) == shape(payload("webhook_template_status_disabled"))


def test_it_tells_a_change_of_quality(simulator: SimulatorProcess, receiver: Receiver) -> None:
    simulator.post(f"templates/{UTILITY_ID}/quality", score="YELLOW")
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload("webhook_template_quality_update"))
    shown = simulator.graph.get(UTILITY_ID, params={"fields": "quality_score"}).json()
    assert shape(shown) == shape(payload("template_get_quality_score.response"))


@pytest.mark.parametrize(("impending", "sample"), [(True, "impending"), (False, "completed")])
def test_it_tells_a_change_of_category(
    simulator: SimulatorProcess, receiver: Receiver, impending: bool, sample: str
) -> None:
    simulator.post(f"templates/{UTILITY_ID}/category", category="MARKETING", impending=impending)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload(f"webhook_template_category_update_{sample}"))


@pytest.mark.parametrize("status", ["ARCHIVED", "FLAGGED", "REINSTATED", "LIMIT_EXCEEDED"])
def test_it_tells_any_status_on_demand(simulator: SimulatorProcess, receiver: Receiver, status: str) -> None:
    simulator.post(f"templates/{UTILITY_ID}/status", status=status)
    until(lambda: len(receiver.arrived) == 1)

    assert shape(receiver.arrived[0].document) == shape(payload(f"webhook_template_status_{status.lower()}"))


def test_it_does_not_show_templates_of_another_account(simulator: SimulatorProcess) -> None:
    simulator.post("seed", accounts=[{"waba_id": "399", "token": "other", "app_secret": "s"}])

    response = httpx.get(f"{simulator.url}/v25.0/{UTILITY_ID}", headers={"Authorization": "Bearer other"})

    assert (response.status_code, response.json()["error"]["error_subcode"]) == (400, 33)
