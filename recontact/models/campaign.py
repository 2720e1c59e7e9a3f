"""Campaigns: bulk sends from the Manager. From selected queries each recipient is a Message at once; from a file or a filter
each row is a CampaignRecipient first, which becomes a Message when its turn comes. Nobody is dropped silently."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import SenderNumber
from recontact.models.outgoing_triggers import campaign_told
from recontact.models.query import Query
from templates_app.models import Template


class Campaign(models.Model):
    """One bulk send, and one lane of the dispatcher. Paused, parked and cancelled lanes are not scanned."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("campaign", "Draft")
        PLANNED = "planned", _("Planned")
        AWAITING = "awaiting", _("Awaiting approval")
        SCHEDULED = "scheduled", _("Scheduled")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        PAUSED = "paused", _("Paused")
        PARKED = "parked", _("Parked")
        CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")
        COMPLETED = "completed", _("Completed")

    class Source(models.TextChoices):
        QUERIES = "queries", _("Selected queries")
        FILE = "file", _("A file")
        FILTERED = "filtered", _("Queries by filter")
        CUSTOMERS = "customers", _("Customers by filter")

    #: From these it never moves again, but for a completed one that tries failed messages again.
    ENDED = (State.CANCELLED.value, State.COMPLETED.value)
    #: The `state_reason` of a paused campaign whose messages are still being queued.
    PREPARING = "preparing"

    name = models.CharField(_("name"), max_length=200)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.QUERIES)
    #: Empty only in a draft.
    template = models.ForeignKey(
        Template, models.PROTECT, null=True, blank=True, related_name="campaigns", verbose_name=_("template")
    )
    #: Whom it is sent by; empty for selected queries, each of which has a number of its own.
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sender number")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    state_reason = models.CharField(_("reason"), max_length=40, blank=True)
    #: The queries asked for that the person reached: with what came of each, it tells which were never tried.
    asked = ArrayField(models.BigIntegerField(), default=list, editable=False)
    send_key = models.CharField(max_length=100, null=True, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)

    # --- the plan of a campaign from a file or a filter ---
    #: The filter that chooses the queries or customers (campaigns.filters), {} for a file.
    audience: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    #: variable key -> {"source": ..., "words": ..., "fallback": ...} (campaigns.columns).
    mapping: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    default_country = models.CharField(_("country of phones without one"), max_length=2, blank=True)
    #: Whether those with an open query at this number are written to as well.
    include_open_queries = models.BooleanField(_("also those with an open query"), default=False)
    #: Whether those are written to as well whom another campaign wrote to within settings.CAMPAIGN_FREQUENCY_CAP_DAYS.
    include_recent = models.BooleanField(_("also those whom another campaign wrote to lately"), default=False)
    #: What the recipients were planned with; the template must still be that when they are sent (I7).
    template_hash = models.CharField(max_length=64, blank=True, editable=False)
    category = models.CharField(_("category"), max_length=20, blank=True, editable=False)
    #: Rows read by the planning that runs or ran last, of how many; and what stopped it, for a person.
    rows_read = models.PositiveIntegerField(default=0, editable=False)
    rows_total = models.PositiveIntegerField(default=0, editable=False)
    plan_problem = models.CharField(max_length=300, blank=True, editable=False)
    planning_since = models.DateTimeField(null=True, editable=False)
    planned_at = models.DateTimeField(_("planned at"), null=True, editable=False)
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    #: Nobody gets it outside these hours of his own day; both empty = at any hour.
    from_hour = models.TimeField(_("from"), null=True, blank=True)
    until_hour = models.TimeField(_("until"), null=True, blank=True)
    #: Messages per second at most, below the number's own; empty = the number's.
    pace = models.PositiveIntegerField(_("messages per second"), null=True, blank=True)
    waiting_until = models.DateTimeField(null=True, editable=False)
    #: Who had it ask for a second person's approval: not always its author, and not who approves it either.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, editable=False)
    #: What was approved: a digest of audience, template version and price (campaigns.approval).
    approved_digest = models.CharField(max_length=64, blank=True, editable=False)
    launched_at = models.DateTimeField(_("launched at"), null=True, editable=False)

    class Meta:
        permissions = [("approve_campaign", _("Can approve a colleague's campaign"))]
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="campaign_running", condition=models.Q(state="running"))]
        triggers = [campaign_told]
        constraints = [
            models.CheckConstraint(
                name="only_a_draft_lacks_its_template",
                condition=models.Q(template__isnull=False) | models.Q(state__in=["draft", "cancelled"]),
            ),
        ]

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
