"""The conversations list: the whole page, the part of it that is asked for again when it changed, and its filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from customer_service import selectors
from customer_service.filter_form import FilterForm, filter_chips
from customer_service.lists import ALL, NEWEST, PENDING, WAITING, WINDOW, Asked
from customer_service.paging import Reach
from customer_service.pulse import list_token, rows_print
from customer_service.row_html import RowWriter
from customer_service.selectors import tabs_for
from customer_service.views.shell import ServiceView, digest, unchanged


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
        # A fingerprint that changed without a change to see has to reach the screen too, or it would ask for ever.
        if context["version"] == request.GET.get("version") and context["print"] == request.GET.get("print", ""):
            return unchanged()
        return self.fragment("customer_service/parts/list.html", {"list": context})


class FiltersView(ServiceView):
    """The form that narrows the list, when somebody opens it."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        asked = Asked.read(request.GET.dict())
        form = FilterForm(asked.filters, user=request.user)
        return self.fragment("customer_service/parts/filters.html", {"form": form, "asked": asked})


def list_context(request: HttpRequest, *, current: int | None, default_tab: str = PENDING) -> dict[str, Any]:
    """The list that the address asks for, rendered, with its version and the address that refreshes it.

    `current` is the query whose ticket is open beside the list.
    """
    reach = Reach.of(request.user)
    tabs = tabs_for(request.user, reach)
    asked = Asked.read(request.GET.dict(), tab=default_tab)
    if asked.tab not in {known.name for known in tabs}:
        asked = replace(asked, tab=default_tab)
    after = request.GET.get("after", "")
    token = "" if after else list_token(reach, asked, page_size=selectors.PAGE_SIZE)
    which = selectors.chosen(user=request.user, asked=asked, cursor=after, reach=reach)
    # Before the rows are read: what changes in between is then told as a change.
    print_ = rows_print(which.ids) if token else ""
    page = selectors.page_of(which, user=request.user)
    place = asked.place
    shows_state = bool(asked.search) or asked.tab == ALL
    writer = RowWriter(place=place, current=current, shows_state=shows_state)
    context = {
        "tabs": tabs,
        "tab": asked.tab,
        "search": asked.search,
        "asked": asked,
        "sorts": _sorts(),
        "kept": [pair for pair in parse_qsl(place) if pair[0] not in ("tab", "sort")],
        "chips": filter_chips(asked, user=request.user) if asked.filters else [],
        "cut": page.cut,
        "after": after,
        "rows": page.rows,
        "written": [writer.write(row) for row in page.rows],
        "current": current,
        "place": place,
        "next": f"{place}&{urlencode({'after': page.next_cursor})}" if page.next_cursor else "",
    }
    body = render_to_string("customer_service/parts/list_body.html", context, request=request)
    version = digest(body)
    versions = urlencode({"after": after, "current": current or "", "version": version, "print": print_})
    return {
        **context,
        "body": body,
        "version": version,
        "token": token,
        "print": print_,
        "refresh": f"{reverse('customer_service:conversations_live')}?{place}&{versions}",
    }


def _sorts() -> list[tuple[str, str]]:
    return [(NEWEST, _("Newest first")), (WAITING, _("Waiting longest")), (WINDOW, _("Window closes soonest"))]
