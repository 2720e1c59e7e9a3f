"""The forms of reconciliation: a file with what is said of it, its mapping, the tolerance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from providers.models import ProviderAccount, time_zone_known
from providers.rates.files import MAX_BYTES
from providers.rates.models import currency_known
from recontact.models import Statement
from recontact.reconciliation.uploads import Asked

#: A year and a day: an invoice is of a month, rarely of a quarter.
MOST_DAYS = 366


class PeriodForm(forms.Form):
    """An account and the days in question, both counted."""

    account = forms.ModelChoiceField(
        ProviderAccount.objects.order_by("name"), label=gettext_lazy("Account"), widget=UnfoldAdminSelectWidget
    )
    first_day = forms.DateField(label=gettext_lazy("From"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    last_day = forms.DateField(label=gettext_lazy("Until"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or self.cleaned_data
        first, last = filled.get("first_day"), filled.get("last_day")
        if first and last and not (first <= last and (last - first).days < MOST_DAYS and first >= date(2015, 1, 1)):
            self.add_error("last_day", _("Give two days, the first one first, at most a year apart."))
        return filled


class ImportForm(PeriodForm):
    """The file of an invoice, a credit note or usage, and what is not in its rows."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=Statement.Kind.choices,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "An invoice counts as invoiced on the page of costs, and a credit note lowers it. Usage is only compared."
        ),
    )
    number = forms.CharField(
        label=gettext_lazy("Number of the invoice"),
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("As the provider wrote it; a number is taken once."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=3,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Three letters. A file in two currencies is two statements."),
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone of its days"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("As in UTC or America/Bogota. Empty = the account's."),
    )
    counted_by = forms.ChoiceField(
        label=gettext_lazy("The provider counts a message on"),
        choices=Statement.CountedBy.choices,
        widget=UnfoldAdminSelectWidget,
    )
    file = forms.FileField(
        label=gettext_lazy("File (.csv or .xlsx)"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx", "class": "portal-input"}),
        help_text=gettext_lazy("One row for each line; its first row names the columns."),
    )
    field_order = ("account", "kind", "number", "currency", "first_day", "last_day", "zone", "counted_by", "file")

    def clean_number(self) -> str:
        return " ".join(self.cleaned_data["number"].split())

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).strip().upper()
        currency_known(code)
        return code

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"]).strip()
        if zone:
            time_zone_known(zone)
        return zone

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than %(limit)s MB.") % {"limit": MAX_BYTES // 1024**2})
        return file

    def clean(self) -> dict[str, Any]:
        filled = super().clean()
        if filled.get("kind") in Statement.INVOICED and not filled.get("number") and "number" not in self.errors:
            self.add_error("number", _("An invoice has a number, and so has a credit note."))
        return filled

    def asked(self) -> Asked:
        """What was filled in."""
        filled = self.cleaned_data
        return Asked(
            kind=filled["kind"],
            number=filled["number"],
            currency=filled["currency"],
            first_day=filled["first_day"],
            last_day=filled["last_day"],
            zone=filled["zone"] or filled["account"].zone.key,
            counted_by=filled["counted_by"],
        )


class ToleranceForm(forms.Form):
    """By how much the amounts of a row may differ."""

    tolerance = forms.DecimalField(min_value=Decimal(0), max_digits=12, decimal_places=6)


class ReasonForm(forms.Form):
    """Why a person does something that stays."""

    why = forms.CharField(max_length=300, strip=True)


class NoteForm(forms.Form):
    """What was found out about a difference."""

    text = forms.CharField(max_length=1000, strip=True)
