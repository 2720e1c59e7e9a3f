"""What is parked goes on by itself: when its time is over, when the provider says it is well, when a person releases it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from providers.accounts import account_resume, sender_number_resume
from providers.contracts import AccountEvent
from providers.models import SenderNumber
from providers.notices import account_notice_apply
from providers.parking import park, unpark
from recontact.campaigns.waiting import campaigns_go_on
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.sweep import sweep
from recontact.dispatch.wake import QUEUE
from recontact.models import Campaign, Message
from templates_app.changes import TemplateFacts, template_change
from templates_app.models import Template, TemplateChange
from tests.factories import message_make, user_make

pytestmark = pytest.mark.django_db


def _campaign() -> Campaign:
    """A campaign of one message, parked at its turn because its template is."""
    message = message_make()
    assert message.template is not None
    campaign = Campaign.objects.create(name="c", template=message.template, created_by=user_make())
    Message.objects.filter(pk=message.pk).update(campaign=campaign)
    park(message.template, reason="template_paused", until=timezone.now() + timedelta(hours=3))
    _claim()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason) == (Campaign.State.PARKED, "template_not_sendable")
    return campaign


def _claim() -> int:
    return sum(len(claim(lease, 10)) for lease in leases_take("test"))


def _state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


def _template(**changes: Any) -> None:
    Template.objects.update(**changes)


def test_a_campaign_goes_on_when_its_templates_park_is_over() -> None:
    campaign = _campaign()
    assert campaigns_go_on() == 0
    _template(parked_until=timezone.now() - timedelta(seconds=1))
    assert sweep()["going_on"] == 1
    assert _state(campaign) == Campaign.State.RUNNING


def test_a_campaign_goes_on_at_once_when_a_person_releases_its_template() -> None:
    campaign = _campaign()
    unpark(Template.objects.get())
    assert _state(campaign) == Campaign.State.RUNNING


def test_a_campaign_goes_on_at_once_when_the_provider_approves_its_template_again() -> None:
    campaign = _campaign()
    template = Template.objects.get()
    for status in ("PAUSED", "APPROVED"):
        template_change(template, TemplateFacts(status=status), source=TemplateChange.Source.WEBHOOK)
    assert _state(campaign) == Campaign.State.RUNNING
    template.refresh_from_db()
    assert not template.is_parked


@pytest.mark.parametrize(
    "changes",
    [{"status": "PAUSED"}, {"missing_since": timezone.now()}, {"content_hash": "another"}, {"category": "marketing"}],
    ids=["paused", "missing", "another text", "another category"],
)
def test_a_campaign_whose_template_is_not_well_or_another_waits_on(changes: dict[str, Any]) -> None:
    _campaign()
    _template(parked_at=None, parked_until=None, **changes)
    assert campaigns_go_on() == 0


@pytest.mark.parametrize("reason", ["person", Campaign.PREPARING])
def test_a_campaign_that_waits_for_a_person_waits_on(reason: str) -> None:
    campaign = _campaign()
    Campaign.objects.update(state=Campaign.State.PAUSED, state_reason=reason)
    unpark(Template.objects.get())
    assert _state(campaign) == Campaign.State.PAUSED


def test_a_message_goes_when_the_park_of_its_number_is_over() -> None:
    message = message_make()
    park(message.sender_number, reason="recipient_limit", until=timezone.now() + timedelta(hours=1))
    assert _claim() == 0
    SenderNumber.objects.update(parked_until=timezone.now() - timedelta(seconds=1))
    assert _claim() == 1


@pytest.mark.parametrize("what", ["account", "number", "provider"])
def test_a_release_wakes_the_dispatcher(what: str, django_capture_on_commit_callbacks: Any) -> None:
    message = message_make()
    park(message.sender_number if what == "number" else message.account, reason="account_blocked")
    cache.clear()
    with django_capture_on_commit_callbacks(execute=True):
        if what == "account":
            account_resume(account_id=message.account_id)
        elif what == "number":
            sender_number_resume(number_id=message.sender_number_id)
        else:
            account_notice_apply(message.account_id, AccountEvent(timezone.now(), "REINSTATED", park=False))
    assert cache.get("dispatch:awake") == "1"
    assert _claim() == 1


def test_the_sweep_wakes_the_dispatcher_when_a_park_is_over() -> None:
    message = message_make()
    park(message.account, reason="account_limit", until=timezone.now() - timedelta(seconds=1))
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(QUEUE)
        sweep()
        assert client.llen(QUEUE) == 1
