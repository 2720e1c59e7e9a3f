"""The costs' place in the Manager: the page, and its files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path

from recontact.admin.base import ReadOnlyAdmin
from recontact.admin_pages.costs import CostsElsewherePage, CostsFile, CostsPage
from recontact.models import CostCell


@admin.register(CostCell)
class CostCellAdmin(ReadOnlyAdmin):
    """Sums that nobody edits: in place of their list stands the page of costs."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return CostsPage.as_view()(request)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            path("file/<slug:kind>/", wrap(CostsFile.as_view()), name="recontact_costcell_file"),
            path("elsewhere/", wrap(CostsElsewherePage.as_view()), name="recontact_costcell_elsewhere"),
        ]
        return [*pages, *super().get_urls()]
