"""Who outside is told what happens here: subscriptions, what each is to be told, and each try to tell it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class Subscription(models.Model):
    """A system outside that is told of events at its address. `secret` is encrypted; it signs what is sent.

    `failing_since` is since when no try succeeded, `retry_at` not before when the next one is made. A worker that tells it
    holds `lease` until `leased_until`.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        FAILING = "failing", _("paused: its address fails")

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.CharField(_("address"), max_length=500, help_text=_("https://, and not in a private network."))
    events: models.Field[Any, Any] = ArrayField(models.CharField(max_length=30), verbose_name=_("events"))
    whole_phones = models.BooleanField(
        _("with whole phones and names"), default=False, help_text=_("Otherwise phones are masked and names left out.")
    )
    with_text = models.BooleanField(
        _("with what was written"), default=False, help_text=_("The text of messages, the customer's and ours.")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE, editable=False)
    secret = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    paused_at = models.DateTimeField(_("paused at"), null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    lease = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("subscription to events")
        verbose_name_plural = _("subscriptions to events")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OutgoingEvent(models.Model):
    """One fact that one subscription is to be told. Written by triggers in the transaction of the fact.

    It holds the fact (what happened to what, when, the message's state) and nothing of a person: the body is made when it is
    sent. Events of one `subject` (m, q or c with the id of message, query or campaign) are told one after another. What
    it names has no foreign keys: writing it locks nothing.
    """

    class Kind(models.TextChoices):
        QUERY_CREATED = "query.created", _("query created")
        QUERY_ASSIGNED = "query.assigned", _("query assigned, or given back")
        QUERY_ANSWERED = "query.answered", _("customer wrote")
        QUERY_RECONTACTED = "query.recontacted", _("query recontacted")
        QUERY_RESOLVED = "query.resolved", _("query resolved")
        QUERY_REOPENED = "query.reopened", _("query reopened")
        MESSAGE_STATE_CHANGED = "message.state_changed", _("state of a message changed")
        CAMPAIGN_FINISHED = "campaign.finished", _("campaign finished")
        TEST = "test", _("test")

    class Standing(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    uid = models.UUIDField(_("id"), default=uuid.uuid4)
    subscription = models.ForeignKey(
        Subscription,
        models.CASCADE,
        related_name="outgoing",
        db_index=False,
        db_constraint=False,
        verbose_name=_("subscription"),
    )
    kind = models.CharField(_("event"), max_length=30, choices=Kind.choices)
    subject = models.CharField(max_length=24)
    customer = models.ForeignKey(
        "recontact.Customer", models.DO_NOTHING, null=True, related_name="outgoing_events", db_constraint=False
    )
    query = models.ForeignKey(
        "recontact.Query", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    message = models.ForeignKey(
        "recontact.Message", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    campaign = models.ForeignKey(
        "recontact.Campaign", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    inbound_id = models.BigIntegerField(null=True)
    state = models.CharField(_("state"), max_length=12, blank=True)
    occurred_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("noted at"))

    standing = models.CharField(_("standing"), max_length=9, choices=Standing.choices, default=Standing.WAITING)
    due_at = models.DateTimeField(_("next try at"))
    tries = models.PositiveIntegerField(_("tries"), default=0)
    first_tried_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("done at"), null=True)
    # When a person last had it told again; from then on the tries are counted.
    replayed_at = models.DateTimeField(_("asked for again at"), null=True)

    class Meta:
        verbose_name = _("outgoing event")
        verbose_name_plural = _("outgoing events")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["subscription", "due_at", "id"], name="outgoing_due", condition=models.Q(standing="waiting")
            ),
            models.Index(
                fields=["subscription", "subject", "id"],
                name="outgoing_waiting_by_subject",
                condition=models.Q(standing="waiting"),
            ),
            models.Index(fields=["subscription", "-id"], name="outgoing_by_subscription"),
            BrinIndex(fields=["created_at"], name="outgoing_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def subject_words(self) -> str:
        """Query, message or campaign with its number, in the reader's language; of a test nothing."""
        names = {"q": _("Query"), "m": _("Message"), "c": _("Campaign")}
        name = names.get(self.subject[:1])
        return f"{name} #{self.subject[1:]}" if name is not None else ""


class OutgoingAttempt(models.Model):
    """One try to tell a subscription of an event: what its address answered, as it may be kept."""

    event = models.ForeignKey(OutgoingEvent, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("at"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    error = models.CharField(_("error"), max_length=300, blank=True)
    excerpt = models.CharField(_("of the answer"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("try of an outgoing event")
        verbose_name_plural = _("tries of outgoing events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.event_id} {self.status or self.error}"
