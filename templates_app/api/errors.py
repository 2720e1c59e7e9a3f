"""The API's own error: a status, a stable code, a sentence, and the field at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_stubs_ext import StrOrPromise
from rest_framework.exceptions import APIException


class ApiProblem(APIException):
    """Refuses a request. `field` is the body's path to the value at fault, `params` what a client may want to read."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: StrOrPromise,
        *,
        field: str = "",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(str(detail), code)
        self.status_code = status
        self.field = field
        self.params = dict(params or {})
        self.headers = dict(headers or {})
