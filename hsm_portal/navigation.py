"""The shell that both sides share: sidebar, user menu, the banner while all sending is stopped. Called back by Unfold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hsm_portal.models import User
from recontact.models import DispatchSwitch, Message

MANAGER = "/manager/"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the sidebar: shown when the address exists and the user has one of the permissions."""

    title: str
    icon: str
    path: str
    permissions: tuple[str, ...]
    badge: str = ""
    #: Other addresses whose pages belong to this line.
    also: tuple[str, ...] = ()


def _groups() -> list[tuple[str, list[_Entry]]]:
    return [
        (_("Customer Service"), _customer_service()),
        (_("Manager"), _manager()),
        (_("Configuration"), _configuration()),
    ]


def _customer_service() -> list[_Entry]:
    return [
        _Entry(_("Conversations"), "inbox", "/service/", ("recontact.view_query",)),
        _Entry(_("WhatsApp HSM"), "forward_to_inbox", "/service/hsm/", ("recontact.open_query_with_hsm",)),
        _Entry(
            _("Live board"),
            "monitoring",
            "/service/board/",
            ("customer_service.see_board",),
            also=("/service/follow-up/",),
        ),
        _Entry(_("Reports"), "bar_chart", "/service/reports/", ("recontact.view_query",)),
    ]


def _manager() -> list[_Entry]:
    return [
        _Entry(_("Dashboard"), "dashboard", MANAGER, ("recontact.view_message",)),
        _Entry(_("Send an HSM"), "send", f"{MANAGER}recontact/message/send/", ("recontact.send_hsm",)),
        _Entry(_("Campaigns"), "campaign", f"{MANAGER}recontact/campaign/", ("recontact.view_campaign",)),
        _Entry(_("Templates"), "article", f"{MANAGER}templates_app/template/", ("templates_app.view_template",)),
        _Entry(_("Queries"), "support_agent", f"{MANAGER}recontact/query/", ("recontact.view_all_queries",)),
        _Entry(_("Messages"), "history", f"{MANAGER}recontact/message/", ("recontact.view_message",)),
        _Entry(_("Attempts"), "swap_horiz", f"{MANAGER}recontact/attempt/", ("recontact.view_attempt",)),
        _Entry(
            _("Without certainty"),
            "help",
            f"{MANAGER}recontact/message/uncertain/",
            ("recontact.settle_message",),
            badge="uncertain",
        ),
        _Entry(_("Recontact ledger"), "menu_book", f"{MANAGER}recontact/recontact/", ("recontact.view_recontact",)),
        _Entry(_("Costs"), "payments", f"{MANAGER}recontact/costcell/", ("recontact.view_costcell",)),
        _Entry(_("Reconciliation"), "balance", f"{MANAGER}recontact/statement/", ("recontact.view_statement",)),
        _Entry(_("Budgets"), "savings", f"{MANAGER}recontact/budget/", ("recontact.view_budget",)),
        _Entry(_("Customers"), "group", f"{MANAGER}recontact/customer/", ("recontact.change_customer",)),
    ]


