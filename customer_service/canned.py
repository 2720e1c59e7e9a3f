"""Answers and resolutions that coordinators keep, as they fit one query."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from customer_service.models import CannedAnswer, Resolution
from recontact.models import Query
from recontact.prepared import Prepared


def canned_answers(query: Query, *, user: Any) -> list[dict[str, str]]:
    """The canned answers for the query, by shortcut; where its team and all teams have the same shortcut, the team's."""
    rows = CannedAnswer.objects.filter(_of(query), is_active=True).order_by("shortcut", "team")
    first_name = query.customer.name.split(" ")[0]
    names = {"{name}": first_name, "{agent}": user.first_name or str(user)}
    found = {row.shortcut: _filled(row.text, names) for row in sorted(rows, key=lambda row: row.team_id is not None)}
    return [{"shortcut": shortcut, "text": text} for shortcut, text in sorted(found.items())]


def resolutions(query: Query) -> list[str]:
    """The resolutions that the query's team and all teams have; none = in the agent's own words."""
    names = _RESOLUTIONS(team=query.team_id) if query.team_id is not None else _RESOLUTIONS_OF_ALL()
    return sorted(set(names))


def _resolutions(teams: Q) -> QuerySet[Resolution, str]:
    return Resolution.objects.filter(teams, is_active=True).order_by().values_list("name", flat=True)


_RESOLUTIONS = Prepared(lambda team: _resolutions(Q(team=None) | Q(team=team)))
_RESOLUTIONS_OF_ALL = Prepared(lambda: _resolutions(Q(team=None)))


def _of(query: Query) -> Q:
    return Q(team=None) | Q(team=query.team_id) if query.team_id is not None else Q(team=None)


def _filled(text: str, names: dict[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return " ".join(text.split(" ")).strip()
