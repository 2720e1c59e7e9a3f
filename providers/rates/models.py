"""Rate cards: a provider account's dated prices by market and category. A card in use is never edited; a new one takes over."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What the provider charges by. Marketing, utility and authentication are also the categories of templates."""

    MARKETING = "marketing", _("Marketing")
    UTILITY = "utility", _("Utility")
    AUTHENTICATION = "authentication", _("Authentication")
    SERVICE = "service", _("Service")


class RateCard(models.Model):
    """The prices of one account from a moment on, until the next card of that account begins."""

    account = models.ForeignKey(
        "providers.ProviderAccount", models.PROTECT, related_name="rate_cards", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateTimeField(_("valid from"))
    source = models.CharField(_("source"), max_length=200, blank=True)
    is_sample = models.BooleanField(_("sample"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("rate card")
        verbose_name_plural = _("rate cards")
        ordering = ["-valid_from"]
        constraints = [models.UniqueConstraint(fields=["account", "valid_from"], name="one_rate_card_per_start")]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"


class Rate(models.Model):
    """The price of one delivered message to one market in one category, in the card's currency."""

    card = models.ForeignKey(RateCard, models.CASCADE, related_name="rates", verbose_name=_("rate card"))
    market = models.CharField(
        _("market"), max_length=40, help_text=_("Country (AR), region (rest_of_latin_america) or other.")
    )
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=6)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ["market", "category"]
        constraints = [
            models.UniqueConstraint(fields=["card", "market", "category"], name="one_rate_per_market_and_category"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="rate_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.market} {self.category} {self.price}"
