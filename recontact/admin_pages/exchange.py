"""Bringing a file of exchange rates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminTextInputWidget

from recontact.admin_pages.page import ManagerPage
from recontact.costs.exchange_import import ExchangeRefused, exchange_rates_import


class ExchangeImportForm(forms.Form):
    """The file, and where it comes from."""

    file = forms.FileField(
        label=gettext_lazy("Exchange rates (.csv or .xlsx)"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx", "class": "portal-input"}),
        help_text=gettext_lazy(
            "The columns from, to, rate and valid_from (as in 2026-11-30), and source if there is one."
        ),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )


class ExchangeImportPage(ManagerPage):
    """The form; a wrong file comes back with every reason and nothing stored."""

    permission_required = "recontact.add_exchangerate"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ExchangeImportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ExchangeImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._show(form, status=400)
        try:
            done = exchange_rates_import(form.cleaned_data["file"].read(), source=form.cleaned_data["source"])
        except ExchangeRefused as refused:
            return self._show(form, problems=refused.problems, status=400)
        words = ngettext(
            "%(new)s rate is new, %(known)s were there.", "%(new)s rates are new, %(known)s were there.", done.new
        )
        messages.success(request, words % {"new": done.new, "known": done.known})
        return redirect("admin:recontact_exchangerate_changelist")

    def _show(self, form: ExchangeImportForm, *, problems: Any = (), status: int = 200) -> HttpResponse:
        context = {"title": _("Import exchange rates"), "form": form, "problems": problems}
        return self.page("exchange_import.html", context, status=status)
