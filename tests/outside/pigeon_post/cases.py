"""The pigeons' cases for the portal's contract suite: `pytest tests/contract -k pigeon` in a checkout of the portal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    OutboundMessage,
    Recipient,
    StatusEvent,
    TemplateContent,
    TextContent,
    UnknownEvent,
)
from providers.errors import Reason
from tests.contract.cases import AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase

PAYLOADS = Path(__file__).parent / "payloads"
SECRET = "secret-of-the-pigeonry-0123456789"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
PHONE = "+5491155550100"
VALUES = [{"type": "text", "text": "Ana"}, {"type": "text", "text": "ORD-1042"}]


def outbound(content: TemplateContent | TextContent) -> OutboundMessage:
    return OutboundMessage(REFERENCE, "5491155550199", "+5491155550199", Recipient(PHONE), content)


TEMPLATE = outbound(TemplateContent("aviso", "es_AR", [{"type": "body", "parameters": VALUES}], "utility"))


def first(fixture: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / fixture).read_bytes())["feathers"][0]
    return found


def status(word: str, known: DeliveryStatus, **detail: Any) -> WebhookCase:
    at = datetime(2026, 11, 20, 14, 3, 11, tzinfo=UTC)
    event = StatusEvent("F-1001", known, at, reference=REFERENCE, recipient_phone=PHONE, raw_status=word, **detail)
    return WebhookCase(f"webhook_{word}.json", [event])


def refused(code: str, status: int, kind: str, reason: Reason) -> RefusedCase:
    return RefusedCase(f"error_{code.lower()}.json", status, kind, reason, code)


LETTER = InboundEvent(
    "L-7",
    "5491155550199",
    datetime.fromtimestamp(1795183391, UTC),
    "text",
    phone=PHONE,
    profile_name="Ana",
    text="Gracias",
    context_message_id="F-1001",
    payload=first("webhook_letter.json"),
)
LOST = {"error_code": "NO_ROOF", "error_reason": Reason.RECIPIENT_UNREACHABLE.value, "error_detail": "nowhere to land"}

CASES = Cases(
    slug="pigeon",
    credentials={"api_key": "key-of-the-pigeonry-0123456789", "webhook_secret": SECRET},
    external_id="pigeonry-1",
    message=TEMPLATE,
    sign=lambda _body, _url: {"x-hook-secret": SECRET},
    requests=[
        RequestCase("send_template.request.json", TEMPLATE, "/v1/flights"),
        RequestCase("send_text.request.json", outbound(TextContent("Hola, Ana")), "/v1/flights"),
    ],
    accepted=[AcceptedCase("send.response.json", 202, "F-1001")],
    refused=[
        refused("NO_CORN", 402, "unavailable", Reason.BILLING),
        refused("WRONG_KEY", 401, "unavailable", Reason.CREDENTIALS),
        refused("TIRED", 429, "throttled", Reason.THROUGHPUT),
        refused("NO_ROOF", 400, "rejected", Reason.RECIPIENT_UNREACHABLE),
        refused("TORN", 400, "rejected", Reason.TEMPLATE_PARAMETERS),
        refused("HAWK", 400, "uncertain", Reason.PROVIDER_ERROR),
        refused("NEW_ONE", 400, "rejected", Reason.PROVIDER_REJECTED),
    ],
    webhooks=[
        status("flying", DeliveryStatus.SENT),
        status("landed", DeliveryStatus.DELIVERED),
        status("read", DeliveryStatus.READ),
        status("lost", DeliveryStatus.FAILED, **LOST),
        WebhookCase("webhook_letter.json", [LETTER]),
        WebhookCase("webhook_weather.json", [UnknownEvent("weather", first("webhook_weather.json"))]),
    ],
    payloads=PAYLOADS,
)
