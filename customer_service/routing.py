"""Where a new query goes: the first rule that fits gives it a team and a topic."""

from __future__ import annotations

import re
from datetime import datetime

from customer_service.models import RoutingRule, TeamSettings
from customer_service.opening import team_is_open
from recontact.clock import database_now
from recontact.customers import fold
from recontact.models import Query, QueryEvent
from recontact.query_open import when_opened


def query_route(query: Query, *, text: str, at: datetime) -> bool:
    """Give a query of nobody and no team (its row locked) to the team of the first rule that fits what came at `at`."""
    if query.team_id is not None or query.assigned_to_id is not None or not query.is_open:
        return False
    rules = RoutingRule.objects.filter(is_active=True).select_related("team", "topic")
    rule = next((rule for rule in rules if _fits(rule, query, text, at)), None)
    if rule is None:
        return False
    query.team, query.topic = rule.team, query.topic or (rule.topic.name if rule.topic is not None else "")
    query.save(update_fields=["team", "topic"])
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.ASSIGNED, detail=rule.team.name)
    return True


@when_opened
def query_opened_route(query: Query) -> bool:
    """A query that a system opened goes where the rules say, by its subject, unless it named a team."""
    return query_route(query, text=query.subject, at=database_now())


def _fits(rule: RoutingRule, query: Query, text: str, at: datetime) -> bool:
    by_columns = (
        rule.number_id in (None, query.sender_number_id)
        and rule.campaign_id in (None, query.campaign_id)
        and rule.origin in ("", query.origin)
    )
    return by_columns and _has_words(text, rule.keyword) and _fits_hours(rule, at)


def _has_words(text: str, keyword: str) -> bool:
    wanted = re.escape(fold(keyword))
    return not wanted or re.search(rf"(?<!\w){wanted}(?!\w)", fold(text)) is not None


def _fits_hours(rule: RoutingRule, at: datetime) -> bool:
    if not rule.hours:
        return True
    settings = TeamSettings.objects.filter(team=rule.team_id).first()
    there = settings is None or team_is_open(settings, at)
    return there == (rule.hours == RoutingRule.Hours.INSIDE)
