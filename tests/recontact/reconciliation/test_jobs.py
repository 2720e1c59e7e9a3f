"""What takes long is done by a worker: once, whole or not at all, also when a worker dies; the page tells how far it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from recontact.models import ComparisonRow, MonthClosing, ReconciliationJob, Statement, StatementUpload
from recontact.reconciliation import jobs
from recontact.reconciliation.closing import CannotClose, month_close
from recontact.reconciliation.jobs import (
    MOST_TRIES,
    UnderWay,
    close_ask,
    compare_ask,
    job_run,
    job_steps,
    jobs_run,
    store_ask,
)
from recontact.reconciliation.locks import Closed, account_lock
from recontact.reconciliation.storing import StatementRefused, statement_withdraw
from tests.factories import user_make
from tests.recontact.reconciliation.stage import FIRST, Month, line
from tests.recontact.reconciliation.test_closing import in_january, proofs
from tests.recontact.reconciliation.test_pages import ops
from tests.recontact.reconciliation.test_storing import mapped

__all__ = ["in_january", "ops"]
pytestmark = pytest.mark.django_db


def asked(month: Month, first: date = FIRST) -> ReconciliationJob:
    return close_ask(account=month.account, month=first, user_id=user_make(language="en").pk)


def lease_ends(job: ReconciliationJob) -> None:
    ReconciliationJob.objects.filter(pk=job.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def state(job: ReconciliationJob) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.problem


def test_a_month_is_closed_by_the_worker_in_the_name_of_who_asked() -> None:
    month = Month()
    month.delivered(1)
    month.invoice(line(1, "AR", "utility", 1, "0.026"))
    job = asked(month)
    assert not MonthClosing.objects.exists()

    assert jobs_run() == 1

    closing = MonthClosing.objects.get()
    assert (closing.month, closing.closed_by_id, state(job)) == (FIRST, job.created_by_id, ("done", ""))
    assert job_steps(job) == (3, 3)
    assert (jobs_run(), proofs()) == (0, [])


def test_what_cannot_be_closed_is_refused_at_once_or_says_why_afterwards() -> None:
    month = Month()
    with pytest.raises(CannotClose, match="not over"):
        asked(month, date(2027, 1, 1))
    job = asked(month)
    with pytest.raises(UnderWay):
        asked(month)
    month_close(account_id=month.account.pk, month=FIRST, user_id=user_make().pk)

    assert jobs_run() == 1

    assert state(job) == ("failed", "It is closed.")
    assert MonthClosing.objects.count() == 1


def test_a_job_whose_worker_died_is_taken_up_after_its_lease_and_given_up_after_some() -> None:
    job = asked(Month())
    for _ in range(MOST_TRIES - 1):
        assert jobs._claim(job.pk) is not None
        assert not job_run(job.pk)
        lease_ends(job)
    assert job_run(job.pk)
    assert state(job)[0] == "done"

    other = asked(Month())
    for _ in range(MOST_TRIES):
        jobs._claim(other.pk)
        lease_ends(other)
    assert job_run(other.pk)
    assert state(other) == ("failed", "It could not be carried out. The worker's log says why.")


def test_an_error_of_ours_leaves_nothing_of_the_month_and_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    month = Month()
    month.delivered(1)
    month.invoice(line(1, "AR", "utility", 1, "0.026"))
    job = asked(month)

    def breaks(*_args: Any, **_kwargs: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("recontact.reconciliation.closing.ClosedSum.objects.bulk_create", breaks)
        assert not job_run(job.pk)
    assert not MonthClosing.objects.exists()
    assert Statement.objects.get().closing_id is None
    lease_ends(job)

    assert job_run(job.pk)
    assert (MonthClosing.objects.count(), proofs()) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_does_it_and_whoever_finds_the_account_busy_comes_again() -> None:
    month = Month()
    month.delivered(1)
    job = asked(month)

    def work(_turn: int) -> bool:
        try:
            return job_run(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        account_lock(month.account.pk)
        assert not pool.submit(work, 0).result()
    assert state(job) == ("waiting", "")
    assert job.tries == 0
    lease_ends(job)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(4)))

    assert sorted(done) == [False, False, False, True]
    assert (MonthClosing.objects.count(), state(job)[0], proofs()) == (1, "done", [])


@pytest.mark.django_db(transaction=True)
def test_a_slow_worker_is_not_followed_while_it_is_at_it() -> None:
    job = asked(Month())

    def work() -> bool:
        try:
            return jobs._claim(job.pk) is not None
        finally:
            connection.close()

    jobs._claim(job.pk)
    lease_ends(job)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        ReconciliationJob.objects.select_for_update().get(pk=job.pk)
        assert not pool.submit(work).result()


def test_a_statement_is_compared_anew_by_the_worker_unless_it_was_withdrawn_meanwhile() -> None:
    month, user = Month(), user_make(language="en")
    month.delivered(3)
    statement = month.invoice(line(3, "AR", "utility", 1, "0.5"))
    compare_ask(statement=statement, tolerance=Decimal("0.5"), user_id=user.pk)
    jobs_run()
    assert ComparisonRow.objects.get().status == "agreed"

    job = compare_ask(statement=statement, tolerance=Decimal(0), user_id=user.pk)
    statement_withdraw(statement.pk, why="of another account", user_id=user.pk)
    jobs_run()

    assert state(job)[0] == "failed"
    assert "withdrawn" in job.problem
    with pytest.raises(Closed):
        compare_ask(statement=Statement.objects.get(), tolerance=None, user_id=user.pk)


def test_a_file_is_stored_by_the_worker_and_the_same_one_is_refused_whenever_it_is_found_out() -> None:
    month = Month()
    upload, same = mapped(month), mapped(month)
    first = store_ask(upload=upload, user_id=upload.created_by_id)
    second = store_ask(upload=same, user_id=same.created_by_id)

    assert jobs_run() == 2

    assert state(first)[0] == "done"
    assert first.statement == Statement.objects.get()
    assert state(second)[0] == "failed"
    assert "there already" in second.problem
    assert list(StatementUpload.objects.all()) == [same]
    with pytest.raises(StatementRefused):
        store_ask(upload=same, user_id=same.created_by_id)


def test_the_page_asks_again_while_it_is_under_way_and_loads_anew_when_it_is_over(ops: Client) -> None:
    month = Month()
    page = f"/manager/recontact/monthclosing/{month.account.pk}/2026-10/"
    ops.post(f"{page}close/")

    under_way = ops.get(page, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in under_way.content.decode()
    assert "Close it" not in ops.get(page).content.decode()
    assert "It is being closed already" in ops.post(f"{page}close/", follow=True).content.decode()
    jobs_run()
    over = ops.get(page, headers={"HX-Request": "true"})

    assert (over.content, over.headers["HX-Refresh"]) == (b"", "true")


def test_the_page_says_why_a_month_was_not_closed(ops: Client) -> None:
    month = Month()
    job = asked(month)
    ReconciliationJob.objects.filter(pk=job.pk).update(state="failed", problem="The worker was away.")

    text = ops.get(f"/manager/recontact/monthclosing/{month.account.pk}/2026-10/").content.decode()

    assert "The month was not closed." in text
    assert "The worker was away." in text
    assert "Close it" in text
