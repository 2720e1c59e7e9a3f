"""Attempts: the calls that were made for a message."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.message import Message


class Attempt(models.Model):
    """One HTTP call for a message, written when it is claimed; request and response are redacted and expire by age."""

    class Outcome(models.TextChoices):
        CLAIMED = "claimed", _("Under way")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        THROTTLED = "throttled", _("Throttled")
        UNAVAILABLE = "unavailable", _("Not sent")
        UNCERTAIN = "uncertain", _("No certainty")
        LOST = "lost", _("Never recorded")

    message = models.ForeignKey(
        Message, models.PROTECT, related_name="attempts", db_index=False, verbose_name=_("message")
    )
    number = models.PositiveIntegerField(_("attempt"))
    claimed_at = models.DateTimeField(_("claimed at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.CLAIMED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    http_status = models.PositiveIntegerField(_("HTTP status"), null=True)
    provider_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    detail = models.CharField(_("provider's words"), max_length=500, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), null=True)
    request = models.JSONField(_("request"), null=True)
    response = models.JSONField(_("response"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["message", "number"]
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="one_attempt_per_number")]
        indexes = [
            models.Index(fields=["claimed_at"], name="attempt_by_age", condition=models.Q(request__isnull=False)),
            models.Index(fields=["claimed_at"], name="attempt_under_way", condition=models.Q(outcome="claimed")),
            models.Index(
                fields=["outcome", "-id"],
                name="attempt_unusual",
                condition=~models.Q(outcome__in=["accepted", "claimed"]),
            ),
            BrinIndex(fields=["claimed_at"], name="attempt_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}/{self.number}"
