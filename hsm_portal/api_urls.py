"""Every address under /api/v1/."""

from __future__ import annotations

from django.http import Http404
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from hsm_portal.api_schema import ApiKeyScheme
from templates_app.api.base import ApiView

__all__ = ["ApiKeyScheme", "urlpatterns"]


@extend_schema(exclude=True)
class NowhereView(ApiView):
    """Any other address of the API: a problem, not a page."""

    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Whatever the method, there is nothing here."""
        super().initial(request, *args, **kwargs)
        raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("", include("templates_app.api.urls")),
    path("", include("recontact.api.urls")),
    path("", include("customer_service.api.urls")),
    re_path(r"^(?!(?:schema|docs)$)", NowhereView.as_view()),
]
