"""The connection doctor: looks at an account when a person asks and once a day, and keeps what it found.

The looking is a worker's job, because a provider may take its time; the page asks for the result until it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from django.db.models.functions import Now

from providers.abilities import Health
from providers.clock import ClockTimestamp
from providers.doctor_checks import account_findings
from providers.doctor_words import KeptFinding
from providers.models import Checkup, ProviderAccount

log = structlog.get_logger(__name__)

CHECKUP_TASK = "providers.tasks.account_checkup"
#: A check that no worker finished in this time is given up, and a new one may be asked for.
GIVEN_UP_AFTER = timedelta(minutes=5)
#: Checks that are kept per account: two months of daily ones.
KEPT = 60
_WORST = [Health.BAD, Health.WARNING, Health.GOOD, Health.UNKNOWN]


def checkup_request(*, account_id: int) -> Checkup:
    """Ask for a look at the account; returns the open check when one is under way. A worker does it after the commit."""
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(no_key=True).get(pk=account_id)
        still_open = Checkup.objects.filter(account=account).exclude(state=Checkup.State.DONE)
        still_open.filter(asked_at__lte=ClockTimestamp() - GIVEN_UP_AFTER).delete()
        checkup, created = still_open.get_or_create(account=account)
        if created:
            transaction.on_commit(lambda: _wake(checkup.pk))
    return checkup


def checkups_request_all() -> int:
    """Ask for a look at every active account; returns how many."""
    ids = list(ProviderAccount.objects.filter(is_active=True).values_list("pk", flat=True))
    for account_id in ids:
        checkup_request(account_id=account_id)
    return len(ids)


def checkup_run(*, checkup_id: int) -> Checkup | None:
    """Look at the account and keep what was found. None: the check is gone, done, or another worker's."""
    waiting = Checkup.objects.filter(pk=checkup_id, state=Checkup.State.WAITING)
    if not waiting.update(state=Checkup.State.RUNNING):
        return None
    checkup = Checkup.objects.select_related("account").get(pk=checkup_id)
    findings = account_findings(checkup.account)
    _finish(checkup, findings)
    return checkup


def checkup_is_given_up(checkup: Checkup) -> bool:
    """Whether the check is open for so long that no worker will finish it."""
    rows = Checkup.objects.filter(pk=checkup.pk, asked_at__lte=ClockTimestamp() - GIVEN_UP_AFTER)
    return checkup.state != Checkup.State.DONE and rows.exists()


def checkups_latest() -> list[Checkup]:
    """The last finished check of each active account."""
    done = Checkup.objects.filter(state=Checkup.State.DONE, account__is_active=True)
    return list(done.select_related("account").order_by("account_id", "-id").distinct("account_id"))


def _wake(checkup_id: int) -> None:
    """A broker that is away costs the check, never the request; the page says that no worker took it up."""
    try:
        current_app.send_task(CHECKUP_TASK, args=[checkup_id], retry=False)
    except Exception as error:
        log.warning("checkup_wake_failed", error=type(error).__name__)


def _finish(checkup: Checkup, findings: Sequence[KeptFinding]) -> None:
    before = Checkup.objects.filter(account_id=checkup.account_id, state=Checkup.State.DONE).first()
    kept = _with_since(checkup, findings, before)
    healths = {finding.health for finding in findings}
    Checkup.objects.filter(pk=checkup.pk, state=Checkup.State.RUNNING).update(
        state=Checkup.State.DONE,
        finished_at=Now(),
        health=next((health for health in _WORST if health in healths), Health.UNKNOWN),
        findings=kept,
    )
    checkup.refresh_from_db()
    old = Checkup.objects.filter(account_id=checkup.account_id).values_list("pk", flat=True)[KEPT:]
    Checkup.objects.filter(pk__in=list(old)).delete()
    log.info("account_checked", account_id=checkup.account_id, health=checkup.health)


def _with_since(checkup: Checkup, findings: Sequence[KeptFinding], before: Checkup | None) -> list[dict[str, Any]]:
    """The findings, each with the moment since when it comes out like this."""
    earlier = {_identity(row): row.get("since") for row in (before.findings if before else [])}
    rows = [finding.as_json() for finding in findings]
    now = checkup.asked_at.isoformat()
    return [{**row, "since": earlier.get(_identity(row)) or now} for row in rows]


def _identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return row.get("check"), row.get("subject"), row.get("health")
