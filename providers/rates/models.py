"""Rate cards: a provider account's dated prices. A published card is never edited; publishing its successor ends it."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.expressions import Func, Value
from django.utils.translation import gettext_lazy as _

from providers.rates.currencies import CURRENCIES
from providers.rates.markets import MARKET_NAMES


class Category(models.TextChoices):
    """What the provider charges by. Marketing, utility and authentication are also the categories of templates."""

    MARKETING = "marketing", _("Marketing")
    UTILITY = "utility", _("Utility")
    AUTHENTICATION = "authentication", _("Authentication")
    AUTHENTICATION_INTERNATIONAL = "authentication_international", _("Authentication, international")
    SERVICE = "service", _("Service")


def currency_known(code: str) -> None:
    """Raises ValidationError unless it is a currency of ISO 4217."""
    if code not in CURRENCIES:
        raise ValidationError(
            _("There is no currency “%(code)s”. Use the code of ISO 4217, as in USD."), params={"code": code}
        )


def market_known(code: str) -> None:
    """Raises ValidationError unless it is a market of ours."""
    if code not in MARKET_NAMES:
        raise ValidationError(
            _("There is no market “%(market)s”. Use a country (AR), a region (rest_of_latin_america) or other."),
            params={"market": code},
        )


class TsTzRange(Func):
    """tstzrange(from, to): from included, to not; without an end where `to` is empty."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


#: Of the two, only the end may still be set, once: by the card that takes over.
_FROZEN = (
    "account_id",
    "name",
    "currency",
    "valid_from",
    "source",
    "is_sample",
    "report_covers",
    "status",
    "published_at",
)
_CHANGED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in _FROZEN)

_NO_ROW_OF_A_PUBLISHED_CARD = """
    -- Held, so that nothing is added to a card while somebody publishes it.
    PERFORM 1 FROM providers_ratecard c WHERE c.id IN (OLD.card_id, NEW.card_id) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM providers_ratecard c WHERE c.id IN (OLD.card_id, NEW.card_id) AND c.status = 'published'
    ) THEN
        RAISE EXCEPTION 'a published rate card: its prices stay as they are';
    END IF;
    RETURN coalesce(NEW, OLD);
"""


def _guard(name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func=_NO_ROW_OF_A_PUBLISHED_CARD,
    )


class RateCard(models.Model):
    """The prices of one account from `valid_from` until `valid_to` (not included; empty = until a successor is published).

    Only published cards price, and no two of an account overlap. `report_covers`: what an amount that the provider itself
    reports for a message stands for.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    class Covers(models.TextChoices):
        ALL = "all", _("The whole price")
        FEE = "fee", _("The provider's own fee, without Meta's price")

    account = models.ForeignKey(
        "providers.ProviderAccount", models.PROTECT, related_name="rate_cards", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3, validators=[currency_known])
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(_("valid until"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    report_covers = models.CharField(
        _("an amount reported by the provider covers"), max_length=4, choices=Covers.choices, default=Covers.ALL
    )
    source = models.CharField(_("source"), max_length=200, blank=True)
    is_sample = models.BooleanField(_("sample"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("rate card")
        verbose_name_plural = _("rate cards")
        ordering = ["-valid_from", "-id"]
        permissions = [("publish_ratecard", _("Can publish a rate card"))]
        constraints = [
            models.CheckConstraint(
                name="rate_card_ends_after_it_begins",
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
            ),
            # Without btree_gist a number is compared as a range of one.
            ExclusionConstraint(
                name="one_rate_card_at_a_time",
                expressions=[
                    (Func("account_id", "account_id", Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (TsTzRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(status="published"),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="rate_card_published_stays",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    f"OLD.status = 'published' AND ({_CHANGED}"
                    " OR (OLD.valid_to IS NOT NULL AND OLD.valid_to IS DISTINCT FROM NEW.valid_to))"
                ),
                func="RAISE EXCEPTION 'rate card % is published: it is never edited, a successor takes over', OLD.id;",
            ),
            pgtrigger.Protect(
                name="rate_card_published_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.status = 'published'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Dates are checked when the card is published, and in forms: a form has no status, which Django's own check asks for."""
        super().validate_constraints(exclude={*(exclude or ()), "valid_to"})

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED


class Rate(models.Model):
    """Meta's price of one delivered message to one market in one category, in the card's currency.

    Of volume tiers each has its row: it prices the messages charged in the month beyond `tier_from`, up to and with the
    one that makes `tier_to` (empty = all further ones).
    """

    card = models.ForeignKey(RateCard, models.CASCADE, related_name="rates", verbose_name=_("rate card"))
    market = models.CharField(
        _("market"),
        max_length=40,
        validators=[market_known],
        help_text=_("Country (AR), region (rest_of_latin_america) or other."),
    )
    category = models.CharField(_("category"), max_length=30, choices=Category.choices)
    tier_from = models.PositiveBigIntegerField(_("beyond (messages a month)"), default=0)
    tier_to = models.PositiveBigIntegerField(_("up to (messages a month)"), null=True, blank=True)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=6, validators=[MinValueValidator(Decimal(0))])

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ["market", "category", "tier_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["card", "market", "category", "tier_from"], name="one_rate_per_market_category_and_tier"
            ),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="rate_not_negative"),
            models.CheckConstraint(
                condition=models.Q(tier_to=None) | models.Q(tier_to__gt=models.F("tier_from")),
                name="rate_tier_not_empty",
            ),
        ]
        triggers = [_guard("rate_of_published_card")]

    def __str__(self) -> str:
        return f"{self.market} {self.category} {self.price}"


class RateFee(models.Model):
    """What the provider itself takes beside Meta's price, in the card's currency (`percent`: of Meta's price)."""

    class Kind(models.TextChoices):
        PER_MESSAGE = "per_message", _("For each delivered message")
        PERCENT = "percent", _("Percent of Meta's price")
        FAILED = "failed", _("For each message that fails")
        MONTHLY = "monthly", _("Each month")

    card = models.ForeignKey(RateCard, models.CASCADE, related_name="fees", verbose_name=_("rate card"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    category = models.CharField(
        _("category"), max_length=30, choices=Category.choices, blank=True, help_text=_("Empty = every category.")
    )
    value = models.DecimalField(
        _("amount or percent"), max_digits=12, decimal_places=6, validators=[MinValueValidator(Decimal(0))]
    )
    exempt_codes = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("not for these codes"),
        default=list,
        blank=True,
        help_text=_("The provider's error codes that cost nothing, separated by commas."),
    )

    class Meta:
        verbose_name = _("provider's fee")
        verbose_name_plural = _("provider's fees")
        ordering = ["kind", "category"]
        constraints = [
            models.UniqueConstraint(fields=["card", "kind", "category"], name="one_fee_per_kind_and_category"),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="fee_not_negative"),
        ]
        triggers = [_guard("fee_of_published_card")]

    def __str__(self) -> str:
        return f"{self.kind} {self.category} {self.value}".replace("  ", " ")
