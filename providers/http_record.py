"""The redacted record of each HTTP call: what may be kept of its request, its answer, and what broke it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from providers.contracts import Exchange, JsonObject
from providers.http_call import Answer, Call
from providers.redaction import Redactor

KEPT_HEADERS = frozenset(
    {"content-type", "retry-after", "x-business-use-case-usage", "x-app-usage", "x-fb-request-id", "x-fb-trace-id"}
)
_PLAIN_HEADERS = KEPT_HEADERS | {"accept", "user-agent"}
_DECODER = json.JSONDecoder(parse_constant=lambda _word: None)


def _text_and_parsed(body: bytes) -> tuple[str, Any]:
    """The body as text (empty when it is none) and as JSON (None when it is none)."""
    text = ""
    try:
        if body[:1] in (b"{", b"[") and body[1:2] != b"\x00":  # nearly all; json would look for other encodings
            text = body.decode("utf-8", "surrogatepass")
            parsed, end = _DECODER.raw_decode(text)
            if end == len(text):
                return text, parsed
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        return text, _DECODER.decode(text)
    except (ValueError, RecursionError):
        return text, None


class _Answered(NamedTuple):
    """A whole answer before it is redacted: its body also as text and as JSON."""

    headers: Mapping[str, str]
    body: bytes
    text: str
    parsed: Any


class _Asked(NamedTuple):
    """What is the same in each call with these headers: the secrets in them, and the headers as they may be recorded, where
    that is told by their names alone."""

    secrets: Sequence[str]
    recorded: Mapping[str, str] | None


class CallRecord:
    """Builds the redacted Exchange of one call, from its beginning on."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.status: int | None = None
        self.started = time.monotonic()
        self._asked = _asked(tuple(call.headers.items()))
        self.redactor = Redactor(secrets=self._asked.secrets)

    def answer(self, status: int, fields: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """The whole answer, of any status, with its record."""
        headers: dict[str, str] = {}
        for name, value in fields:
            lowered = name.lower()
            headers[lowered] = f"{headers[lowered]}, {value}" if lowered in headers else value
        text, parsed = _text_and_parsed(body)
        return Answer(status, headers, body, self.exchange(answered=_Answered(headers, body, text, parsed)), parsed)

    def exchange(self, *, answered: _Answered | None = None, error: BaseException | None = None) -> Exchange:
        """The record of the call as it ended: with its answer, or with what broke it."""
        duration_ms = round((time.monotonic() - self.started) * 1000)
        request = self._request()  # first: the redactor learns here what to mask in the rest
        words = "" if error is None else f"{deepest_name(error)}: {self.redactor.text(str(error))}"[:500]
        query = f"?{urlencode(self.call.params)}" if self.call.params else ""
        url = self.call.url + query
        if answered is not None and answered.parsed is not None:
            self.redactor.narrow("\n".join((answered.text, url, *answered.headers.values())))
        url = self.redactor.url(url)
        response = None if answered is None else self._response(answered)
        return Exchange(self.call.method, url[:500], request, self.status, response, duration_ms, words)

    def _request(self) -> JsonObject:
        self.redactor.learn_phones(self.call.params.values())
        body, headers = self._body(), self._asked.recorded  # the body first: it names the person
        if headers is None:
            return {"headers": self.redactor.headers(self.call.headers, kept=KEPT_HEADERS), "body": body}
        return {"headers": dict(headers), "body": body}

    def _body(self) -> Any:
        if self.call.content is not None:
            return {"bytes": len(self.call.content)}
        form = self.call.form or self.call.multipart
        body = self.call.json_body if form is None else dict(form)
        return self.redactor.request(body, kept_paths=self.call.kept_paths)

    def _response(self, answered: _Answered) -> JsonObject:
        kept = self.redactor.headers(answered.headers, kept=KEPT_HEADERS)
        if answered.parsed is None:
            return {"headers": kept, "text": self.redactor.text(answered.body[:8000].decode("utf-8", "replace"))}
        return {"headers": kept, "body": self.redactor.answer(answered.parsed)}


@lru_cache(maxsize=256)
def _asked(headers: tuple[tuple[str, str], ...]) -> _Asked:
    """Kept, because an account's headers are the same in each of its calls."""
    values = [value for name, value in headers if name.lower() not in _PLAIN_HEADERS]
    found = [secret for value in values for secret in (value.rpartition(" ")[2], _basic_password(value)) if secret]
    # A value that is recorded may name the person of one call.
    by_name = not any(name.lower() in KEPT_HEADERS for name, _value in headers)
    return _Asked(tuple(found), Redactor().headers(dict(headers), kept=frozenset()) if by_name else None)


def _basic_password(value: str) -> str:
    """The password in a header of basic authentication: an answer may repeat it as it is."""
    scheme, _space, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded).decode().partition(":")[2]
    except ValueError:
        return ""


def deepest_name(error: BaseException) -> str:
    return type(list(causes(error))[-1]).__name__


def causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__
