"""What budgets hold for messages and campaigns, and the changes of messages that are still to be added up."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.budget import BudgetPeriod, ExchangeRate
from recontact.models.campaign import Campaign
from recontact.models.message import Message


class BudgetReservation(models.Model):
    """What one period holds for a single message, or for a campaign in one currency (its messages draw from it).

    All amounts are in `currency`; `rate` is what one unit counts in the budget's, kept from the day of the reservation.
    `amount` was reserved in all; `ahead` is the part no message stands for (yet, or any more), `pending` the price of
    messages that may still be charged, `spent` what was charged. Reserved = (ahead + pending) * rate. A closed one
    (a campaign that ended, any single message) holds nothing ahead.
    """

    period = models.ForeignKey(BudgetPeriod, models.PROTECT, related_name="reservations", verbose_name=_("period"))
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+", verbose_name=_("campaign"))
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="+", verbose_name=_("message"))
    by_campaign = models.BooleanField(default=False)
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10, default=Decimal(1))
    exchange_rate = models.ForeignKey(
        ExchangeRate, models.PROTECT, null=True, related_name="+", verbose_name=_("exchange rate")
    )
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=6)
    ahead = models.DecimalField(max_digits=20, decimal_places=6, default=Decimal(0))
    pending = models.DecimalField(max_digits=20, decimal_places=6, default=Decimal(0))
    spent = models.DecimalField(_("spent"), max_digits=20, decimal_places=6, default=Decimal(0))
    created_at = models.DateTimeField(_("at"), auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reservation of a budget")
        verbose_name_plural = _("reservations of budgets")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "period"], name="one_reservation_per_message"),
            models.UniqueConstraint(fields=["campaign", "period", "currency"], name="one_reservation_per_campaign"),
            models.CheckConstraint(
                name="reservation_of_one_thing",
                condition=models.Q(campaign=None, message__isnull=False, closed_at__isnull=False)
                | models.Q(campaign__isnull=False, message=None, by_campaign=True),
            ),
        ]
        indexes = [
            models.Index(fields=["campaign"], name="reservation_open", condition=models.Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.amount} {self.currency}"


class BudgetChange(models.Model):
    """A message that draws on a budget became something else: by how much, in its currency. Written by triggers alone, in
    the transaction that changed the message (recontact.models.budget_triggers); taken away by whoever adds it up.

    Either `message_id` (it has a reservation of its own) or `campaign_id` is given. No foreign keys: nothing here may lock.
    """

    campaign_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    ahead = models.DecimalField(max_digits=20, decimal_places=6)
    pending = models.DecimalField(max_digits=20, decimal_places=6)
    spent = models.DecimalField(max_digits=20, decimal_places=6)

    class Meta:
        verbose_name = _("change for budgets")
        verbose_name_plural = _("changes for budgets")

    def __str__(self) -> str:
        return f"{self.campaign_id or self.message_id} {self.pending} {self.spent}"
