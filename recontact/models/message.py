"""Messages, their attempts, the provider's words about them, and their cost entries."""

from __future__ import annotations

import uuid
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount, SenderNumber
from recontact.models.budget_triggers import moved_between_classes, queued_from_campaign
from recontact.models.campaign import Campaign
from recontact.models.customer import Customer
from recontact.models.outgoing_triggers import message_told
from recontact.models.query import Query, Team
from recontact.models.rollup_triggers import counted_again, counted_at_birth
from recontact.states import ALIVE, MessageState, legal_pairs
from templates_app.models import Template

_LEGAL_MOVES = ", ".join(f"'{source}>{target}'" for source, target in legal_pairs())
_ALIVE = ", ".join(f"'{state.value}'" for state in sorted(ALIVE))
#: What a message is, for ever.
_IDENTITY = ["reference", "account_id", "sender_number_id", "kind"]
#: What a message says and to whom: erased only when it can no longer go out.
_CONTENT = [
    "template_id",
    "template_name",
    "template_language",
    "category",
    "recipient_phone",
    "recipient_bsuid",
    "components",
    "body",
]


def _changes(columns: list[str]) -> str:
    """The SQL condition that any of these columns is about to change."""
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


class Message(models.Model):
    """One outbound send to one customer through one sender number; its content is frozen when it is queued.

    `reference` travels to the provider and comes back in its webhooks. `send_key` makes a form or request one-use.
    `campaign` is the lane: empty for agents and single sends. `failures` counts refused tries; a throttle is none.
    `components` is the wire form of a template, `bubble` what people see, `body` its plain text. `retry_of` is the failed
    message that this one sends again, as the campaign's `try_number`-th try with this recipient.
    """

    class Kind(models.TextChoices):
        TEMPLATE = "template", _("HSM")
        TEXT = "text", _("Text")

    class Origin(models.TextChoices):
        MANAGER = "manager", _("Manager")
        BULK = "bulk", _("Bulk recontact")
        TICKET = "ticket", _("Ticket")
        SERVICE = "service", _("WhatsApp HSM page")
        API = "api", _("API")

    class State(models.TextChoices):
        QUEUED = MessageState.QUEUED.value, _("Queued")
        SENDING = MessageState.SENDING.value, _("Sending")
        ACCEPTED = MessageState.ACCEPTED.value, _("Accepted")
        SENT = MessageState.SENT.value, _("Sent")
        DELIVERED = MessageState.DELIVERED.value, _("Delivered")
        READ = MessageState.READ.value, _("Read")
        FAILED = MessageState.FAILED.value, _("Failed")
        REJECTED = MessageState.REJECTED.value, _("Rejected")
        UNCERTAIN = MessageState.UNCERTAIN.value, _("Without certainty")
        SKIPPED = MessageState.SKIPPED.value, _("Skipped")
        CANCELLED = MessageState.CANCELLED.value, _("Cancelled")
        EXPIRED = MessageState.EXPIRED.value, _("Expired")

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    send_key = models.CharField(_("send key"), max_length=100, null=True, editable=False)
    # Those without an index of their own stand first in an index below, and each index costs every status.
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, related_name="+", db_index=False, verbose_name=_("sender number")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="messages", db_index=False, verbose_name=_("customer")
    )
    query = models.ForeignKey(
        Query, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False, verbose_name=_("query")
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        db_index=False,
        verbose_name=_("campaign"),
    )
    retry_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="retries",
        related_query_name="retry",
        db_index=False,
    )
    try_number = models.PositiveSmallIntegerField(_("try"), default=1)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sent by")
    )

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    template = models.ForeignKey(
        Template, models.PROTECT, null=True, blank=True, related_name="messages", verbose_name=_("template")
    )
    template_name = models.CharField(max_length=512, blank=True)
    template_language = models.CharField(max_length=15, blank=True)
    template_hash = models.CharField(max_length=64, blank=True)
    category = models.CharField(_("category"), max_length=20)
    recipient_phone = models.CharField(_("phone"), max_length=64, blank=True)
    recipient_bsuid = models.CharField(_("WhatsApp user id"), max_length=140, blank=True)
    components = models.JSONField(default=list)
    bubble = models.JSONField(default=dict)
    body = models.TextField(_("text"), blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(_("queued at"), auto_now_add=True)
    due_at = models.DateTimeField(_("due at"))
    expires_at = models.DateTimeField(_("expires at"))
    claimed_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempt_number = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveIntegerField(default=0)
    provider_message_id = models.CharField(_("id at the provider"), max_length=128, blank=True)
    held = models.BooleanField(_("held by the provider"), default=False)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    settled_at = models.DateTimeField(_("ended at"), null=True)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    provider_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    provider_detail = models.CharField(_("provider's words"), max_length=500, blank=True)
    #: When the provider is to be asked again what became of it (recontact.look_ups); empty = it was not asked yet.
    look_up_at = models.DateTimeField(null=True, editable=False)
    billed = models.BooleanField(_("billed"), null=True)
    estimate = models.DecimalField(_("estimate"), max_digits=12, decimal_places=6, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)

    # --- what its cost is told apart by (recontact.models.rollup_triggers); nothing here is decided by it ---
    #: Meta's market of the recipient, and the team that it counts for, of the moment when it was queued.
    market = models.CharField(_("market"), max_length=40, blank=True, default="", db_default="")
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,  # Each costs every message, and there are five already.
        verbose_name=_("team"),
    )
    #: When the customer answered this HSM, by a reference to it or as the last one that he had got.
    answered_at = models.DateTimeField(_("answered at"), null=True)
    #: Whether another try of its chain followed.
    superseded = models.BooleanField(default=False, db_default=False, editable=False)
    #: The provider's own price, as its cost entry says; empty = none was told.
    reported = models.DecimalField(_("reported"), max_digits=12, decimal_places=6, null=True)
    reported_currency = models.CharField(max_length=3, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        permissions = [
            ("send_hsm", _("Can send an HSM to a phone")),
            ("send_text", _("Can write free text inside the window")),
            ("settle_message", _("Can settle a message without certainty")),
            ("stop_dispatch", _("Can stop and start all sending")),
            ("see_phones", _("Can see whole phone numbers")),
            ("see_costs", _("Can see costs")),
        ]
        constraints = [
            models.CheckConstraint(
                name="message_state_known", condition=models.Q(state__in=[s.value for s in MessageState])
            ),
            models.CheckConstraint(
                name="retry_uses_no_querys_right",
                condition=models.Q(retry_of=None) | models.Q(query=None, campaign__isnull=False),
            ),
            # What most messages do not have is in no index of theirs.
            models.UniqueConstraint(
                fields=["send_key"], condition=models.Q(send_key__isnull=False), name="one_message_per_send_key"
            ),
            models.UniqueConstraint(
                fields=["retry_of"], condition=models.Q(retry_of__isnull=False), name="one_retry_per_message"
            ),
            # By what was written to, and not by the customer: two of these may turn out to be one person.
            models.UniqueConstraint(
                fields=["campaign", "recipient_phone", "recipient_bsuid", "try_number"],
                condition=models.Q(campaign__isnull=False, query__isnull=True),
                name="one_message_per_recipient_and_try",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sender_number", "campaign", "due_at", "id"],
                name="message_claim",
                condition=models.Q(state="queued"),
            ),
            models.Index(fields=["expires_at"], name="message_expiry", condition=models.Q(state="queued")),
            models.Index(fields=["lease_expires_at"], name="message_lease", condition=models.Q(state="sending")),
            models.Index(
                fields=["sender_number", "customer"], name="message_in_flight", condition=models.Q(state="sending")
            ),
            # What one number sent one person lately (recontact.dispatch.pair), and who waits for that.
            models.Index(
                fields=["sender_number", "customer", "claimed_at"],
                name="message_pair_of",
                condition=models.Q(claimed_at__isnull=False),
            ),
            models.Index(
                fields=["sender_number", "campaign"],
                name="message_pair_waits",
                condition=models.Q(state="queued", reason="pair_rate"),
            ),
            models.Index(fields=["id"], name="message_uncertain", condition=models.Q(state="uncertain")),
            models.Index(fields=["account", "provider_message_id"], name="message_by_provider_id"),
            models.Index(fields=["query", "id"], name="message_of_query", condition=models.Q(query__isnull=False)),
            models.Index(
                fields=["campaign", "state"], name="message_of_campaign", condition=models.Q(campaign__isnull=False)
            ),
            models.Index(fields=["customer", "id"], name="message_by_customer"),
            models.Index(fields=["created_at"], name="message_by_time"),
            models.Index(fields=["state", "-id"], name="message_by_state"),
            models.Index(
                fields=["campaign", "id"],
                name="message_lost_by_campaign",
                condition=models.Q(state__in=["failed", "rejected", "expired"], campaign__isnull=False),
            ),
            models.Index(
                fields=["sender_number", "claimed_at"],
                include=["customer", "state"],
                name="message_people_by_day",
                condition=models.Q(kind="template", claimed_at__isnull=False),
            ),
        ]
        triggers = [
            # What is usual is told by the condition alone, and calls no function.
            pgtrigger.Trigger(
                name="message_legal_move",
                operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    f"OLD.state IS DISTINCT FROM NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({_LEGAL_MOVES})"
                ),
                func="RAISE EXCEPTION 'message %: % may not become %', OLD.id, OLD.state, NEW.state;",
            ),
            pgtrigger.Trigger(
                name="message_proven_unsent",
                operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("OLD.state = 'sending' AND NEW.state = 'queued'"),
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM recontact_attempt a WHERE a.message_id = OLD.id AND a.number = OLD.attempt_number
                        AND a.outcome IN ('throttled', 'unavailable')
                    ) THEN
                        RAISE EXCEPTION 'message %: nothing proves that attempt % did nothing', OLD.id, OLD.attempt_number;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="message_one_hsm_per_query",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.query_id IS NOT NULL AND NEW.kind = 'template'"),
                func="""
                    IF EXISTS (
                        SELECT 1 FROM recontact_recontact r WHERE r.query_id = NEW.query_id AND r.state <> 'released'
                    ) THEN
                        RAISE EXCEPTION 'query % has been recontacted', NEW.query_id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="message_identity",
                operation=pgtrigger.UpdateOf("attempt_number", "query_id", *_IDENTITY),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    f"{_changes(_IDENTITY)} OR NEW.attempt_number NOT IN (OLD.attempt_number, OLD.attempt_number + 1)"
                    " OR (OLD.query_id IS NOT NULL AND OLD.query_id IS DISTINCT FROM NEW.query_id)"
                ),
                func="RAISE EXCEPTION 'message %: what it is and how often it was tried cannot be rewritten', OLD.id;",
            ),
            pgtrigger.Trigger(
                name="message_content",
                operation=pgtrigger.UpdateOf(*_CONTENT),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(f"OLD.state IN ({_ALIVE}) AND ({_changes(_CONTENT)})"),
                func="RAISE EXCEPTION 'message %: its content is frozen while it may go out', OLD.id;",
            ),
            queued_from_campaign,
            moved_between_classes,
            counted_at_birth,
            counted_again,
            message_told,
            pgtrigger.Protect(name="message_no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="message_no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


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


class MessageEvent(models.Model):
    """One status fact from a provider, appended once. `message` is empty until a message is found for it.

    `recipient_hash` and `sender_number` are kept only where nothing else may tell whose it is (recontact.adoption).
    """

    class Effect(models.TextChoices):
        MOVED = "moved", _("Moved the message")
        KNOWN = "known", _("Already known")
        UNMATCHED = "unmatched", _("No message found yet")
        INCIDENT = "incident", _("Contradiction")

    # Both stand first in an index below.
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    message = models.ForeignKey(
        Message,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
        verbose_name=_("message"),
    )
    provider_message_id = models.CharField(_("id at the provider"), max_length=128)
    reference = models.CharField(_("reference"), max_length=64, blank=True)
    status = models.CharField(_("status"), max_length=12)
    raw_status = models.CharField(_("provider's word"), max_length=40, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    effect = models.CharField(_("effect"), max_length=10, choices=Effect.choices, default=Effect.UNMATCHED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    provider_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    detail = models.CharField(_("provider's words"), max_length=500, blank=True)
    price: models.JSONField[Any, Any] = models.JSONField(_("price"), null=True)
    recipient_hash = models.CharField(max_length=64, blank=True, editable=False)
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("message event")
        verbose_name_plural = _("message events")
        ordering = ["occurred_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_message_id", "status"], name="one_event_per_status"),
        ]
        indexes = [
            models.Index(fields=["message", "id"], name="event_by_message"),
            models.Index(fields=["received_at"], name="event_unmatched", condition=models.Q(message__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.provider_message_id} {self.status}"
