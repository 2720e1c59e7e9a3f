"""The lists that coordinators keep for agents to choose from."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models import Team


class Topic(models.Model):
    """What a query may be about: payments, appointments, claims."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word that agents may put on a query."""

    name = models.CharField(_("name"), max_length=30, unique=True)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("tag of queries")
        verbose_name_plural = _("tags of queries")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Resolution(models.Model):
    """One way in which a query ends: of a team, or of all."""

    name = models.CharField(_("name"), max_length=100)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"),
        help_text=_("Empty = for all teams."),
    )  # fmt: skip
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["name", "team"], name="one_resolution_per_team", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.name


class CannedAnswer(models.Model):
    """An answer that agents reuse: typed as / and its shortcut. {name} and {agent} become the customer's and the agent's."""

    shortcut = models.CharField(
        _("shortcut"),
        max_length=30,
        validators=[RegexValidator(r"^[\w-]+\Z", _("Letters, digits, - and _ only."))],
        help_text=_("Agents type / and this."),
    )
    text = models.TextField(
        _("text"), max_length=4000, help_text=_("{name} becomes the customer's first name, {agent} the agent's.")
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"),
        help_text=_("Empty = for all teams."),
    )  # fmt: skip
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        ordering = ["shortcut"]
        constraints = [
            models.UniqueConstraint(
                fields=["shortcut", "team"], name="one_canned_answer_per_team", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut}"
