"""Cursor paging: newest first, stable while rows are added."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from templates_app.api.errors import ApiProblem


class NewestFirst(CursorPagination):
    """Pages by falling id. `page_size` up to 100; follow `next` until it is null."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request; one that this API never gave out is a 400."""
        try:
            cursor = super().decode_cursor(request)
        except Exception as error:
            raise _invalid() from error
        if cursor is not None and cursor.position is not None and not _is_id(str(cursor.position)):
            raise _invalid()
        return cursor


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _invalid() -> ApiProblem:
    return ApiProblem(
        400, "invalid_cursor", _("The cursor is not valid: take it from the page before."), field="cursor"
    )
