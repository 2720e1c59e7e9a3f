"""Raw data expires by age (settings.RAW_DATA_RETENTION_DAYS): webhook deliveries and management calls, in small batches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from providers.models import ProviderCall, WebhookDelivery

log = structlog.get_logger(__name__)

BATCH = 1000


def raw_data_expire() -> int:
    """Delete deliveries and calls older than the setting; returns how many rows went.

    A delivery that is still waiting to be read goes too once it is that old: its raw content may not be kept longer.
    """
    age = timedelta(days=settings.RAW_DATA_RETENTION_DAYS)
    deliveries = _delete(WebhookDelivery.objects.filter(received_at__lt=Now() - age))
    calls = _delete(ProviderCall.objects.filter(made_at__lt=Now() - age))
    if deliveries or calls:
        log.info("raw_data_expired", deliveries=deliveries, calls=calls)
    return deliveries + calls


def _delete(rows: QuerySet[Any]) -> int:
    """One batch per transaction, so that no lock is held for long."""
    total = 0
    while True:
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not batch:
            return total
        rows.model._default_manager.filter(pk__in=batch).delete()
        total += len(batch)
