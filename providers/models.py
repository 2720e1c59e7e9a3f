"""Provider accounts, portfolios, sender numbers, and the webhook inbox."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.abilities import Health
from providers.contracts import AccountConfig
from providers.credentials import credentials_decrypt
from providers.parking import Parkable
from providers.rates.models import Category, Rate, RateCard, RateFee
from providers.rates.rule_model import PricingRule

__all__ = [
    "Category",
    "Checkup",
    "Portfolio",
    "PricingRule",
    "ProviderAccount",
    "ProviderCall",
    "ProviderNotice",
    "Rate",
    "RateCard",
    "RateFee",
    "SenderNumber",
    "WebhookDelivery",
]


def time_zone_known(name: str) -> None:
    """Raises ValidationError unless it is a time zone of the IANA database."""
    if name not in available_timezones():
        raise ValidationError(_("There is no such time zone. Write it as in America/Argentina/Buenos_Aires."))


class Portfolio(models.Model):
    """A business portfolio: its numbers share one limit of unique recipients in 24 h (empty = no limit known)."""

    name = models.CharField(_("name"), max_length=100)
    external_id = models.CharField(_("id at the provider"), max_length=64, blank=True)
    messaging_limit = models.PositiveIntegerField(_("recipients in 24 h"), null=True, blank=True)

    class Meta:
        verbose_name = _("portfolio")
        verbose_name_plural = _("portfolios")

    def __str__(self) -> str:
        return self.name


class ProviderAccount(Parkable):
    """Credentials at a provider, with its webhook and its rate cards."""

    name = models.CharField(_("name"), max_length=100)
    provider = models.CharField(_("provider"), max_length=40)
    external_id = models.CharField(_("account id at the provider"), max_length=64)
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        blank=True,
        validators=[time_zone_known],
        help_text=_(
            "The account's at the provider: prices change and months begin at its midnight. Empty = the portal's."
        ),
    )
    credentials = models.BinaryField(_("credentials"), blank=True, default=b"", editable=False)
    webhook_key = models.UUIDField(_("webhook key"), default=uuid.uuid4, unique=True, editable=False)
    is_active = models.BooleanField(pgettext_lazy("account", "active"), default=True)
    last_webhook_at = models.DateTimeField(_("last webhook"), null=True, editable=False)
    handshake_at = models.DateTimeField(_("last handshake"), null=True, editable=False)
    templates_synced_at = models.DateTimeField(_("templates synced"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("provider account")
        verbose_name_plural = _("provider accounts")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "external_id"], name="one_account_per_provider_id"),
        ]

    def __str__(self) -> str:
        return self.name

    def config(self) -> AccountConfig:
        """The account as its adapter needs it, credentials decrypted. Raises credentials.CredentialsError."""
        return AccountConfig(
            account_id=self.pk,
            provider=self.provider,
            external_id=self.external_id,
            credentials=credentials_decrypt(bytes(self.credentials)),
            base_url=settings.PROVIDER_BASE_URLS.get(self.provider, ""),
            webhook_url=self.webhook_url,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the provider's days and months are counted."""
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)

    @property
    def webhook_path(self) -> str:
        return f"/webhooks/{self.provider}/{self.webhook_key}/"

    @property
    def webhook_url(self) -> str:
        """The address to enter at the provider."""
        return f"{settings.PUBLIC_URL}{self.webhook_path}"


