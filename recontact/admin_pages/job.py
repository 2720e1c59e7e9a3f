"""A job of reconciliation on the page of what it is about: how far it is, and the whole page again once it is over."""

from __future__ import annotations

from django.http import HttpResponse

from recontact.admin_pages.page import ManagerPage
from recontact.models import ReconciliationJob
from recontact.reconciliation.jobs import job_steps


def job_progress(page: ManagerPage, job: ReconciliationJob | None) -> HttpResponse:
    """The live part of a page; the page is loaded anew when there is nothing to wait for any more."""
    if job is not None and job.is_open:
        return page.fragment("job.html", {"job": job, "steps": job_steps(job)})
    response = HttpResponse()
    response["HX-Refresh"] = "true"
    return response
