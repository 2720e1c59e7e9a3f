"""Addresses that machines call: they bring no session, no language and no form, so everything that serves people is passed by."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

GetResponse = Callable[[HttpRequest], HttpResponse]


class MachineAddressesMiddleware:
    """What is asked for under `settings.MACHINE_ADDRESSES` goes to its view at once, past all middleware below this one.

    Only to views that are exempt from CSRF checks, since nothing checks there. What is no such address goes on as usual.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(settings.MACHINE_ADDRESSES):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        if not getattr(match.func, "csrf_exempt", False):
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        # As CommonMiddleware does: without it a server may end the connection after each answer, or send pieces.
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response
