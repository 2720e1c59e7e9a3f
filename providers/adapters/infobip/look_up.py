"""What became of a message, by the id that we chose: the Messages API's reports, then the logs of the failover API.

A report is given out only once and for 48 hours, so it is the proof that must be kept. The logs can be asked again, but
whether plain WhatsApp messages appear in them is not established: finding nothing never proves anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.infobip.errors import CODES, http_error_read
from providers.adapters.infobip.reports import delivery_read
from providers.contracts import Exchange, StatusEvent
from providers.errors import ProviderCallError, SendError
from providers.http import Answer
from providers.policy import call_error
from providers.reading import items_read, part, parts, text

REPORTS_PATH = "/messages-api/1/reports"
LOGS_PATH = "/omni/1/logs"
_CONTENT = frozenset({"text", "content", "message"})

Ask = Callable[[str, dict[str, str]], Awaitable[Answer]]


async def message_look_up(ask: Ask, message: LookUp) -> LookUpAnswer:
    """`ask` makes one GET. Raises ProviderCallError when neither place could be asked."""
    asked = {"channel": "WHATSAPP", "messageId": message.reference}
    exchanges: list[Exchange] = []
    failures: list[ProviderCallError] = []
    for path, query in (
        (REPORTS_PATH, {**asked, "limit": "1"}),
        (LOGS_PATH, {**asked, "sentSince": _wire_time(message.sent_from), "limit": "10"}),
    ):
        try:
            answer = await _checked(ask, path, query)
        except ProviderCallError as error:
            failures.append(error)
            if error.exchange:
                exchanges.append(error.exchange)
            continue
        exchanges.append(_proof(answer.exchange))
        if events := _events(answer, message.reference):
            return LookUpAnswer(events, exchanges=exchanges)
    if len(failures) == 2:
        raise failures[0]
    return LookUpAnswer(absent=not failures, exchanges=exchanges)


async def _checked(ask: Ask, path: str, query: dict[str, str]) -> Answer:
    try:
        answer = await ask(path, query)
    except SendError as error:
        raise ProviderCallError(error.reason, detail=error.detail, exchange=error.exchange) from error
    body = answer.json_object()
    if answer.status == 200 and body is not None and isinstance(body.get("results"), list):
        return answer
    found = http_error_read(answer)
    raise call_error(answer, CODES, code=found.code if found else "", detail=found.detail if found else "")


def _events(answer: Answer, reference: str) -> list[StatusEvent]:
    rows = [row for row in parts(answer.json_object() or {}, "results") if text(row.get("messageId")) == reference]
    read = items_read(((str(index), row) for index, row in enumerate(rows)), delivery_read)
    return [event for event in read if isinstance(event, StatusEvent)]


def _proof(exchange: Exchange) -> Exchange:
    """The exchange without what was written to the person: the logs repeat the message's text."""
    response = exchange.response or {}
    body = part(response, "body")
    kept = [{name: value for name, value in row.items() if name not in _CONTENT} for row in parts(body, "results")]
    return replace(exchange, response={**response, "body": {**body, "results": kept}})


def _wire_time(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
