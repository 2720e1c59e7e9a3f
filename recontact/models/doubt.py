"""What is known about messages in doubt: people's decisions, the providers' answers, and what contradicts the books."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import ProviderCall
from recontact.models.message import Message
from recontact.models.message_event import MessageEvent


class Settlement(models.Model):
    """A person's decision about a message without certainty, with the reason given."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("It was sent")
        REJECTED = "rejected", _("It was not sent")

    message = models.OneToOneField(Message, models.PROTECT, related_name="settlement", verbose_name=_("message"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    reason = models.CharField(_("reason"), max_length=300)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")

    def __str__(self) -> str:
        return f"{self.message_id} {self.outcome}"


class LookUpRecord(models.Model):
    """One question to the provider what became of a message, and what it said. `settled`: its answer ended the doubt.

    `calls` are the redacted exchanges, which expire by age.
    """

    class Outcome(models.TextChoices):
        FOUND = "found", _("The provider has the message")
        ABSENT = "absent", _("The provider does not have the message")
        UNKNOWN = "unknown", _("The provider cannot say yet")
        FAILED = "failed", _("The question was not answered")

    message = models.ForeignKey(Message, models.PROTECT, related_name="look_ups", verbose_name=_("message"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    settled = models.BooleanField(_("settled the message"), default=False)
    detail = models.CharField(_("provider's words"), max_length=500, blank=True)
    calls = models.ManyToManyField(ProviderCall, related_name="+", verbose_name=_("provider calls"))

    class Meta:
        verbose_name = _("look-up")
        verbose_name_plural = _("look-ups")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.message_id} {self.outcome}"


class Incident(models.Model):
    """Something that must not happen and that a person has to see: proof against what the books say."""

    class Kind(models.TextChoices):
        PROOF_AGAINST_UNSENT = "proof_unsent", _("Delivered although the books say it was not sent")
        SENT_TWICE = "sent_twice", _("The provider reports two sends of one message")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    message = models.ForeignKey(Message, models.PROTECT, related_name="incidents", verbose_name=_("message"))
    event = models.ForeignKey(MessageEvent, models.PROTECT, null=True, related_name="+", verbose_name=_("event"))
    opened_at = models.DateTimeField(_("opened at"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("closed by")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["message", "kind"], name="one_incident_per_message_and_kind")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.message_id}"
