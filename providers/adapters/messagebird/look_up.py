"""What became of a message: by Bird's id, else in the list of the channel's messages of that time, by our reference.

The list is known from a collection of samples, not from Bird's pages, so that a message is not in it proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.messagebird.errors import call_problem
from providers.adapters.messagebird.webhook import status_event
from providers.contracts import Exchange, JsonObject, StatusEvent
from providers.http import Answer
from providers.reading import Unreadable, parts, text

PAGE_SIZE = 100
MAX_PAGES = 50
# A list of a channel's messages names many people: this much of a row is kept as the proof.
_PROVING = frozenset({"id", "channelId", "status", "reason", "direction", "reference", "createdAt", "updatedAt"})

#: GET of a path below the channel with this query.
Get = Callable[[str, Mapping[str, str]], Answer]


def found_by_id(get: Get, message: LookUp) -> LookUpAnswer:
    """The message under its own id. Raises ProviderCallError."""
    answer = get(f"messages/{quote(message.provider_message_id, safe='')}", {})
    proof = [_proof(answer)]
    if answer.status == 404:
        return LookUpAnswer(exchanges=proof)
    body = answer.json_object()
    if answer.status != 200 or body is None:
        raise call_problem(answer)
    if text(body.get("id")) != message.provider_message_id:
        return LookUpAnswer(exchanges=proof)
    return LookUpAnswer(events=_events([body], message), exchanges=proof)


def found_by_list(get: Get, message: LookUp) -> LookUpAnswer:
    """The message among all that the channel sent in that time. Raises ProviderCallError."""
    query = {
        "direction": "outgoing",
        "startAt": _instant(message.sent_from),
        "endAt": _instant(message.sent_until),
        "limit": str(PAGE_SIZE),
    }
    exchanges: list[Exchange] = []
    token = ""
    for _page in range(MAX_PAGES):
        answer = get("messages", {**query, **({"pageToken": token} if token else {})})
        exchanges.append(_proof(answer))
        body = answer.json_object()
        if answer.status != 200 or body is None or not isinstance(body.get("results"), list):
            raise call_problem(answer)
        ours = [row for row in parts(body, "results") if text(row.get("reference")) == message.reference]
        if ours:
            return LookUpAnswer(events=_events(ours, message), exchanges=exchanges)
        token = text(body.get("nextPageToken"))
        if not token:
            return LookUpAnswer(absent=True, exchanges=exchanges)
    return LookUpAnswer(exchanges=exchanges)


def _events(rows: list[JsonObject], message: LookUp) -> list[StatusEvent]:
    events = []
    for row in rows:
        if text(row.get("direction")) not in ("", "outgoing"):
            continue
        try:
            events.append(replace(status_event(row), reference=message.reference))
        except Unreadable:
            continue
    return events


def _proof(answer: Answer) -> Exchange:
    """The exchange without people and what was written to them."""
    exchange = answer.exchange
    response = exchange.response or {}
    body = response.get("body")
    if answer.status != 200 or not isinstance(body, dict):
        return exchange
    rows = parts(body, "results")
    kept: Any = {**body, "results": [_proving(row) for row in rows]} if "results" in body else _proving(body)
    return replace(exchange, response={**response, "body": kept})


def _proving(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name in _PROVING}


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
