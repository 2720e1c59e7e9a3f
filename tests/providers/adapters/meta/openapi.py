"""Management calls held against Meta's own OpenAPI: the path, the names in the query, the body."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

from tests.providers.adapters.meta.wire import Asked

SPEC = Path(__file__).parents[3] / "specs" / "meta" / "management-v23.json"
PATHS: dict[str, Any] = json.loads(SPEC.read_bytes())["paths"]

# What the documentation has and the file of v23 leaves out: fields of a template, paging of the list, named variables.
QUERY_GAPS = {
    ("get", "/{Version}/{TEMPLATE_ID}"): {"fields"},
    ("get", "/{Version}/{WABA-ID}/message_templates"): {"fields", "limit", "after"},
}
BODY_GAPS = {("post", "/{Version}/{WABA-ID}/message_templates"): {"parameter_format": {"type": "string"}}}


def problems(asked: Asked) -> list[str]:
    """What Meta's file says against this request; an empty list when some path of it takes the request."""
    found = [_problems_with(asked, template) for template in PATHS if _fits(template, asked.path)]
    if not found:
        return [f"there is no path like {asked.path}"]
    return min(found, key=len)


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None


def _problems_with(asked: Asked, template: str) -> list[str]:
    method = asked.method.lower()
    operation = PATHS[template].get(method)
    if operation is None:
        return [f"{template} has no {method}"]
    known = {item["name"] for item in operation["parameters"]} | QUERY_GAPS.get((method, template), set())
    wrong = [f"{name} is no parameter" for name in asked.query if name not in known]
    if asked.body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        schema["properties"].update(BODY_GAPS.get((method, template), {}))
        closed = {**schema, "additionalProperties": False}
        wrong += [error.message for error in jsonschema.Draft202012Validator(closed).iter_errors(asked.body)]
    return wrong
