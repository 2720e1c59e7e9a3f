"""What customers wrote, what agents note for each other, who is at work, and what coordinators keep for all."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import ProviderAccount, SenderNumber
from recontact.models import Campaign, Customer, MediaFile, Query, Team
from recontact.models.outgoing_triggers import inbound_told
from recontact.models.words import unsigned
from templates_app.models import Template


class InboundMessage(models.Model):
    """One message of a customer, stored once by its id at the provider. `text` is what a person reads, `words` is searched."""

    account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+", verbose_name=_("account"))
    # Its index is inbound_by_number's.
    sender_number = models.ForeignKey(
        SenderNumber, models.PROTECT, related_name="+", db_index=False, verbose_name=_("sender number")
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="inbound_messages", verbose_name=_("customer"))
    query = models.ForeignKey(Query, models.PROTECT, related_name="inbound_messages", verbose_name=_("query"))
    provider_message_id = models.CharField(_("id at the provider"), max_length=128)
    kind = models.CharField(_("kind"), max_length=20)
    text = models.TextField(_("text"), blank=True)
    button_payload = models.CharField(_("button"), max_length=300, blank=True)
    context_message_id = models.CharField(_("answers"), max_length=128, blank=True)
    payload = models.JSONField(_("payload"), default=dict)
    occurred_at = models.DateTimeField(_("written at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    words: models.Field[Any, Any] = models.GeneratedField(
        expression=SearchVector(unsigned("text"), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("inbound message")
        verbose_name_plural = _("inbound messages")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_message_id"], name="one_inbound_per_provider_id")
        ]
        indexes = [
            models.Index(fields=["query", "id"], name="inbound_by_query"),
            models.Index(fields=["customer", "id"], name="inbound_by_customer"),
            models.Index(fields=["sender_number", "received_at"], name="inbound_by_number"),
            GinIndex(fields=["words"], name="inbound_by_words"),
        ]
        triggers = [inbound_told]

    def __str__(self) -> str:
        return f"#{self.pk}"


class InboundFile(models.Model):
    """A file that came with a customer's message: still at the provider, here (`file`), or why neither.

    `pointer` is where the provider keeps it (providers.contracts.MediaPointer), emptied once it was fetched or erased.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being fetched")
        STORED = "stored", _("Here")
        TOO_LARGE = "too_large", _("Too large")
        GONE = "gone", _("The provider no longer has it")
        NOT_PASSED_ON = "not_passed", _("The provider does not pass it on")
        FAILED = "failed", _("Could not be fetched")
        ERASED = "erased", _("Erased")

    message = models.ForeignKey(InboundMessage, models.PROTECT, related_name="files", verbose_name=_("inbound message"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    kind = models.CharField(_("kind"), max_length=10)
    pointer: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    file = models.OneToOneField(
        MediaFile, models.PROTECT, null=True, blank=True, related_name="inbound", verbose_name=_("file")
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due at"), null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("file of a customer")
        verbose_name_plural = _("files of customers")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at"], name="inbound_file_due", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Note(models.Model):
    """An agent's note on a query: never sent to the customer."""

    query = models.ForeignKey(Query, models.PROTECT, related_name="notes", verbose_name=_("query"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    text = models.TextField(_("note"), max_length=4000)
    created_at = models.DateTimeField(_("written at"), auto_now_add=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"#{self.pk}"


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


class AgentTemplate(models.Model):
    """What a template is to an agent: whether he has it among his favourites, and when he sent it last."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("agent")
    )
    template = models.ForeignKey(Template, models.CASCADE, related_name="+", verbose_name=_("template"))
    is_favourite = models.BooleanField(_("favourite"), default=False)
    used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("template of an agent")
        verbose_name_plural = _("templates of agents")
        constraints = [models.UniqueConstraint(fields=["user", "template"], name="one_row_per_agent_and_template")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.template_id}"
