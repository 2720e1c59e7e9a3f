"""Who is at work, and who has which ticket on the screen."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from recontact.models import Query


class Desk(models.Model):
    """Whether an agent is at work. `connected_at` is since when without a break, `seen_at` the last sign of his browser."""

    class State(models.TextChoices):
        ONLINE = "online", _("Online")
        PAUSED = "paused", pgettext_lazy("agent", "Paused")
        OFFLINE = "offline", _("Offline")

    class Pause(models.TextChoices):
        BREAK = "break", _("Break")
        LUNCH = "lunch", _("Lunch")
        MEETING = "meeting", _("Meeting")
        TRAINING = "training", _("Training")
        OTHER = "other", _("Other work")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="desk", verbose_name=_("agent"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OFFLINE)
    pause = models.CharField(_("reason"), max_length=10, choices=Pause.choices, blank=True)
    since = models.DateTimeField(_("since"), null=True)
    connected_at = models.DateTimeField(_("connected since"), null=True)
    seen_at = models.DateTimeField(_("last seen"), null=True)
    assigned_at = models.DateTimeField(_("last query given"), null=True)
    quota = models.PositiveSmallIntegerField(
        _("quota"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Open queries at once, when they are given automatically; empty = the team's."),
    )

    class Meta:
        verbose_name = _("agent at work")
        verbose_name_plural = _("agents at work")
        indexes = [models.Index(fields=["state", "seen_at"], name="desk_by_state")]
        permissions = [
            ("see_board", _("Can see the live board")),
            ("see_team_reports", _("Can see the reports of own teams")),
            ("see_all_reports", _("Can see the reports of all teams")),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Presence(models.Model):
    """Who has a query's ticket on the screen, so that two in one see each other."""

    query = models.ForeignKey(Query, models.CASCADE, related_name="+", verbose_name=_("query"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("agent"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("open ticket")
        verbose_name_plural = _("open tickets")
        constraints = [models.UniqueConstraint(fields=["query", "user"], name="one_presence_per_ticket")]
        indexes = [models.Index(fields=["seen_at"], name="presence_by_time")]

    def __str__(self) -> str:
        return f"{self.user_id}@{self.query_id}"
