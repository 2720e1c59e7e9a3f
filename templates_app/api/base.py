"""What every view of the API shares: permission by method, the user's language and zone, bounded JSON, throttle, paging."""

from __future__ import annotations

import contextlib
import zoneinfo
from collections.abc import Mapping
from typing import Any, ClassVar

import structlog
from django.db.models import Model, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from templates_app.api.errors import ApiProblem
from templates_app.api.paging import NewestFirst
from templates_app.api.parsing import BoundedJSONParser

log = structlog.get_logger(__name__)


class HasPermission(BasePermission):
    """The view's permission for the method. A method that a view serves without naming one is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        needed = getattr(view, "permissions_required", {}).get(method)
        if needed is None:
            # What the view does not serve goes on to become a 405.
            return method not in view.allowed_methods
        require_permission(request.user, needed)
        return True


def require_permission(user: Any, permission: str) -> None:
    """Raise a 403 that names the permission, unless the user (within the key's scopes) has it."""
    if not user.has_perm(permission):
        detail = _("You, or the scopes of this API key, do not have the permission %(permission)s.")
        raise ApiProblem(
            403, "permission_denied", detail % {"permission": permission}, params={"permission": permission}
        )


class ForgivingUserRateThrottle(UserRateThrottle):
    """The user's rate, as long as the counter can be read: without Valkey the API still works."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except Exception as error:
            log.warning("api_throttle_unavailable", error=type(error).__name__)
            return True


class ApiView(APIView):
    """A view under /api/v1/. `permissions_required`: Django permission by HTTP method."""

    permissions_required: ClassVar[Mapping[str, str]] = {}
    permission_classes = [IsAuthenticated, HasPermission]
    parser_classes = [BoundedJSONParser]
    throttle_classes = [ForgivingUserRateThrottle]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Answers hold personal data: no proxy and no browser keeps them."""
        return {**super().default_response_headers, "Cache-Control": "no-store"}

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, then speak the user's language: an API key has no session for the middleware to read."""
        super().perform_authentication(request)
        user: Any = request.user
        if getattr(user, "language", ""):
            translation.activate(user.language)
        if getattr(user, "time_zone", ""):
            with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError, ValueError):
                timezone.activate(zoneinfo.ZoneInfo(user.time_zone))

    def page(
        self,
        request: Request,
        rows: QuerySet[Any],
        serializer: type[serializers.BaseSerializer[Any]],
        context: Mapping[str, Any] | None = None,
    ) -> Response:
        """One page of `rows`."""
        paginator = NewestFirst()
        found: list[Model] = paginator.paginate_queryset(rows, request, view=self) or []
        data = serializer(found, many=True, context=dict(context or {})).data
        return paginator.get_paginated_response(data)


def validated(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """The checked values of a body or of the address's parameters. Raises DRF's ValidationError."""
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    result: dict[str, Any] = checked.validated_data
    return result
