"""What takes long is done by a worker: it is asked for here, its state is to be seen, and it is done whole or not at all.

A worker takes a job by a lease, and holds its row while it works: one that died lets go of the row, and after the lease another
takes the job up. The job is done in the transaction of what it does, so nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from providers.models import ProviderAccount
from providers.rates.contents import Problem
from recontact.clock import database_now
from recontact.models import ReconciliationJob, Statement, StatementUpload
from recontact.reconciliation.closing import CannotClose, closing_refused, month_close
from recontact.reconciliation.comparing import statement_compare
from recontact.reconciliation.locks import Closed, account_try_lock
from recontact.reconciliation.outlook import outlook_count
from recontact.reconciliation.storing import StatementRefused
from recontact.reconciliation.uploads import upload_check, upload_store

log = structlog.get_logger(__name__)

JOBS_TASK = "recontact.tasks.reconciliation_jobs"
MOST_TRIES = 3
#: From taking a job to holding its row, which is a moment; a worker that died is followed after that.
_LEASE = timedelta(minutes=1)
#: Somebody else is at the account's statements: so long until the next look.
_BUSY = timedelta(seconds=3)
#: After an error of ours.
_PAUSE = timedelta(minutes=1)
#: So long the steps of a job are kept to be shown.
_STEPS_SECONDS = 3600

State, Kind = ReconciliationJob.State, ReconciliationJob.Kind


class UnderWay(Exception):
    """It was asked for already, and is not done yet."""


# --- asking ----------------------------------------------------------------------------------------------------------


def close_ask(*, account: ProviderAccount, month: date, user_id: int) -> ReconciliationJob:
    """Have the month (its first day) closed. Raises CannotClose, UnderWay."""
    refusal = closing_refused(account, month)
    if refusal:
        raise CannotClose(refusal)
    return _ask(ReconciliationJob(account=account, kind=Kind.CLOSE, month=month, created_by_id=user_id))


def count_ask(*, account: ProviderAccount, month: date, user_id: int) -> ReconciliationJob:
    """Have an open month (its first day) added up, to be looked at. Raises UnderWay."""
    return _ask(ReconciliationJob(account=account, kind=Kind.COUNT, month=month, created_by_id=user_id))


def compare_ask(*, statement: Statement, tolerance: Decimal | None, user_id: int) -> ReconciliationJob:
    """Have the statement compared with the messages as they are then. Raises Closed, UnderWay."""
    if statement.is_frozen:
        raise Closed
    job = ReconciliationJob(
        account_id=statement.account_id,
        kind=Kind.COMPARE,
        statement=statement,
        tolerance=tolerance,
        created_by_id=user_id,
    )
    return _ask(job)


def store_ask(*, upload: StatementUpload, user_id: int) -> ReconciliationJob:
    """Have the statement of a file stored. Raises StatementRefused, UnderWay."""
    upload_check(upload)
    return _ask(ReconciliationJob(account_id=upload.account_id, kind=Kind.STORE, upload=upload, created_by_id=user_id))


def _ask(job: ReconciliationJob) -> ReconciliationJob:
    job.due_at = database_now()
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError as error:
        raise UnderWay from error
    transaction.on_commit(_send)
    return job


def _send() -> None:
    """A broker that is away loses nothing: beat looks by itself."""
    try:
        current_app.send_task(JOBS_TASK, queue="default", retry=False, expires=60)
    except Exception as error:
        log.warning("reconciliation_job_not_sent", error=type(error).__name__)


def month_job(account_id: int, month: date) -> ReconciliationJob | None:
    """The newest job that closes the month or adds it up; while one closes it, that one."""
    jobs = ReconciliationJob.objects.filter(account=account_id, month=month)
    closing = jobs.filter(kind=Kind.CLOSE, state__in=ReconciliationJob.OPEN).first()
    return closing or jobs.filter(kind__in=[Kind.CLOSE, Kind.COUNT]).first()


def statement_job(statement_id: int) -> ReconciliationJob | None:
    """The newest job that compares the statement anew."""
    return ReconciliationJob.objects.filter(statement=statement_id, kind=Kind.COMPARE).first()


def upload_job(upload_id: int, *, user_id: int) -> ReconciliationJob | None:
    """The newest job that stores the user's file, also once the file is gone."""
    return ReconciliationJob.objects.filter(upload=upload_id, created_by=user_id, kind=Kind.STORE).first()


def job_steps(job: ReconciliationJob) -> tuple[int, int] | None:
    """How far it is, as steps done and steps in all; None where that is not known."""
    try:
        found = cache.get(_steps_key(job.pk))
    except Exception:
        return None
    return found if isinstance(found, tuple) else None


