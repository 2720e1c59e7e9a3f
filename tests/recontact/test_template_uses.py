"""What stops when a template is changed or deleted."""

from __future__ import annotations

import pytest

from recontact.models import Campaign, Message
from templates_app.uses import templates_needed
from tests.factories import message_make, template_make, user_make

pytestmark = pytest.mark.django_db


def test_a_queued_message_needs_its_template() -> None:
    message = message_make()

    assert message.template_id is not None
    assert [use.sentence for use in templates_needed([message.template_id])] == ["1 message waits to be sent with it."]


def test_a_message_that_was_cancelled_needs_nothing() -> None:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state=Message.State.CANCELLED)

    assert message.template_id is not None
    assert templates_needed([message.template_id]) == []


@pytest.mark.parametrize(
    ("state", "needed"),
    [("draft", 1), ("scheduled", 1), ("running", 1), ("paused", 1), ("cancelled", 0), ("completed", 0)],
)
def test_a_campaign_that_is_not_over_needs_its_template(state: str, needed: int) -> None:
    template = template_make()
    Campaign.objects.create(name="pagos", template=template, created_by=user_make(), state=state)

    assert len(templates_needed([template.pk])) == needed


def test_other_templates_do_not_count() -> None:
    message_make()

    assert templates_needed([template_make(name="otra").pk]) == []
