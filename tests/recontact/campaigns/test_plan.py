"""From a file to a plan: every row has one outcome, with its reason, and what is sent is fixed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recontact.models import CampaignRecipient
from tests.recontact.campaigns.audiences import csv_bytes, fates, planned

pytestmark = pytest.mark.django_db

HEADER = ("phone", "nombre", "cuota")


def test_a_file_becomes_a_plan() -> None:
    campaign = planned(csv_bytes(HEADER, ("+5491155550100", "Carla", "$ 48.210"), ("", "Ana", "$ 1")))

    assert (campaign.state, campaign.name, campaign.rows_total) == ("planned", "pagos-vencidos", 2)
    assert fates(campaign) == [(2, "ready", ""), (3, "error", "phone_missing")]


def test_what_a_recipient_will_read_and_cost_is_fixed() -> None:
    campaign = planned(csv_bytes(HEADER, ("+5491155550100", "Carla", "$ 48.210")))

    recipient = CampaignRecipient.objects.get(campaign=campaign)
    assert recipient.values == {"body.1": "Carla", "body.2": "$ 48.210"}
    assert (recipient.market, recipient.estimate, recipient.currency) == ("AR", Decimal("0.0260"), "USD")
