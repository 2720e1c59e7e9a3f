"""Budgets and exchange rates: the page of all budgets, the form of one, and the dated rates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from recontact.admin_pages.budgets import BudgetsPage
from recontact.admin_pages.exchange import ExchangeImportPage
from recontact.budgets.keeping import FOR_EVER, budget_keep, budget_parts_empty, budget_problems
from recontact.models import Budget, ExchangeRate
from recontact.models.budget import default_shares


class BudgetForm(forms.ModelForm[Budget]):
    """A budget whose parts fit together."""

    alert_shares = SimpleArrayField(
        forms.IntegerField(validators=[MinValueValidator(1), MaxValueValidator(200)]),
        label=gettext_lazy("Alert at (percent)"),
        required=False,
        initial=default_shares,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Separated by commas. At each share, once per period, by mail and on the dashboard."),
    )

    class Meta:
        model = Budget
        fields = ["name", "amount", "is_active", *FOR_EVER, "stops", "agents_share", "alert_shares"]

    def clean_alert_shares(self) -> list[int]:
        return sorted(set(self.cleaned_data["alert_shares"]))

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or self.cleaned_data
        filled |= {name: value for name, value in budget_parts_empty(filled).items() if name in filled}
        for name, why in budget_problems(filled).items():
            self.add_error(name, ValidationError(why))
        return filled


@admin.register(Budget)
class BudgetAdmin(ModelAdmin):
    """Budgets are switched off, never deleted: what they counted stays to be seen."""

    form = BudgetForm
    fieldsets = (
        (None, {"fields": ["name", "amount", "currency", "is_active"]}),
        (gettext_lazy("Period"), {"fields": ["period", "starts_on", "ends_on"]}),
        (gettext_lazy("What it counts"), {"fields": ["scope", "account", "team", "source"]}),
        (gettext_lazy("At the limit"), {"fields": ["stops", "agents_share", "alert_shares"]}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return BudgetsPage.as_view()(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return FOR_EVER if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        before = Budget.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        opened = before is None or (obj.is_active and not before.is_active)
        for currency in sorted(budget_keep(obj, opened=opened)):
            text = _("What was sent in %(currency)s is not counted: there is no exchange rate to %(budget_currency)s.")
            messages.warning(request, text % {"currency": currency, "budget_currency": obj.currency})


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ModelAdmin):
    """Dated rates. A rate is never changed: what was reserved at it keeps it. Another day, another row."""

    list_display = ("from_currency", "to_currency", "rate", "valid_from", "source")
    list_filter = ("from_currency", "to_currency")
    fields = ("from_currency", "to_currency", "rate", "valid_from", "source")
    actions: Any = None
    list_before_template = "recontact/manager/exchange_about.html"

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view(ExchangeImportPage.as_view())
        urls: list[URLPattern] = super().get_urls()
        return [path("import/", wrapped, name="recontact_exchangerate_import"), *urls]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
