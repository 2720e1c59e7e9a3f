"""A plan that is broken off is taken up again, and two who plan one campaign leave one plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from recontact.campaigns import plan
from recontact.campaigns.audience import Candidate
from recontact.models import Campaign, CampaignRecipient
from recontact.tasks import campaign_plan_run
from tests.recontact.campaigns.audiences import csv_bytes, draft_make

pytestmark = pytest.mark.django_db

BODY = csv_bytes(("phone", "nombre", "cuota"), *((f"11555501{row:02d}", "Ana", "1") for row in range(6)))


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "BATCH", 2)


def _interrupted(monkeypatch: pytest.MonkeyPatch, what: Any) -> Campaign:
    """A campaign during whose planning, after the second batch, `what(campaign)` happens."""
    campaign, read = draft_make(BODY), plan._candidates

    def candidates(planned: Campaign, as_of: datetime) -> Iterator[Candidate]:
        for place, candidate in enumerate(read(planned, as_of)):
            if place == 4:
                monkeypatch.setattr(plan, "_candidates", read)
                what(campaign)
            yield candidate

    monkeypatch.setattr(plan, "_candidates", candidates)
    return campaign


def _crash(campaign: Campaign) -> None:
    raise OperationalError("the server went away")


def test_a_plan_that_lost_its_worker_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _interrupted(monkeypatch, _crash)
    sent: list[int] = []
    monkeypatch.setattr(plan, "_send", lambda campaign_id, since: sent.append(campaign_id))
    with pytest.raises(OperationalError):
        plan.campaign_plan(campaign.pk)
    assert plan.plans_take_up() == 0

    Campaign.objects.update(planning_since=timezone.now() - timedelta(minutes=3))
    assert plan.plans_take_up() == 1
    assert sent == [campaign.pk]
    assert plan.campaign_plan(campaign.pk)
    assert CampaignRecipient.objects.filter(campaign=campaign).count() == 6


def test_its_progress_is_seen_while_it_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    campaign = _interrupted(
        monkeypatch, lambda campaign: seen.extend(Campaign.objects.values_list("rows_read", "rows_total"))
    )

    assert plan.campaign_plan(campaign.pk)
    assert seen == [(4, 6)]


def test_who_is_taken_over_stores_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _interrupted(monkeypatch, lambda campaign: plan.campaign_plan(campaign.pk))

    assert not plan.campaign_plan(campaign.pk)
    assert CampaignRecipient.objects.filter(campaign=campaign).count() == 6
    assert Campaign.objects.get().state == "planned"


def test_of_the_tasks_that_piled_up_for_one_plan_only_the_first_plans(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    campaign, sent = draft_make(BODY), []
    monkeypatch.setattr("recontact.campaigns.plan.current_app.send_task", lambda name, args, retry: sent.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        plan.campaign_plan_request(campaign_id=campaign.pk)
    Campaign.objects.update(planning_since=timezone.now() - timedelta(minutes=3))
    for _look in range(3):
        plan.plans_take_up()

    assert len(sent) == 4
    assert [campaign_plan_run(*args) for args in sent] == [False, True, False, False]
    planned_at = Campaign.objects.get().planned_at
    campaign_plan_run(*sent[-1])
    campaign.refresh_from_db()
    assert (campaign.state, campaign.planned_at) == ("planned", planned_at)


def test_who_asks_for_a_plan_twice_at_once_has_it_planned_once(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    campaign, sent = draft_make(BODY), []
    monkeypatch.setattr("recontact.campaigns.plan.current_app.send_task", lambda name, args, retry: sent.append(args))
    for _click in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            plan.campaign_plan_request(campaign_id=campaign.pk)

    assert [campaign_plan_run(*args) for args in sent] == [False, True]


def test_a_campaign_cancelled_while_it_is_planned_stays_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _interrupted(monkeypatch, lambda campaign: Campaign.objects.update(state="cancelled"))

    assert not plan.campaign_plan(campaign.pk)
    assert Campaign.objects.get().state == "cancelled"


def test_a_fault_of_the_portal_ends_the_plan_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(campaign: Campaign) -> None:
        raise ZeroDivisionError

    campaign = _interrupted(monkeypatch, fault)
    with pytest.raises(ZeroDivisionError):
        plan.campaign_plan(campaign.pk)

    campaign.refresh_from_db()
    assert "Nothing was sent" in campaign.plan_problem
    assert not CampaignRecipient.objects.exists()
