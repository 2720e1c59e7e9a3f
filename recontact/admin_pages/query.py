"""The page of one query in the Manager: the customer, what happened, the messages and the ledger."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from recontact.access import query_access
from recontact.admin_pages.bulk import SESSION_KEY
from recontact.admin_pages.page import ManagerPage
from recontact.clock import database_now
from recontact.costs.spent import spent_on
from recontact.eligibility import recontact_refusals
from recontact.models import Message, Query, Recontact
from recontact.windows import window_expires_at


class QueryPage(ManagerPage):
    """A query, and the way to its recontact while it has one."""

    permission_required = "recontact.view_all_queries"

    def get(self, request: HttpRequest, query_id: int) -> HttpResponse:
        query = self._query(query_id)
        closes = window_expires_at(customer_id=query.customer_id, sender_number_id=query.sender_number_id)
        ledger_rows = Recontact.objects.filter(query=query).select_related("message", "reserved_by", "released_by")
        sent = Message.objects.filter(query=query).select_related("created_by").defer("components", "bubble")
        context = {
            "title": _("Query %(number)s") % {"number": query.pk},
            "query": query,
            "closes": closes,
            "window_open": closes is not None and closes > database_now(),
            "refusals": recontact_refusals(query, user=request.user),
            "ledger_rows": list(ledger_rows),
            "sent_messages": list(sent.order_by("-pk")[:100]),
            "spent": spent_on(Message.objects.filter(query=query))
            if request.user.has_perm("recontact.see_costs")
            else None,
            "events": list(query.events.select_related("actor")),
        }
        return self.page("query.html", context)

    def post(self, request: HttpRequest, query_id: int) -> HttpResponse:
        """The query's recontact is the bulk page with this one query."""
        request.session[SESSION_KEY] = [self._query(query_id).pk]
        return redirect("admin:recontact_query_bulk")

    def _query(self, query_id: int) -> Query:
        query = query_access(self.request.user, query_id)
        if query is None:
            raise Http404
        return query
