"""The live board of coordinators."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from customer_service.board import board_now
from customer_service.views.shell import ServiceView, is_fragment


class BoardView(ServiceView):
    """The board, and the part of it that comes anew every ten seconds."""

    permission_required = ("recontact.view_query", "customer_service.see_board")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        context = {"board": board_now()}
        if is_fragment(request):
            return self.fragment("customer_service/parts/board.html", context)
        return self.page("customer_service/board.html", {**context, "title": _("Live board"), "is_fullwidth": "1"})
