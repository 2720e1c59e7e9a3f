"""What expires by age: the raw exchanges of attempts, the files of campaigns, old idempotency keys, what was told outside."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from recontact.models import Attempt, Campaign, CampaignFile, IdempotencyKey, OutgoingEvent
from recontact.outgoing.keeping import events_forget

_BATCH = 5000


def attempts_expire() -> int:
    """Empty requests and responses of attempts past the retention (setting, default 90 days); the attempts stay."""
    before = timezone.now() - timedelta(days=settings.RAW_DATA_RETENTION_DAYS)
    total = 0
    while True:
        ids = list(
            Attempt.objects.filter(claimed_at__lt=before, request__isnull=False).values_list("pk", flat=True)[:_BATCH]
        )
        if not ids:
            return total
        total += Attempt.objects.filter(pk__in=ids).update(request=None, response=None)


def idempotency_keys_expire() -> int:
    """Forget idempotency keys older than 24 hours."""
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - timedelta(hours=24)).delete()
    return deleted


def campaign_files_expire() -> int:
    """Empty the uploaded files of campaigns that ended, or whose drafts were left, a while ago (setting); their rows stay."""
    before = timezone.now() - timedelta(days=settings.CAMPAIGN_FILE_RETENTION_DAYS)
    ended = Q(campaign__state__in=[Campaign.State.COMPLETED, Campaign.State.CANCELLED])
    left = Q(campaign__state__in=[Campaign.State.DRAFT, Campaign.State.PLANNED], uploaded_at__lt=before)
    old = Q(campaign__completed_at__lt=before) | Q(campaign__completed_at=None, uploaded_at__lt=before)
    ids = list(CampaignFile.objects.filter((ended & old) | left).exclude(body=b"").values_list("pk", flat=True))
    return CampaignFile.objects.filter(pk__in=ids).update(body=b"")


def outgoing_events_expire() -> int:
    """Forget what subscriptions were told, or could not be told, past the retention (setting); returns how many events."""
    before = timezone.now() - timedelta(days=settings.OUTGOING_RETENTION_DAYS)
    rows, total = OutgoingEvent.objects.filter(created_at__lt=before).order_by(), 0
    while gone := events_forget(rows):
        total += gone
    return total