def _configuration() -> list[_Entry]:
    providers = f"{MANAGER}providers/"
    portal = f"{MANAGER}hsm_portal/"
    service = f"{MANAGER}customer_service/"
    return [
        _Entry(_("Provider accounts"), "hub", f"{providers}provideraccount/", ("providers.view_provideraccount",)),
        _Entry(_("Sender numbers"), "dialpad", f"{providers}sendernumber/", ("providers.view_provideraccount",)),
        _Entry(_("Rate cards"), "request_quote", f"{providers}ratecard/", ("providers.view_ratecard",)),
        _Entry(_("Pricing rules"), "rule", f"{providers}pricingrule/", ("providers.view_pricingrule",)),
        _Entry(
            _("Exchange rates"),
            "currency_exchange",
            f"{MANAGER}recontact/exchangerate/",
            ("recontact.view_exchangerate",),
        ),
        _Entry(_("Error codes"), "error", f"{providers}provideraccount/codes/", ("providers.view_sendernumber",)),
        _Entry(_("Webhook inbox"), "webhook", f"{providers}webhookdelivery/", ("providers.view_webhookdelivery",)),
        _Entry(_("Provider calls"), "lan", f"{providers}providercall/", ("providers.view_providercall",)),
        _Entry(_("Teams"), "groups", f"{MANAGER}recontact/team/", ("recontact.change_team",)),
        _Entry(
            _("Hours and assignment"), "schedule", f"{service}teamsettings/", ("customer_service.change_teamsettings",)
        ),
        _Entry(
            _("Rules for new queries"), "alt_route", f"{service}routingrule/", ("customer_service.change_routingrule",)
        ),
        _Entry(_("Agents' quotas"), "badge", f"{service}desk/", ("customer_service.change_desk",)),
        _Entry(_("Canned answers"), "quickreply", f"{service}cannedanswer/", ("customer_service.change_cannedanswer",)),
        _Entry(_("Resolutions"), "task_alt", f"{service}resolution/", ("customer_service.change_resolution",)),
        _Entry(_("Topics"), "category", f"{service}topic/", ("customer_service.change_topic",)),
        _Entry(_("Tags"), "sell", f"{service}tag/", ("customer_service.change_tag",)),
        _Entry(_("Users and roles"), "manage_accounts", f"{portal}user/", ("hsm_portal.view_user",)),
        _Entry(_("API keys"), "key", f"{portal}apikey/", ("hsm_portal.view_apikey",)),
        _Entry(
            _("Subscriptions to events"),
            "outbound",
            f"{MANAGER}recontact/subscription/",
            ("recontact.view_subscription",),
        ),
        _Entry(_("Outgoing events"), "outbox", f"{MANAGER}recontact/outgoingevent/", ("recontact.view_outgoingevent",)),
        _Entry(
            _("Dispatch switch"),
            "emergency_home",
            f"{MANAGER}recontact/dispatchswitch/",
            ("recontact.stop_dispatch",),
        ),
    ]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar of this user, as Unfold wants it. The entry whose address fits the page best is the active one."""
    begins = reverse("admin:index")
    groups = [
        (title, [entry for entry in entries if _allowed(request, entry, begins)])
        for title, entries in _existing(get_language())
    ]
    active = _active_path(request, [entry for _title, entries in groups for entry in entries])
    return [
        {"title": title, "items": [_item(entry, active) for entry in entries]} for title, entries in groups if entries
    ]


@cache
def _existing(language: str | None) -> list[tuple[str, list[_Entry]]]:
    """The groups in this language, which is the one in force, with the entries whose addresses exist: of all users, once."""
    return [(title, [entry for entry in entries if _exists(entry.path)]) for title, entries in _groups()]


def _allowed(request: HttpRequest, entry: _Entry, manager: str) -> bool:
    """The Manager lets only staff in, whatever else an agent may see through Customer Service."""
    if entry.path.startswith(manager) and not request.user.is_staff:
        return False
    return any(request.user.has_perm(permission) for permission in entry.permissions)


def _exists(path: str) -> bool:
    try:
        return resolve(path).url_name is not None
    except Resolver404:
        return False


def _active_path(request: HttpRequest, entries: list[_Entry]) -> str:
    fitting = [
        (each, entry.path) for entry in entries for each in (entry.path, *entry.also) if _fits(request.path, each)
    ]
    return max(fitting, key=lambda fit: len(fit[0]), default=("", ""))[1]


def _fits(path: str, entry_path: str) -> bool:
    return path == entry_path if entry_path == MANAGER else path.startswith(entry_path)


def _item(entry: _Entry, active: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "title": entry.title,
        "icon": entry.icon,
        "link": entry.path,
        "active": entry.path == active,
    }
    if entry.badge == "uncertain" and (count := uncertain_count()):
        item["badge"] = count
        item["badge_variant"] = "warning"
    return item


def uncertain_count() -> int:
    """How many messages wait for certainty; the partial index holds nothing else."""
    return Message.objects.filter(state=Message.State.UNCERTAIN).count()


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """The user menu's own links."""
    links = [{"title": _("Language and time zone"), "link": reverse("preferences")}]
    if request.user.is_authenticated and request.user.has_usable_password():
        links.append({"title": _("Change password"), "link": reverse("password_change")})
    return links


def language_address(request: HttpRequest) -> str:
    """Where the language of the user menu is changed: kept with the user once he is known."""
    return reverse("language")


def shell_context(request: HttpRequest) -> dict[str, Any]:
    """What every page of the shell gets beside Unfold's own: the sidebar for agents too, and the stop banner."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return {}
    context: dict[str, Any] = {"redirect_to": request.get_full_path()}
    if not admin.site.has_permission(request):
        context |= {"has_permission": True, "sidebar_navigation": admin.site.get_sidebar_list(request)}  # type: ignore[attr-defined]  # Unfold's site
    if user.is_staff:
        context["dispatch_halted"] = DispatchSwitch.objects.filter(halted=True).first()
        context["may_stop_dispatch"] = user.has_perm("recontact.stop_dispatch")
    return context
