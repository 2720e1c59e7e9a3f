"""A campaign's filter in words, for whoever reviews or approves it, or looks at the campaign later."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from providers.models import SenderNumber
from recontact.campaigns.filters import (
    NOBODY,
    OURS,
    THEIRS,
    AudienceProblem,
    CustomerFilter,
    Filter,
    QueryFilter,
    filter_read,
)
from recontact.models import Campaign, Query, Team
from recontact.places import place_name


def audience_words(campaign: Campaign) -> list[str]:
    """What the campaign's filter asks for, one condition each; empty for a campaign that has none. Three queries at most."""
    if not campaign.audience:
        return []
    try:
        return filter_words(filter_read(campaign.audience))
    except AudienceProblem as problem:
        return [str(problem)]


def filter_words(wanted: Filter) -> list[str]:
    """The conditions of the filter, one each."""
    found = _query_words(wanted) if isinstance(wanted, QueryFilter) else _customer_words(wanted)
    return [words for words in found if words]


def _query_words(wanted: QueryFilter) -> list[str]:
    labels = dict(Query.State.choices)
    states = [str(labels[state]).lower() for state in wanted.states if state in labels]
    origin = dict(Query.Origin.choices).get(wanted.origin, wanted.origin)
    return [
        _("Queries of %(number)s") % {"number": _named(SenderNumber, wanted.sender_number)},
        ", ".join(states) or _("pending or in progress"),
        _("window closed") if wanted.window_closed else "",
        _("not yet recontacted") if wanted.unused else "",
        _("team %(team)s") % {"team": _named(Team, wanted.team)} if wanted.team is not None else "",
        _agent(wanted.agent),
        _("origin: %(origin)s") % {"origin": origin} if wanted.origin else "",
        _tags(wanted.tags, every=wanted.all_tags),
        _days(_("opened"), wanted.created_from, wanted.created_until),
        _days(_("last activity"), wanted.active_from, wanted.active_until),
        _("subject with “%(words)s”") % {"words": wanted.subject} if wanted.subject else "",
        _data(wanted),
    ]


def _customer_words(wanted: CustomerFilter) -> list[str]:
    contact = {THEIRS: _("last message of theirs"), OURS: _("last message of ours")}
    countries = ", ".join(place_name(code) for code in wanted.countries)
    return [
        _("Customers"),
        _tags(wanted.tags, every=wanted.all_tags),
        _("from %(countries)s") % {"countries": countries} if countries else "",
        _days(contact.get(wanted.contact, _("last contact")), wanted.contact_from, wanted.contact_until),
        _("opted in") if wanted.opted_in else "",
    ]


def _named(model: Any, pk: int | None) -> str:
    row = model._default_manager.filter(pk=pk).first()
    return str(row) if row is not None else f"#{pk}"


def _agent(agent: int | None) -> str:
    if agent is None:
        return ""
    if agent == NOBODY:
        return _("without an agent")
    return _("agent %(agent)s") % {"agent": _named(get_user_model(), agent)}


def _tags(tags: tuple[str, ...], *, every: bool) -> str:
    if not tags:
        return ""
    text = _("with all the tags %(tags)s") if every and len(tags) > 1 else _("with a tag of %(tags)s")
    return text % {"tags": ", ".join(tags)}


def _days(what: str, first: date | None, last: date | None) -> str:
    told = {"what": what, "first": _day(first), "last": _day(last)}
    if first is not None and last is not None:
        return _("%(what)s from %(first)s to %(last)s") % told
    if first is not None:
        return _("%(what)s on or after %(first)s") % told
    return _("%(what)s until %(last)s") % told if last is not None else ""


def _day(day: date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day is not None else ""


def _data(wanted: QueryFilter) -> str:
    if not wanted.data_key:
        return ""
    if not wanted.data_value:
        return _("with the datum %(key)s") % {"key": wanted.data_key}
    return _("%(key)s is “%(value)s”") % {"key": wanted.data_key, "value": wanted.data_value}
