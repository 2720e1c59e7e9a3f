"""A Twilio account against a small server, and its requests held against Twilio's own OpenAPI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import jsonschema

from providers.adapters.twilio import Twilio
from providers.contracts import AccountConfig
from tests.contract.cases import PAYLOADS, WEBHOOK_URL
from tests.contract.cases_twilio import ACCOUNT, AUTH_TOKEN
from tests.providers.wire import answer, request_read, run, served

SPEC: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "specs" / "twilio" / "messages-and-content.json").read_bytes()
)
T = TypeVar("T")
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    target: str
    headers: str
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def account(base_url: str = "", *, webhook_url: str = WEBHOOK_URL, **credentials: str) -> Twilio:
    known = {"auth_token": AUTH_TOKEN, **credentials}
    return Twilio(AccountConfig(1, "twilio", ACCOUNT, known, base_url, 2.0, webhook_url))


def fixture(name: str) -> Any:
    return json.loads((PAYLOADS / "twilio" / name).read_bytes())


def against(
    answers: Sequence[Answer], work: Callable[[Twilio], Coroutine[Any, Any, T]], **credentials: str
) -> tuple[T, list[Asked]]:
    """What `work` makes of a provider that gives these answers in turn, and what it asked."""
    asked: list[Asked] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _, body = (await request_read(reader)).partition(b"\r\n\r\n")
        line, _, headers = head.decode().partition("\r\n")
        method, target, _version = line.split(" ")
        asked.append(Asked(method, target, headers, body))
        status, document = answers[len(asked) - 1]
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        writer.write(answer(raw, status=f"{status} X"))
        await writer.drain()

    async def inside() -> T:
        async with served(serve_next) as base_url:
            return await work(account(base_url, **credentials))

    return run(inside()), asked


def managed(answers: Sequence[Answer], work: Callable[[Twilio], T]) -> tuple[T, list[Asked]]:
    """The same for a call that blocks."""
    return against(answers, lambda made: asyncio.to_thread(work, made))


def schema_check(document: Any, name: str) -> None:
    """Hold a body against one of the specification's schemas. Fields that it does not know are refused too."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": _nullable(SPEC["components"])}
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    known = SPEC["components"]["schemas"][name]["properties"]
    assert set(document) <= set(known)


def query_check(query: dict[str, str]) -> None:
    """Hold the query of the list against the specification."""
    known = {item["name"]: item["schema"] for item in SPEC["parameters"]["list"] if item["in"] == "query"}
    assert set(query) <= set(known)
    assert 1 <= int(query["PageSize"]) <= known["PageSize"]["maximum"]


def _nullable(schema: Any) -> Any:
    """OpenAPI's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _nullable(item) for name, item in schema.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain
