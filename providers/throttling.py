"""Waits that a provider asks for: kept with the sender numbers, so that no slice and no other worker asks again meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Greatest

from providers.models import SenderNumber


@transaction.atomic
def number_throttle(*, number_id: int, until: datetime, whole_account: bool = False) -> None:
    """Nothing more from this number (or from any of its account) before `until`; a longer wait stays."""
    numbers = SenderNumber.objects.filter(pk=number_id)
    if whole_account:
        numbers = SenderNumber.objects.filter(account__numbers=number_id)
    # In one order, because two workers may throttle one account at the same moment.
    ids = list(numbers.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))
    SenderNumber.objects.filter(pk__in=ids).update(throttled_until=Greatest("throttled_until", until))
