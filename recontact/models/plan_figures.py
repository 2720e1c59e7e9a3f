"""A campaign's plan in figures, so that no screen counts a million rows that cannot change."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.campaign import Campaign


class CampaignPlanFigures(models.Model):
    """What the rows of one plan, that of `planned_at`, come to (recontact.campaigns.plan_figures says how it is written).

    Counted from the rows when the plan is made, and by whoever looks when there are none. What a row says of its outcome, its
    price and its zone stays; who changes that takes the figures away.
    """

    campaign = models.OneToOneField(
        Campaign, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("campaign")
    )
    planned_at = models.DateTimeField()
    groups: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        verbose_name = _("figures of a plan")
        verbose_name_plural = _("figures of plans")

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.planned_at}"
