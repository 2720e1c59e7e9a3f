"""What every page of the Manager that is no list or form of one model shares: its permission, the shell, live parts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View


class ManagerPage(PermissionRequiredMixin, View):
    """A page in the Manager's shell. Mount it in a ModelAdmin's `get_urls` through `admin_site.admin_view`.

    Each page names its permission: an empty one would let in every user of the Manager, so it is refused at once.
    """

    permission_required: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.permission_required:
            raise ImproperlyConfigured(f"{cls.__name__} names no permission")

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """The whole page, in the shell."""
        shell = admin.site.each_context(self.request)
        return render(self.request, f"recontact/manager/{template}", {**shell, **context}, status=status)

    def fragment(self, template: str, context: dict[str, Any]) -> HttpResponse:
        """A part of a page, for HTMX."""
        return render(self.request, f"recontact/manager/{template}", context)


def is_fragment(request: HttpRequest) -> bool:
    """Whether HTMX asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
