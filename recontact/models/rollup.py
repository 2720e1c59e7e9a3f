"""The sums of costs: by day and everything that people ask by, by quarter of an hour for the dashboard, and what is to be added.

None of them has foreign keys: nothing here may lock, and 0 stands for none, so that equal cells are equal.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

_ZERO = Decimal(0)


class _Measures(models.Model):
    """What messages count and cost (recontact.models.rollup_triggers says what each is). Estimates are in `currency`, the
    provider's prices in `reported_currency`."""

    currency = models.CharField(_("currency"), max_length=3)
    reported_currency = models.CharField(_("currency of the provider's price"), max_length=3)
    #: Whether another try of the same message followed.
    superseded = models.BooleanField()

    waiting = models.IntegerField(default=0)
    uncertain = models.IntegerField(default=0)
    on_its_way = models.IntegerField(default=0)
    delivered = models.IntegerField(default=0)
    read = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    not_sent = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)
    priced = models.IntegerField(default=0)

    ahead = models.DecimalField(max_digits=20, decimal_places=6, default=_ZERO)
    awaiting = models.DecimalField(max_digits=20, decimal_places=6, default=_ZERO)
    uncharged = models.DecimalField(max_digits=20, decimal_places=6, default=_ZERO)
    unreported = models.DecimalField(max_digits=20, decimal_places=6, default=_ZERO)
    confirmed = models.DecimalField(max_digits=20, decimal_places=6, default=_ZERO)
    reported = models.DecimalField(max_digits=20, decimal_places=6, default=_ZERO)

    class Meta:
        abstract = True


class _Who(models.Model):
    """What people ask by. Team and market are those of the moment when the message was queued."""

    account_id = models.BigIntegerField()
    sender_number_id = models.BigIntegerField()
    market = models.CharField(max_length=40)
    category = models.CharField(max_length=20)
    campaign_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    agent_id = models.BigIntegerField()

    class Meta:
        abstract = True


class CostCell(_Who, _Measures):
    """What the messages cost that were queued on one day (of the portal's zone) and are alike in all that people ask by."""

    day = models.DateField(_("day"))

    class Meta:
        verbose_name = _("cost of a day")
        verbose_name_plural = _("costs by day")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *(
                        "day",
                        "account_id",
                        "sender_number_id",
                        "market",
                        "category",
                        "campaign_id",
                        "team_id",
                        "agent_id",
                    ),
                    *("currency", "reported_currency", "superseded"),
                ],
                name="one_cost_cell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.account_id} {self.currency}"


class CostSlot(_Measures):
    """The same of one account in a quarter of an hour: hours and days of any zone are made of these."""

    slot = models.DateTimeField()
    account_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("cost of a quarter of an hour")
        verbose_name_plural = _("costs by quarter of an hour")
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "account_id", "currency", "reported_currency", "superseded"], name="one_cost_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.slot} {self.account_id} {self.currency}"


class CostChange(_Who, _Measures):
    """What one statement changed in the sums. Written by triggers alone, in the transaction that changed the messages; taken
    away by whoever adds it up."""

    slot = models.DateTimeField()

    class Meta:
        verbose_name = _("change of costs")
        verbose_name_plural = _("changes of costs")

    def __str__(self) -> str:
        return f"{self.slot} {self.account_id} {self.currency}"
