"""JSON documents: the types, their compact bytes, and how to read what a client sent without trusting it."""

from __future__ import annotations

from typing import Any

import orjson

Json = dict[str, Any]


def compact_bytes(document: Any) -> bytes:
    """The document as compact UTF-8 JSON (answers and the journal); a dataclass in it is an object with all its fields."""
    return orjson.dumps(document)


def mapping(value: Any) -> Json:
    """The value if it is a JSON object, else an empty one: for reading what a client sent without trusting it."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []
