"""Which templates a person may send: those of no team are for all, others for their teams and for who leads them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from recontact.models import Team
from recontact.refusals import Code, Refusal
from templates_app.models import Template

#: Whoever leads agents, or sends apart from them. Any one will do: an API key's scope leaves some of them out.
_LEADING = ("recontact.view_all_queries", "recontact.refer_query", "recontact.send_hsm")


def templates_allowed(templates: QuerySet[Template], user: Any) -> QuerySet[Template]:
    """Those of `templates` that `user` may send."""
    if _may_all(user):
        return templates
    kept = Team.templates.through._default_manager
    others = kept.exclude(team__in=user.teams.all()).values("template_id")
    own = kept.filter(team__in=user.teams.all()).values("template_id")
    return templates.exclude(pk__in=others) | templates.filter(pk__in=own)


def team_refusals(template: Template, user: Any) -> list[Refusal]:
    """Against `user` sending this template: it is kept for other teams. The portal itself (no user) may send all."""
    if _may_all(user):
        return []
    kept = Team.objects.filter(templates=template)
    counted = kept.aggregate(all=Count("pk", distinct=True), mine=Count("pk", filter=Q(members=user)))
    if not counted["all"] or counted["mine"]:
        return []
    return [Refusal(Code.TEMPLATE_OTHER_TEAM, field_name="template")]


def _may_all(user: Any) -> bool:
    return user is None or any(user.has_perm(permission) for permission in _LEADING)
