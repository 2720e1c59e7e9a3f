"""Background work on templates: thin wrappers. A failed sync is recorded, and the next beat tries again."""

from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task

from providers.errors import ProviderCallError
from providers.models import ProviderAccount
from templates_app.sync import templates_sync, templates_sync_if_older

logger = structlog.get_logger(__name__)


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
