"""Budgets: how much may be spent in a period, on what, and the dated rates at which other currencies count."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import ProviderAccount
from providers.rates.models import currency_known
from recontact.models.campaign import Campaign
from recontact.models.query import Team


def default_shares() -> list[int]:
    """The shares, in percent, at which a new budget alerts."""
    return [50, 80, 100]


class Budget(models.Model):
    """So much may be spent in each period on what is in scope. Scope, currency and kind of period are for ever.

    `agents_share` is the percent of the amount that campaigns may not touch. One that does not stop only alerts.
    """

    class Period(models.TextChoices):
        MONTH = "month", _("Each month")
        WEEK = "week", _("Each week")
        DAY = "day", _("Each day")
        DATES = "dates", _("From one day to another")

    class Scope(models.TextChoices):
        EVERYTHING = "everything", _("Everything")
        ACCOUNT = "account", _("A provider account")
        TEAM = "team", _("A team")
        SOURCE = "source", _("Campaigns of one kind")

    name = models.CharField(_("name"), max_length=100)
    period = models.CharField(_("period"), max_length=6, choices=Period.choices, default=Period.MONTH)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until and with"), null=True, blank=True)
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    currency = models.CharField(_("currency"), max_length=3, validators=[currency_known])
    scope = models.CharField(_("counts"), max_length=10, choices=Scope.choices, default=Scope.EVERYTHING)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    source = models.CharField(_("kind of campaign"), max_length=10, choices=Campaign.Source.choices, blank=True)
    alert_shares = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(200)]),
        verbose_name=_("alert at (percent)"),
        default=default_shares,
        blank=True,
    )
    stops = models.BooleanField(_("stops at the limit"), default=True)
    agents_share = models.PositiveSmallIntegerField(
        _("kept for agents (percent)"), default=0, validators=[MaxValueValidator(100)]
    )
    is_active = models.BooleanField(pgettext_lazy("budget", "active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["-is_active", "name", "id"]
        permissions = [("receive_budget_alerts", _("Gets the alerts of budgets by mail and on the dashboard"))]
        constraints = [
            models.CheckConstraint(name="budget_amount_positive", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(name="budget_agents_share", condition=models.Q(agents_share__lte=100)),
            models.CheckConstraint(
                name="budget_scope_named",
                condition=models.Q(scope="everything", account=None, team=None, source="")
                | models.Q(scope="account", account__isnull=False, team=None, source="")
                | models.Q(scope="team", account=None, team__isnull=False, source="")
                | (models.Q(scope="source", account=None, team=None) & ~models.Q(source="")),
            ),
            models.CheckConstraint(
                name="budget_dates_named",
                condition=models.Q(period="dates", starts_on__lte=models.F("ends_on"))
                | (~models.Q(period="dates") & models.Q(starts_on=None, ends_on=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetPeriod(models.Model):
    """One period of a budget with its running sums, in the budget's currency. Whoever reserves or settles locks this row.

    `campaigns` is the part of reserved + spent that campaigns hold. The sums are those of its reservations, never rounded:
    an amount has 6 decimals and a rate 10. `count_again_at`: when it is counted once more from the rows, because messages
    were under way while it was opened.
    """

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="periods", verbose_name=_("budget"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    reserved = models.DecimalField(_("reserved"), max_digits=32, decimal_places=16, default=Decimal(0))
    spent = models.DecimalField(_("spent"), max_digits=32, decimal_places=16, default=Decimal(0))
    campaigns = models.DecimalField(_("by campaigns"), max_digits=32, decimal_places=16, default=Decimal(0))
    count_again_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("period of a budget")
        verbose_name_plural = _("periods of budgets")
        ordering = ["-starts_at", "id"]
        constraints = [models.UniqueConstraint(fields=["budget", "starts_at"], name="one_period_per_start")]
        indexes = [
            models.Index(
                fields=["count_again_at"], name="period_to_count", condition=models.Q(count_again_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.starts_at:%Y-%m-%d}"

    @property
    def used(self) -> Decimal:
        """Reserved and spent."""
        return self.reserved + self.spent


class BudgetAlert(models.Model):
    """A share of a budget that a period has reached, once. `mailed_at` is empty until its mail went out."""

    period = models.ForeignKey(BudgetPeriod, models.PROTECT, related_name="alerts", verbose_name=_("period"))
    share = models.PositiveSmallIntegerField(_("share (percent)"))
    reached_at = models.DateTimeField(_("reached at"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True)

    class Meta:
        verbose_name = _("alert of a budget")
        verbose_name_plural = _("alerts of budgets")
        ordering = ["-reached_at", "-share"]
        constraints = [models.UniqueConstraint(fields=["period", "share"], name="one_alert_per_share")]
        indexes = [models.Index(fields=["id"], name="alert_to_mail", condition=models.Q(mailed_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.period_id} {self.share} %"


class ExchangeRate(models.Model):
    """From a day on, one unit of `from_currency` counts as `rate` units of `to_currency`. Never changed: a new day, a new row."""

    from_currency = models.CharField(_("from currency"), max_length=3, validators=[currency_known])
    to_currency = models.CharField(_("to currency"), max_length=3, validators=[currency_known])
    rate = models.DecimalField(
        _("rate"), max_digits=20, decimal_places=10, validators=[MinValueValidator(Decimal("0.0000000001"))]
    )
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["from_currency", "to_currency", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["from_currency", "to_currency", "valid_from"], name="one_rate_per_day"),
            models.CheckConstraint(name="exchange_rate_positive", condition=models.Q(rate__gt=0)),
            models.CheckConstraint(
                name="exchange_between_two", condition=~models.Q(from_currency=models.F("to_currency"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_currency} → {self.to_currency} {self.rate.normalize():f} ({self.valid_from})"
