"""The sums of costs: by day, by month and by quarter of an hour, in full and in outline, and what is still to be added to them.

None of them has foreign keys: nothing here may lock, and 0 stands for none, so that equal cells are equal. Amounts are whole
millionths of the currency (prices have six decimals), and columns of a fixed length come first: sums of millions of messages are
read in milliseconds that way.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class _Sums(models.Model):
    """What messages count and cost (recontact.models.rollup_triggers says what each is). Estimates are in `currency`, the
    provider's prices in `reported_currency`."""

    ahead = models.BigIntegerField()
    awaiting = models.BigIntegerField()
    uncharged = models.BigIntegerField()
    unreported = models.BigIntegerField()
    confirmed = models.BigIntegerField()
    reported = models.BigIntegerField()

    waiting = models.IntegerField()
    uncertain = models.IntegerField()
    on_its_way = models.IntegerField()
    delivered = models.IntegerField()
    read = models.IntegerField()
    failed = models.IntegerField()
    not_sent = models.IntegerField()
    answered = models.IntegerField()
    priced = models.IntegerField()

    class Meta:
        abstract = True


class _Who(models.Model):
    """What people ask by. Team and market are those of the moment when the message was queued."""

    sender_number_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    agent_id = models.BigIntegerField()

    class Meta:
        abstract = True


class _Day(models.Model):
    """A day of the portal's zone, or the first one of a month."""

    day = models.DateField(_("day"))

    class Meta:
        abstract = True


class _Slot(models.Model):
    """A quarter of an hour, by its beginning."""

    slot = models.DateTimeField()

    class Meta:
        abstract = True


class _Money(models.Model):
    """Whose prices, and in what."""

    account_id = models.BigIntegerField()
    currency = models.CharField(_("currency"), max_length=3)
    reported_currency = models.CharField(_("currency of the provider's price"), max_length=3)

    class Meta:
        abstract = True


class _Tries(models.Model):
    """`superseded`: another try of the same message followed."""

    superseded = models.BooleanField()

    class Meta:
        abstract = True


class _What(models.Model):
    """What was sent where."""

    market = models.CharField(max_length=40)
    category = models.CharField(max_length=20)

    class Meta:
        abstract = True


_KEY = (
    *("day", "account_id", "sender_number_id", "market", "category", "campaign_id", "team_id", "agent_id"),
    *("currency", "reported_currency", "superseded"),
)


class CostCell(_Sums, _Who, _Day, _Tries, _Money, _What):
    """What the messages count and cost that were queued on one day and are alike in all that people ask by."""

    class Meta:
        verbose_name = _("cost of a day")
        verbose_name_plural = _("costs by day")
        constraints = [models.UniqueConstraint(fields=_KEY, name="one_cost_cell")]

    def __str__(self) -> str:
        return f"{self.day} {self.account_id} {self.currency}"


class CostMonth(_Sums, _Who, _Day, _Tries, _Money, _What):
    """The same of a month, so that years are read as fast."""

    class Meta:
        verbose_name = _("cost of a month")
        verbose_name_plural = _("costs by month")
        constraints = [models.UniqueConstraint(fields=_KEY, name="one_cost_month")]

    def __str__(self) -> str:
        return f"{self.day} {self.account_id} {self.currency}"


class Outline(models.IntegerChoices):
    """What an outline is told apart by (recontact.costs.rollup.OUTLINES)."""

    MARKET = 1, "market"
    TEAM = 2, "team"
    NUMBER = 3, "number, category"
    CAMPAIGN = 4, "campaign, number, category"
    AGENT = 5, "agent"
    DESK = 6, "number, category, team, agent"
    PLACE = 7, "number, category, market"
    MARKET_DESK = 8, "market, team, agent"
    CAMPAIGN_MARKET = 9, "campaign, market"
    CAMPAIGN_DESK = 10, "campaign, team, agent"


class _Outlined(models.Model):
    """Which outline of a day or a month. Numbers, because texts are slow to step over."""

    outline = models.PositiveSmallIntegerField(choices=Outline)
    by_month = models.BooleanField()

    class Meta:
        abstract = True


class CostOutline(_Sums, _Who, _Day, _Outlined, _Money, _What):
    """The same of a day or a month, told apart by a few things alone: what it is not told apart by is 0 or ''.

    Most questions are about one or two things; these rows are so few that years of them are read at once. Any two things that
    people ask by are told apart by one of them, by month at least.
    """

    class Meta:
        verbose_name = _("cost in outline")
        verbose_name_plural = _("costs in outline")
        constraints = [
            models.UniqueConstraint(
                fields=["outline", "by_month", *(name for name in _KEY if name != "superseded")],
                name="one_cost_outline",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_outline_display()} {self.day} {self.currency}"


class CostSlot(_Sums, _Slot, _Tries, _Money):
    """The same of one account in a quarter of an hour: hours and days of any zone are made of these."""

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


class CostChange(_Sums, _Who, _Slot, _Tries, _Money, _What):
    """What one statement changed in the sums. Written by triggers alone, in the transaction that changed the messages; taken
    away by whoever adds it up."""

    class Meta:
        verbose_name = _("change of costs")
        verbose_name_plural = _("changes of costs")

    def __str__(self) -> str:
        return f"{self.slot} {self.account_id} {self.currency}"
