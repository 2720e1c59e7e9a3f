"""A plan's figures are counted from its rows once, kept, and forgotten when the rows change in what they say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recontact.campaigns.outcomes import plan_review
from recontact.campaigns.plan import campaign_plan
from recontact.campaigns.plan_figures import plan_figures
from recontact.campaigns.pricing import campaign_reprice
from recontact.campaigns.timing import campaign_stretches
from recontact.customers import customer_identify
from recontact.erasure import customer_erase
from recontact.models import Campaign, CampaignPlanFigures, CampaignRecipient
from tests.factories import prices_set, user_make
from tests.recontact.campaigns.audiences import csv_bytes, planned

pytestmark = pytest.mark.django_db

HEADER = ("phone", "nombre", "cuota")
ROWS = (
    ("+5491155550100", "Carla", "$ 1"),
    ("+5491155550101", "Ana", "$ 2"),
    ("+34600111222", "Eva", ""),
    ("", "Luz", "$ 3"),
)


def _reads_rows(campaign: Campaign) -> bool:
    with CaptureQueriesContext(connection) as queries:
        plan_review(campaign)
        campaign_stretches(campaign)
    return any("FROM recontact_campaignrecipient" in query["sql"] and "count(*)" in query["sql"] for query in queries)


def test_the_planning_counts_its_rows_and_the_screens_do_not() -> None:
    campaign = planned(csv_bytes(HEADER, *ROWS))

    assert not _reads_rows(campaign)
    figures = plan_figures(campaign)
    assert (figures.count("ready"), figures.count("error")) == (2, 2)
    assert figures.zones == {"America/Argentina/Buenos_Aires": 2}
    assert [(group.market, group.currency, group.estimate, group.count) for group in figures.sendable] == [
        ("AR", "USD", Decimal("0.026"), 2)
    ]


def test_a_plan_made_anew_has_figures_of_its_own() -> None:
    campaign = planned(csv_bytes(HEADER, *ROWS))
    Campaign.objects.filter(pk=campaign.pk).update(default_country="ES", state="draft", planned_at=None)
    CampaignRecipient.objects.filter(campaign=campaign).delete()
    assert campaign_plan(campaign.pk)
    campaign.refresh_from_db()

    assert CampaignPlanFigures.objects.get().planned_at == campaign.planned_at
    assert sum(group.count for group in plan_figures(campaign).groups) == 4


def test_those_of_an_earlier_plan_are_not_taken_for_it() -> None:
    campaign = planned(csv_bytes(HEADER, *ROWS))
    CampaignPlanFigures.objects.update(planned_at="2020-01-01T00:00:00Z", groups=[])

    assert _reads_rows(campaign)
    assert not _reads_rows(campaign)
    assert plan_figures(campaign).count("ready") == 2


def test_an_erasure_has_them_counted_again() -> None:
    campaign = planned(csv_bytes(HEADER, *ROWS))
    customer = customer_identify(phone="+5491155550100")

    customer_erase(customer_id=customer.pk, user=user_make())

    assert not CampaignPlanFigures.objects.exists()
    assert plan_review(campaign).prices[0].count == 2


def test_new_prices_have_them_counted_again() -> None:
    campaign = planned(csv_bytes(HEADER, *ROWS))
    prices_set("0.05")

    campaign_reprice(campaign)

    assert plan_review(campaign).totals == {"USD": Decimal("0.10")}
