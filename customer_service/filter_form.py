"""The filters of the conversations list: what there is to choose from, and what is chosen, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from customer_service.forms import agents, names_offered, sender_numbers
from customer_service.lists import NO, NO_ANSWER, NOBODY, YES, Asked, Filters
from customer_service.models import Tag, Topic
from providers.models import SenderNumber
from recontact.models import Campaign, Query, Team

#: Of the campaigns that were launched the newest are offered.
CAMPAIGNS_OFFERED = 50
_Choices = Iterable[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force, and the list without it."""

    words: str
    without: str


class FilterForm(forms.Form):
    """Selects for everything that the list can be narrowed by; those that offer nothing are left out."""

    def __init__(self, chosen: Filters, *, user: Any) -> None:
        super().__init__(initial={field.name: getattr(chosen, field.name) for field in fields(Filters)})
        everything = user.has_perm("recontact.view_all_queries")
        teams = Team.objects.all() if everything else user.teams.all()
        self._select("team", _("Team"), teams.values_list("pk", "name"))
        if everything:
            people = [(NOBODY, _("Nobody yet")), *((person.pk, str(person)) for person in agents())]
            self._select("agent", _("Agent"), people)
        self._select("topic", _("Topic"), ((name, name) for name in names_offered(Topic, [chosen.topic])))
        self._select("origin", _("Origin"), Query.Origin.choices)
        self._select("number", _("Sender number"), [(number.pk, str(number)) for number in sender_numbers()])
        self._select("campaign", _("Campaign"), _campaigns())
        self._select("recontact", _("Recontact"), _recontacts())
        self._select("tag", _("Tag"), ((name, name) for name in names_offered(Tag, [chosen.tag])))

    def _select(self, name: str, label: str, choices: _Choices) -> None:
        offered = list(choices)
        if offered:
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=[("", _("Any")), *offered], widget=UnfoldAdminSelectWidget
            )


def filter_chips(asked: Asked, *, user: Any) -> Sequence[Chip]:
    """The filters in force, each with the address of the list without it. One database query for each that names a row."""
    chips = []
    for field in fields(Filters):
        value = getattr(asked.filters, field.name)
        if value:
            without = replace(asked, filters=replace(asked.filters, **{field.name: ""}))
            chips.append(Chip(_words(field.name, value, user), without.place))
    return chips


def _words(name: str, value: str, user: Any) -> str:
    if name == "agent" and value == NOBODY:
        return _("Nobody yet")
    models: dict[str, Any] = {"team": Team, "number": SenderNumber, "campaign": Campaign, "agent": get_user_model()}
    if name in models:
        row = models[name]._default_manager.filter(pk=value).first()
        return str(row) if row is not None else f"#{value}"
    choices: dict[str, dict[str, Any]] = {"origin": dict(Query.Origin.choices), "recontact": dict(_recontacts())}
    return str(choices.get(name, {}).get(value, value))


def _recontacts() -> list[tuple[str, str]]:
    return [(YES, _("Recontacted")), (NO, _("Not recontacted")), (NO_ANSWER, _("Recontact unanswered"))]


def _campaigns() -> _Choices:
    launched = Campaign.objects.filter(launched_at__isnull=False).order_by("-pk")
    return launched.values_list("pk", "name")[:CAMPAIGNS_OFFERED]
