"""What providers say about messages, fact by fact."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount, SenderNumber
from recontact.models.message import Message


class MessageEvent(models.Model):
    """One status fact from a provider, appended once. `message` is empty until a message is found for it.

    `recipient_hash` and `sender_number` are kept only where nothing else may tell whose it is (recontact.adoption).
    """

    class Effect(models.TextChoices):
        MOVED = "moved", _("Moved the message")
        KNOWN = "known", _("Already known")
        UNMATCHED = "unmatched", _("No message found yet")
        INCIDENT = "incident", _("Contradiction")

    # Both stand first in an index below.
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    message = models.ForeignKey(
        Message,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
        verbose_name=_("message"),
    )
    provider_message_id = models.CharField(_("id at the provider"), max_length=128)
    reference = models.CharField(_("reference"), max_length=64, blank=True)
    status = models.CharField(_("status"), max_length=12)
    raw_status = models.CharField(_("provider's word"), max_length=40, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    effect = models.CharField(_("effect"), max_length=10, choices=Effect.choices, default=Effect.UNMATCHED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    provider_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    detail = models.CharField(_("provider's words"), max_length=500, blank=True)
    price: models.JSONField[Any, Any] = models.JSONField(_("price"), null=True)
    recipient_hash = models.CharField(max_length=64, blank=True, editable=False)
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("message event")
        verbose_name_plural = _("message events")
        ordering = ["occurred_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_message_id", "status"], name="one_event_per_status"),
        ]
        indexes = [
            models.Index(fields=["message", "id"], name="event_by_message"),
            models.Index(fields=["received_at"], name="event_unmatched", condition=models.Q(message__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.provider_message_id} {self.status}"
