"""Infobip end to end: bulk requests, reports with prices, lost answers that a report, a look-up or a person settles."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from recontact.models import CostEntry, LookUpRecord, Message, OptOut, Recontact
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from templates_app.selectors import template_blockers
from templates_app.submit import template_delete, template_edit, template_submit
from templates_app.sync import templates_sync
from tests.providers.e2e.stage import BODY, NUMBER, Setup, Stage
from tests.templates_app.writing import draft

SECRET = "a-long-word-of-the-webhook"
KEY = "infobip-key-0123456789"
SETUP = Setup(
    slug="infobip",
    external_id="tienda",
    credentials={"api_key": KEY, "template_sender": NUMBER, "webhook_secret": SECRET},
    token=KEY,
    settings={"webhook_secret": SECRET},
    template_id="111",
    components=(BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]}),
)


def test_a_message_is_sent_and_read(stage: Stage) -> None:
    message = stage.wait_for(stage.queue(), "read")

    [accepted] = stage.accepted(message)
    assert (accepted["bubble"]["body"], accepted["reference"]) == (message.body, str(message.reference))
    assert message.provider_message_id == str(message.reference)
    assert stage.attempts(message) == ["accepted"]
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()


def test_the_price_of_the_report_is_kept(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("12"), "delivered")

    entry = CostEntry.objects.get(message=message, kind=CostEntry.Kind.REPORT)
    assert (entry.amount, entry.currency) > (Decimal(0), "")
    stage.prove()


def test_several_messages_go_in_one_request_and_each_has_its_own_end(stage: Stage) -> None:
    messages = {digits: stage.queue(digits) for digits in ("00", "12", "02", "38")}
    ends = {"00": "read", "12": "delivered", "02": "failed", "38": "rejected"}
    for digits, message in messages.items():
        stage.wait_for(message, ends[digits])

    bodies = {request["body"] for request in stage.simulator.get("requests")["data"]}
    assert [len(json.loads(body)["messages"]) for body in bodies] == [4]
    stage.prove()


def test_the_record_of_a_bulk_request_shows_only_the_own_message(stage: Stage) -> None:
    first, second = stage.queue("12"), stage.queue("12")
    stage.wait_for(first, "delivered")
    stage.wait_for(second, "delivered")

    attempt = second.attempts.get()
    assert attempt.request is not None
    assert attempt.response is not None
    assert [item["messageId"] for item in attempt.request["body"]["messages"]] == [str(second.reference)]
    assert [item["messageId"] for item in attempt.response["body"]["messages"]] == [str(second.reference)]


def test_a_message_refused_within_a_200_gives_the_right_back(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("38"), "rejected")

    assert (message.reason, message.provider_code) == ("recipient_not_allowed", "18")
    assert (message.recontact.state, stage.accepted(message)) == (Recontact.State.RELEASED, [])
    stage.prove()


def test_a_message_that_whatsapp_refuses_has_failed(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("02"), "failed")

    assert (message.reason, message.provider_code) == ("recipient_unreachable", "7002")
    stage.prove()


def test_who_stopped_marketing_is_remembered(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("04"), "failed")

    assert (message.reason, message.provider_code) == ("marketing_opt_out", "7033")
    assert OptOut.objects.filter(customer=message.customer, scope=OptOut.Scope.MARKETING).exists()


def test_a_throttled_message_waits_and_is_sent(stage: Stage) -> None:
    stage.simulator.knobs(fail_next=1, fail_code=130429)
    message = stage.wait_for(stage.queue(), "read")

    assert stage.attempts(message) == ["throttled", "accepted"]
    assert (stage.calls(message), len(stage.accepted(message))) == (2, 1)
    stage.prove()


@pytest.mark.parametrize("digits", ["07", "24", "25", "27", "28"])
def test_a_lost_answer_is_settled_by_the_report(stage: Stage, digits: str) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue(digits), "uncertain")
    stage.simulator.post("webhooks/release")
    stage.wait_for(message, "read")

    assert (stage.calls(message), stage.attempts(message)) == (1, ["uncertain"])
    stage.prove()


def test_a_lost_answer_is_settled_by_the_look_up(stage: Stage) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue("25"), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.DELIVERED, 1)
    assert LookUpRecord.objects.get(message=message).outcome == LookUpRecord.Outcome.FOUND
    stage.simulator.post("webhooks/release")
    stage.wait_for(message, "read")
    stage.prove()


def test_what_is_still_under_way_is_found_in_the_logs(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("41"), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.ACCEPTED, 1)
    assert message.recontact.state == Recontact.State.SPENT
    stage.prove()


def test_what_a_look_up_does_not_find_is_left_to_a_person(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("40"), "uncertain")
    assert stage.look_up() == 0
    assert LookUpRecord.objects.get(message=message).outcome == LookUpRecord.Outcome.ABSENT

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.UNCERTAIN, 1)
    assert message.recontact.state == Recontact.State.RESERVED
    assert stage.accepted(message) == []
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


def test_a_report_without_the_secret_is_refused(stage: Stage) -> None:
    account = {"waba_id": "acct", "provider": "infobip", "token": KEY, "settings": {"webhook_secret": "another"}}
    stage.simulator.post("seed", accounts=[account])
    message = stage.wait_for(stage.queue("12"), "accepted")
    stage.until(lambda: stage.simulator.get("deliveries")["data"], what="a report")
    stage.work()

    assert {each["answer"] for each in stage.simulator.get("deliveries")["data"]} == {"403"}
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED


def test_a_template_is_submitted_approved_by_webhook_changed_and_deleted(stage: Stage) -> None:
    submission = template_submit(account_id=stage.account.pk, draft=draft(), user=None)
    assert submission.state == TemplateSubmission.State.DONE
    approved = Template.objects.filter(pk=submission.template.pk, status=TemplateStatus.APPROVED)
    stage.until(approved.exists, what="the approval")
    # As the list shows it, it is the very template that was written.
    templates_sync(account_id=stage.account.pk)
    assert template_blockers(Template.objects.select_related("account").get(pk=submission.template.pk)) == []

    changed = draft(footer="Otro pie")
    edit = template_edit(template_id=submission.template.pk, draft=changed, user=None)
    assert edit.state == TemplateSubmission.State.DONE
    stage.wait_for_webhooks()
    deletion = template_delete(template_id=submission.template.pk, user=None)
    assert deletion.state == TemplateSubmission.State.DONE
    stage.prove()