# --- doing -----------------------------------------------------------------------------------------------------------


def jobs_run() -> int:
    """Do what is due, the oldest first. Returns how many were done or given up."""
    due = ReconciliationJob.objects.filter(state__in=ReconciliationJob.OPEN, due_at__lte=database_now())
    return sum(job_run(pk) for pk in list(due.order_by("pk").values_list("pk", flat=True)))


def job_run(job_id: int) -> bool:
    """Do a job, if it is due and nobody else does. Returns whether it is done or was given up."""
    job = _claim(job_id)
    if job is None:
        return False
    with translation.override(str(getattr(job.created_by, "language", "") or translation.get_language() or "en")):
        if job.tries > MOST_TRIES:
            # Each try before ended with its worker, or in an error of ours.
            _give_up(job, _("It could not be carried out. The worker's log says why."))
            return True
        try:
            return _carry_out(job)
        except (CannotClose, StatementRefused) as refusal:
            _give_up(job, str(refusal))
        except Closed:
            _give_up(job, _("Its month is closed, or it was withdrawn: nothing of it changes any more."))
        except OperationalError:
            # The connection or the database went away: it is taken up again after the lease.
            raise
        except Exception:
            log.exception("reconciliation_job_failed", job=job.pk, kind=job.kind, tries=job.tries)
            _open(job).update(state=State.WAITING, due_at=database_now() + _PAUSE)
            return False
    return True


@transaction.atomic
def _claim(job_id: int) -> ReconciliationJob | None:
    now = database_now()
    job = (
        ReconciliationJob.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("created_by")
        .filter(pk=job_id, state__in=ReconciliationJob.OPEN, due_at__lte=now)
        .first()
    )
    if job is not None:
        job.state, job.tries, job.due_at = State.RUNNING, job.tries + 1, now + _LEASE
        job.save(update_fields=["state", "tries", "due_at"])
    return job


@transaction.atomic
def _carry_out(claimed: ReconciliationJob) -> bool:
    job = _open(claimed).select_for_update(skip_locked=True).first()
    if job is None:
        return False
    if not account_try_lock(job.account_id):
        job.state, job.tries, job.due_at = State.WAITING, job.tries - 1, database_now() + _BUSY
        job.save(update_fields=["state", "tries", "due_at"])
        return False
    _ACTS[Kind(job.kind)](job)
    job.state, job.finished_at, job.problem = State.DONE, database_now(), ""
    job.save(update_fields=["state", "finished_at", "problem", "statement"])
    log.info("reconciliation_job_done", job=job.pk, kind=job.kind, tries=job.tries)
    return True


def _open(job: ReconciliationJob) -> QuerySet[ReconciliationJob]:
    """The job while it is as it was claimed: not done, and not taken up by another worker meanwhile."""
    return ReconciliationJob.objects.filter(pk=job.pk, state=State.RUNNING, tries=job.tries)


def _give_up(job: ReconciliationJob, words: str) -> None:
    _open(job).update(state=State.FAILED, problem=words[:500], finished_at=database_now())


def _close(job: ReconciliationJob) -> None:
    if job.month is not None:
        month_close(account_id=job.account_id, month=job.month, user_id=job.created_by_id, on_step=_steps_of(job))


def _count(job: ReconciliationJob) -> None:
    if job.month is not None:
        outlook_count(job.account_id, job.month)


def _compare(job: ReconciliationJob) -> None:
    if job.statement_id is not None:
        statement_compare(job.statement_id, tolerance=job.tolerance)


def _store(job: ReconciliationJob) -> None:
    upload = StatementUpload.objects.filter(pk=job.upload_id or 0).first()
    if upload is None:
        raise StatementRefused([Problem(0, "", _("The file is not there any more."))])
    job.statement = upload_store(upload, user_id=job.created_by_id)


_ACTS: dict[ReconciliationJob.Kind, Callable[[ReconciliationJob], None]] = {
    Kind.STORE: _store,
    Kind.COMPARE: _compare,
    Kind.COUNT: _count,
    Kind.CLOSE: _close,
}


def _steps_of(job: ReconciliationJob) -> Callable[[int, int], None]:
    def note(done: int, of: int) -> None:
        # Beside the transaction, whose rows nobody sees before it ends.
        try:
            cache.set(_steps_key(job.pk), (done, of), timeout=_STEPS_SECONDS)
        except Exception as error:
            log.warning("reconciliation_steps_not_shown", error=type(error).__name__)

    return note


def _steps_key(job_id: int) -> str:
    return f"reconciliation:steps:{job_id}"
