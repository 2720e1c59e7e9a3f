"""Twilio's wire: forms and resources, errors, signed callbacks to the message's own URL, what customers write."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # it has no types

from providers.simulator.wires.twilio.webhooks import signature
from tests.providers.simulator.server import Receiver, SimulatorProcess, sample, shape
from tests.providers.simulator.wires.stage import CUSTOMER, SENDER, TOKEN, Stage
from tests.providers.simulator.wires.twilio_stage import (
    CONTENTS,
    MESSAGES,
    REFERENCE,
    SETTINGS,
    SID,
    approve,
    callback,
    forms,
    send,
    twilio_stage,
)


@pytest.fixture
def stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    with twilio_stage(simulator, receiver) as made:
        yield made


# --- sending -----------------------------------------------------------------------------------------------------


def test_it_answers_with_the_message_resource(stage: Stage) -> None:
    response = send(stage)

    assert response.status_code == 201
    expected = sample("twilio", "send-success-201")
    assert shape(response.json()) == shape(expected)
    kept = ("status", "direction", "from", "to", "body", "account_sid", "num_segments")
    assert [response.json()[key] for key in kept] == [expected[key] for key in kept]
    (message,) = stage.messages(reference=REFERENCE)
    assert message["wamid"] == response.json()["sid"]


def test_it_sends_through_a_messaging_service(stage: Stage) -> None:
    response = send(stage, "send-template-messaging-service")

    expected = sample("twilio", "send-success-201-messaging-service")
    assert shape(response.json()) == shape(expected)
    kept = ("status", "from", "messaging_service_sid", "num_segments")
    assert [response.json()[key] for key in kept] == [expected[key] for key in kept]
    queued, sent = forms(stage, 4)[:2]
    assert sorted(queued) == sorted(sample("twilio", "callback-queued.form"))
    assert [queued["MessageStatus"], sent["MessageStatus"]] == ["queued", "sent"]


def test_it_fills_the_variables_of_media_and_buttons(stage: Stage) -> None:
    media, replies, link = (content["sid"] for content in CONTENTS[1:])
    approve(stage, media, replies, link)
    for sid, values in ((media, {"1": "Ana", "2": "promo.jpg"}), (replies, CONTENTS[2]["variables"])):
        assert send(stage, ContentSid=sid, ContentVariables=json.dumps(values)).status_code == 201
    assert send(stage, ContentSid=link, ContentVariables=json.dumps({"1": "Ana", "2": "t/1042"})).status_code == 201

    first, second, third = (message["bubble"] for message in sorted(stage.messages(), key=lambda item: item["at"]))
    assert first["header"]["content"] == {"link": "https://cdn.example.com/promo.jpg"}
    assert [button["payload"] for button in second["buttons"]] == ["confirm:1042", "cancel:1042"]
    assert third["buttons"][0]["url"] == "https://tienda.example.com/t/1042"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"To": ""}, 400, 21604),
        ({"To": "+5491155550100"}, 400, 21910),
        ({"To": "whatsapp:nobody"}, 400, 21211),
        ({"To": f"whatsapp:+{SENDER}"}, 400, 63031),
        ({"From": ""}, 400, 21603),
        ({"From": "+5491155550199"}, 400, 21910),
        ({"From": "whatsapp:+5491155550000"}, 400, 63007),
        ({"From": "", "MessagingServiceSid": "MG00"}, 400, 21705),
        ({"ContentSid": "HX00"}, 400, 21655),
        ({"ContentVariables": "{"}, 400, 21656),
        ({"ContentVariables": '{"1":"two\\nlines","2":"x"}'}, 400, 21656),
        ({"ContentVariables": '{"1":1,"2":"x"}'}, 400, 21656),
        ({"StatusCallback": "somewhere"}, 400, 21609),
        ({"ContentSid": "", "ContentVariables": ""}, 400, 21619),
        ({"To": "whatsapp:+5491155550105"}, 429, 20429),
        ({"To": "whatsapp:+5491155550106"}, 429, 21611),
        ({"To": "whatsapp:+5491155550108"}, 500, 20500),
        ({"To": "whatsapp:+5491155550116"}, 403, 20005),
        ({"To": "whatsapp:+5491155550118"}, 401, 20003),
        ({"To": "whatsapp:+5491155550137"}, 503, 20503),
        ({"To": "whatsapp:+5491155550139"}, 400, 21408),
    ],
)
def test_it_refuses_at_once(stage: Stage, changes: dict[str, str], status: int, code: int) -> None:
    response = send(stage, **changes)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert shape(response.json()) == shape(sample("twilio", "error-400-21211"))
    assert stage.messages() == []


@pytest.mark.parametrize(
    "name", ["error-400-21655", "error-400-21656", "error-400-63007", "error-429-20429", "error-500-20500"]
)
def test_its_errors_are_those_of_the_samples(stage: Stage, name: str) -> None:
    causes = {
        "error-400-21655": {"ContentSid": "HX00"},
        "error-400-21656": {"ContentVariables": "{"},
        "error-400-63007": {"From": "whatsapp:+5491155550000"},
        "error-429-20429": {"To": "whatsapp:+5491155550105"},
        "error-500-20500": {"To": "whatsapp:+5491155550108"},
    }

    assert send(stage, **causes[name]).json() == sample("twilio", name)


@pytest.mark.parametrize("auth", [(SID, "another"), ("AC00", TOKEN), ("", "")])
def test_it_asks_for_the_auth_token(stage: Stage, auth: tuple[str, str]) -> None:
    response = stage.client.post(f"{MESSAGES}.json", auth=auth)

    assert (response.status_code, response.json()) == (401, sample("twilio", "error-401-20003"))


def test_it_takes_an_api_key(stage: Stage) -> None:
    stage.client.auth = httpx.BasicAuth(SETTINGS["api_key_sid"], SETTINGS["api_key_secret"])

    assert send(stage).status_code == 201


def test_an_account_sid_that_is_not_its_own_is_not_found(stage: Stage) -> None:
    response = stage.client.post("/2010-04-01/Accounts/AC00/Messages.json")

    assert (response.status_code, response.json()["code"]) == (404, 20404)
    assert response.json()["message"] == "The requested resource /2010-04-01/Accounts/AC00/Messages.json was not found"


# --- callbacks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("position", "name"), [(0, "sent"), (1, "delivered"), (2, "read")])
def test_it_tells_statuses_to_the_messages_own_url(stage: Stage, position: int, name: str) -> None:
    sid = send(stage).json()["sid"]
    found, expected = forms(stage, 3)[position], sample("twilio", f"callback-{name}.form")

    assert sorted(found) == sorted(expected)
    assert found == {**expected, "MessageSid": sid, "SmsSid": sid, "ChannelToAddress": found["ChannelToAddress"]}
    assert stage.receiver.arrived[position].path.endswith(f"/status?uuid={REFERENCE}")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"To": "whatsapp:+5491155550102"}, "callback-undelivered-63024"),
        ({"To": "whatsapp:+5491155550103"}, "callback-undelivered-63049"),
        ({"Body": "Hola", "ContentSid": "", "ContentVariables": ""}, "callback-failed-63016"),
    ],
)
def test_it_tells_failures_as_the_samples_do(stage: Stage, changes: dict[str, str], name: str) -> None:
    assert send(stage, **changes).status_code == 201
    (found,), expected = forms(stage, 1), sample("twilio", f"{name}.form")

    assert sorted(found) == sorted(expected)
    kept = [key for key in expected if key.startswith(("Error", "Event", "MessageStatus", "ChannelStatus"))]
    assert [found[key] for key in kept] == [expected[key] for key in kept]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ContentSid": CONTENTS[1]["sid"], "ContentVariables": '{"1":"Ana","2":"a.jpg"}'}, "63027"),
        ({"ContentSid": CONTENTS[2]["sid"], "ContentVariables": json.dumps(CONTENTS[2]["variables"])}, "63041"),
        ({"ContentVariables": '{"1":"Ana"}'}, "63028"),
        ({"To": "whatsapp:+5491155550121"}, "63026"),
        ({"To": "whatsapp:+5491155550119"}, "63020"),
    ],
)
def test_it_tells_later_what_the_channel_refuses(stage: Stage, changes: dict[str, str], code: str) -> None:
    assert send(stage, **changes).status_code == 201

    (found,) = forms(stage, 1)
    assert (found["MessageStatus"], found["ErrorCode"]) == ("failed", code)


def test_it_signs_as_the_vector_says() -> None:
    vector = sample("twilio", "signature-vector")

    assert signature(vector["auth_token"], vector["url"], vector["params"]) == vector["expected"]


def test_twilios_own_client_takes_the_signature(stage: Stage) -> None:
    send(stage, StatusCallback=f"{callback(stage)}#rc=3&rp=all")
    (found, *_), (webhook, *_) = forms(stage, 1), stage.receiver.arrived

    valid = RequestValidator(TOKEN).validate(callback(stage), found, webhook.headers["X-Twilio-Signature"])
    assert valid
    assert webhook.path.endswith(f"?uuid={REFERENCE}")


def test_without_a_callback_nothing_is_told(stage: Stage) -> None:
    send(stage, StatusCallback="")
    stage.simulator.settle()

    assert stage.receiver.arrived == []
    assert [item["status"] for item in stage.messages()[0]["statuses"]] == ["sent", "delivered", "read"]


def test_a_callback_is_tried_once_more(stage: Stage) -> None:
    stage.receiver.answers = [500] * 10
    send(stage, To="whatsapp:+5491155550113")
    stage.simulator.settle()

    assert [webhook.path.endswith(f"?uuid={REFERENCE}") for webhook in stage.receiver.arrived] == [True, True]


@pytest.mark.parametrize("digits", ["25", "27", "41"])
def test_it_loses_the_answer_of_an_accepted_message(stage: Stage, digits: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send(stage, To=f"whatsapp:+54911555501{digits}")

    assert len(stage.messages(reference=REFERENCE)) == 1


# --- what customers write ----------------------------------------------------------------------------------------


def test_it_tells_what_a_customer_writes(stage: Stage) -> None:
    stage.write("Hola")
    (found,), expected = forms(stage, 1), sample("twilio", "inbound-text.form")

    assert sorted(found) == sorted(expected)
    assert (found["From"], found["To"], found["WaId"]) == (f"whatsapp:+{CUSTOMER}", f"whatsapp:+{SENDER}", CUSTOMER)
    assert not stage.receiver.arrived[0].path.endswith("/status")


def test_it_tells_a_tapped_button(stage: Stage) -> None:
    sid = send(stage).json()["sid"]
    forms(stage, 3)
    stage.write("Confirmar", type="button", payload="confirm:1042", context=sid)
    found, expected = forms(stage, 4)[3], sample("twilio", "inbound-button.form")

    assert sorted(found) == sorted(expected)
    kept = ("ButtonText", "ButtonPayload", "Body", "MessageType", "OriginalRepliedMessageSender")
    assert [found[key] for key in kept] == [expected[key] for key in kept]
    assert found["OriginalRepliedMessageSid"] == sid


def test_it_hides_the_phone_of_who_hides_it(stage: Stage) -> None:
    stage.write("Hola", hide_phone=True)
    (found,) = forms(stage, 1)

    assert sorted(found) == sorted(sample("twilio", "inbound-bsuid.form"))
    assert found["From"] == found["ExternalUserId"]
