"""The buttons of an account's page, and the connection doctor's part of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from providers.abilities import Health
from providers.accounts import account_resume
from providers.admin_pages.base import (
    ACCOUNT_PERMISSION,
    CHECK_PERMISSION,
    RESUME_PERMISSION,
    SEE_CHECKS_PERMISSION,
    back,
    refused,
    to,
)
from providers.credentials import CredentialsError
from providers.doctor import checkup_is_given_up, checkup_request
from providers.doctor_words import finding_shown
from providers.errors import ProviderCallError, reason_sentence
from providers.models import Checkup, ProviderAccount
from providers.numbers import numbers_sync

HEALTH_CLASSES = {"good": "ok", "warning": "soon", "bad": "stopped"}


def account_resume_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """End the park of an account."""
    refusal = refused(request, RESUME_PERMISSION)
    if refusal is not None:
        return refusal
    account = get_object_or_404(ProviderAccount, pk=account_id)
    account_resume(account_id=account.pk, user=request.user)
    messages.success(request, _("%(name)s may send again.") % {"name": account})
    return back(request, reverse("admin:providers_provideraccount_change", args=[account.pk]))


def numbers_sync_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Read the account's numbers from the provider and say what was found."""
    refusal = refused(request, ACCOUNT_PERMISSION)
    if refusal is not None:
        return refusal
    account = get_object_or_404(ProviderAccount, pk=account_id)
    try:
        synced = numbers_sync(account_id=account.pk)
    except ProviderCallError as error:
        why = {"why": reason_sentence(error.reason)}
        messages.error(request, _("The numbers could not be read, so nothing was changed. %(why)s") % why)
    except CredentialsError as error:
        messages.error(request, str(error))
    else:
        figures = {"added": synced.added, "known": synced.known}
        messages.success(request, _("Numbers read: %(added)s new, %(known)s known already.") % figures)
        if synced.missing:
            missing = _("%(count)s of the numbers here are no longer listed by the provider; they are kept.")
            messages.warning(request, missing % {"count": synced.missing})
    return to("provideraccount_change", account.pk)


def checkup_start_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Ask the connection doctor to look at the account."""
    refusal = refused(request, CHECK_PERMISSION)
    if refusal is not None:
        return refusal
    account = get_object_or_404(ProviderAccount, pk=account_id)
    checkup_request(account_id=account.pk)
    return to("provideraccount_change", account.pk)


def checkup_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """The doctor's part of the account's page, asked for again by HTMX while a check is under way."""
    refusal = refused(request, SEE_CHECKS_PERMISSION, method="GET")
    if refusal is not None:
        return refusal
    account = get_object_or_404(ProviderAccount, pk=account_id)
    return render(request, "providers/checkup.html", checkup_context(account))


def checkup_context(account: ProviderAccount) -> dict[str, Any]:
    """What the doctor's part shows: the last result, and whether a new one is on its way."""
    lately = list(account.checkups.all()[:2])
    under_way = next((checkup for checkup in lately if checkup.state != Checkup.State.DONE), None)
    given_up = under_way is not None and checkup_is_given_up(under_way)
    last = next((checkup for checkup in lately if checkup.state == Checkup.State.DONE), None)
    findings = [] if last is None else [finding_shown(kept) for kept in last.findings]
    shown = [(finding, HEALTH_CLASSES.get(finding.health, "")) for finding in findings]
    return {
        "account": account,
        "checkup": last,
        "under_way": under_way is not None and not given_up,
        "given_up": given_up,
        "verdict_class": HEALTH_CLASSES.get(last.health, "") if last is not None else "",
        "troubles": [row for row in shown if row[0].health in (Health.BAD, Health.WARNING)],
        "calm": [row for row in shown if row[0].health not in (Health.BAD, Health.WARNING)],
    }
