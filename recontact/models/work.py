"""The sums of agents' work by day, and what is still to be added to them. No foreign keys: nothing here may lock; 0 is none."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class _Work(models.Model):
    """Who, and what he did (recontact.models.work_triggers says what counts when and for whom). Seconds are sums."""

    team_id = models.BigIntegerField()
    agent_id = models.BigIntegerField()
    taken = models.BigIntegerField()
    answers = models.BigIntegerField()
    answer_seconds = models.BigIntegerField()
    resolved = models.BigIntegerField()
    resolution_seconds = models.BigIntegerField()
    recontacts = models.BigIntegerField()
    recontacts_answered = models.BigIntegerField()

    class Meta:
        abstract = True


class WorkDay(_Work):
    """One agent's work for one team on a day of the portal's zone."""

    day = models.DateField(_("day"))

    class Meta:
        verbose_name = _("work of a day")
        verbose_name_plural = _("work by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "team_id", "agent_id"], name="one_work_per_day_team_and_agent")
        ]
        indexes = [models.Index(fields=["agent_id", "day"], name="work_of_agent")]

    def __str__(self) -> str:
        return f"{self.day} {self.team_id} {self.agent_id}"


class WorkChange(_Work):
    """What one statement changed in the sums. Written by triggers alone; taken away by whoever adds it up."""

    at = models.DateTimeField()

    class Meta:
        verbose_name = _("change of work")
        verbose_name_plural = _("changes of work")

    def __str__(self) -> str:
        return f"{self.at} {self.team_id} {self.agent_id}"
