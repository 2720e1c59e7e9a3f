"""What only Infobip has: the record of a bulk request, stops in the reports, a look-up that knows the delivery, webhooks
about templates. The rest is in test_every_provider.py.
"""

from __future__ import annotations

from recontact.models import LookUpRecord, Message, OptOut
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from templates_app.selectors import template_blockers
from templates_app.submit import template_delete, template_edit, template_submit
from templates_app.sync import templates_sync
from tests.providers.e2e.setups.infobip import PROVIDER
from tests.providers.e2e.stage import Stage
from tests.templates_app.writing import draft

__all__ = ["PROVIDER"]


def test_the_record_of_a_bulk_request_shows_only_the_own_message(stage: Stage) -> None:
    first, second = stage.queue("12"), stage.queue("12")
    stage.wait_for(first, "delivered")
    stage.wait_for(second, "delivered")

    attempt = second.attempts.get()
    assert attempt.request is not None
    assert attempt.response is not None
    assert [item["messageId"] for item in attempt.request["body"]["messages"]] == [str(second.reference)]
    assert [item["messageId"] for item in attempt.response["body"]["messages"]] == [str(second.reference)]


def test_who_stopped_marketing_is_remembered(stage: Stage) -> None:
    message = stage.wait_for(stage.queue("04"), "failed")

    assert (message.reason, message.provider_code) == ("marketing_opt_out", "7033")
    assert OptOut.objects.filter(customer=message.customer, scope=OptOut.Scope.MARKETING).exists()


def test_a_look_up_knows_of_the_delivery_that_no_webhook_told(stage: Stage) -> None:
    stage.simulator.knobs(hold_webhooks=True)
    message = stage.wait_for(stage.queue("25"), "uncertain")
    assert stage.look_up() == 1

    message.refresh_from_db()
    assert (message.state, stage.calls(message)) == (Message.State.DELIVERED, 1)
    assert LookUpRecord.objects.get(message=message).outcome == LookUpRecord.Outcome.FOUND
    stage.simulator.post("webhooks/release")
    stage.wait_for(message, "read")
    stage.prove()


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
