"""How a team works: its hours, how its queries are given to its agents, and which queries come to it."""

from __future__ import annotations

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from customer_service.models.kept_list import Topic
from providers.models import SenderNumber
from recontact.models import Campaign, Query, Team


class TeamSettings(models.Model):
    """How a team's queries are given to its agents, and when the team is there."""

    class OnDisconnection(models.TextChoices):
        STAY = "stay", _("They stay with the agent")
        PENDING = "pending", _("They go back to Pending")

    team = models.OneToOneField(Team, models.CASCADE, related_name="desk_settings", verbose_name=_("team"))
    automatic = models.BooleanField(
        _("queries are given automatically"),
        default=False,
        help_text=_(
            "To whoever is online, under the quota, and has waited longest; back to the last agent if possible."
        ),
    )
    quota = models.PositiveSmallIntegerField(_("quota of each agent"), default=8, validators=[MinValueValidator(1)])
    on_disconnection = models.CharField(
        _("queries of an agent who disconnects"),
        max_length=8,
        choices=OnDisconnection.choices,
        default=OnDisconnection.STAY,
    )
    reopen_hours = models.PositiveSmallIntegerField(
        _("hours in which an answer reopens the query"),
        default=0,
        validators=[MaxValueValidator(720)],
        help_text=_("Counted from its resolution, up to 720. 0 = what the customer writes then is a new query."),
    )
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True, help_text=_("Empty = the portal's."))
    away_answer = models.TextField(
        _("answer outside the hours"),
        max_length=1000,
        blank=True,
        help_text=_("Sent once in a conversation when a customer writes outside the hours; empty = none."),
    )

    class Meta:
        verbose_name = _("settings of a team")
        verbose_name_plural = _("settings of teams")

    def __str__(self) -> str:
        return str(self.team)

    def clean(self) -> None:
        if self.time_zone and self.time_zone not in zoneinfo.available_timezones():
            raise ValidationError(
                {"time_zone": _("There is no such time zone. One is America/Argentina/Buenos_Aires.")}
            )


class OpeningHours(models.Model):
    """One stretch of a weekday in which the team is there. A team without any is there always."""

    class Day(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    team = models.ForeignKey(TeamSettings, models.CASCADE, related_name="hours", verbose_name=_("team"))
    day = models.PositiveSmallIntegerField(_("day"), choices=Day.choices)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["day", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")),
                name="hours_end_after_they_begin",
                violation_error_message=_("The end must come after the beginning."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_day_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class SpecialDay(models.Model):
    """A date with hours of its own: a holiday (no hours at all), or an evening that is longer."""

    team = models.ForeignKey(TeamSettings, models.CASCADE, related_name="special_days", verbose_name=_("team"))
    date = models.DateField(_("date"))
    opens = models.TimeField(_("from"), null=True, blank=True)
    closes = models.TimeField(_("until"), null=True, blank=True, help_text=_("Both empty = closed all day."))

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["team", "date"], name="one_special_day_per_date"),
            models.CheckConstraint(
                condition=models.Q(opens__isnull=True, closes__isnull=True) | models.Q(closes__gt=models.F("opens")),
                name="special_day_ends_after_it_begins",
                violation_error_message=_("Give both, the end after the beginning; or neither."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date}"


class RoutingRule(models.Model):
    """To which team, and under which topic, a new query goes. Of the rules that fit, the first by `place` counts."""

    class Hours(models.TextChoices):
        ANY = "", _("At any time")
        INSIDE = "inside", _("While the team is there")
        OUTSIDE = "outside", _("While the team is not there")

    place = models.PositiveSmallIntegerField(_("order"), default=10)
    number = models.ForeignKey(
        SenderNumber, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("sender number"),
        help_text=_("Empty = any."),
    )  # fmt: skip
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("answers the campaign"),
        help_text=_("Empty = any, or none."),
    )  # fmt: skip
    origin = models.CharField(_("origin"), max_length=10, choices=Query.Origin.choices, blank=True)
    keyword = models.CharField(
        _("keyword"), max_length=60, blank=True, help_text=_("A word, or words, in the customer's message.")
    )
    hours = models.CharField(_("when"), max_length=8, choices=Hours.choices, blank=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", verbose_name=_("team"))
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("topic"))
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("rule for new queries")
        verbose_name_plural = _("rules for new queries")
        ordering = ["place", "pk"]

    def __str__(self) -> str:
        return f"{self.place} → {self.team}"
