"""JSON bodies as they come from outside: bounded, and refused by name where the database could not store them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from templates_app.api.errors import ApiProblem

MAX_BODY_BYTES = 256 * 1024

#: PostgreSQL stores no NUL, and a lone surrogate is no character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BoundedJSONParser(JSONParser):
    """JSON up to MAX_BODY_BYTES, in UTF-8. Everything else is a client's error with a code, never a 500."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MAX_BODY_BYTES + 1)
        if len(raw) > MAX_BODY_BYTES:
            detail = _("The body is larger than %(limit)s bytes.") % {"limit": MAX_BODY_BYTES}
            raise ApiProblem(413, "body_too_large", detail)
        try:
            data = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error
        if _unstorable(data):
            raise ApiProblem(
                400, "invalid_characters", _("The body has characters that are no text (NUL, surrogates).")
            )
        return data


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _unstorable(data: Any) -> bool:
    if isinstance(data, str):
        return _UNSTORABLE.search(data) is not None
    if isinstance(data, dict):
        return any(_unstorable(key) or _unstorable(value) for key, value in data.items())
    return isinstance(data, list) and any(_unstorable(item) for item in data)
