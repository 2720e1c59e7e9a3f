"""What customers wrote, and what agents note for each other."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Left, Lower
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount, SenderNumber
from recontact.models import Customer, Query

#: Letters with the signs of the languages of our customers, and without: search finds either by either.
_SIGNED, _PLAIN = "áàâãäéèêëíìîïóòôõöúùûüñç", "aaaaaeeeeiiiiooooouuuunc"


def _unsigned(column: str) -> models.Func:
    """The column in small letters without accents, as the database writes it."""
    return models.Func(
        Lower(Left(column, 20_000)),
        models.Value(_SIGNED),
        models.Value(_PLAIN),
        function="translate",
        output_field=models.TextField(),
    )


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
        expression=SearchVector(_unsigned("text"), config="simple"),
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

    def __str__(self) -> str:
        return f"#{self.pk}"


class Note(models.Model):
    """An agent's note on a query: never sent to the customer."""

    query = models.ForeignKey(Query, models.PROTECT, related_name="notes", verbose_name=_("query"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    text = models.TextField(_("note"), max_length=4000)
    created_at = models.DateTimeField(_("written at"), auto_now_add=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"#{self.pk}"
