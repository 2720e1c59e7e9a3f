"""Templates: list and detail."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from templates_app.api.base import ApiView, validated
from templates_app.api.schema import PROBLEMS, paged
from templates_app.api.serializers import TemplateDetailSerializer, TemplateFilterSerializer, TemplateSerializer
from templates_app.selectors import templates_listed

FILTERS = {"account": "account_id", "status": "status", "language": "language__iexact", "category": "category"}


class TemplateListView(ApiView):
    """Templates of every account, newest first."""

    permissions_required = {"GET": "templates_app.view_template"}

    @extend_schema(
        operation_id="templates_list",
        tags=["templates"],
        parameters=[TemplateFilterSerializer, *paged.parameters],
        responses={200: paged(TemplateSerializer), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List templates with their status and why one cannot be sent."""
        asked = validated(TemplateFilterSerializer, request.query_params)
        filters: dict[str, Any] = {FILTERS[name]: value for name, value in asked.items() if name in FILTERS}
        if asked.get("q"):
            filters["name__icontains"] = asked["q"]
        return self.page(request, templates_listed().filter(**filters), TemplateSerializer)


class TemplateDetailView(ApiView):
    """One template."""

    permissions_required = {"GET": "templates_app.view_template"}

    @extend_schema(
        operation_id="templates_read", tags=["templates"], responses={200: TemplateDetailSerializer, **PROBLEMS}
    )
    def get(self, request: Request, template_id: int) -> Response:
        """Read a template with the variables that a send has to fill."""
        template = templates_listed().filter(pk=template_id).first()
        if template is None:
            raise Http404
        return Response(TemplateDetailSerializer(template).data)
