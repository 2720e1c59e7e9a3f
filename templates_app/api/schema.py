"""Pieces of the OpenAPI document that every endpoint uses: the problem shape and the page."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One reason: a stable code, a sentence in the user's language, the body's field at fault (or empty)."""

    code = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    detail = serializers.CharField()
    params = serializers.DictField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details, the shape of every error. `code` and `detail` are those of the first of `errors`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]  # the name is the standard's


def problem(description: str) -> OpenApiResponse:
    """A documented error answer."""
    return OpenApiResponse(ProblemSerializer, description=description)


#: The errors that any endpoint may answer with.
PROBLEMS: dict[Any, Any] = {
    (400, "application/problem+json"): problem("The request is wrong; `errors` names each field."),
    (401, "application/problem+json"): problem("No API key, or one that is not valid."),
    (403, "application/problem+json"): problem("The user, or the scopes of the key, do not allow this."),
    (404, "application/problem+json"): problem("There is no such thing, or this user may not see it."),
    (429, "application/problem+json"): problem("Too many requests; `Retry-After` says when to go on."),
}


class _Paged:
    """Documents a list: `paged(Serializer)` is its answer, `paged.parameters` what it takes."""

    parameters = (
        OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page."),
        OpenApiParameter("page_size", OpenApiTypes.INT, description="Rows per page, 50 by default and 100 at most."),
    )

    def __call__(self, item: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
        name = item.__name__.removesuffix("Serializer")
        page: serializers.Serializer[Any] = inline_serializer(
            f"{name}Page",
            {
                "next": serializers.CharField(allow_null=True),
                "previous": serializers.CharField(allow_null=True),
                "results": item(many=True),
            },
        )
        return page


paged = _Paged()
