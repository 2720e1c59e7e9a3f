"""Every address of the portal, and an empty view behind the same middleware."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt

from hsm_portal.urls import handler403, handler404
from hsm_portal.urls import urlpatterns as portal_urls

__all__ = ["handler403", "handler404", "urlpatterns"]


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """The least that a view can do."""
    return HttpResponse()


urlpatterns: list[URLPattern | URLResolver] = [path("bench/empty/", empty), *portal_urls]
