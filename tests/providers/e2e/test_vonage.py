"""Vonage end to end: tokens of the application, signed webhooks, lost answers that only a status or a person settles."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from recontact.models import CostEntry, LookUpRecord, Message, Recontact
from tests.providers.e2e.stage import BODY, Setup, Stage

APPLICATION = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
SIGNATURE_SECRET = "dummy_signature_secret_32_chars_long"
WABA = "102290129340398"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SETUP = Setup(
    slug="vonage",
    external_id=WABA,
    credentials={
        "application_id": APPLICATION,
        "private_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "signature_secret": SIGNATURE_SECRET,
    },
    token="vonage-api-secret",
    app_secret=SIGNATURE_SECRET,
    settings={
        "api_key": "a1b2c3d4",
        "application_id": APPLICATION,
        "public_key": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "waba_id": WABA,
    },
    template_id="1234567890123456",
    components=(BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]}),
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["bubble"]["body"], accepted["wamid"]) == (message.body, message.provider_message_id)
    assert (accepted["reference"], stage.attempts(message)) == (str(message.reference), ["accepted"])
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()


def test_the_price_of_the_status_is_kept(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")

    entry = CostEntry.objects.get(message=message, kind=CostEntry.Kind.REPORT)
    assert entry.amount > Decimal(0)
    stage.prove()


def test_a_refused_message_gives_the_right_back(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=100)
    message = stage.wait_for(stage.queue(), "rejected")

    assert (message.reason, message.provider_code) == ("bad_request", "1150")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


def test_a_message_that_whatsapp_refuses_has_failed(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("02"), "failed")

    assert (message.reason, message.provider_code) == ("recipient_unreachable", "1300")
    stage.prove()


def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_status(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    # There is nothing to be asked by our reference.
    assert stage.look_up() == 0
    stage.simulator.post("webhooks/release")
    stage.wait_for(message, "read")

    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    assert not LookUpRecord.objects.exists()
    stage.prove()


def test_a_lost_answer_without_a_status_is_left_to_a_person(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    stage.wait_for(stage.queue(), "read")

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.UNCERTAIN, 1)
    assert message.recontact.state == Recontact.State.RESERVED
    stage.prove()


def test_the_customers_answer_arrives(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Sí, dale")

    assert (answer.text, answer.query_id) == ("Sí, dale", message.query_id)
    stage.prove()


def test_a_tapped_button_arrives_with_its_payload(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    context = message.provider_message_id
    answer = stage.write(message, "Confirmar", type="button", payload="Confirmar", context=context)

    assert (answer.text, answer.button_payload) == ("Confirmar", "Confirmar")
    stage.prove()


@pytest.mark.parametrize("secret", ["", "another_signature_secret_32_chars_"])
def test_a_status_that_is_not_signed_with_the_secret_is_refused(stage: Stage, secret: str) -> None:
    account = {"waba_id": "acct", "provider": "vonage", "token": SETUP.token, "app_secret": secret}
    stage.simulator.post("seed", accounts=[account])
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a status")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
