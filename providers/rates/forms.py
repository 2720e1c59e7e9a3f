"""The form with which ops brings a file of prices."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from providers.models import ProviderAccount
from providers.rates.files import MAX_BYTES
from providers.rates.importing import NewCard
from providers.rates.models import RateCard


class ImportForm(forms.Form):
    """Whose prices, from which day, and the files. A day begins at midnight of the account's time zone."""

    account = forms.ModelChoiceField(
        ProviderAccount.objects.order_by("name"), label=gettext_lazy("Account"), widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("As it will stand on each price, for example “Meta USD October 2026”."),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=gettext_lazy("The day, at 00:00 of the account's time zone."),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Where the file comes from, and its date."),
    )
    file = forms.FileField(
        label=gettext_lazy("Prices (.csv or .xlsx)"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx", "class": "portal-input"}),
        help_text=gettext_lazy("Meta's list of rates as it comes, or the portal's own form."),
    )
    tiers = forms.FileField(
        label=gettext_lazy("Volume tiers (.csv or .xlsx)"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx", "class": "portal-input"}),
        required=False,
        help_text=gettext_lazy("Meta's list of volume tiers, when there is one."),
    )

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or self.cleaned_data
        for name in ("file", "tiers"):
            if filled.get(name) and filled[name].size > MAX_BYTES:
                limit = MAX_BYTES // 1024**2
                self.add_error(name, _("The file is larger than %(limit)s MB.") % {"limit": limit})
        return filled

    def new_card(self) -> NewCard:
        """What was filled in, as a card without prices."""
        filled, account = self.cleaned_data, self.cleaned_data["account"]
        starts_at = datetime.combine(filled["valid_from"], time.min, tzinfo=account.zone)
        return NewCard(account=account, name=filled["name"], valid_from=starts_at, source=filled["source"])

    def bodies(self) -> list[bytes]:
        """The files' contents, prices first."""
        return [self.cleaned_data[name].read() for name in ("file", "tiers") if self.cleaned_data.get(name)]


class CardForm(forms.ModelForm[RateCard]):
    """A draft that a person writes. It begins and ends at midnight of its account's time zone."""

    class Meta:
        model = RateCard
        fields = ("account", "name", "currency", "valid_from", "valid_to", "report_covers", "source", "is_sample")

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or self.cleaned_data
        starts_at, ends_at, account = filled.get("valid_from"), filled.get("valid_to"), filled.get("account")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("valid_to", _("The card would end before it begins."))
        for name in ("valid_from", "valid_to"):
            moment = filled.get(name)
            if moment and account and moment.astimezone(account.zone).time() != time.min:
                words = _("Prices change at 00:00 of the account's time zone (%(zone)s).")
                self.add_error(name, words % {"zone": account.zone.key})
        return filled
