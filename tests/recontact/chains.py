"""Campaign messages that use no query's right, sent, and failed: what chains of retries are made of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from providers.contracts import DeliveryStatus, StatusEvent
from recontact import ledger
from recontact.delivery import status_apply
from recontact.models import Campaign, CostEntry, Message
from tests.factories import customer_make, message_make, user_make


def accepted(message: Message) -> Message:
    """The same message, sent and accepted."""
    Message.objects.filter(pk=message.pk).update(state="sending", attempt_number=1, claimed_at=timezone.now())
    message.attempts.create(number=1, claimed_at=timezone.now(), outcome="accepted")
    Message.objects.filter(pk=message.pk).update(
        state="accepted", provider_message_id=f"wamid.{message.pk}", accepted_at=timezone.now()
    )
    ledger.settle([message.pk])
    message.refresh_from_db()
    return message


def campaign_message(**fields: Any) -> Message:
    """An accepted message of a running campaign to a phone: it uses no query's right."""
    of_a_query = message_make()
    assert of_a_query.template is not None
    fields.setdefault("state", Campaign.State.RUNNING)
    campaign = Campaign.objects.create(name="c", template=of_a_query.template, created_by=user_make(), **fields)
    customer = customer_make()
    message = Message.objects.get(pk=of_a_query.pk)
    message.pk, message.query, message.campaign, message.customer = None, None, campaign, customer
    message.reference = Message._meta.get_field("reference").get_default()
    message.recipient_phone = customer.phone or ""
    message.expires_at = timezone.now() + timedelta(days=3)
    message.save()
    estimate = CostEntry.objects.get(message=of_a_query)
    CostEntry.objects.create(
        message=message, kind=estimate.kind, amount=estimate.amount, currency=estimate.currency, market="AR"
    )
    return accepted(message)


def fail(message: Message, reason: str, *, at: datetime | None = None, **fields: Any) -> None:
    fields.setdefault("provider_message_id", message.provider_message_id)
    event = StatusEvent(
        status=DeliveryStatus.FAILED, occurred_at=at or timezone.now(), error_reason=reason, reference="", **fields
    )
    status_apply(message.account_id, event)
    message.refresh_from_db()
