"""How statements come in: files on their way, how they were read, and what is asked of providers themselves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import ProviderAccount
from recontact.models.statement import Statement


class StatementUpload(models.Model):
    """A file between its upload and the statement that a person makes of it; removed then, or after a week."""

    account = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    name = models.CharField(_("file"), max_length=200)
    body = models.BinaryField(editable=False)
    #: What was filled in beside it (recontact.reconciliation.uploads.Asked), and the mapping as it was last shown.
    asked: models.JSONField[Any, Any] = models.JSONField(default=dict)
    mapping: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("statement's file")
        verbose_name_plural = _("statements' files")

    def __str__(self) -> str:
        return self.name


class StatementMapping(models.Model):
    """Which column of an account's files says what, and what their words mean: the next file begins with it."""

    account = models.OneToOneField(ProviderAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    mapping: models.JSONField[Any, Any] = models.JSONField(default=dict)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("mapping of statements")
        verbose_name_plural = _("mappings of statements")

    def __str__(self) -> str:
        return str(self.account_id)


class UsagePull(models.Model):
    """A question to a provider for its own figures of some days. At most one is open for an account.

    `for_month` (its first day) is set where nobody asked: then it is for the month before, once unless it failed.
    `request_id` is what a provider that answers later gave; `problem` is why it failed, or what the last try met.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("To be asked")
        ASKED = "asked", _("Asked, the answer comes later")
        DONE = "done", pgettext_lazy("pull", "Done")
        FAILED = "failed", pgettext_lazy("pull", "Failed")

    OPEN = (State.WAITING.value, State.ASKED.value)

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+", verbose_name=_("account"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    for_month = models.DateField(_("by itself for the month"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due at"))
    request_id = models.CharField(max_length=100, blank=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, related_name="pulls", verbose_name=_("statement")
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("usage asked of a provider")
        verbose_name_plural = _("usages asked of providers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="one_open_pull_per_account", condition=models.Q(state__in=["waiting", "asked"])
            ),
            models.UniqueConstraint(
                fields=["account", "for_month"], name="one_pull_per_month", condition=~models.Q(state="failed")
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="pull_due", condition=models.Q(state__in=["waiting", "asked"]))]

    def __str__(self) -> str:
        return f"{self.account_id} {self.first_day} {self.state}"
