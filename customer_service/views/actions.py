"""What people do with a query on its ticket: take, refer, resolve, reopen, note, and what its customer wants."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from customer_service.canned import resolutions
from customer_service.forms import ConsentForm, DescribeForm, NoteForm, ReferForm, ResolveForm, SnoozeForm
from customer_service.notes import note_add
from customer_service.views.tickets import Redisplay, TicketBase, back_to_ticket
from recontact.access import query_access, query_is_foreign
from recontact.consent import Wish, wish_note, wishes_open
from recontact.models import OptOut, Query
from recontact.queries import (
    QueryCode,
    QueryRefused,
    query_describe,
    query_refer,
    query_reopen,
    query_resolve,
    query_snooze,
    query_take,
    query_wake,
)


class ActionView(TicketBase):
    """One action on a query, by POST; refused, the ticket comes back with the reason and the form as it was filled."""

    http_method_names = ["post"]
    menu = ""

    def post(self, request: HttpRequest, query_id: int) -> HttpResponse:
        query = self.query(query_id)
        form = self.form(query)
        if form is not None and not form.is_valid():
            return self.ticket_page(query, Redisplay(menu=self.menu, menu_form=form), status=400)
        try:
            self.act(query, form.cleaned_data if form is not None else {})
        except QueryRefused as refused:
            shown = Redisplay(problems=[refused.sentence], menu=self.menu, menu_form=form)
            return self.ticket_page(self.query(query_id), shown, status=409)
        if query_access(request.user, query_id) is None:
            messages.success(request, _("Done. The conversation is no longer among those that you reach."))
            return redirect("customer_service:conversations")
        return back_to_ticket(request, query)

    def form(self, query: Query) -> forms.Form | None:
        """The form of the action, bound; None when it asks nothing."""
        return None

    def act(self, query: Query, values: dict[str, object]) -> None:
        """Call the service. Raises QueryRefused."""
        raise NotImplementedError


class TakeView(ActionView):
    """Take an unassigned query; the second taker is told who has it."""

    permission_required = ("recontact.view_query", "recontact.change_query")

    def act(self, query: Query, values: dict[str, object]) -> None:
        query_take(query_id=query.pk, user=self.request.user)


class ResolveView(ActionView):
    """Resolve the query, saying how."""

    permission_required = ("recontact.view_query", "recontact.change_query")
    menu = "resolve"

    def form(self, query: Query) -> forms.Form:
        return ResolveForm(self.request.POST, offered=resolutions(query))

    def act(self, query: Query, values: dict[str, object]) -> None:
        query_resolve(query_id=query.pk, user=self.request.user, resolution=str(values["resolution"]))


class ReopenView(ActionView):
    """Open a resolved query again."""

    permission_required = ("recontact.view_query", "recontact.change_query")

    def act(self, query: Query, values: dict[str, object]) -> None:
        query_reopen(query_id=query.pk, user=self.request.user)


class ReferView(ActionView):
    """Hand the query to an agent or a team."""

    permission_required = ("recontact.view_query", "recontact.refer_query")
    menu = "refer"

    def form(self, query: Query) -> forms.Form:
        return ReferForm(self.request.POST)

    def act(self, query: Query, values: dict[str, object]) -> None:
        query_refer(
            query_id=query.pk,
            user=self.request.user,
            agent=values["agent"],
            team=values["team"],  # type: ignore[arg-type]  # a Team or None, by the form's field
            comment=str(values["comment"]),
        )


class NoteView(ActionView):
    """Leave a note for other agents."""

    permission_required = ("recontact.view_query", "customer_service.add_note")
    menu = "note"

    def form(self, query: Query) -> forms.Form:
        return NoteForm(self.request.POST)

    def act(self, query: Query, values: dict[str, object]) -> None:
        note_add(query=query, user=self.request.user, text=str(values["note"]))


class SnoozeView(ActionView):
    """Put the query off until a moment, or until the customer answers."""

    permission_required = ("recontact.view_query", "recontact.change_query")
    menu = "snooze"

    def form(self, query: Query) -> forms.Form:
        return SnoozeForm(self.request.POST)

    def act(self, query: Query, values: dict[str, object]) -> None:
        form = SnoozeForm(self.request.POST)
        form.is_valid()
        query_snooze(query_id=query.pk, user=self.request.user, until=form.moment())


class WakeView(ActionView):
    """Bring a query back that was put off."""

    permission_required = ("recontact.view_query", "recontact.change_query")

    def act(self, query: Query, values: dict[str, object]) -> None:
        query_wake(query_id=query.pk, user=self.request.user)


class DescribeView(ActionView):
    """Say what the query is about."""

    permission_required = ("recontact.view_query", "recontact.change_query")
    menu = "describe"

    def form(self, query: Query) -> forms.Form:
        return DescribeForm(self.request.POST, query=query)

    def act(self, query: Query, values: dict[str, object]) -> None:
        query_describe(
            query_id=query.pk,
            user=self.request.user,
            topic=str(values["topic"]),
            tags=values["tags"],  # type: ignore[arg-type]  # a list of strings, by the form's field
        )


class ConsentView(ActionView):
    """Note what the customer said about being written to; an agent does so in his own queries and in nobody's."""

    permission_required = ("recontact.view_query", "recontact.change_query", "recontact.add_optout")
    menu = "consent"

    def form(self, query: Query) -> forms.Form:
        standing = OptOut.objects.filter(customer=query.customer_id, revoked_at__isnull=True)
        return ConsentForm(self.request.POST, wishes=wishes_open(query.customer, standing, user=self.request.user))

    def act(self, query: Query, values: dict[str, object]) -> None:
        user = self.request.user
        if query_is_foreign(user, query):
            raise QueryRefused(QueryCode.FOREIGN, {"agent": str(query.assigned_to)})
        wish_note(query_id=query.pk, wish=Wish(str(values["wish"])), source=str(values["source"]), user=user)
