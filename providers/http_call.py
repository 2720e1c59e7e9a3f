"""What is asked of a provider over HTTP, and what was answered: without any client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.contracts import Exchange, JsonObject

TOTAL_SECONDS = 20.0
MAX_ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call, with one body at most; `multipart` has text fields, and `file` beside them (field, name, type, bytes).

    `timeout` in seconds, for the whole call.
    `kept_paths` are the places of the body that may be recorded (keys joined by dots, lists left out); all else is masked.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    json_body: JsonObject | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    multipart: Mapping[str, str] | None = field(default=None, repr=False)
    file: tuple[str, str, str, bytes] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    kept_paths: frozenset[str] = frozenset()
    timeout: float = TOTAL_SECONDS
    max_bytes: int = MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of any status; header names in lower case. `exchange` is its redacted record."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    exchange: Exchange
    #: The body as JSON; None when it is none.
    parsed: Any = field(default=None, repr=False)

    def json_object(self) -> JsonObject | None:
        """The body as a JSON object, or None when it is not one."""
        return self.parsed if isinstance(self.parsed, dict) else None

    def json_list(self) -> list[Any] | None:
        """The body as a JSON list, or None when it is not one."""
        return self.parsed if isinstance(self.parsed, list) else None
