"""Messages: one send each, from the queue to what became of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderAccount, SenderNumber
from recontact.models.campaign import Campaign
from recontact.models.customer import Customer
from recontact.models.message_triggers import message_triggers
from recontact.models.query import Query, Team
from recontact.models.references import new_reference
from recontact.models.words import unsigned
from recontact.states import MessageState
from templates_app.models import Template

#: Said in each query by the provider's id, so that its index is used: a message that is on its way is not in it.
KNOWN_AT_PROVIDER = models.Q(provider_message_id__gt="")
#: A list of one of these states walks an index. Nearly all messages end delivered or read, and those that wait or are being
#: sent have indexes of their own.
_LISTED = ("accepted", "sent", "uncertain", "failed", "rejected", "skipped", "cancelled", "expired")
#: What a person wrote in a query: free text, and the words under a file.
_WRITTEN = models.Q(query__isnull=False, kind__in=("text", "media"))


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
        MEDIA = "media", _("File")

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

    reference = models.UUIDField(_("reference"), default=new_reference, unique=True, editable=False)
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
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("sent by"),
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
            models.Index(
                fields=["sender_number", "customer"], name="message_in_flight", condition=models.Q(state="sending")
            ),
            # Who waits because of what the number sent him lately (recontact.dispatch.pair).
            models.Index(
                fields=["sender_number", "campaign"],
                name="message_pair_waits",
                condition=models.Q(state="queued", reason="pair_rate"),
            ),
            models.Index(fields=["id"], name="message_uncertain", condition=models.Q(state="uncertain")),
            models.Index(
                fields=["account", "provider_message_id"], name="message_at_provider", condition=KNOWN_AT_PROVIDER
            ),
            models.Index(fields=["query", "id"], name="message_of_query", condition=models.Q(query__isnull=False)),
            models.Index(
                fields=["campaign", "state"], name="message_of_campaign", condition=models.Q(campaign__isnull=False)
            ),
            # Also what he was sent lately (recontact.dispatch.pair).
            models.Index(fields=["customer", "claimed_at"], name="message_to_customer"),
            models.Index(
                fields=["created_by", "id"], name="message_by_sender", condition=models.Q(campaign__isnull=True)
            ),
            # Messages are stored in the order of their time: a summary finds a day's, and costs no entry a change.
            BrinIndex(fields=["created_at"], name="message_by_time", autosummarize=True, pages_per_range=32),
            models.Index(fields=["state", "-id"], name="message_in_state", condition=models.Q(state__in=_LISTED)),
            models.Index(
                fields=["campaign", "id"],
                name="message_lost_by_campaign",
                condition=models.Q(state__in=["failed", "rejected", "expired"], campaign__isnull=False),
            ),
            # What agents wrote, for their search; what campaigns send is in neither.
            GinIndex(SearchVector(unsigned("body"), config="simple"), name="message_by_words", condition=_WRITTEN),
            models.Index(fields=["id"], name="message_written", condition=_WRITTEN),
            models.Index(fields=["id"], name="message_of_files", condition=models.Q(kind="media")),
            models.Index(
                fields=["sender_number", "claimed_at"],
                include=["customer", "state"],
                name="message_people_by_day",
                condition=models.Q(kind="template", claimed_at__isnull=False),
            ),
        ]
        triggers = message_triggers

    def __str__(self) -> str:
        return f"#{self.pk}"
