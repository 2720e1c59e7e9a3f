"""Trying the lost messages of a campaign again because a person asked for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.campaign import Campaign


class CampaignRetry(models.Model):
    """A person's wish to try a campaign's lost messages again; the launcher makes the new messages (campaigns.again).

    `planned` is what was promised before the click, and never passed; `made` what became a new message. It has looked at the
    campaign's messages up to `after_id`, and ends with `upto_id`: what fails later was not asked for.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="retries", verbose_name=_("campaign"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField(_("asked at"))
    planned = models.PositiveIntegerField(_("to be tried"))
    #: Market -> [price as text, currency], as the person saw them.
    prices: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    after_id = models.BigIntegerField(default=0, editable=False)
    upto_id = models.BigIntegerField(editable=False)
    made = models.PositiveIntegerField(_("tried"), default=0)
    finished_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("retry of a campaign")
        verbose_name_plural = _("retries of campaigns")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=models.Q(finished_at__isnull=True), name="one_open_retry_per_campaign"
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.made}/{self.planned}"
