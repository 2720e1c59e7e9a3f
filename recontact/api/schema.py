"""Pieces of the OpenAPI document that only the sending endpoints use."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from templates_app.api.schema import problem

_WHAT = (
    "1 to 72 visible ASCII characters, new for each message. The same key and body within 24 h get the first answer."
)


def _key(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=required, description=_WHAT
    )


KEY_REQUIRED = _key(required=True)
KEY_OPTIONAL = _key(required=False)

SEND_PROBLEMS: dict[Any, Any] = {
    (409, "application/problem+json"): problem(
        "Not possible now; `code` says why. Nothing was sent, charged or stored."
    ),
    (422, "application/problem+json"): problem("The Idempotency-Key was used for another request."),
}
