"""*Recontact* for the selected queries: template, what fills each variable, samples, who gets it and who not, and the price."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from recontact.access import queries_for
from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.control import LIMIT, TooManyQueries, campaign_from_queries
from recontact.campaigns.mapping import DATA, FIELDS, TEXT, Filling, data_keys, mapping_guess
from recontact.campaigns.outlook import Outlook, outlook
from recontact.models import Query
from recontact.refusals import Code, refusal_sentence
from templates_app.components import Variable
from templates_app.models import Template
from templates_app.selectors import template_parsed, templates_sendable

#: Where the list of selected queries waits between the list and this page.
SESSION_KEY = "bulk_recontact_ids"
SAMPLES = 3
SEND_KEY_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One variable on the page: its place among all (from 1), what it is, and what fills it."""

    place: int
    variable: Variable
    filling: Filling


@dataclass(slots=True)
class Draft:
    """The page as filled in so far."""

    queries: list[Query]
    template: Template | None
    mapping: dict[str, Filling]
    name: str
    send_key: str
    found: Outlook | None


class BulkPage(ManagerPage):
    """The page, and the click that sends."""

    permission_required = "recontact.bulk_recontact"

    def get(self, request: HttpRequest) -> HttpResponse:
        ids = request.session.get(SESSION_KEY, [])
        if not ids:
            messages.info(request, _("Select queries first, then choose Recontact."))
            return redirect("admin:recontact_query_changelist")
        return self._show(draft_from(request, QueryDict(), ids=ids, send_key=secrets.token_urlsafe(24)))

    def post(self, request: HttpRequest) -> HttpResponse:
        draft = draft_from(request, request.POST, ids=_ids(request.POST))
        if not (0 < len(draft.send_key) <= SEND_KEY_LIMIT and draft.send_key.isprintable()):
            # Our page always has its own: without one a second click would be a second campaign, or none at all.
            raise SuspiciousOperation("the form's send key is missing or not ours")
        if draft.template is None:
            return self._show(draft, error=_("Choose a template."), status=400)
        if not draft.name.strip():
            return self._show(draft, error=_("Give the campaign a name: you will find it again by it."), status=400)
        try:
            campaign = campaign_from_queries(
                query_ids=[query.pk for query in draft.queries],
                template_id=draft.template.pk,
                mapping=draft.mapping,
                user=request.user,
                send_key=draft.send_key,
                name=draft.name,
            )
        except TooManyQueries as error:
            return self._show(draft, error=str(error), status=400)
        request.session.pop(SESSION_KEY, None)
        return redirect("admin:recontact_campaign_change", campaign.pk)

    def _show(self, draft: Draft, *, error: str = "", status: int = 200) -> HttpResponse:
        context = {"title": _("Recontact the selected queries"), "error": error, **draft_context(draft)}
        return self.page("bulk.html", context, status=status)


class BulkPreview(ManagerPage):
    """The live parts: the variables of another template, or samples and sums while somebody chooses."""

    permission_required = "recontact.bulk_recontact"

    def post(self, request: HttpRequest) -> HttpResponse:
        draft = draft_from(request, request.POST, ids=_ids(request.POST))
        part = "bulk_fields.html" if request.POST.get("part") == "fields" else "bulk_preview.html"
        return self.fragment(part, draft_context(draft))


def _ids(data: QueryDict) -> list[int]:
    return [int(part) for part in data.get("ids", "").split(",") if part.isdecimal() and len(part) < 19][: LIMIT + 1]


def draft_from(request: HttpRequest, data: QueryDict, *, ids: list[int], send_key: str = "") -> Draft:
    """The page from what was sent so far, limited to queries that the user reaches."""
    rows = queries_for(request.user).filter(pk__in=ids).order_by("pk")
    queries = list(rows.select_related("customer", "assigned_to", "sender_number__account"))
    template = _chosen(queries, data.get("template", ""))
    mapping = _mapping(template, queries, data)
    name = data.get(
        "name", _("Recontact of %(day)s") % {"day": date_format(timezone.localtime(), "SHORT_DATETIME_FORMAT")}
    ).replace("\x00", "")
    found = None
    if template is not None:
        found = outlook(queries=queries, template=template, mapping=mapping, user=request.user)
    return Draft(queries, template, mapping, name, data.get("send_key") or send_key, found)


def _chosen(queries: list[Query], chosen: str) -> Template | None:
    if not chosen.isdecimal():
        return None
    accounts = {query.sender_number.account_id for query in queries}
    return templates_sendable().filter(account__in=accounts, pk=int(chosen[:18])).first()


def _mapping(template: Template | None, queries: list[Query], data: QueryDict) -> dict[str, Filling]:
    """What the person chose; for a template just chosen, the guess."""
    if template is None:
        return {}
    parsed = template_parsed(template)
    guess = mapping_guess(parsed, data_keys(queries))
    if data.get("mapped") != str(template.pk):
        return guess
    return {
        variable.key: Filling(data.get(f"source-{variable.key}", TEXT), data.get(f"words-{variable.key}", ""))
        for variable in parsed.variables
    }


def draft_context(draft: Draft) -> dict[str, Any]:
    """What both the page and its live parts show."""
    accounts = {query.sender_number.account_id for query in draft.queries}
    parsed = template_parsed(draft.template) if draft.template is not None else None
    variables = parsed.variables if parsed is not None else ()
    rows = [Row(place, each, draft.mapping[each.key]) for place, each in enumerate(variables, start=1)]
    optional = [row for row in rows if not row.variable.required]
    sources = [(TEXT, _("Fixed text")), *FIELDS.items()]
    sources += [(DATA + key, key) for key in data_keys(draft.queries)]
    found = draft.found
    refused = [(short_words(code), count) for code, count in found.refused] if found else []
    return {
        "selected": len(draft.queries),
        "ids": ",".join(str(query.pk) for query in draft.queries),
        "name": draft.name,
        "send_key": draft.send_key,
        "templates": list(templates_sendable().filter(account__in=accounts)),
        "chosen": draft.template,
        "needed": [row for row in rows if row.variable.required],
        "optional": optional,
        "optional_open": any(row.filling != Filling(TEXT) for row in optional),
        "sources": sources,
        "text_source": TEXT,
        "found": found,
        "refused": refused,
        "refused_count": sum(count for _words, count in refused),
        "samples": found.sent[:SAMPLES] if found else [],
        "problem": next((fate.problems for fate in found.fates if fate.problems), "") if found else "",
        "totals": sorted(found.totals.items()) if found else [],
    }


def short_words(code: str) -> str:
    """A refusal in words that fit many queries at once; the full sentence of each stands on the result."""
    words = {
        Code.ALREADY_RECONTACTED: _("Already recontacted"),
        Code.RECONTACT_INCIDENT: _("An open incident about an earlier recontact"),
        Code.QUERY_CLOSED: _("Resolved"),
        Code.WINDOW_OPEN: _("The window is open: free text is enough"),
        Code.OPTED_OUT: _("The customer asked for no messages"),
        Code.OPTED_OUT_MARKETING: _("The customer asked for no marketing"),
        Code.CUSTOMER_ERASED: _("The customer's data were erased"),
        Code.NUMBER_PARKED: _("The sender number is stopped"),
        Code.ACCOUNT_PARKED: _("The provider account is stopped"),
        Code.TEMPLATE_NOT_SENDABLE: _("The template cannot be sent"),
        Code.PRICE_UNKNOWN: _("The price is not known: no rate for the market"),
        Code.INVALID_VARIABLES: _("A variable has no value, or one that WhatsApp refuses"),
    }
    return words.get(Code(code), refusal_sentence(code, {}))
