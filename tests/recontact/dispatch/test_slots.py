"""A portfolio's limit of people in 24 hours is taken at the claim, and by no two pumps together overrun."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from providers.models import Portfolio, ProviderAccount, SenderNumber
from providers.notices import limit_apply
from recontact.books import differences
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import Lease, leases_take
from recontact.dispatch.slots import slots_free
from recontact.dispatch.sweep import sweep
from recontact.models import Campaign, Customer, Message, PortfolioSlot, PortfolioUse
from recontact.outbox import text_send
from recontact.states import MessageState
from recontact.windows import window_extend
from tests.factories import (
    account_make,
    campaign_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
)


@pytest.fixture
def account() -> ProviderAccount:
    account = account_make()
    rate_card_make(account=account)
    return account


def _number(account: ProviderAccount, limit: int | None = 10) -> SenderNumber:
    portfolio, _created = Portfolio.objects.get_or_create(name="p", defaults={"messaging_limit": limit})
    return sender_number_make(account=account, portfolio=portfolio)


def _campaign(number: SenderNumber, recipients: int) -> Campaign:
    template = template_make(account=number.account, name=f"t{number.pk}")
    campaign = campaign_make(sender_number=number, template=template, recipients=recipients)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    return campaign


def _claim(limit: int = 100) -> list[Claim]:
    return [claimed for lease in leases_take("pump") for claimed in claim(lease, limit)]


def _waiting(campaign: Campaign) -> bool:
    campaign.refresh_from_db()
    return campaign.state == Campaign.State.WAITING


@pytest.mark.django_db
def test_a_campaign_waits_when_its_share_of_the_limit_is_taken(account: ProviderAccount, settings: Settings) -> None:
    settings.PORTFOLIO_AGENTS_SHARE = 0.2
    campaign = _campaign(_number(account), 12)
    assert len(_claim()) == 8
    assert _waiting(campaign)
    assert (campaign.state_reason, Message.objects.filter(state="queued").count()) == ("recipient_limit", 4)
    assert campaign.waiting_until is not None
    assert timedelta(hours=23) < campaign.waiting_until - timezone.now() < timedelta(hours=25)


@pytest.mark.django_db
def test_the_agents_have_the_rest_of_the_limit(account: ProviderAccount, settings: Settings) -> None:
    settings.PORTFOLIO_AGENTS_SHARE = 0.2
    number = _number(account)
    _campaign(number, 12)
    (lease,) = leases_take("pump")
    claim(lease, 100)
    template = template_make(account=account)
    messages = [message_make(query=query_make(sender_number=number), template=template) for _ in range(3)]
    assert {claimed.message_id for claimed in claim(lease, 100)} == {messages[0].pk, messages[1].pk}
    messages[2].refresh_from_db()
    assert (messages[2].state, messages[2].reason) == (MessageState.QUEUED, "recipient_limit")
    assert messages[2].due_at > timezone.now() + timedelta(seconds=30)


@pytest.mark.django_db
def test_a_person_written_to_today_needs_no_second_slot(account: ProviderAccount) -> None:
    number = _number(account, limit=1)
    template = template_make(account=account)
    message = message_make(query=query_make(sender_number=number), template=template)
    (lease,) = leases_take("pump")
    assert len(claim(lease, 1)) == 1
    Message.objects.filter(pk=message.pk).update(state="accepted")
    other = sender_number_make(account=account, portfolio=number.portfolio)
    message_make(query=query_make(sender_number=other, customer=message.customer), template=template)
    (second,) = leases_take("pump")
    assert len(claim(second, 1)) == 1
    assert PortfolioUse.objects.get().taken == 1


@pytest.mark.django_db
def test_text_in_an_open_window_takes_no_slot(account: ProviderAccount) -> None:
    number = _number(account, limit=1)
    query = query_make(sender_number=number)
    window_extend(customer_id=query.customer_id, sender_number_id=number.pk, inbound_at=timezone.now())
    text_send(query_id=query.pk, text="Hola", user=None, send_key=None)
    assert len(_claim()) == 1
    assert not PortfolioSlot.objects.exists()


@pytest.mark.django_db
def test_a_number_whose_limit_is_not_known_is_not_held(account: ProviderAccount) -> None:
    _campaign(_number(account, limit=None), 12)
    assert len(_claim()) == 12


@pytest.mark.django_db
def test_a_limit_that_becomes_known_counts_those_written_to_already(account: ProviderAccount) -> None:
    number = _number(account, limit=None)
    campaign = _campaign(number, 4)
    (lease,) = leases_take("pump")
    claim(lease, 3)
    Portfolio.objects.update(messaging_limit=3)
    assert claim(lease, 100) == []
    assert _waiting(campaign)


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "goes_on"), [(10, False), (12, True), (1000, True), (-1, True)])
def test_a_campaign_goes_on_when_the_limit_is_raised_and_not_before(
    account: ProviderAccount, settings: Settings, limit: int, goes_on: bool
) -> None:
    settings.PORTFOLIO_AGENTS_SHARE = 0.2
    campaign = _campaign(_number(account), 12)
    [lease] = leases_take("pump")
    assert len(claim(lease, 100)) == 8
    sweep()
    assert _waiting(campaign)
    limit_apply(account_id=account.pk, limit=limit)
    sweep()
    assert _waiting(campaign) is not goes_on
    assert len(claim(lease, 100)) == {10: 0, 12: 1, 1000: 4, -1: 4}[limit]


@pytest.mark.django_db
def test_slots_come_back_after_a_day_and_the_campaign_goes_on(account: ProviderAccount, settings: Settings) -> None:
    settings.PORTFOLIO_AGENTS_SHARE = 0.0
    campaign = _campaign(_number(account), 12)
    (lease,) = leases_take("pump")
    claim(lease, 100)
    oldest = PortfolioSlot.objects.order_by("pk")[:1].values("pk")
    PortfolioSlot.objects.filter(pk__in=list(oldest.values_list("pk", flat=True))).update(
        taken_at=timezone.now() - timedelta(hours=24, seconds=1)
    )
    Campaign.objects.update(waiting_until=timezone.now() - timedelta(seconds=1))
    sweep()
    assert PortfolioUse.objects.get().taken == 9
    assert not _waiting(campaign)
    assert len(claim(lease, 100)) == 1
    assert _waiting(campaign)
    assert slots_free() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_pumps_do_not_overrun_the_limit_together(
    account: ProviderAccount, settings: Settings, round_number: int
) -> None:
    settings.PORTFOLIO_AGENTS_SHARE = 0.0
    campaigns = [_campaign(_number(account, limit=25), 20) for _ in range(2)]
    leases = leases_take("pump")
    together = threading.Barrier(2)

    def pump(lease: Lease) -> int:
        try:
            together.wait(5)
            return sum(len(claim(lease, 3)) for _ in range(10))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        claimed = sum(pool.map(pump, leases))
    assert claimed == 25
    assert Message.objects.exclude(state="queued").values("customer").distinct().count() == 25
    assert PortfolioUse.objects.get().taken == PortfolioSlot.objects.count() == 25
    assert any(_waiting(campaign) for campaign in campaigns)
    assert Customer.objects.count() == 40
    assert list(differences()) == []
