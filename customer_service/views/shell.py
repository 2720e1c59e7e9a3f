"""What every page of Customer Service shares: login, permission, the shell, and fragments that only travel when they changed."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.generic import View
from django_htmx.http import HttpResponseClientRefresh
from unfold.sites import UnfoldAdminSite

from recontact.access import query_access
from recontact.models import Query


class _Shell(UnfoldAdminSite):  # type: ignore[misc]  # Unfold says no types
    """The shell of both sides without the Manager's list of models, which asks for each one's permissions and is not shown."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        return []


_SHELL = _Shell(name="admin")


class ServiceView(PermissionRequiredMixin, View):
    """A page of Customer Service; each names its permission. Anonymous: to the login; without the permission: 403."""

    permission_required: str | tuple[str, ...] = "recontact.view_query"

    def handle_no_permission(self) -> Any:
        # A live part that outlives the login must not put the login page into the middle of the old one.
        if is_fragment(self.request) and not self.request.user.is_authenticated:
            return HttpResponseClientRefresh()
        return super().handle_no_permission()

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """A whole page in the shell."""
        shell = _SHELL.each_context(self.request)
        return render(self.request, template, {**shell, **context}, status=status)

    def fragment(self, template: str, context: dict[str, Any]) -> HttpResponse:
        """A part of a page."""
        return render(self.request, template, context)

    def query(self, query_id: int) -> Query:
        """The query, if the user may see it; else 404, whether it exists or not."""
        found = query_access(self.request.user, query_id)
        if found is None:
            raise Http404
        return found


def is_fragment(request: HttpRequest) -> bool:
    """Whether a part of a page was asked for by HTMX rather than a page by the browser."""
    return request.headers.get("HX-Request") == "true"


def digest(*parts: str) -> str:
    """A short fingerprint of what is on the screen, to tell whether it changed."""
    return sha256("\x00".join(parts).encode()).hexdigest()[:16]


def unchanged() -> HttpResponseBase:
    """204: HTMX leaves the screen alone, so focus, selection and scroll stay where they are."""
    return HttpResponse(status=204)
