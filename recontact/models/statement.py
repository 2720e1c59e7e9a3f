"""What a provider says it charges: invoices and usage, as statements of lines that are never changed."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import ProviderAccount
from recontact.models.closing import MonthClosing

#: What only a closing, and a person who withdraws it, set later.
_FROZEN = (
    *("account_id", "kind", "source", "number", "currency", "first_day", "last_day", "zone", "counted_by", "month"),
    *("by_day", "by_market", "by_category", "has_counts", "has_amounts", "fees_apart", "digest", "file_name"),
    *("lines_count", "count", "total", "created_at", "created_by_id"),
)
_CHANGED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in _FROZEN)

_MONTH_OPEN = """
    -- Held, so that the month is not closed while this is stored.
    PERFORM pg_advisory_xact_lock(7310419, NEW.account_id::int);
    IF EXISTS (SELECT 1 FROM recontact_monthclosing c
               WHERE c.account_id = NEW.account_id AND c.month >= NEW.month AND c.reopened_at IS NULL) THEN
        RAISE EXCEPTION 'the month % is closed', NEW.month;
    END IF;
    RETURN NEW;
"""


class Statement(models.Model):
    """What a provider charged one account for from `first_day` to `last_day`, both counted, of its own days (`zone`).

    An invoice counts as invoiced, and a credit note lowers that; usage is only compared. `month` is the month it is booked in:
    that of its last day, or, once that is closed, the next open one. `by_day`, `by_market` and `by_category` say what its lines
    are told apart by, `fees_apart` that the provider's own fees are lines of their own. `closing` freezes it.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT = "credit", _("Credit note")
        USAGE = "usage", pgettext_lazy("of a provider", "Usage")

    #: The kinds whose amounts count as invoiced.
    INVOICED = (Kind.INVOICE.value, Kind.CREDIT.value)

    class Source(models.TextChoices):
        FILE = "file", _("File")
        PULL = "pull", _("Asked of the provider")

    class CountedBy(models.TextChoices):
        DELIVERED = "delivered", _("the day it was delivered")
        SENT = "sent", _("the day it was sent")

    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="statements", db_index=False, verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    number = models.CharField(_("number"), max_length=100, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    zone = models.CharField(_("time zone of its days"), max_length=40)
    counted_by = models.CharField(_("a message counts on"), max_length=10, choices=CountedBy.choices)
    month = models.DateField(_("booked in"))
    by_day = models.BooleanField()
    by_market = models.BooleanField()
    by_category = models.BooleanField()
    has_counts = models.BooleanField()
    has_amounts = models.BooleanField()
    fees_apart = models.BooleanField()
    digest = models.CharField(max_length=64, editable=False)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    lines_count = models.PositiveIntegerField(_("lines"))
    count = models.BigIntegerField(_("messages"), null=True)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=6, null=True)
    #: Messages that it names as free; they are not compared.
    free = models.PositiveIntegerField(_("free messages"), default=0, db_default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("brought by"),
    )
    created_at = models.DateTimeField(_("brought at"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    withdrawn_why = models.CharField(_("withdrawn because"), max_length=300, blank=True)
    closing = models.ForeignKey(
        MonthClosing, models.PROTECT, null=True, related_name="statements", verbose_name=_("closed month")
    )

    class Meta:
        verbose_name = _("provider's statement")
        verbose_name_plural = _("provider's statements")
        ordering = ["-month", "-id"]
        constraints = [
            models.CheckConstraint(
                name="statement_ends_after_it_begins", condition=models.Q(last_day__gte=models.F("first_day"))
            ),
            models.UniqueConstraint(
                "account",
                Lower("number"),
                name="one_statement_per_number",
                condition=~models.Q(number="") & models.Q(withdrawn_at=None),
            ),
            models.UniqueConstraint(
                fields=["account", "digest"],
                name="one_statement_per_file",
                condition=models.Q(withdrawn_at=None, source="file"),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "month"], name="statement_by_month"),
            models.Index(fields=["-month", "-id"], name="statement_newest"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="statement_month_open", operation=pgtrigger.Insert, when=pgtrigger.Before, func=_MONTH_OPEN
            ),
            pgtrigger.Trigger(
                name="statement_stays",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(f"{_CHANGED} OR OLD.withdrawn_at IS NOT NULL"),
                func="RAISE EXCEPTION 'statement %: what the provider said is never changed', OLD.id;",
            ),
            pgtrigger.Trigger(
                name="statement_closed",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("OLD.closing_id IS NOT NULL"),
                func="""
                    IF NEW.withdrawn_at IS NOT NULL OR NEW.closing_id IS NOT NULL OR EXISTS (
                        SELECT 1 FROM recontact_monthclosing c WHERE c.id = OLD.closing_id AND c.reopened_at IS NULL) THEN
                        RAISE EXCEPTION 'statement %: its month is closed', OLD.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="statement_no_delete", operation=pgtrigger.Delete),
        ]
        permissions = [("withdraw_statement", _("Can withdraw a provider's statement"))]

    def __str__(self) -> str:
        return self.number or self.file_name or f"#{self.pk}"

    @property
    def is_credit_note(self) -> bool:
        """Whether all of it is credits; it is held against no messages."""
        return self.kind == self.Kind.CREDIT

    @property
    def is_frozen(self) -> bool:
        """Whether its month is closed, or it was withdrawn: nothing of it or of its comparison changes any more."""
        return self.closing_id is not None or self.withdrawn_at is not None

    @property
    def is_late(self) -> bool:
        """Whether it came after the month of its last day had been closed."""
        return self.month > self.last_day.replace(day=1)


class StatementLine(models.Model):
    """One line, as read: what is empty was not said. `count` and `amount` stand for all of it, `row` is its row in the file.

    `counted_on` is the day on which it counts as invoiced: its own, or, when the statement came late, the first day of the month
    it is booked in; empty = not told by day. Only a credit (`is_credit`) is below zero.
    """

    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("statement")
    )
    row = models.PositiveIntegerField(_("row"))
    day = models.DateField(_("day"), null=True)
    counted_on = models.DateField(null=True)
    market = models.CharField(_("country or region"), max_length=40, blank=True)
    category = models.CharField(_("category"), max_length=40, blank=True)
    count = models.BigIntegerField(_("messages"), null=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, null=True)
    detail = models.CharField(_("as it was written"), max_length=300, blank=True)
    is_credit = models.BooleanField(_("credit"), default=False, db_default=False)

    class Meta:
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        ordering = ["statement", "row"]
        constraints = [
            models.CheckConstraint(
                name="statement_line_signs",
                condition=models.Q(is_credit=True, amount__lt=0) & (models.Q(count=None) | models.Q(count__lte=0))
                | models.Q(is_credit=False)
                & (models.Q(count=None) | models.Q(count__gte=0))
                & (models.Q(amount=None) | models.Q(amount__gte=0)),
            ),
        ]
        indexes = [models.Index(fields=["statement", "day"], name="line_by_day")]
        triggers = [
            pgtrigger.Trigger(
                name="line_while_open",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT 1 FROM recontact_statement s
                               WHERE s.id = NEW.statement_id AND s.closing_id IS NOT NULL) THEN
                        RAISE EXCEPTION 'statement %: its month is closed', NEW.statement_id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="line_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id}/{self.row}"
