"""The situations that every provider has, each with the real adapter, pump and webhook view at the simulated provider.

What differs is declared in setups/; what only one provider has is tested in the module of its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from providers.registry import ADAPTERS
from recontact.models import CostEntry, LookUpRecord, Message, Recontact
from tests.providers.e2e.provider import WITHOUT_PASSWORD, Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.setups import EVERY
from tests.providers.e2e.stage import Stage

#: No answer, an error page, a closed connection, half an answer, junk.
LOSSES = ("07", "24", "25", "27", "28")

every_provider = pytest.mark.parametrize("provider", EVERY, ids=lambda provider: provider.slug)


def each(name: str, cases: Callable[[Provider], Iterable[Any]]) -> pytest.MarkDecorator:
    """Every provider with each of its cases; a provider without any is not asked."""
    found = [
        pytest.param(provider, case, id=f"{provider.slug}-{number}")
        for provider in EVERY
        for number, case in enumerate(cases(provider))
    ]
    return pytest.mark.parametrize(("provider", name), found)


def unheard(*kinds: Unheard) -> pytest.MarkDecorator:
    """Every provider with the digits of its lost answers of these kinds."""
    return each("digits", lambda provider: [digits for digits, kind in provider.unheard.items() if kind in kinds])


def refusal_queue(stage: Stage, refusal: Refusal) -> Message:
    """Queue what will be refused."""
    if refusal.fail_code is not None:
        stage.simulator.knobs(fail_next=1, fail_code=refusal.fail_code)
    return stage.queue(refusal.digits)


def test_no_provider_of_ours_is_without_a_setup() -> None:
    assert [provider.slug for provider in EVERY] == sorted(ADAPTERS)


@every_provider
def test_a_message_is_sent_and_read(stage: Stage, provider: Provider) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (message.body, accepted["bubble"]["body"]) == (provider.text, provider.text)
    assert accepted["wamid"] == message.provider_message_id
    assert accepted["reference"] == (str(message.reference) if provider.reference_kept else "")
    assert (stage.attempts(message), message.recontact.state) == (["accepted"], Recontact.State.SPENT)
    stage.prove()


@every_provider
def test_a_delivery_is_billed_by_what_its_webhook_tells(stage: Stage, provider: Provider) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")
    stage.wait_for_webhooks()

    message.refresh_from_db()
    reports = CostEntry.objects.filter(message=message, kind=CostEntry.Kind.REPORT)
    assert message.billed is True
    told = set() if provider.report is Report.NOTHING else {CostEntry.Kind.REPORT}
    assert {entry.kind for entry in CostEntry.objects.all()} == {CostEntry.Kind.ESTIMATE} | told
    if provider.report is Report.CATEGORY:
        assert {report.category for report in reports} == {"utility"}
    if provider.report is Report.PRICE:
        assert all(report.amount > 0 and report.currency for report in reports)
    stage.prove()


@each("refusal", lambda provider: provider.refused)
def test_a_refused_message_says_why_and_gives_the_right_back(stage: Stage, refusal: Refusal) -> None:
    message = stage.wait_for(refusal_queue(stage, refusal), "rejected")

    assert (message.reason, message.provider_code) == (refusal.reason, refusal.code)
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


@each("refusal", lambda provider: provider.failed)
def test_a_message_that_whatsapp_cannot_deliver_has_failed(stage: Stage, refusal: Refusal) -> None:
    message = stage.wait_for(refusal_queue(stage, refusal), "failed")

    assert (message.reason, message.provider_code) == (refusal.reason, refusal.code)
    assert message.billed is False
    stage.prove()


@each("digits", lambda provider: ["20"] if provider.paused_by_webhook else [])
def test_a_paused_template_is_parked_by_the_webhook(stage: Stage, digits: str) -> None:
    message = stage.wait_for(stage.queue(digits), "failed")

    stage.template.refresh_from_db()
    assert message.reason == "template_paused"
    assert stage.template.parked_at is not None
    stage.prove()


@every_provider
def test_a_wrong_key_parks_the_account_and_keeps_the_message(stage: Stage, provider: Provider) -> None:
    stage.simulator.post("accounts/acct", token_revoked=True)
    provider.forget()
    message = stage.queue()
    stage.until(lambda: stage.attempts(message) == ["unavailable"], what="the attempt")

    stage.account.refresh_from_db()
    message.refresh_from_db()
    assert (stage.account.parked_reason, message.state) == ("credentials", Message.State.QUEUED)
    assert stage.accepted(message) == []
    if provider.key_asked_first:
        assert stage.calls(message) == 0


@every_provider
def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@every_provider
def test_lost_answers_are_settled_by_the_webhooks(stage: Stage, provider: Provider) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    lost = []
    for digits in LOSSES:
        lost.append(stage.queue(digits))
        if provider.one_request:
            # Alone in its request, whose answer is lost in its own way.
            stage.wait_for(lost[-1], "uncertain")
    for message in lost:
        stage.wait_for(message, "uncertain")
    if Unheard.PERSON in provider.unheard.values():
        assert stage.look_up() == 0
    assert not LookUpRecord.objects.exists()
    stage.simulator.post("webhooks/release")

    for message in lost:
        stage.wait_for(message, "read")
        [accepted] = stage.accepted(message)
        assert message.provider_message_id == accepted["wamid"]
        assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


@unheard(Unheard.FOUND)
def test_a_lost_answer_without_a_webhook_is_settled_by_the_look_up(stage: Stage, digits: str) -> None:
    message = stage.wait_for(stage.queue(digits), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    [accepted] = stage.accepted(message)
    assert (message.state, message.provider_message_id) == (Message.State.ACCEPTED, accepted["wamid"])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.FOUND
    assert (message.recontact.state, stage.calls(message)) == (Recontact.State.SPENT, 1)
    stage.prove()


@unheard(Unheard.ABSENT)
def test_a_message_that_the_look_up_does_not_find_is_left_to_a_person(stage: Stage, digits: str) -> None:
    message = stage.wait_for(stage.queue(digits), "uncertain")
    assert stage.look_up() == 0

    message.refresh_from_db()
    assert (message.state, stage.accepted(message)) == (Message.State.UNCERTAIN, [])
    assert LookUpRecord.objects.get().outcome == LookUpRecord.Outcome.ABSENT
    assert (message.recontact.state, stage.calls(message)) == (Recontact.State.RESERVED, 1)
    stage.prove()


@unheard(Unheard.PERSON)
def test_a_lost_answer_of_which_nothing_can_be_asked_is_left_to_a_person(stage: Stage, digits: str) -> None:
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.wait_for(stage.queue(), "read")
    assert stage.look_up() == 0

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.UNCERTAIN, 1)
    assert message.recontact.state == Recontact.State.RESERVED
    stage.prove()


@each("count", lambda provider: [4] if provider.one_request else [])
def test_several_messages_go_in_one_request_and_each_has_its_own_end(stage: Stage, count: int) -> None:
    ends = {"00": "read", "12": "delivered", "02": "failed", "38": "rejected"}
    messages = {digits: stage.queue(digits) for digits in ends}
    for digits, message in messages.items():
        stage.wait_for(message, ends[digits])

    bodies = {request["body"] for request in stage.simulator.get("requests")["data"]}
    assert [len(json.loads(body)["messages"]) for body in bodies] == [count]
    stage.prove()


@every_provider
def test_the_customers_answer_arrives(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")
    answer = stage.write(message, "Sí, dale")

    assert (answer.text, answer.kind, answer.query_id) == ("Sí, dale", "text", message.query_id)
    stage.prove()


@each("tap", lambda provider: [provider.tap] if provider.tap else [])
def test_a_tap_on_a_quick_reply_answers_the_message(stage: Stage, tap: Tap) -> None:
    message = stage.wait_for(stage.queue(), "read")
    context = message.provider_message_id
    answer = stage.write(message, tap.text, type="button", payload=tap.payload, context=context)

    assert (answer.kind, answer.text, answer.button_payload) == ("button", tap.told, tap.payload)
    assert (answer.context_message_id, answer.query_id) == (context, message.query_id)
    stage.prove()


@each("stranger", lambda provider: provider.strangers)
def test_a_webhook_with_a_wrong_secret_or_signature_is_refused(stage: Stage, stranger: dict[str, Any]) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue("12"), "accepted")
    address = {"webhook_url": stage.account.webhook_url}
    stage.simulator.post("accounts/acct", **(address if WITHOUT_PASSWORD in stranger.values() else stranger))
    stage.simulator.post("webhooks/release")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a webhook")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
