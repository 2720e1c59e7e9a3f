"""One shape for every error of the API: problem details (RFC 9457), in the user's language."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from recontact.queries import QueryRefused
from recontact.refusals import SendRefused
from templates_app.api.errors import ApiProblem

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"


@dataclasses.dataclass(frozen=True, slots=True)
class ProblemError:
    """One reason; `field` is the path in the request's body, empty when no field is at fault."""

    code: str
    detail: str
    field: str = ""
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to any exception of an API view. What nobody foresaw is logged and answered as a 500 without details."""
    if isinstance(error, SendRefused):
        return refused_response(error)
    if isinstance(error, QueryRefused):
        return _problem(error.http_status, [ProblemError(error.code.value, error.sentence, "", error.params)])
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _problem(error.status_code, list(_errors(error)), headers=_headers(error))
    log.error("api_error", error=type(error).__name__, exc_info=error)
    got_request_exception.send(sender=problem_handler, request=getattr(context.get("request"), "_request", None))
    return _problem(500, [ProblemError("server_error", _("The portal failed. Try again; what was sent is on record."))])


def refused_response(refused: SendRefused) -> Response:
    """400 when any reason says that the request is wrong, else 409. Nothing was sent, charged or stored."""
    status = 400 if any(refusal.http_status == 400 for refusal in refused.refusals) else 409
    errors = [
        ProblemError(refusal.code.value, refusal.sentence, refusal.field_name, refusal.params)
        for refusal in refused.refusals
    ]
    return _problem(status, errors)


def _problem(status: int, errors: list[ProblemError], *, headers: Mapping[str, str] | None = None) -> Response:
    first = errors[0]
    body = {
        "type": f"urn:hsm-portal:problem:{first.code}",
        "title": _title(status),
        "status": status,
        "code": first.code,
        "detail": first.detail,
        "errors": [dataclasses.asdict(error) for error in errors],
    }
    return Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def _errors(error: exceptions.APIException) -> Iterator[ProblemError]:
    if isinstance(error, ApiProblem):
        yield ProblemError(str(error.get_codes()), str(error.detail), error.field, error.params)
        return
    wait = _wait(error)
    params = {"retry_after": wait} if wait else {}
    for path, detail in _flat(error.detail):
        yield ProblemError(getattr(detail, "code", "") or error.default_code, str(detail), path, params)


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """DRF's nested details as (path, detail); list items by their index."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _flat(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _flat(inner, f"{path}.{index}" if nested else path)
    else:
        yield path, detail


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]  # set by APIView.handle_exception
    if _wait(error):
        headers["Retry-After"] = str(_wait(error))
    return headers


def _wait(error: exceptions.APIException) -> int:
    """Seconds until a throttled client may go on; 0 for any other error."""
    return math.ceil(getattr(error, "wait", None) or 0)


def _title(status: int) -> str:
    titles = {
        400: _("The request is not valid"),
        401: _("Not authenticated"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Method not allowed"),
        409: _("Not possible now"),
        413: _("Too large"),
        415: _("Not JSON"),
        422: _("The idempotency key was used for another request"),
        429: _("Too many requests"),
        500: _("Error of the portal"),
    }
    return titles.get(status, _("The request was refused"))
