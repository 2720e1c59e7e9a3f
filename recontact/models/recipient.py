"""Whom a campaign is for: the file as it was uploaded, and one row per recipient with what is planned for him and why."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.campaign import Campaign
from recontact.models.customer import Customer
from recontact.models.message import Message
from recontact.models.query import Query

#: Rows that nobody is written to by.
_OTHER = ~models.Q(outcome__in=["ready", "corrected"])


class CampaignFile(models.Model):
    """The uploaded file, as it came; removed by age once its campaign has ended. `digest` tells two uploads of one file."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="file", verbose_name=_("campaign"))
    name = models.CharField(_("name"), max_length=200)
    body = models.BinaryField(_("content"))
    size = models.PositiveIntegerField(_("bytes"))
    digest = models.CharField(max_length=64, db_index=True, editable=False)
    #: What the reader found out: {"kind": "xlsx"|"csv", "columns": [...], "delimiter": ..., "encoding": ...}.
    facts: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("campaign file")
        verbose_name_plural = _("campaign files")

    def __str__(self) -> str:
        return self.name


class CampaignRecipient(models.Model):
    """One row of the audience. READY and CORRECTED ones are sent to; the others keep their reason (`code`, `params`).

    A sendable one becomes a Message when its turn comes (`message`), or is left out then (`dropped`: a code, because
    what was true when it was planned no longer is). Its phone is what the row meant, `typed` what stood there. With a
    `query` the message is that query's recontact, and uses up its right.
    """

    class Outcome(models.TextChoices):
        READY = "ready", _("Ready")
        CORRECTED = "corrected", _("Corrected")
        LEFT_OUT = "left_out", _("Left out")
        ERROR = "error", _("With an error")

    SENDABLE = (Outcome.READY.value, Outcome.CORRECTED.value)

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="recipients", db_index=False, verbose_name=_("campaign")
    )
    row_number = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    code = models.CharField(_("code"), max_length=40, blank=True)
    params: models.JSONField[Any, Any] = models.JSONField(default=dict)
    typed = models.CharField(_("as it was written"), max_length=64, blank=True)
    phone = models.CharField(_("phone"), max_length=64, blank=True)
    bsuid = models.CharField(_("WhatsApp user id"), max_length=140, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("customer")
    )
    query = models.ForeignKey(
        Query, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("query")
    )
    #: By variable key, final: what the recipient will read is fixed here.
    values: models.JSONField[Any, Any] = models.JSONField(default=dict)
    market = models.CharField(_("market"), max_length=40, blank=True)
    estimate = models.DecimalField(_("estimate"), max_digits=12, decimal_places=6, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    #: His own time zone, by his phone; empty = not known.
    time_zone = models.CharField(max_length=40, blank=True)
    #: Not before this moment, by the quiet hours of his own day.
    not_before = models.DateTimeField(_("not before"), null=True)
    message = models.OneToOneField(
        Message, models.PROTECT, null=True, blank=True, related_name="campaign_recipient", verbose_name=_("message")
    )
    dropped = models.CharField(_("left out at launch"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["campaign", "row_number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "row_number"], name="one_recipient_per_row"),
            models.UniqueConstraint(
                fields=["phone", "campaign"],
                condition=models.Q(outcome__in=["ready", "corrected"]) & ~models.Q(phone=""),
                name="one_sendable_row_per_phone",
            ),
            models.UniqueConstraint(
                fields=["customer", "campaign"],
                condition=models.Q(outcome__in=["ready", "corrected"], customer__isnull=False),
                name="one_sendable_row_per_customer",
            ),
            models.UniqueConstraint(
                fields=["bsuid", "campaign"],
                condition=models.Q(outcome__in=["ready", "corrected"]) & ~models.Q(bsuid=""),
                name="one_sendable_row_per_bsuid",
            ),
            models.UniqueConstraint(
                fields=["campaign", "query"], condition=models.Q(query__isnull=False), name="one_row_per_query"
            ),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "not_before", "row_number"],
                name="recipient_to_launch",
                condition=models.Q(outcome__in=["ready", "corrected"], message__isnull=True, dropped=""),
            ),
            models.Index(fields=["campaign", "outcome", "code", "row_number"], name="recipient_by_outcome"),
            # Hardly anybody; who gets his message enters it as little as before.
            models.Index(
                fields=["campaign", "row_number"], name="recipient_left_out_at_launch", condition=~models.Q(dropped="")
            ),
            # The rows of a person (`rows_of_people`): the sendable ones are found by the constraints, the others by these.
            models.Index(fields=["phone"], name="recipient_other_by_phone", condition=_OTHER & ~models.Q(phone="")),
            models.Index(fields=["bsuid"], name="recipient_other_by_bsuid", condition=_OTHER & ~models.Q(bsuid="")),
            models.Index(
                fields=["customer"],
                name="recipient_other_by_customer",
                condition=_OTHER & models.Q(customer__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} #{self.row_number}"
