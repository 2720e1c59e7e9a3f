"""Teams, queries (consultas) and their history."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import SenderNumber
from recontact.models.customer import Customer
from recontact.models.outgoing_triggers import query_told
from recontact.models.work_triggers import query_counted, query_counted_again
from templates_app.models import Template


class Team(models.Model):
    """A group of agents; its members reach the queries of the team."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="teams", blank=True, verbose_name=_("members")
    )
    templates = models.ManyToManyField(
        Template,
        related_name="teams",
        blank=True,
        verbose_name=_("templates of its own"),
        help_text=_("Agents of other teams may not send these. A template of no team is for all."),
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


_OPEN = ~models.Q(state="resolved")
_TO_DO = _OPEN & models.Q(snoozed_until=None)
#: A recontact was asked for, and the customer has not written since.
UNANSWERED = models.Q(recontact_asked_at__isnull=False) & (
    models.Q(last_inbound_at=None) | models.Q(last_inbound_at__lt=models.F("recontact_asked_at"))
)


class Query(models.Model):
    """A customer's case with one sender number. At most one per customer and number is open.

    `last_inbound_at` is the customer's last message in this query; `activity_at` orders the lists. `topic` is what it is
    about, of the list that coordinators keep; `reference` is what the system that opened it calls it. What follows
    `snoozed_until` repeats what other rows say, so that the lists can sort and filter a million queries by it:
    `waiting_since` is the first word of the customer that nobody answered, `window_closes_at` is the service window's (a
    trigger copies it whenever the query is written), `recontact_asked_at` the last time that a recontact was reserved (a
    trigger too; whether it stands only the ledger says).
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
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, related_name="+", db_index=False, verbose_name=_("sender number")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="queries", db_index=False, verbose_name=_("team")
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="queries",
        db_index=False,
        verbose_name=_("agent"),
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    reference = models.CharField(_("reference"), max_length=100, blank=True)
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
    topic = models.CharField(_("topic"), max_length=60, blank=True)
    tags: models.Field[Any, Any] = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, verbose_name=_("tags")
    )
    snoozed_until = models.DateTimeField(_("put off until"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen by its agent"), null=True, blank=True, editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True, editable=False)
    window_closes_at = models.DateTimeField(_("window closes at"), null=True, blank=True, editable=False)
    recontact_asked_at = models.DateTimeField(_("recontact asked for at"), null=True, blank=True, editable=False)
    #: A person's first answer to a customer who waited, and how long he had waited; empty until then.
    first_answer_at = models.DateTimeField(_("first answered at"), null=True, blank=True, editable=False)
    first_answer_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("first answered by"),
    )
    first_answer_seconds = models.PositiveIntegerField(_("first answered after"), null=True, blank=True, editable=False)
    campaign = models.ForeignKey(
        "recontact.Campaign",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("campaign"),
    )

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
            ),
            models.UniqueConstraint(
                fields=["reference", "opened_by"],
                condition=models.Q(reference__gt=""),
                name="one_query_per_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-activity_at", "-id"], name="query_by_state"),
            models.Index(fields=["assigned_to", "state", "-activity_at", "-id"], name="query_by_agent"),
            models.Index(fields=["team", "state", "-activity_at", "-id"], name="query_by_team"),
            models.Index(fields=["-activity_at", "-id"], name="query_by_activity"),
            models.Index(
                fields=["sender_number", "id"], name="query_open_by_number", condition=~models.Q(state="resolved")
            ),
            # The agents' lists: an index for every way to sort and filter, each for those who reach the rows by it.
            models.Index(
                fields=["state", "-activity_at", "-id"],
                name="query_of_nobody",
                condition=models.Q(assigned_to=None),
            ),
            models.Index(
                fields=["team", "state", "-activity_at", "-id"],
                name="query_of_nobody_by_team",
                condition=models.Q(assigned_to=None),
            ),
            # The tabs of what is to be done, and their counts, out of the index alone: by each way to reach them.
            models.Index(fields=["state", "-activity_at", "-id"], name="query_to_do", condition=_TO_DO),
            models.Index(
                fields=["assigned_to", "state", "-activity_at", "-id"], name="query_to_do_by_agent", condition=_TO_DO
            ),
            models.Index(
                fields=["team", "state", "-activity_at", "-id"],
                name="query_to_do_by_team",
                condition=_TO_DO,
                include=["assigned_to"],
            ),
            models.Index(
                fields=["state", "-activity_at", "-id"],
                name="query_to_do_of_nobody",
                condition=_TO_DO & models.Q(assigned_to=None, team=None),
            ),
            *(
                models.Index(fields=[owner, column, "id"], name=f"query_{short}_{name}", condition=_OPEN)
                for column, short in (("waiting_since", "waits"), ("window_closes_at", "closes"))
                for owner, name in (("state", "by_state"), ("assigned_to", "by_agent"), ("team", "by_team"))
            ),
            models.Index(fields=["sender_number", "-activity_at", "-id"], name="query_by_number"),
            models.Index(fields=["topic", "-activity_at", "-id"], name="query_by_topic", condition=~models.Q(topic="")),
            models.Index(fields=["origin", "-activity_at", "-id"], name="query_by_origin"),
            models.Index(
                fields=["campaign", "-activity_at", "-id"],
                name="query_by_campaign",
                condition=models.Q(campaign__isnull=False),
            ),
            models.Index(
                fields=["state", "-activity_at", "-id"],
                name="query_recontacted",
                condition=models.Q(recontact_asked_at__isnull=False),
            ),
            models.Index(
                fields=["-activity_at", "-id"],
                name="query_recontact_unanswered",
                condition=_OPEN & UNANSWERED,
            ),
            models.Index(
                fields=["snoozed_until"], name="query_snoozed", condition=models.Q(snoozed_until__isnull=False)
            ),
            GinIndex(fields=["tags"], name="query_by_tag"),
            # The API's lists, by falling id: an index for each filter that may leave out nearly all of the table. These three
            # are those of the foreign keys too.
            models.Index(fields=["assigned_to", "-id"], name="query_ids_of_agent"),
            models.Index(fields=["team", "-id"], name="query_ids_of_team"),
            models.Index(fields=["sender_number", "-id"], name="query_ids_of_number"),
            models.Index(fields=["state", "-id"], name="query_ids_in_state", condition=_OPEN),
            models.Index(fields=["origin", "-id"], name="query_ids_of_origin", condition=~models.Q(origin="inbound")),
            models.Index(fields=["topic", "-id"], name="query_ids_of_topic", condition=~models.Q(topic="")),
            models.Index(
                fields=["campaign", "-id"], name="query_ids_of_campaign", condition=models.Q(campaign__isnull=False)
            ),
        ]
        triggers = [
            query_counted,
            query_counted_again,
            # A query is written whenever its window is (the customer wrote), so the copy is as new as the row.
            pgtrigger.Trigger(
                name="query_window_copied",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    NEW.window_closes_at := (
                        SELECT w.expires_at FROM recontact_servicewindow w
                        WHERE w.customer_id = NEW.customer_id AND w.sender_number_id = NEW.sender_number_id
                    );
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state != self.State.RESOLVED


class QueryEvent(models.Model):
    """One thing that happened to a query: opened, taken, assigned, referred, given back, put off, recontacted,
    resolved, reopened, merged; or what its customer said about being written to."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        TAKEN = "taken", _("Taken")
        ASSIGNED = "assigned", _("Assigned")
        REFERRED = "referred", _("Referred")
        RETURNED = "returned", _("Given back")
        SNOOZED = "snoozed", _("Put off")
        WOKEN = "woken", _("Back from being put off")
        RECONTACTED = "recontacted", _("Recontacted")
        RELEASED = "released", _("Recontact given back")
        RESOLVED = "resolved", _("Resolved")
        REOPENED = "reopened", _("Reopened")
        MERGED = "merged", _("Merged")
        TOLD = "told", _("Told")
        CONSENTED = "consented", _("Agreed to messages")
        NO_MARKETING = "no_marketing", _("No marketing")
        NO_MESSAGES = "no_messages", _("No messages at all")

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
        triggers = [query_told]

    def __str__(self) -> str:
        return f"{self.query_id} {self.kind}"
