"""Background work on templates: thin wrappers. A failed sync is recorded, and the next beat tries again."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog
from celery import shared_task
from django.db import transaction
from django.utils import timezone

from providers.errors import ProviderCallError
from providers.models import ProviderAccount
from templates_app.settling import ABSENCE_PROVES_AFTER
from templates_app.sync import templates_sync, templates_sync_if_older

logger = structlog.get_logger(__name__)

# Requests of one moment end in one sync: the first one runs, the others find it done.
SYNC_DELAY_SECONDS = 3


@shared_task
def templates_sync_task(account_id: int, asked_at: str = "") -> None:
    """Sync one account; with `asked_at` (ISO) only when it was not synced since."""
    try:
        if asked_at:
            templates_sync_if_older(account_id=account_id, than=datetime.fromisoformat(asked_at))
        else:
            templates_sync(account_id=account_id)
    except ProviderCallError as error:
        logger.warning("templates_sync_failed", account_id=account_id, reason=error.reason, code=error.provider_code)


@shared_task
def templates_sync_all() -> None:
    """Wake one sync per active account."""
    for account_id in ProviderAccount.objects.filter(is_active=True).values_list("pk", flat=True):
        templates_sync_task.delay(account_id)


def templates_sync_ask(*, account_id: int) -> None:
    """Have the account's templates synced soon after the transaction commits. A broker that is away is left to the beat."""
    wake = partial(
        templates_sync_task.apply_async,
        args=(account_id, timezone.now().isoformat()),
        countdown=SYNC_DELAY_SECONDS,
    )
    transaction.on_commit(wake, robust=True)


def templates_sync_ask_later(*, account_id: int) -> None:
    """Have them synced when a list proves what did not arrive (settling.ABSENCE_PROVES_AFTER)."""
    later = timezone.now() + ABSENCE_PROVES_AFTER
    wake = partial(
        templates_sync_task.apply_async,
        args=(account_id, later.isoformat()),
        countdown=ABSENCE_PROVES_AFTER.total_seconds() + SYNC_DELAY_SECONDS,
    )
    transaction.on_commit(wake, robust=True)
