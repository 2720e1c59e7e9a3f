"""Being at work: online, paused, offline; and the canned answers of a query."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from customer_service.canned import canned_answers
from customer_service.desks import desk_ends_soon, desk_extend, desk_of, desk_set
from customer_service.forms import DeskForm
from customer_service.models import Desk
from customer_service.views.shell import ServiceView
from recontact.clock import database_now

WORKS = ("recontact.view_query", "recontact.change_query")


class DeskView(ServiceView):
    """The agent's state as a part of the list; by POST he changes it."""

    permission_required = WORKS

    def get(self, request: HttpRequest) -> HttpResponseBase:
        desk = desk_of(request.user)
        context = {
            "desk": desk,
            "pauses": Desk.Pause.choices,
            "ends_soon": desk_ends_soon(desk, database_now()),
        }
        return self.fragment("customer_service/parts/desk.html", context)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = DeskForm(request.POST)
        if not form.is_valid():
            raise Http404
        desk_set(
            user=request.user, state=form.cleaned_data["state"], pause=form.cleaned_data["pause"] or Desk.Pause.OTHER
        )
        return self.get(request) if request.headers.get("HX-Request") else redirect("customer_service:conversations")


class DeskExtendView(ServiceView):
    """One click: still there."""

    permission_required = WORKS
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        desk_extend(user=request.user)
        return redirect("customer_service:desk")


class CannedView(ServiceView):
    """The canned answers for a query that the user reaches, filled with its names, as JSON."""

    permission_required = ("recontact.view_query", "recontact.send_text")

    def get(self, request: HttpRequest, query_id: int) -> HttpResponseBase:
        return JsonResponse({"answers": canned_answers(self.query(query_id), user=request.user)})
