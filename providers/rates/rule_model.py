"""Meta's rules about what is free, as dated data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.rates.models import Category


class PricingRule(models.Model):
    """A rule of Meta's about what is free or priced as something else, on the days `valid_from` to `valid_to` (not included)
    of the account's time zone. `amount` is hours for the entry point, and messages for the monthly allowance.
    """

    class Kind(models.TextChoices):
        ENTRY_POINT = "entry_point", _("Free after a free entry point, for so many hours")
        WINDOW = "window", _("Free inside the customer service window")
        ALLOWANCE = "allowance", _("So many free for each number and month")
        PRICED_AS = "priced_as", _("Priced as another category, without volume tiers")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    category = models.CharField(
        _("category"), max_length=30, choices=Category.choices, blank=True, help_text=_("Empty = every category.")
    )
    priced_as = models.CharField(_("priced as"), max_length=30, choices=Category.choices, blank=True)
    amount = models.PositiveIntegerField(_("hours or messages"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300)
    read_on = models.DateField(_("read on"))

    class Meta:
        verbose_name = _("pricing rule")
        verbose_name_plural = _("pricing rules")
        ordering = ["kind", "category", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "category", "valid_from"], name="one_rule_per_kind_category_and_day"
            ),
            models.CheckConstraint(
                name="rule_ends_after_it_begins",
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
            ),
            models.CheckConstraint(
                name="rule_has_what_its_kind_needs",
                condition=models.Q(kind__in=["entry_point", "allowance"], amount__isnull=False, priced_as="")
                | models.Q(kind="window", amount=None, priced_as="")
                | (models.Q(kind="priced_as", amount=None) & ~models.Q(priced_as="")),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_kind_display()} ({self.get_category_display()})" if self.category else self.get_kind_display()
        )
