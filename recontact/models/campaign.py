"""Campaigns: bulk sends from the Manager. Each recipient is a Message; each refused one keeps its reason."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from recontact.models.query import Query
from templates_app.models import Template


class Campaign(models.Model):
    """One bulk send, and one lane of the dispatcher. Paused, parked and cancelled lanes are not scanned."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        PARKED = "parked", _("Parked")
        CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")
        COMPLETED = "completed", _("Completed")

    #: The `state_reason` of a paused campaign whose messages are still being queued.
    PREPARING = "preparing"

    name = models.CharField(_("name"), max_length=200)
    template = models.ForeignKey(Template, models.PROTECT, related_name="campaigns", verbose_name=_("template"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    state_reason = models.CharField(_("reason"), max_length=40, blank=True)
    #: The queries asked for that the person reached: with what came of each, it tells which were never tried.
    asked = ArrayField(models.BigIntegerField(), default=list, editable=False)
    send_key = models.CharField(max_length=100, null=True, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="campaign_running", condition=models.Q(state="running"))]

    def __str__(self) -> str:
        return self.name


class CampaignRefusal(models.Model):
    """A query that was asked for and not sent to, with the reason in words (as the person read it) and as a code."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="refusals", verbose_name=_("campaign"))
    query = models.ForeignKey(Query, models.PROTECT, related_name="+", verbose_name=_("query"))
    code = models.CharField(_("code"), max_length=40)
    params = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.query_id} {self.code}"
