"""What messages cost: entries that are appended and never changed, and prices that wait for their message."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import PricingRule, ProviderAccount, Rate, SenderNumber
from recontact.models.message import Message
from recontact.models.rollup_triggers import price_carried


class CostEntry(models.Model):
    """One fact about what a message costs, appended and never changed: our estimate, the provider's report, or what the
    provider takes for one that failed.

    `amount` is all of it, `fee` the provider's own part (the rest is Meta's). `lines` are the parts it is the sum of, each
    with its rate, fee or rule; empty where Meta's price by `rate` is all. `told_amount` is the provider's own figure as it
    came, which may stand for a part only (RateCard.report_covers).
    """

    class Kind(models.TextChoices):
        ESTIMATE = "estimate", _("Estimate")
        REPORT = "report", _("Provider's report")
        FAILED = "failed", _("Fee on a failed message")

    message = models.ForeignKey(Message, models.PROTECT, related_name="cost_entries", verbose_name=_("message"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=6)
    fee = models.DecimalField(
        _("provider's fee"), max_digits=12, decimal_places=6, default=Decimal(0), db_default=Decimal(0)
    )
    currency = models.CharField(_("currency"), max_length=3)
    market = models.CharField(_("market"), max_length=40)
    category = models.CharField(_("category"), max_length=40)
    rate = models.ForeignKey(Rate, models.PROTECT, null=True, related_name="+", verbose_name=_("rate"))
    # Nobody asks for the entries of a rule, and each index costs every message.
    rule = models.ForeignKey(
        PricingRule, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("pricing rule")
    )
    lines: models.JSONField[Any, Any] = models.JSONField(
        _("lines"), default=list, db_default=models.Value([], models.JSONField())
    )
    told_amount = models.DecimalField(_("amount as told"), max_digits=12, decimal_places=6, null=True)
    told_currency = models.CharField(_("currency as told"), max_length=3, default="", db_default="")
    source = models.CharField(_("source"), max_length=200)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("cost entry")
        verbose_name_plural = _("cost entries")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=models.Q(kind="report"), name="one_price_report_per_message"
            ),
            models.UniqueConstraint(
                fields=["message"], condition=models.Q(kind="failed"), name="one_fee_per_failed_message"
            ),
            models.CheckConstraint(
                name="cost_fee_is_a_part", condition=models.Q(fee__gte=0, fee__lte=models.F("amount"))
            ),
        ]
        triggers = [
            price_carried,
            pgtrigger.Protect(name="cost_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="cost_no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.kind} {self.amount} {self.currency}"


class PriceStatement(models.Model):
    """A price that a provider told apart from any status. It becomes a cost entry, once, when its message is delivered."""

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+", verbose_name=_("account"))
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, blank=True, related_name="price_statements", verbose_name=_("message")
    )
    provider_message_id = models.CharField(_("id at the provider"), max_length=128)
    reference = models.CharField(_("reference"), max_length=64, blank=True)
    price = models.JSONField(_("price"))
    charged = models.BooleanField(_("taken into the books"), default=False)
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)

    class Meta:
        verbose_name = _("price told by the provider")
        verbose_name_plural = _("prices told by the provider")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_message_id"], name="one_price_statement_per_id"),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="price_waiting", condition=models.Q(charged=False)),
        ]

    def __str__(self) -> str:
        return self.provider_message_id


class MonthlyVolume(models.Model):
    """How many messages of a number were delivered in a month of its account's time zone, by market and category."""

    sender_number = models.ForeignKey(
        SenderNumber, models.CASCADE, related_name="+", db_index=False, verbose_name=_("sender number")
    )
    month = models.DateField(_("month"))
    market = models.CharField(_("market"), max_length=40)
    category = models.CharField(_("category"), max_length=40)
    charged = models.PositiveIntegerField(_("charged"), default=0)
    free = models.PositiveIntegerField(_("free"), default=0)

    class Meta:
        verbose_name = _("volume of a month")
        verbose_name_plural = _("volumes of months")
        ordering = ["-month", "sender_number", "market", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["sender_number", "month", "market", "category"], name="one_volume_per_number_and_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender_number_id} {self.month:%Y-%m} {self.market} {self.category}"
