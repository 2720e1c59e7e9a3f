"""Bird's wire: templates of its studio, its errors, signed events, the look-up that finds a lost answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from providers.simulator.wires.messagebird.webhooks import signature
from tests.providers.simulator.server import Arrived, Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import ACCOUNT, CUSTOMER, NUMBER, SECRET, SENDER, TOKEN, Stage, stage_make

SENT = sample("messagebird", "bird-send-template")
REFERENCE = SENT["reference"]
WORKSPACE = "55555555-6666-4777-8888-999999999999"
MESSAGES = f"/workspaces/{WORKSPACE}/channels/{NUMBER}/messages"
PROJECTS = f"/workspaces/{WORKSPACE}/projects"
PROJECT = {"project_id": SENT["template"]["projectId"], "version_id": SENT["template"]["version"]}
TEXT = {"type": "BODY", "text": "Hola {{name}}, tu pedido {{order}} está listo."}
URL = {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{path}}"}


def template(name: str, *components: Any, **fields: Any) -> dict[str, Any]:
    own = {"parameter_format": "NAMED", "language": "es_AR", "category": "UTILITY"}
    return {"name": name, "components": list(components), **own, **fields}


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    templates = [
        template("order_update", TEXT, settings=PROJECT),
        template("order_update", {"type": "BODY", "text": "Hi {{name}}."}, language="en", settings=PROJECT),
        template(
            "promo",
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hola {{name}}"},
            {"type": "BUTTONS", "buttons": [URL]},
            settings={"project_id": "promo"},
        ),
        template("turno", TEXT, status="PENDING", settings={"project_id": "waiting"}),
        template("viejo", TEXT, status="PAUSED", settings={"project_id": "paused"}),
    ]
    settings = {"workspace_id": WORKSPACE}
    stage = stage_make(
        simulator,
        receiver,
        "messagebird",
        settings=settings,
        templates=templates,
        headers={"Authorization": f"AccessKey {TOKEN}"},
    )
    yield stage
    stage.client.close()


def send(stage: Stage, to: str = CUSTOMER, **changes: Any) -> httpx.Response:
    contact = {"identifierKey": "phonenumber", "identifierValue": f"+{to}"}
    return stage.client.post(MESSAGES, json={**SENT, "receiver": {"contacts": [contact]}, **changes})


def values(**named: str) -> list[dict[str, str]]:
    return [{"type": "string", "key": key, "value": value} for key, value in named.items()]


def send_template(stage: Stage, project: str, version: str = "latest", **named: str) -> httpx.Response:
    chosen = {"projectId": project, "version": version, "locale": "es-AR", "parameters": values(**named)}
    return send(stage, template=chosen)


def signed(webhook: Arrived, url: str, key: str = SECRET) -> bool:
    given = {name.lower(): value for name, value in webhook.headers.items()}
    expected = signature(key, given["messagebird-request-timestamp"], url, webhook.body)
    return given["messagebird-signature"] == expected


# --- sending -------------------------------------------------------------------------------------------------------------


def test_it_answers_with_the_message(stage: Stage) -> None:
    response = send(stage)

    assert response.status_code == 202
    assert shape(response.json()) == shape(sample("messagebird", "bird-send-success-202"))
    (message,) = stage.messages(reference=REFERENCE)
    assert message["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."
    assert message["wamid"] == response.json()["id"]


def test_it_takes_the_older_variables(stage: Stage) -> None:
    assert (
        stage.client.post(MESSAGES, json=sample("messagebird", "bird-send-template-old-variables")).status_code == 202
    )

    assert stage.messages()[0]["rendered"] == "Hola Ana, tu pedido ORD-1042 está listo."


def test_it_chooses_the_language(stage: Stage) -> None:
    chosen = {**SENT["template"], "locale": "en", "parameters": values(name="Ana")}
    send(stage, template=chosen)

    assert stage.messages()[0]["rendered"] == "Hi Ana."


def test_it_fills_media_and_addresses_by_name(stage: Stage) -> None:
    filled = {"image": "https://cdn.example.com/a.jpg", "name": "Ana", "path": "ofertas"}
    assert send_template(stage, "promo", **filled).status_code == 202

    assert stage.messages()[0]["bubble"]["header"]["content"] == {"link": "https://cdn.example.com/a.jpg"}


def test_it_sends_text_only_in_the_window(stage: Stage) -> None:
    body = {"receiver": SENT["receiver"], "body": {"type": "text", "text": {"text": "Ya lo vemos."}}}
    first = stage.client.post(MESSAGES, json=body)
    stage.write()
    second = stage.client.post(MESSAGES, json=body)

    stage.simulator.settle()
    assert (first.status_code, second.status_code) == (202, 202)
    assert [item["statuses"][0]["status"] for item in stage.messages()] == ["failed", "sent"]


# --- refusing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", ["", "Bearer x", "AccessKey another"])
def test_it_asks_for_its_key(stage: Stage, authorization: str) -> None:
    response = stage.client.post(MESSAGES, json=SENT, headers={"Authorization": authorization})

    assert (response.status_code, response.json()) == (401, sample("messagebird", "bird-error-401-guess"))


def test_it_keeps_workspaces_apart(stage: Stage) -> None:
    assert stage.client.post(f"/workspaces/other/channels/{NUMBER}/messages", json=SENT).status_code == 403


def test_it_does_not_know_another_channel(stage: Stage) -> None:
    assert stage.client.post(f"/workspaces/{WORKSPACE}/channels/other/messages", json=SENT).status_code == 404


def test_it_names_what_is_empty(stage: Stage) -> None:
    response = send_template(stage, PROJECT["project_id"], name="", order="1")

    assert (response.status_code, response.json()) == (422, sample("messagebird", "bird-error-422-guess"))


@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": {}},
        {"receiver": {"contacts": SENT["receiver"]["contacts"] * 2}},
        {"receiver": {"contacts": [{"identifierKey": "email", "identifierValue": "ana@example.com"}]}},
        {"receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": CUSTOMER}]}},
        {"template": {**SENT["template"], "locale": ""}},
        {"template": None},
    ],
)
def test_it_refuses_a_malformed_body(stage: Stage, changes: dict[str, Any]) -> None:
    response = send(stage, **changes)

    assert response.status_code == 422
    assert shape(response.json())["code"] == "str"
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("project", "version"), [("none", "latest"), (PROJECT["project_id"], "none"), ("waiting", "latest")]
)
def test_it_refuses_what_its_studio_does_not_have(stage: Stage, project: str, version: str) -> None:
    assert send_template(stage, project, version, name="Ana", order="1").status_code == 422


@pytest.mark.parametrize("named", [{"name": "Ana"}, {"name": "Ana", "order": "1", "more": "x"}])
def test_it_wants_exactly_the_variables_of_the_template(stage: Stage, named: dict[str, str]) -> None:
    response = send_template(stage, PROJECT["project_id"], **named)

    assert (response.status_code, list(response.json()["details"])) == (422, [".template.parameters"])


@pytest.mark.parametrize(
    ("digits", "status"), [("05", 429), ("08", 500), ("18", 401), ("23", 503), ("44", 404), ("45", 403)]
)
def test_it_refuses_at_once_by_the_last_digits(stage: Stage, digits: str, status: int) -> None:
    response = send(stage, to=f"54911555501{digits}")

    assert response.status_code == status
    assert set(response.json()) == {"code", "message"}
    assert stage.messages() == []


# --- telling -------------------------------------------------------------------------------------------------------------


def test_it_signs_as_bird_does() -> None:
    vector = sample("messagebird", "bird-signature-vector")
    headers = vector["headers"]
    made = signature(
        vector["signing_key"], headers["messagebird-request-timestamp"], vector["url"], vector["raw_body"].encode()
    )

    assert made == headers["messagebird-signature"]


@pytest.mark.parametrize(
    ("digits", "word", "code"),
    [("02", "delivery_failed", 131026), ("20", "sending_failed", 132015), ("15", "delivery_failed", 131000)],
)
def test_it_reports_later_what_whatsapp_refuses(stage: Stage, digits: str, word: str, code: int) -> None:
    assert send(stage, to=f"54911555501{digits}").status_code == 202
    event = stage.arrived(2 if digits == "15" else 1)[-1]

    assert shape(event) == shape(sample("messagebird", "bird-webhook-delivery-failed"))
    assert (event["payload"]["status"], event["payload"]["failure"]["code"]) == (word, code)


def test_it_reports_a_paused_template_later(stage: Stage) -> None:
    assert send_template(stage, "paused", name="Ana", order="1").status_code == 202

    (event,) = stage.arrived(1)
    assert event["payload"]["failure"]["code"] == 132015


@pytest.mark.parametrize(("position", "name"), [(0, "sent"), (1, "delivered"), (2, "interaction-read")])
def test_it_reports_statuses_signed_with_our_reference(stage: Stage, position: int, name: str) -> None:
    identifier = send(stage).json()["id"]
    event, expected = stage.arrived(3)[position], sample("messagebird", f"bird-webhook-{name}")

    assert shape(event) == shape(expected)
    assert event["event"] == expected["event"]
    payload = event["payload"]
    assert (payload.get("id") or payload["messageId"]) == identifier
    assert payload.get("status") == expected["payload"].get("status")
    assert payload.get("reference") == (REFERENCE if position < 2 else None)
    assert signed(stage.receiver.arrived[position], stage.receiver.url)


def test_its_signature_holds_the_address_and_the_body(stage: Stage) -> None:
    send(stage)
    stage.arrived(3)
    webhook = stage.receiver.arrived[0]

    assert not signed(webhook, f"{stage.receiver.url}/other")
    assert not signed(Arrived(webhook.body + b" ", "", headers=webhook.headers), stage.receiver.url)
    assert not signed(webhook, stage.receiver.url, "another key")


def test_it_reports_to_the_messages_own_address(stage: Stage) -> None:
    send(stage, notification={"url": f"{stage.receiver.url}/own"})
    stage.arrived(3)

    assert all(webhook.path.endswith("/own") for webhook in stage.receiver.arrived)
    assert signed(stage.receiver.arrived[0], f"{stage.receiver.url}/own")


def test_it_tells_what_a_customer_writes(stage: Stage) -> None:
    stage.write("Hola")
    (event,) = stage.arrived(1)

    assert shape(event) == shape(sample("messagebird", "bird-webhook-inbound-text"))
    payload = event["payload"]
    assert payload["sender"]["contact"]["identifierValue"] == f"+{CUSTOMER}"
    assert payload["receiver"]["connector"]["identifierValue"] == f"+{SENDER}"
    assert payload["body"]["text"]["text"] == "Hola"


# --- looking up ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_finds_a_message_whose_answer_was_lost(stage: Stage, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, to=f"54911555501{digits}")

    stage.simulator.settle()
    found = stage.client.get(MESSAGES, params={"direction": "outgoing", "startAt": "2020-01-01T00:00:00Z"}).json()
    assert shape(found) == shape(sample("messagebird", "bird-message-list"))
    assert [item["reference"] for item in found["results"]] == [REFERENCE]


def test_it_finds_nothing_when_nothing_was_sent(stage: Stage) -> None:
    assert send(stage, to="5491155550140").status_code == 502

    assert stage.client.get(MESSAGES).json() == {"results": [], "nextPageToken": ""}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"endAt": "2020-01-01T00:00:00Z"}, 0),
        ({"startAt": "2020-01-01T00:00:00Z"}, 1),
        ({"status": "delivered"}, 1),
        ({"status": "sending_failed"}, 0),
        ({"direction": "incoming"}, 0),
    ],
)
def test_it_lists_by_time_status_and_direction(stage: Stage, query: dict[str, str], count: int) -> None:
    send(stage)
    stage.arrived(3)

    assert len(stage.client.get(MESSAGES, params=query).json()["results"]) == count


def test_it_pages_the_list_newest_first(stage: Stage) -> None:
    sent = [send(stage).json()["id"] for _ in range(3)]
    first = stage.client.get(MESSAGES, params={"limit": 2}).json()
    second = stage.client.get(MESSAGES, params={"limit": 2, "pageToken": first["nextPageToken"]}).json()

    assert [item["id"] for item in [*first["results"], *second["results"]]] == list(reversed(sent))
    assert second["nextPageToken"] == ""


def test_it_shows_one_message_with_its_failure(stage: Stage) -> None:
    identifier = send(stage, to="5491155550102").json()["id"]
    stage.arrived(1)
    found = stage.client.get(f"{MESSAGES}/{identifier}").json()

    assert (found["status"], found["failure"]["code"]) == ("delivery_failed", 131026)
    assert stage.client.get(f"{MESSAGES}/none").status_code == 404


@pytest.mark.parametrize("query", [{"limit": "many"}, {"startAt": "soon"}])
def test_it_refuses_an_odd_question(stage: Stage, query: dict[str, str]) -> None:
    assert stage.client.get(MESSAGES, params=query).status_code == 422


def test_it_shows_no_messages_to_another_account(stage: Stage) -> None:
    identifier = send(stage).json()["id"]
    other = {"waba_id": "other", "token": "other-key", "provider": "messagebird", "settings": {"workspace_id": "w2"}}
    stage.simulator.post("seed", accounts=[other])
    headers = {"Authorization": "AccessKey other-key"}

    path = f"/workspaces/w2/channels/{NUMBER}/messages"
    assert stage.client.get(path, headers=headers).status_code == 404
    assert stage.client.get(f"{path}/{identifier}", headers=headers).status_code == 404


# --- templates -----------------------------------------------------------------------------------------------------------


def test_it_lists_projects_by_page(stage: Stage) -> None:
    first = stage.client.get(PROJECTS, params={"type": "channelTemplate", "limit": 3}).json()
    rest = stage.client.get(PROJECTS, params={"limit": 3, "pageToken": first["nextPageToken"]}).json()

    assert [item["id"] for item in first["results"]] == [PROJECT["project_id"], "promo", "waiting"]
    assert [item["id"] for item in rest["results"]] == ["paused"]


def test_it_shows_the_version_of_a_project_with_its_languages(stage: Stage) -> None:
    found = stage.client.get(f"{PROJECTS}/{PROJECT['project_id']}/channel-templates").json()["results"]

    (version,) = found
    assert (version["id"], version["status"]) == (PROJECT["version_id"], "active")
    assert [item["locale"] for item in version["genericContent"]] == ["es-AR", "en"]
    assert version["localeStatuses"] == {"es-AR": "active", "en": "active"}


def test_it_shows_a_template_as_bird_does(stage: Stage) -> None:
    stage.simulator.post(
        "seed", templates=[{"waba_id": ACCOUNT, **template("solo", TEXT, settings={"project_id": "s"})}]
    )
    found = stage.client.get(f"{PROJECTS}/s/channel-templates").json()

    assert shape(found) == shape(sample("messagebird", "bird-channel-templates"))
    expected = sample("messagebird", "bird-channel-templates")["results"][0]
    kept = ("variables", "genericContent", "defaultLocale", "supportedPlatforms")
    assert {name: found["results"][0][name] for name in kept} == {name: expected[name] for name in kept}


@pytest.mark.parametrize(("project", "status"), [("waiting", "pending"), ("paused", "inactive")])
def test_it_shows_what_is_not_active(stage: Stage, project: str, status: str) -> None:
    (version,) = stage.client.get(f"{PROJECTS}/{project}/channel-templates").json()["results"]

    assert version["status"] == status


def test_it_names_media_and_addresses_among_the_variables(stage: Stage) -> None:
    (version,) = stage.client.get(f"{PROJECTS}/promo/channel-templates").json()["results"]

    assert [item["key"] for item in version["variables"]] == ["image", "name", "path"]


def test_it_does_not_know_another_project(stage: Stage) -> None:
    assert stage.client.get(f"{PROJECTS}/none/channel-templates").status_code == 404
