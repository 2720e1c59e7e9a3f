"""A statement held against our own messages, row by row, and what people noted about a difference."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from recontact.models.statement import Statement


def _while_open(name: str, statement: str) -> pgtrigger.Trigger:
    """Nothing of the comparison of a closed month is changed; `statement` is SQL for its id, by OLD or NEW."""
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func=f"""
            IF EXISTS (SELECT 1 FROM recontact_statement s WHERE s.closing_id IS NOT NULL AND s.id IN ({statement})) THEN
                RAISE EXCEPTION 'the comparison of a closed month stays as it is';
            END IF;
            RETURN coalesce(NEW, OLD);
        """,  # noqa: S608 -- only our own names go in
    )


_OF_COMPARISON = (
    "SELECT c.statement_id FROM recontact_comparison c WHERE c.id IN (OLD.comparison_id, NEW.comparison_id)"
)


class Comparison(models.Model):
    """A statement against the messages as they were at `compared_at`.

    `tolerance` is by how much the amounts of a row may differ and still agree: rounding. Messages priced in another currency
    (`other_currency`) and free ones are not compared.
    """

    statement = models.OneToOneField(Statement, models.PROTECT, related_name="comparison", verbose_name=_("statement"))
    tolerance = models.DecimalField(_("tolerance"), max_digits=12, decimal_places=6, default=Decimal("0.01"))
    compared_at = models.DateTimeField(_("compared at"))
    our_count = models.BigIntegerField(_("our messages"))
    our_amount = models.DecimalField(_("our amount"), max_digits=18, decimal_places=6)
    other_currency = models.BigIntegerField(_("messages in another currency"), default=0)
    agreed = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    missing_here = models.PositiveIntegerField(default=0)
    missing_there = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("comparison")
        verbose_name_plural = _("comparisons")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="tolerance_not_negative", condition=models.Q(tolerance__gte=0))]
        triggers = [_while_open("comparison_while_open", "OLD.statement_id, NEW.statement_id")]

    def __str__(self) -> str:
        return str(self.statement_id)


class ComparisonRow(models.Model):
    """One day, market and category (empty: not told apart by it): what they say and what we know, empty where there is none."""

    class Status(models.TextChoices):
        AGREED = "agreed", pgettext_lazy("comparison", "Agreed")
        DIFFERING = "differing", pgettext_lazy("comparison", "Differing")
        MISSING_HERE = "missing_here", pgettext_lazy("comparison", "Missing here")
        MISSING_THERE = "missing_there", pgettext_lazy("comparison", "Missing there")

    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="rows", db_index=False)
    day = models.DateField(_("day"), null=True)
    market = models.CharField(_("country or region"), max_length=40, blank=True)
    category = models.CharField(_("category"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=15, choices=Status.choices)
    their_count = models.BigIntegerField(_("their messages"), null=True)
    their_amount = models.DecimalField(_("their amount"), max_digits=18, decimal_places=6, null=True)
    our_count = models.BigIntegerField(_("our messages"), null=True)
    our_amount = models.DecimalField(_("our amount"), max_digits=18, decimal_places=6, null=True)

    class Meta:
        verbose_name = _("row of a comparison")
        verbose_name_plural = _("rows of comparisons")
        ordering = ["comparison", "day", "market", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "day", "market", "category"], nulls_distinct=False, name="one_comparison_row"
            ),
        ]
        indexes = [
            models.Index(fields=["comparison", "status", "day", "market", "category"], name="comparison_by_status")
        ]
        triggers = [_while_open("comparison_row_while_open", _OF_COMPARISON)]

    def __str__(self) -> str:
        return f"{self.comparison_id} {self.day} {self.market} {self.category}"

    @property
    def count_difference(self) -> int | None:
        """Theirs less ours; None where they tell no count."""
        return None if self._says_nothing("count") else (self.their_count or 0) - (self.our_count or 0)

    @property
    def amount_difference(self) -> Decimal | None:
        """Theirs less ours; None where they tell no amount."""
        if self._says_nothing("amount"):
            return None
        return (self.their_amount or Decimal(0)) - (self.our_amount or Decimal(0))

    def _says_nothing(self, what: str) -> bool:
        theirs = getattr(self, f"their_{what}")
        return theirs is None and (self.status != self.Status.MISSING_THERE or getattr(self, f"our_{what}") is None)


class ComparisonNote(models.Model):
    """What a person found out about a row; it stays with the row's day, market and category when it is compared anew."""

    comparison = models.ForeignKey(Comparison, models.PROTECT, related_name="notes", db_index=False)
    day = models.DateField(null=True)
    market = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=40, blank=True)
    text = models.TextField(_("note"), max_length=1000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("note on a comparison")
        verbose_name_plural = _("notes on comparisons")
        ordering = ["id"]
        indexes = [models.Index(fields=["comparison", "day", "market", "category"], name="note_of_row")]
        triggers = [
            _while_open("note_while_open", _OF_COMPARISON),
            pgtrigger.Protect(name="note_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.text[:40]
