"""The customer's consent to be written to, as a client's system tells it."""

from __future__ import annotations

from django.db.models.functions import Now

from recontact.models import Customer


def consent_record(*, customer_id: int, source: str) -> bool:
    """Record that the customer agreed to get messages, by `source`. The first record stands: False when there was one.

    It takes back no opt-out: only the customer does that.
    """
    rows = Customer.objects.filter(pk=customer_id, opted_in_at__isnull=True)
    return bool(rows.update(opted_in_at=Now(), opt_in_source=source[:100]))
