"""What reconciliation has to do and a worker does: storing a statement, comparing one anew, adding up a month, closing it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import ProviderAccount
from recontact.models.statement import Statement
from recontact.models.statement_intake import StatementUpload


class ReconciliationJob(models.Model):
    """One thing to do for an account, done whole in one transaction or not at all; at most one of a kind is open for each.

    `due_at` is when a worker may take it: while one has it, when its lease ends. `problem` says to a person why it failed.
    """

    class Kind(models.TextChoices):
        STORE = "store", _("Storing a statement")
        COMPARE = "compare", _("Comparing a statement")
        COUNT = "count", _("Adding up a month")
        CLOSE = "close", _("Closing a month")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("job", "Waiting for a worker")
        RUNNING = "running", pgettext_lazy("job", "Under way")
        DONE = "done", pgettext_lazy("job", "Done")
        FAILED = "failed", pgettext_lazy("job", "Failed")

    OPEN = (State.WAITING.value, State.RUNNING.value)

    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    #: COUNT, CLOSE: the month's first day.
    month = models.DateField(_("month"), null=True)
    #: COMPARE: what is compared. STORE: what was stored, once it is.
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("statement")
    )
    #: COMPARE: None = as it was.
    tolerance = models.DecimalField(_("tolerance"), max_digits=12, decimal_places=6, null=True)
    #: STORE: the file, whose id stays known when the file is gone.
    upload = models.ForeignKey(
        StatementUpload, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due at"))
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("job of reconciliation")
        verbose_name_plural = _("jobs of reconciliation")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "month", "statement", "upload"],
                name="one_open_job",
                condition=models.Q(state__in=["waiting", "running"]),
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="job_due", condition=models.Q(state__in=["waiting", "running"])),
            models.Index(fields=["account", "kind", "month"], name="job_of_month"),
            models.Index(fields=["statement"], name="job_of_statement"),
            models.Index(fields=["upload"], name="job_of_upload"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in self.OPEN
