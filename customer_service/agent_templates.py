"""Templates as one agent sees them: those that his teams may use, his favourites first, then what he sent last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from customer_service.models import AgentTemplate
from providers.models import ProviderAccount
from recontact.clock import ClockTimestamp
from recontact.template_teams import templates_allowed
from templates_app.models import Template
from templates_app.selectors import templates_sendable

#: So many of those sent last come before the rest of the alphabet.
LAST_USED = 5


def templates_for(user: Any, account: ProviderAccount) -> list[Template]:
    """The account's templates that can be sent and that `user` may use. Each carries `is_favourite`. Two queries."""
    templates = list(templates_allowed(templates_sendable(account=account), user))
    mine = {row.template_id: row for row in AgentTemplate.objects.filter(user=user, template__account=account)}
    last = sorted((row for row in mine.values() if row.used_at is not None), key=_when, reverse=True)[:LAST_USED]
    place = {row.template_id: number for number, row in enumerate(last)}
    for template in templates:
        template.is_favourite = template.pk in mine and mine[template.pk].is_favourite  # type: ignore[attr-defined]
    return sorted(templates, key=lambda each: (not is_favourite(each), place.get(each.pk, LAST_USED)))


def is_favourite(template: Template) -> bool:
    """Whether `templates_for` found it among the user's favourites."""
    return bool(getattr(template, "is_favourite", False))


def template_used(*, user: Any, template_id: int) -> None:
    """The agent sent it: it is his last one now."""
    AgentTemplate.objects.update_or_create(user=user, template_id=template_id, defaults={"used_at": ClockTimestamp()})


def favourite_toggle(*, user: Any, template: Template) -> bool:
    """Put a template among the agent's favourites, or take it out. Returns whether it is one now."""
    row, _made = AgentTemplate.objects.get_or_create(user=user, template=template)
    AgentTemplate.objects.filter(pk=row.pk).update(is_favourite=not row.is_favourite)
    return not row.is_favourite


def groups_of(templates: Sequence[Template]) -> tuple[list[Template], list[Template]]:
    """The favourites, and the rest, each in its order."""
    return [each for each in templates if is_favourite(each)], [each for each in templates if not is_favourite(each)]


def _when(row: AgentTemplate) -> Any:
    return row.used_at