class SenderNumber(Parkable):
    """A business phone number of an account. `throughput` is the provider's ceiling in messages/s, in and out together."""

    class Quality(models.TextChoices):
        GREEN = "GREEN", _("High quality")
        YELLOW = "YELLOW", _("Medium quality")
        RED = "RED", _("Low quality")
        UNKNOWN = "UNKNOWN", _("Quality not known")

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="numbers", verbose_name=_("account"))
    portfolio = models.ForeignKey(
        Portfolio, models.PROTECT, null=True, blank=True, related_name="numbers", verbose_name=_("portfolio")
    )
    phone = models.CharField(_("phone"), max_length=20, help_text=_("With + and country code."))
    display_name = models.CharField(_("display name"), max_length=100, blank=True)
    external_id = models.CharField(_("number id at the provider"), max_length=64)
    throughput = models.PositiveIntegerField(_("messages per second"), default=80)
    quality = models.CharField(_("quality"), max_length=10, choices=Quality.choices, default=Quality.UNKNOWN)
    is_active = models.BooleanField(_("active"), default=True)
    throttled_until = models.DateTimeField(_("throttled until"), null=True, editable=False)

    class Meta:
        verbose_name = _("sender number")
        verbose_name_plural = _("sender numbers")
        ordering = ["phone"]
        permissions = [("resume_sending", _("Can let a stopped account or number send again"))]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="one_number_per_account_id"),
            models.UniqueConstraint(fields=["account", "phone"], name="one_number_per_account_phone"),
            models.CheckConstraint(condition=models.Q(throughput__gte=1), name="throughput_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.phone_text} {self.display_name}".strip()

    @property
    def is_throttled(self) -> bool:
        """True while the provider's pause lasts. For screens; the dispatcher compares with the database's clock."""
        return self.throttled_until is not None and self.throttled_until > timezone.now()

    @property
    def phone_text(self) -> str:
        """The phone with the spaces people expect; as it stands when it cannot be read."""
        try:
            number = phonenumbers.parse(self.phone)
        except phonenumbers.NumberParseException:
            return self.phone
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


class WebhookDelivery(models.Model):
    """The inbox: one verified webhook request, stored raw before it was answered. Raw bodies expire by age.

    `keys` are keyed hashes of the ids and phones in it, by which it is found (see `providers.delivery_keys`).
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Waiting")
        PROCESSED = "processed", _("Processed")
        PARTIAL = "partial", _("Processed in part")
        FAILED = "failed", _("Failed")

    # It stands first in an index below.
    account = models.ForeignKey(
        ProviderAccount, models.CASCADE, related_name="deliveries", db_index=False, verbose_name=_("account")
    )
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    body = models.BinaryField(_("body"))
    headers = models.JSONField(_("headers"), default=dict)
    query = models.CharField(_("query of the address"), max_length=2000, blank=True, default="", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    processed_at = models.DateTimeField(_("processed at"), null=True)
    claimed_until = models.DateTimeField(null=True, editable=False)
    runs = models.PositiveIntegerField(_("times processed"), default=0)
    items = models.PositiveIntegerField(_("items"), default=0)
    problems = models.JSONField(_("problems"), default=list)
    keys = ArrayField(models.CharField(max_length=16), default=list, editable=False)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook inbox")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="delivery_waiting", condition=models.Q(state="received")),
            models.Index(fields=["account", "-id"], name="delivery_by_account"),
            models.Index(fields=["state", "-id"], name="delivery_by_state"),
            GinIndex(fields=["keys"], name="delivery_by_key"),
            models.Index(fields=["received_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ProviderNotice(models.Model):
    """What a provider said about an account or one of its numbers: shown to people, and applied once, newest word last.

    `values` holds what the notice decides: quality, throughput, messaging_limit, park, until. Empty = only to be shown.
    """

    account = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="notices", verbose_name=_("account"))
    number = models.ForeignKey(
        SenderNumber, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("sender number")
    )
    event = models.CharField(_("event"), max_length=100)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    detail = models.CharField(_("provider's words"), max_length=500, blank=True)
    values: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    fingerprint = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("provider's notice")
        verbose_name_plural = _("provider's notices")
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "fingerprint"], name="one_notice_per_fingerprint"),
        ]
        indexes = [
            models.Index(fields=["account", "-occurred_at"], name="notice_by_account"),
            models.Index(fields=["number", "-occurred_at"], name="notice_by_number"),
        ]

    def __str__(self) -> str:
        return self.event


class Checkup(models.Model):
    """One look of the connection doctor at an account. `findings` are `providers.doctor_words.KeptFinding`s as JSON."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a worker")
        RUNNING = "running", _("Being checked")
        DONE = "done", _("Checked")

    class Verdict(models.TextChoices):
        GOOD = Health.GOOD.value, _("All is well")
        WARNING = Health.WARNING.value, _("Something to look at")
        BAD = Health.BAD.value, _("Something is wrong")
        UNKNOWN = Health.UNKNOWN.value, _("Not known")

    account = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="checkups", verbose_name=_("account"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    health = models.CharField(_("result"), max_length=10, choices=Verdict.choices, default=Verdict.UNKNOWN)
    findings: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)

    class Meta:
        verbose_name = _("connection check")
        verbose_name_plural = _("connection checks")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="one_open_checkup_per_account", condition=~models.Q(state="done")
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="checkup_by_account")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ProviderCall(models.Model):
    """A management call (templates, numbers) as it may be kept: redacted. Expires by age."""

    account = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="calls", verbose_name=_("account"))
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    purpose = models.CharField(_("purpose"), max_length=40)
    method = models.CharField(_("method"), max_length=8)
    url = models.CharField(_("address"), max_length=500)
    status = models.PositiveIntegerField(_("HTTP status"), null=True)
    request = models.JSONField(_("request"), null=True)
    response = models.JSONField(_("response"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    error = models.CharField(_("error"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("provider call")
        verbose_name_plural = _("provider calls")
        ordering = ["-id"]
        indexes = [models.Index(fields=["made_at"], name="provider_call_by_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
