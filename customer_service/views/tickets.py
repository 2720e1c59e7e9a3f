"""A ticket: its page, and the parts of it that keep themselves up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from customer_service.canned import resolutions
from customer_service.composer import RECONTACT, TEXT
from customer_service.desks import ticket_opened
from customer_service.forms import ConsentForm, DescribeForm, NoteForm, ReferForm, ResolveForm, SnoozeForm, TextForm
from customer_service.lists import MINE, Asked
from customer_service.panel import Panel, panel_for_query, send_key_new
from customer_service.pulse import ticket_print, ticket_token
from customer_service.seen import seen
from customer_service.ticket import Ticket, ticket_of
from customer_service.views.conversations import list_context
from customer_service.views.shell import ServiceView, digest, is_fragment, unchanged
from recontact.models import Query

#: Parts that only show: they travel when what they show changed.
SHOWN = ("head", "timeline", "side", "news")
#: Parts in which people type: they travel only when what can be done changed.
TYPED = ("actions", "composer")


@dataclass(frozen=True, slots=True)
class Redisplay:
    """What a refused form leaves on the page: its values, what is wrong, and the menu that stays open."""

    text_form: forms.Form | None = None
    panel: Panel | None = None
    problems: Sequence[str] = ()
    menu: str = ""
    menu_form: forms.Form | None = None
    send_key: str = ""


FRESH = Redisplay()


class TicketBase(ServiceView):
    """What the ticket's page and its forms share."""

    def ticket_page(self, query: Query, shown: Redisplay = FRESH, *, status: int = 200) -> HttpResponse:
        """The whole page; `shown` and `status` say what was refused, if anything was."""
        request = self.request
        seen(query, user=request.user)
        others = ticket_opened(query=query, user=request.user)
        # Before it is read: what changes in between is then told as a change.
        pulse = _pulse(query, request)
        ticket = ticket_of(query, user=request.user, everything=_everything(request), others=others)
        conversations = list_context(request, current=query.pk, default_tab=MINE)
        context = _shown_context(request, ticket, conversations["place"]) | _typed_context(request, ticket, shown)
        parts = {name: _draw(request, name, context) for name in (*SHOWN, *TYPED)}
        context |= {
            "title": _("Query %(number)s") % {"number": query.pk},
            "is_fullwidth": "1",
            "list": conversations,
            "parts": parts,
            "live": _live_address(
                request, ticket, {name: digest(parts[name]) for name in SHOWN} | pulse, context["place"]
            ),
            **pulse,
        }
        return self.page("customer_service/ticket.html", context, status=status)


class TicketView(TicketBase):
    """The conversation with one customer about one query."""

    def get(self, request: HttpRequest, query_id: int) -> HttpResponse:
        return self.ticket_page(self.query(query_id))


class TicketLiveView(TicketBase):
    """The parts that changed since the page was drawn; 204 when none did."""

    def get(self, request: HttpRequest, query_id: int) -> HttpResponseBase:
        try:
            query = self.query(query_id)
        except Http404:
            if not is_fragment(request):
                raise
            messages.info(request, _("The conversation is no longer among those that you reach."))
            return HttpResponseClientRedirect(reverse("customer_service:conversations"))
        seen(query, user=request.user)
        others = ticket_opened(query=query, user=request.user)
        pulse = _pulse(query, request)
        ticket = ticket_of(query, user=request.user, everything=_everything(request), others=others)
        context = _shown_context(request, ticket, Asked.read(request.GET.dict(), tab=MINE).place)
        shown = {name: _draw(request, name, context) for name in SHOWN}
        changed = {name: html for name, html in shown.items() if digest(html) != request.GET.get(name)}
        typed = [name for name, key in _typed_keys(ticket).items() if key != request.GET.get(name)]
        if typed:
            context |= _typed_context(request, ticket, FRESH)
            changed |= {name: _draw(request, name, context) for name in typed}
        if not changed and pulse["print"] == request.GET.get("print"):
            return unchanged()
        live = _live_address(
            request, ticket, {name: digest(html) for name, html in shown.items()} | pulse, context["place"]
        )
        return self.fragment("customer_service/parts/live.html", {"live": live, "changed": changed, **pulse})


def back_to_ticket(request: HttpRequest, query: Query) -> HttpResponse:
    """To the ticket's page, with the list beside it as it was."""
    place = Asked.read(request.GET.dict(), tab=MINE).place
    return redirect(f"{reverse('customer_service:ticket', args=[query.pk])}?{place}")


def _pulse(query: Query, request: HttpRequest) -> dict[str, str]:
    user_id = request.user.pk or 0
    return {"token": ticket_token(query.pk, user_id), "print": ticket_print(query.pk, user_id)}


def _everything(request: HttpRequest) -> bool:
    return request.GET.get("everything") == "1"


def _shown_context(request: HttpRequest, ticket: Ticket, place: str) -> dict[str, Any]:
    """What the parts that only show are drawn from."""
    return {"ticket": ticket, "query": ticket.query, "place": place, "everything": _everything(request)}


def _typed_context(request: HttpRequest, ticket: Ticket, shown: Redisplay) -> dict[str, Any]:
    """What the parts in which people type need besides: forms, and templates with their prices, which take longer."""
    mode = ticket.composer.mode
    panel = shown.panel
    if mode == RECONTACT and panel is None:
        panel = panel_for_query(ticket.query, user=request.user)
    query = ticket.query
    forms_by_menu: dict[str, forms.Form] = {
        "resolve": ResolveForm(offered=resolutions(query)),
        "note": NoteForm(),
        "snooze": SnoozeForm(),
        "describe": DescribeForm(query=query),
    }
    if ticket.actions.consent:
        forms_by_menu["consent"] = ConsentForm(wishes=ticket.actions.consent)
    if ticket.actions.refer:
        forms_by_menu["refer"] = ReferForm()
    if shown.menu and shown.menu_form is not None:
        forms_by_menu[shown.menu] = shown.menu_form
    return {
        "panel": panel if mode == RECONTACT else None,
        "panel_address": reverse("customer_service:recontact", args=[ticket.query.pk]),
        "text_form": shown.text_form or TextForm(),
        "send_key": shown.send_key or (send_key_new() if mode == TEXT else ""),
        "problems": shown.problems,
        "menu": shown.menu,
        "forms": forms_by_menu,
    }


def _draw(request: HttpRequest, name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"customer_service/parts/{name}.html", context, request=request)


def _typed_keys(ticket: Ticket) -> dict[str, str]:
    return {"actions": digest(ticket.actions.key), "composer": digest(ticket.composer.key)}


def _live_address(request: HttpRequest, ticket: Ticket, shown: dict[str, str], place: str) -> str:
    """The address that asks for what changed since now: it carries the fingerprints of all parts."""
    shown = {name: value for name, value in shown.items() if name != "token"}
    versions = urlencode({**shown, **_typed_keys(ticket), "everything": "1" if _everything(request) else ""})
    address = reverse("customer_service:ticket_live", args=[ticket.query.pk])
    return f"{address}?{place}&{versions}"
