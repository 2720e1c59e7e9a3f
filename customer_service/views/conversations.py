"""The conversations list: the whole page, and the part of it that refreshes itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from customer_service.selectors import ALL, PENDING, conversations, tabs_for
from customer_service.views.shell import ServiceView, digest, unchanged

SEARCH_LIMIT = 100


class ConversationsView(ServiceView):
    """The list by itself: the agent's way in."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        context = {"title": _("Conversations"), "is_fullwidth": "1", "list": list_context(request, current=None)}
        return self.page("customer_service/conversations.html", context)


class ConversationsLiveView(ServiceView):
    """The list as it is now; 204 while nothing on it changed."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        current = request.GET.get("current", "")
        context = list_context(request, current=int(current) if current.isdecimal() else None)
        if context["version"] == request.GET.get("version"):
            return unchanged()
        return self.fragment("customer_service/parts/list.html", {"list": context})


def list_context(request: HttpRequest, *, current: int | None, default_tab: str = PENDING) -> dict[str, Any]:
    """The list that the address asks for (tab, q, after), rendered, with its version and the address that refreshes it.

    `current` is the query whose ticket is open beside the list.
    """
    search = request.GET.get("q", "").strip()[:SEARCH_LIMIT]
    tabs = tabs_for(request.user)
    tab = request.GET.get("tab", default_tab)
    if tab not in {known.name for known in tabs}:
        tab = default_tab
    after = request.GET.get("after", "")
    page = conversations(user=request.user, tab=tab, search=search, cursor=after)
    place = list_place(tab, search)
    context = {
        "tabs": tabs,
        "tab": tab,
        "shows_state": bool(search) or tab == ALL,
        "search": search,
        "after": after,
        "rows": page.rows,
        "current": current,
        "place": place,
        "next": f"{place}&{urlencode({'after': page.next_cursor})}" if page.next_cursor else "",
    }
    body = render_to_string("customer_service/parts/list_body.html", context, request=request)
    version = digest(body)
    versions = urlencode({"after": after, "current": current or "", "version": version})
    return {
        **context,
        "body": body,
        "version": version,
        "refresh": f"{reverse('customer_service:conversations_live')}?{place}&{versions}",
    }


def list_place(tab: str, search: str) -> str:
    """Where in the list one is, as the end of an address: it travels with every link, so that the way back is known."""
    return urlencode({"tab": tab, "q": search} if search else {"tab": tab})
