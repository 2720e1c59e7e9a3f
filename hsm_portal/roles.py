"""The roles: one table of groups and their permissions. Groups are brought in line with it after every migration."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """The names of the groups; what a person reads is in `ROLE_LABELS`."""

    MANAGER = "Manager"
    COORDINATOR = "Coordinator"
    AGENT = "Agent"
    OPS = "Ops"
    ADMIN = "Admin"


ROLE_LABELS: dict[Role, Promise | str] = {
    Role.MANAGER: _("Manager: sends HSMs singly and in bulk, keeps templates, reads reports"),
    Role.COORDINATOR: _("Coordinator: runs the agents and their queries, may send HSMs"),
    Role.AGENT: _("Agent: works own queries, answers and recontacts"),
    Role.OPS: _("Ops: reads costs, keeps rate cards and budgets, sends nothing"),
    Role.ADMIN: _("Admin: accounts, numbers, users, roles, keys; everything"),
}

_ROLE_NAMES: dict[str, Promise | str] = {Role.COORDINATOR: _("Coordinator"), Role.AGENT: _("Agent")}

#: Roles that enter the Manager (`/manager/`). Agents work in Customer Service alone.
STAFF_ROLES = frozenset({Role.MANAGER, Role.COORDINATOR, Role.OPS, Role.ADMIN})


def role_name(group_name: str) -> str:
    """A group's name as people read it; Manager, Ops and Admin are the same in every language."""
    return str(_ROLE_NAMES.get(group_name, group_name))


def _views(app: str, *models: str) -> frozenset[str]:
    return frozenset(f"{app}.view_{model}" for model in models)


def _keeps(app: str, *models: str) -> frozenset[str]:
    return frozenset(f"{app}.{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in models)


_CONVERSATIONS = (
    _views("recontact", "query", "queryevent", "customer", "message", "team")
    | _views("customer_service", "inboundmessage", "note")
    | _views("templates_app", "template")
    | _views("providers", "sendernumber")
    | {"customer_service.add_note"}
)
_OWN_QUERIES = frozenset(
    {
        "recontact.recontact_query",
        "recontact.open_query_with_hsm",
        "recontact.send_text",
        "recontact.change_query",
        "recontact.see_phones",
        "recontact.see_costs",
        "recontact.add_optout",
    }
)
_AGENT = _CONVERSATIONS | _OWN_QUERIES

_COORDINATOR = (
    _AGENT
    | _views("recontact", "recontact", "attempt", "messageevent", "costentry", "settlement", "incident", "optout")
    | _views("recontact", "servicewindow")
    | _views("customer_service", "desk")
    | _keeps(
        "customer_service", "cannedanswer", "resolution", "topic", "tag", "openinghours", "specialday", "routingrule"
    )
    | {
        "customer_service.see_board",
        "customer_service.see_team_reports",
        "customer_service.change_desk",
        "customer_service.view_teamsettings",
        "customer_service.add_teamsettings",
        "customer_service.change_teamsettings",
        "recontact.view_all_queries",
        "recontact.add_query",
        "recontact.refer_query",
        "recontact.send_hsm",
        "recontact.settle_message",
        "recontact.release_recontact",
        "recontact.change_incident",
        "recontact.add_team",
        "recontact.change_team",
        "recontact.change_customer",
        "recontact.change_optout",
    }
)

_MANAGER = (
    _COORDINATOR
    | _views("recontact", "campaign", "campaignrefusal", "dispatchswitch", "budget", "budgetperiod", "costcell")
    | _views("templates_app", "templatechange")
    | _views("providers", "provideraccount", "portfolio", "webhookdelivery", "providercall", "ratecard", "rate")
    | _views("providers", "checkup", "providernotice", "ratefee", "pricingrule")
    | {
        "customer_service.see_all_reports",
        "providers.add_checkup",
        "providers.resume_sending",
        "recontact.bulk_recontact",
        "recontact.stop_dispatch",
        "recontact.add_campaign",
        "recontact.change_campaign",
        "recontact.approve_campaign",
        "recontact.receive_budget_alerts",
        "templates_app.add_template",
        "templates_app.change_template",
        "templates_app.delete_template",
    }
)

_OPS = (
    _views("recontact", "message", "costentry", "campaign", "campaignrefusal", "budget", "budgetperiod", "exchangerate")
    | _views("recontact", "costcell", "statement", "comparison", "monthclosing", "usagepull")
    | _views("providers", "provideraccount", "sendernumber", "portfolio", "ratecard", "rate", "checkup")
    | _views("providers", "ratefee", "pricingrule")
    | _views("templates_app", "template")
    | {
        "recontact.see_costs",
        "recontact.add_budget",
        "recontact.change_budget",
        "recontact.add_exchangerate",
        "recontact.add_statement",
        "recontact.withdraw_statement",
        "recontact.change_comparison",
        "recontact.add_usagepull",
        "recontact.close_month",
        "recontact.reopen_month",
        "recontact.receive_budget_alerts",
        "providers.add_ratecard",
        "providers.change_ratecard",
        "providers.publish_ratecard",
        "providers.delete_ratecard",
        "providers.add_rate",
        "providers.change_rate",
        "providers.delete_rate",
        "providers.add_ratefee",
        "providers.change_ratefee",
        "providers.delete_ratefee",
        "providers.add_pricingrule",
        "providers.change_pricingrule",
    }
)

#: What each role may do, as "app.codename". Admin is not listed: it has every permission there is.
ROLE_PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.MANAGER: _MANAGER,
    Role.COORDINATOR: _COORDINATOR,
    Role.AGENT: _AGENT,
    Role.OPS: _OPS,
}


def roles_sync(**_signal: Any) -> None:
    """Make the groups and give each exactly its permissions. Also the receiver of post_migrate.

    A permission of the table that does not exist yet (a migration half way) is left for the next run.
    """
    for role in Role:
        group, _created = Group.objects.get_or_create(name=role.value)
        group.permissions.set(_permissions_of(role))


def _permissions_of(role: Role) -> list[Permission]:
    if role is Role.ADMIN:
        return list(Permission.objects.all())
    wanted = Q(pk__in=[])
    for name in sorted(ROLE_PERMISSIONS[role]):
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))
