"""Bodies as they come from outside, JSON or a form with a file: bounded, and refused by name where they cannot be stored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser

from providers.whatsapp.media import LIMITS
from templates_app.api.errors import ApiProblem

MAX_BODY_BYTES = 256 * 1024
#: A form: the largest file that WhatsApp takes, and room for its other fields.
MAX_FORM_BYTES = max(LIMITS.values()) + 1024 * 1024

#: PostgreSQL stores no NUL, and a lone surrogate is no character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BoundedJSONParser(JSONParser):
    """JSON up to MAX_BODY_BYTES, in UTF-8. Everything else is a client's error with a code, never a 500."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MAX_BODY_BYTES + 1)
        if len(raw) > MAX_BODY_BYTES:
            raise _too_large(MAX_BODY_BYTES)
        try:
            data = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error
        if _unstorable(data):
            raise ApiProblem(
                400, "invalid_characters", _("The body has characters that are no text (NUL, surrogates).")
            )
        return data


class BoundedFormParser(MultiPartParser):
    """`multipart/form-data` up to MAX_FORM_BYTES. The length is what the client announces: no more of it is read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > MAX_FORM_BYTES:
            raise _too_large(MAX_FORM_BYTES)
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation as error:
            # Django's own limits: of the fields' length, and of how many there are.
            raise _too_large(MAX_BODY_BYTES) from error


def _too_large(limit: int) -> ApiProblem:
    return ApiProblem(413, "body_too_large", _("The body is larger than %(limit)s bytes.") % {"limit": limit})


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _unstorable(data: Any) -> bool:
    if isinstance(data, str):
        return _UNSTORABLE.search(data) is not None
    if isinstance(data, dict):
        return any(_unstorable(key) or _unstorable(value) for key, value in data.items())
    return isinstance(data, list) and any(_unstorable(item) for item in data)
