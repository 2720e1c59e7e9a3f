"""I7: what was true when the message was queued is checked once more when it is claimed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from providers.parking import park
from recontact.customers import opt_out_add
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import leases_take
from recontact.models import Campaign, Message, Query, Recontact
from recontact.windows import window_extend
from templates_app.models import Template
from tests.factories import message_make, user_make
from tests.world import World


def _template(message: Message) -> Template:
    assert message.template is not None
    return message.template


def _paused(message: Message) -> None:
    Template.objects.filter(pk=_template(message).pk).update(status="PAUSED")


def _edited(message: Message) -> None:
    Template.objects.filter(pk=_template(message).pk).update(content_hash="another")


def _recategorized(message: Message) -> None:
    Template.objects.filter(pk=_template(message).pk).update(category="marketing")


def _parked(message: Message) -> None:
    park(_template(message), reason="template_paused", until=timezone.now() + timedelta(hours=3))


def _opted_out(message: Message) -> None:
    opt_out_add(customer=message.customer, scope="all", source="palabra del cliente")


def _resolved(message: Message) -> None:
    Query.objects.filter(messages=message).update(state="resolved")


def _answered(message: Message) -> None:
    window_extend(customer_id=message.customer_id, sender_number_id=message.sender_number_id, inbound_at=timezone.now())


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (_paused, "template_not_sendable"),
        (_parked, "template_not_sendable"),
        (_edited, "template_changed"),
        (_recategorized, "template_changed"),
        (_opted_out, "opted_out"),
        (_resolved, "query_closed"),
        (_answered, "window_open"),
    ],
)
def test_it_skips_what_may_no_longer_go_out_and_gives_the_right_back(
    world: World, meanwhile: Callable[[Message], None], reason: str
) -> None:
    message = world.message()
    meanwhile(message)
    world.pump()
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempt_number) == (Message.State.SKIPPED, reason, 0)
    assert message.recontact.state == Recontact.State.RELEASED
    assert world.accepted(message) == []


def test_it_lets_marketing_opt_outs_have_their_utility_messages(world: World) -> None:
    message = world.message()
    opt_out_add(customer=message.customer, scope="marketing", source="BAJA")
    world.pump()
    assert len(world.accepted(message)) == 1


def test_a_paused_template_parks_its_campaign_and_loses_nothing(world: World) -> None:
    campaign = Campaign.objects.create(name="turnos", template=world.template, created_by=user_make())
    message = world.message()
    Message.objects.filter(pk=message.pk).update(campaign=campaign, origin=Message.Origin.BULK)
    _paused(message)
    world.pump()
    message.refresh_from_db()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason) == (Campaign.State.PARKED, "template_not_sendable")
    assert message.state == Message.State.QUEUED


def test_agents_go_before_campaigns(world: World) -> None:
    campaign = Campaign.objects.create(name="turnos", template=world.template, created_by=user_make())
    for _ in range(5):
        world.message()
    Message.objects.update(campaign=campaign, origin=Message.Origin.BULK)
    agent = message_make(query=world.query(), template=world.template)
    [lease] = leases_take("test")
    assert [claimed.message_id for claimed in claim(lease, 1)] == [agent.pk]
    assert len(claim(lease, 10)) == 5


def test_a_paused_campaign_is_not_scanned(world: World) -> None:
    campaign = Campaign.objects.create(name="turnos", template=world.template, created_by=user_make(), state="paused")
    message = world.message()
    Message.objects.update(campaign=campaign)
    world.pump()
    assert world.accepted(message) == []
