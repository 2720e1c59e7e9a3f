"""WhatsApp's words are read into the portal's, and what is none of them is read as not said."""

from __future__ import annotations

import pytest

from providers.contracts import PriceReport
from providers.whatsapp.pricing import price_read
from providers.whatsapp.words import TEMPLATE_STATUSES, category_read, quality_read, statuses_named
from templates_app.models import Template, TemplateStatus


def test_every_status_is_one_of_the_portal() -> None:
    assert set(TEMPLATE_STATUSES.values()) <= set(TemplateStatus.values)


def test_a_provider_passes_on_only_the_statuses_that_it_names() -> None:
    assert statuses_named("IN_REVIEW", "PAUSED") == {"IN_REVIEW": "PENDING", "PAUSED": "PAUSED"}


@pytest.mark.parametrize(
    ("value", "quality"),
    [("green", Template.Quality.GREEN), ("UNKNOWN", Template.Quality.UNKNOWN), ("blue", ""), (7, ""), (None, "")],
)
def test_a_quality_is_one_of_the_portal_or_not_said(value: object, quality: str) -> None:
    assert quality_read(value) == quality


@pytest.mark.parametrize(("value", "category"), [("UTILITY", "utility"), (None, ""), ({}, "")])
def test_a_category_is_in_lower_case(value: object, category: str) -> None:
    assert category_read(value) == category


def test_a_price_is_read_with_our_spelling_of_its_category() -> None:
    pricing = {"billable": "yes", "category": "authentication-international", "type": "regular"}
    assert price_read(pricing) == PriceReport(None, "authentication_international", "regular")
