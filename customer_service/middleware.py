"""Answers the pulse of open screens before anything else does its work: a hundred agents ask fifty times a second."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from customer_service.pulse import PATH, pulse_answer


class PulseMiddleware:
    """Before sessions and users: the signed token of the question says all that is needed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == PATH and request.method == "GET":
            return pulse_answer(request)
        return self.get_response(request)
