"""Templates as the provider approved them, the history of their status, and what was asked of the provider about them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import ProviderAccount
from providers.parking import Parkable


class TemplateStatus(models.TextChoices):
    """The provider's approval status. Only APPROVED may be sent. DRAFT = the provider was not asked for approval yet."""

    DRAFT = "DRAFT", _("Not submitted")
    APPROVED = "APPROVED", _("Approved")
    PENDING = "PENDING", _("In review")
    REJECTED = "REJECTED", pgettext_lazy("template", "Rejected")
    PAUSED = "PAUSED", _("Paused")
    DISABLED = "DISABLED", _("Disabled")
    IN_APPEAL = "IN_APPEAL", _("In appeal")
    PENDING_DELETION = "PENDING_DELETION", _("Being deleted")
    DELETED = "DELETED", _("Deleted")
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED", _("Over the limit")
    ARCHIVED = "ARCHIVED", _("Archived")
    LOCKED = "LOCKED", _("Locked")
    UNKNOWN = "UNKNOWN", pgettext_lazy("template", "Unknown")


class Template(Parkable):
    """One template of one account in one language. `components` is the provider's JSON; components.py types it.

    `by_hand`: a person entered it and says its status, because the provider gives the portal no list with it.
    """

    class Category(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        UTILITY = "utility", _("Utility")
        AUTHENTICATION = "authentication", _("Authentication")

    class Quality(models.TextChoices):
        GREEN = "GREEN", _("High quality")
        YELLOW = "YELLOW", _("Medium quality")
        RED = "RED", _("Low quality")
        UNKNOWN = "UNKNOWN", _("Quality not known")

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="templates", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=512)
    language = models.CharField(_("language"), max_length=15)
    external_id = models.CharField(_("id at the provider"), max_length=64, blank=True)
    namespace = models.CharField(_("namespace"), max_length=64, blank=True)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    coming_category = models.CharField(_("coming category"), max_length=20, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=TemplateStatus.choices, default=TemplateStatus.PENDING
    )
    quality = models.CharField(_("quality"), max_length=10, choices=Quality.choices, default=Quality.UNKNOWN)
    rejection_reason = models.CharField(_("rejection reason"), max_length=200, blank=True)
    parameter_format = models.CharField(_("parameter format"), max_length=12, default="POSITIONAL")
    components: models.JSONField[Any, Any] = models.JSONField(_("components"), default=list)
    content_hash = models.CharField(_("content hash"), max_length=64, editable=False)
    by_hand = models.BooleanField(_("entered by hand"), default=False, editable=False)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True, editable=False)
    synced_at = models.DateTimeField(_("synced at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["name", "language"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name", "language"], name="one_template_per_name_and_language"),
        ]
        indexes = [models.Index(fields=["account", "external_id"], name="template_by_external_id")]

    def __str__(self) -> str:
        return f"{self.name} · {self.language}"


class TemplateChange(models.Model):
    """One change of a template's status, category, quality or content, with where we learned it."""

    class Kind(models.TextChoices):
        STATUS = "status", _("Status")
        CATEGORY = "category", _("Category")
        QUALITY = "quality", _("Quality")
        CONTENT = "content", _("Content")
        MISSING = "missing", _("Missing at the provider")

    class Source(models.TextChoices):
        SYNC = "sync", _("Sync")
        WEBHOOK = "webhook", _("Webhook")
        SEND = "send", _("Refused send")
        PORTAL = "portal", _("Submitted here")
        PERSON = "person", _("Entered by hand")

    template = models.ForeignKey(Template, models.CASCADE, related_name="changes", verbose_name=_("template"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    source = models.CharField(_("learned from"), max_length=10, choices=Source.choices)
    old = models.CharField(_("before"), max_length=200, blank=True)
    new = models.CharField(_("after"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("template change")
        verbose_name_plural = _("template changes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.old} → {self.new}"


class TemplateSubmission(models.Model):
    """One asking of the provider: create, change or delete a template. What was asked, by whom, and what became of it.

    At most one per template is open (on its way, or uncertain). An uncertain one is settled by the next list of the provider.
    """

    class Kind(models.TextChoices):
        CREATE = "create", _("New template")
        EDIT = "edit", pgettext_lazy("template", "Change")
        DELETE = "delete", _("Deletion")

    class State(models.TextChoices):
        SENDING = "sending", pgettext_lazy("template", "On its way")
        UNCERTAIN = "uncertain", pgettext_lazy("template", "Uncertain")
        DONE = "done", pgettext_lazy("template", "Taken by the provider")
        REFUSED = "refused", pgettext_lazy("template", "Refused by the provider")
        LOST = "lost", pgettext_lazy("template", "Did not arrive")

    OPEN = (State.SENDING, State.UNCERTAIN)

    template = models.ForeignKey(Template, models.CASCADE, related_name="submissions", verbose_name=_("template"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SENDING)
    category = models.CharField(_("category"), max_length=20, blank=True)
    parameter_format = models.CharField(_("parameter format"), max_length=12, default="POSITIONAL")
    components: models.JSONField[Any, Any] = models.JSONField(_("components"), default=list)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    provider_code = models.CharField(_("provider's code"), max_length=40, blank=True)
    detail = models.CharField(_("provider's words"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("template submission")
        verbose_name_plural = _("template submissions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template"],
                condition=models.Q(state__in=("sending", "uncertain")),
                name="one_open_submission_per_template",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.state}"

    @property
    def is_open(self) -> bool:
        """True while nobody knows for sure what the provider did."""
        return self.state in self.OPEN
