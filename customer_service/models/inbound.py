"""What customers wrote, and the files that came with it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount, SenderNumber
from recontact.models import Customer, MediaFile, Query
from recontact.models.outgoing_triggers import inbound_told
from recontact.models.words import unsigned


class InboundMessage(models.Model):
    """One message of a customer, stored once by its id at the provider. `text` is what a person reads, `words` is searched."""

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+", verbose_name=_("account"))
    # Its index is inbound_by_number's.
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, related_name="+", db_index=False, verbose_name=_("sender number")
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="inbound_messages", verbose_name=_("customer"))
    query = models.ForeignKey(Query, models.PROTECT, related_name="inbound_messages", verbose_name=_("query"))
    provider_message_id = models.CharField(_("id at the provider"), max_length=128)
    kind = models.CharField(_("kind"), max_length=20)
    text = models.TextField(_("text"), blank=True)
    button_payload = models.CharField(_("button"), max_length=300, blank=True)
    context_message_id = models.CharField(_("answers"), max_length=128, blank=True)
    payload = models.JSONField(_("payload"), default=dict)
    occurred_at = models.DateTimeField(_("written at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    words: models.Field[Any, Any] = models.GeneratedField(
        expression=SearchVector(unsigned("text"), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("inbound message")
        verbose_name_plural = _("inbound messages")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_message_id"], name="one_inbound_per_provider_id")
        ]
        indexes = [
            models.Index(fields=["query", "id"], name="inbound_by_query"),
            models.Index(fields=["customer", "id"], name="inbound_by_customer"),
            models.Index(fields=["sender_number", "received_at"], name="inbound_by_number"),
            GinIndex(fields=["words"], name="inbound_by_words"),
        ]
        triggers = [inbound_told]

    def __str__(self) -> str:
        return f"#{self.pk}"


class InboundFile(models.Model):
    """A file that came with a customer's message: still at the provider, here (`file`), or why neither.

    `pointer` is where the provider keeps it (providers.contracts.MediaPointer), emptied once it was fetched or erased.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being fetched")
        STORED = "stored", _("Here")
        TOO_LARGE = "too_large", _("Too large")
        GONE = "gone", _("The provider no longer has it")
        NOT_PASSED_ON = "not_passed", _("The provider does not pass it on")
        FAILED = "failed", _("Could not be fetched")
        ERASED = "erased", _("Erased")

    message = models.ForeignKey(InboundMessage, models.PROTECT, related_name="files", verbose_name=_("inbound message"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    kind = models.CharField(_("kind"), max_length=10)
    pointer: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    file = models.OneToOneField(
        MediaFile, models.PROTECT, null=True, blank=True, related_name="inbound", verbose_name=_("file")
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due at"), null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("file of a customer")
        verbose_name_plural = _("files of customers")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at"], name="inbound_file_due", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
