"""Asking providers what they charged: the form, what was asked lately with what came of it, and who cannot be asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from providers.models import ProviderAccount
from recontact.admin_pages.page import ManagerPage
from recontact.costs.asked import month_of, months_before
from recontact.models import UsagePull
from recontact.reconciliation.forms import PeriodForm
from recontact.reconciliation.pulling import CannotPull, pull_ask, pull_refused

PULL_PERMISSION = "recontact.add_usagepull"
_SHOWN = 30
_CLASSES = {
    UsagePull.State.WAITING: "ours",
    UsagePull.State.ASKED: "ours",
    UsagePull.State.DONE: "ok",
    UsagePull.State.FAILED: "stopped",
}


class UsagePage(ManagerPage):
    """The worker asks; the page shows how far it is."""

    permission_required = PULL_PERMISSION

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate(timezone=timezone.get_default_timezone())
        first, last = month_of(months_before(today, 1))
        return self._show(PeriodForm(initial={"first_day": first.isoformat(), "last_day": last.isoformat()}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PeriodForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=400)
        filled = form.cleaned_data
        last = min(filled["last_day"], timezone.localdate() + timedelta(days=1))
        try:
            pull_ask(
                account=filled["account"],
                first=min(filled["first_day"], last),
                last=last,
                user_id=request.user.pk,
            )
        except CannotPull as error:
            form.add_error("account", str(error))
            return self._show(form, status=400)
        messages.success(request, _("It will be asked within a minute."))
        return redirect("admin:recontact_statement_usage")

    def _show(self, form: PeriodForm, *, status: int = 200) -> HttpResponse:
        refusals = [(account, pull_refused(account)) for account in ProviderAccount.objects.order_by("name")]
        pulls = UsagePull.objects.select_related("account", "statement", "created_by").order_by("-pk")[:_SHOWN]
        context: dict[str, Any] = {
            "title": _("Ask a provider what it charged"),
            "form": form,
            "refusals": [(account, refusal) for account, refusal in refusals if refusal],
            "pulls": [(pull, _CLASSES[UsagePull.State(pull.state)]) for pull in pulls],
            "waits": any(pull.state in UsagePull.OPEN for pull in pulls),
        }
        return self.page("usage.html", context, status=status)
