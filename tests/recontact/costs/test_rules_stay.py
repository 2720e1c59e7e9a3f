"""The rules that prices go by are there in a database that was emptied, too."""

from __future__ import annotations

import pytest

from providers.models import PricingRule


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_an_emptied_database_begins_with_the_rules(time: int) -> None:
    assert PricingRule.objects.count() == 5
