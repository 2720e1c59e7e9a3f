"""The months of accounts in the Manager: closed, late, reopened with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recontact.models import MonthClosing, MonthOutlook, ReconciliationJob
from recontact.reconciliation.jobs import jobs_run
from tests.recontact.reconciliation.stage import Month, line
from tests.recontact.reconciliation.test_closing import in_january
from tests.recontact.reconciliation.test_pages import ops

__all__ = ["in_january", "ops"]
pytestmark = pytest.mark.django_db

LIST = "/manager/recontact/monthclosing/"


def added_up(ops: Client, page: str) -> str:
    """The open month once a worker added it up."""
    ops.post(f"{page}count/")
    assert jobs_run() == 1
    return ops.get(page).content.decode()


def test_an_open_month_is_added_up_by_a_worker_and_the_page_reads_no_messages(ops: Client) -> None:
    month = Month()
    month.delivered(1)
    page = f"{LIST}{month.account.pk}/2026-10/"

    assert "has not been added up yet" in ops.get(page).content.decode()
    assert 'hx-trigger="load, submit"' in ops.get(page).content.decode()
    assert "The month is being added up" in ops.post(f"{page}count/", follow=True).content.decode()
    assert jobs_run() == 1
    with CaptureQueriesContext(connection) as caught:
        text = ops.get(page).content.decode()

    assert ops.get(page).context["sums"][0]["messages"] == 1
    assert "not been added up" not in text
    assert [each["sql"] for each in caught if "recontact_message" in each["sql"]] == []


def test_what_was_added_up_long_ago_or_before_a_closing_is_added_up_again(ops: Client) -> None:
    month = Month()
    page = f"{LIST}{month.account.pk}/2026-11/"
    assert "These figures are old" not in added_up(ops, page)

    ops.post(f"{LIST}{month.account.pk}/2026-10/close/")
    jobs_run()
    assert "These figures are old" in ops.get(page).content.decode()

    assert "These figures are old" not in added_up(ops, page)
    MonthOutlook.objects.update(counted_at=Now() - timedelta(hours=2))
    assert "These figures are old" in ops.get(page).content.decode()


def test_a_month_that_could_not_be_added_up_is_not_tried_again_and_again(
    ops: Client,
) -> None:
    month = Month()
    page = f"{LIST}{month.account.pk}/2026-10/"
    ops.post(f"{page}count/")
    ReconciliationJob.objects.update(state="failed", problem="Out of memory")

    text = ops.get(page).content.decode()

    assert "The month was not added up." in text
    assert 'hx-trigger="submit"' in text


def test_ops_closes_a_month_sees_what_is_late_and_reopens_it_with_a_reason(ops: Client) -> None:
    month = Month()
    month.delivered(1)
    month.invoice(line(1, "AR", "utility", 2, "5"))
    page = f"{LIST}{month.account.pk}/2026-10/"
    assert "US$ 5.00" in added_up(ops, page)

    assert "The month is being closed" in ops.post(f"{page}close/", follow=True).content.decode()
    assert jobs_run() == 1
    month.delivered(2)
    november = added_up(ops, f"{LIST}{month.account.pk}/2026-11/")
    assert "Late for October 2026" in november
    assert ">+1<" in november
    assert ops.post(f"{page}reopen/", {"why": " "}, follow=True).context["closing"] is not None
    ops.post(f"{page}reopen/", {"why": "wrong rate"})

    text = ops.get(page).content.decode()
    assert "wrong rate" in text
    assert MonthClosing.objects.get().reopened_why == "wrong rate"
    assert "October 2026" in ops.get(LIST).content.decode()


def test_a_month_that_there_is_not_is_not_found(ops: Client) -> None:
    month = Month()

    for path in ("2026-13", "october", "0001-01"):
        assert ops.get(f"{LIST}{month.account.pk}/{path}/").status_code == 404
    assert ops.get(f"{LIST}99999/2026-10/").status_code == 404


def test_the_list_asks_the_same_number_of_queries_however_many_accounts(ops: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert ops.get(LIST).status_code == 200
        return len(caught)

    Month()
    queries()
    few = queries()
    for _ in range(3):
        month = Month()
        month.invoice(line(1, "AR", "utility", 2, "5"))
        ops.post(f"{LIST}{month.account.pk}/2026-10/close/")
    jobs_run()
    # The flash messages of the closings are taken from the session first.
    queries()
    assert queries() == few
