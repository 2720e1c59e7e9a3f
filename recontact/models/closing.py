"""A closed month of an account: its figures as they were when somebody closed it, for ever."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount

_APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class MonthClosing(models.Model):
    """Who closed an account's month, and when; reopened only with a reason, and then closed again by a new row.

    `month` is its first day; its days are of `zone`, the account's when it was closed.
    """

    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="closings", db_index=False, verbose_name=_("account")
    )
    month = models.DateField(_("month"))
    zone = models.CharField(_("time zone of its days"), max_length=40)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("closed by")
    )
    closed_at = models.DateTimeField(_("closed at"), auto_now_add=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("reopened by"),
    )
    reopened_at = models.DateTimeField(_("reopened at"), null=True)
    reopened_why = models.CharField(_("reopened because"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        ordering = ["-month", "account"]
        permissions = [
            ("close_month", _("Can close a month of an account")),
            ("reopen_month", _("Can reopen a closed month")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "month"], name="one_closing_per_month", condition=models.Q(reopened_at=None)
            ),
            models.CheckConstraint(
                name="reopened_with_a_reason",
                condition=models.Q(reopened_at=None)
                | (models.Q(reopened_by__isnull=False) & ~models.Q(reopened_why="")),
            ),
        ]
        indexes = [models.Index(fields=["account", "-month"], name="closing_newest")]
        triggers = [
            pgtrigger.Trigger(
                name="closing_stays",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "OLD.reopened_at IS NOT NULL OR NEW.reopened_at IS NULL OR"
                    " (OLD.account_id, OLD.month, OLD.zone, OLD.closed_by_id, OLD.closed_at)"
                    " IS DISTINCT FROM (NEW.account_id, NEW.month, NEW.zone, NEW.closed_by_id, NEW.closed_at)"
                ),
                func="RAISE EXCEPTION 'closing %: it can only be reopened, once', OLD.id;",
            ),
            pgtrigger.Protect(name="closing_no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m}"


class ClosedRow(models.Model):
    """What the messages of one day, market and category came to, as it stood at the close.

    With `late_for` (the first day of an earlier closed month) it is what became known of that month only after its close: the
    difference to what was closed then, booked here.
    """

    closing = models.ForeignKey(MonthClosing, models.PROTECT, related_name="rows", db_index=False)
    late_for = models.DateField(_("late for"), null=True)
    day = models.DateField(_("day"))
    market = models.CharField(_("country or region"), max_length=40, blank=True)
    category = models.CharField(_("category"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    messages = models.BigIntegerField(_("messages"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6)

    class Meta:
        verbose_name = _("row of a closed month")
        verbose_name_plural = _("rows of closed months")
        ordering = ["closing", "currency", "day", "market", "category"]
        constraints = [
            models.UniqueConstraint(fields=["closing", "currency", "day", "market", "category"], name="one_closed_row"),
        ]
        triggers = [pgtrigger.Protect(name="closed_row_append_only", operation=_APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.closing_id} {self.day} {self.market} {self.category}"


class ClosedSum(models.Model):
    """What a closed month came to in one currency: the sums of its rows (its own, and those late for earlier months), and what
    its invoices come to."""

    closing = models.ForeignKey(MonthClosing, models.PROTECT, related_name="sums", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    messages = models.BigIntegerField(_("messages"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6)
    late_messages = models.BigIntegerField(_("late messages"))
    late_amount = models.DecimalField(_("late amount"), max_digits=18, decimal_places=6)
    invoiced = models.DecimalField(_("invoiced"), max_digits=18, decimal_places=6)

    class Meta:
        verbose_name = _("sum of a closed month")
        verbose_name_plural = _("sums of closed months")
        ordering = ["closing", "currency"]
        constraints = [models.UniqueConstraint(fields=["closing", "currency"], name="one_closed_sum")]
        triggers = [pgtrigger.Protect(name="closed_sum_append_only", operation=_APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.closing_id} {self.currency} {self.amount}"


class MonthOutlook(models.Model):
    """What an open month came to when a worker last added it up, so that looking at it reads no messages.

    `sums` are dictionaries of `currency`, `messages`, `amount` (as text) and `late_for`: null, or the closed month (its first
    day) for which it became known late.
    """

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(_("month"))
    counted_at = models.DateTimeField(_("added up at"))
    sums = models.JSONField(default=list)

    class Meta:
        verbose_name = _("open month")
        verbose_name_plural = _("open months")
        constraints = [models.UniqueConstraint(fields=["account", "month"], name="one_outlook_per_month")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m}"
