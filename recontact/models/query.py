"""Teams, queries (consultas) and their history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import SenderNumber
from recontact.models.customer import Customer


class Team(models.Model):
    """A group of agents; its members reach the queries of the team."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="teams", blank=True, verbose_name=_("members")
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Query(models.Model):
    """A customer's case with one sender number. At most one per customer and number is open.

    `last_inbound_at` is the customer's last message in this query; `activity_at` orders the lists.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        IN_PROGRESS = "in_progress", _("In progress")
        RESOLVED = "resolved", _("Resolved")

    class Origin(models.TextChoices):
        INBOUND = "inbound", _("Customer wrote")
        HSM = "hsm", _("HSM from Customer Service")
        CAMPAIGN = "campaign", _("Answer to an HSM of the Manager")
        API = "api", _("API")
        BOT = "bot", _("Bot")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="queries", verbose_name=_("customer"))
    sender_number = models.ForeignKey(SenderNumber, models.PROTECT, related_name="+", verbose_name=_("sender number"))
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="queries", verbose_name=_("team")
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="queries", verbose_name=_("agent")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    preview = models.CharField(_("last message"), max_length=200, blank=True, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opened by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    activity_at = models.DateTimeField(_("last activity"))
    last_inbound_at = models.DateTimeField(_("last message from the customer"), null=True, blank=True)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolution = models.CharField(_("resolution"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("query")
        verbose_name_plural = _("queries")
        ordering = ["-activity_at", "-id"]
        permissions = [
            ("recontact_query", _("Can recontact a query")),
            ("open_query_with_hsm", _("Can open a query with an HSM")),
            ("refer_query", _("Can refer queries to others")),
            ("view_all_queries", _("Can see the queries of every team")),
            ("bulk_recontact", _("Can recontact many queries at once")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "sender_number"],
                condition=~models.Q(state="resolved"),
                name="one_open_query_per_customer_and_number",
            )
        ]
        indexes = [
            models.Index(fields=["state", "-activity_at", "-id"], name="query_by_state"),
            models.Index(fields=["assigned_to", "state", "-activity_at", "-id"], name="query_by_agent"),
            models.Index(fields=["team", "state", "-activity_at", "-id"], name="query_by_team"),
            models.Index(fields=["-activity_at", "-id"], name="query_by_activity"),
            models.Index(
                fields=["sender_number", "id"], name="query_open_by_number", condition=~models.Q(state="resolved")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state != self.State.RESOLVED


class QueryEvent(models.Model):
    """One thing that happened to a query: opened, taken, referred, recontacted, resolved, reopened, merged."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        TAKEN = "taken", _("Taken")
        REFERRED = "referred", _("Referred")
        RECONTACTED = "recontacted", _("Recontacted")
        RELEASED = "released", _("Recontact given back")
        RESOLVED = "resolved", _("Resolved")
        REOPENED = "reopened", _("Reopened")
        MERGED = "merged", _("Merged")

    query = models.ForeignKey(Query, models.PROTECT, related_name="events", verbose_name=_("query"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("query event")
        verbose_name_plural = _("query events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.query_id} {self.kind}"
