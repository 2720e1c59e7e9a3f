"""Zenvia's cases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from providers.contracts import DeliveryStatus, InboundEvent, OutboundMessage, StatusEvent, TemplateContent
from providers.errors import Reason
from providers.webhook_protection import SECRET_HEADER
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase
from tests.providers.wire import message

SECRET = "a-long-word-of-the-webhook"
MESSAGE_ID = "7390113b-e120-41b5-8a07-c4567726abc2"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
NUMBER = "5491155550199"
PHONE = "+5491155550100"
TEXT_TEMPLATE = "c2c3e42d-6fb7-4ad6-897a-dd7613469f58"
OWN_TESTS = "tests/providers/adapters/zenvia/"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "zenvia" / name).read_bytes())


def at(second: int) -> datetime:
    return datetime.fromtimestamp(1795183393 + second, UTC)


def body_values(**values: str) -> dict[str, Any]:
    named = [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]
    return {"type": "body", "parameters": named}


def header(kind: str, **value: str) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def outbound(
    template: str, *components: dict[str, Any], definition: tuple[dict[str, Any], ...] = ()
) -> OutboundMessage:
    """A template from the fixtures' number under the fixtures' reference."""
    content = TemplateContent(
        "order_update", "es_AR", list(components), "utility", template, definition=list(definition)
    )
    return replace(message(content=content, reference=REFERENCE), sender_external_id=NUMBER)


def request(name: str, *components: dict[str, Any], definition: tuple[dict[str, Any], ...] = ()) -> RequestCase:
    fixture = f"send-template-{name}.json"
    template = payload(fixture)["contents"][0]["templateId"]
    outgoing = outbound(template, *components, definition=definition)
    return RequestCase(fixture, outgoing, "/v2/channels/whatsapp/messages")


CODE_BUTTON = {"type": "BUTTONS", "buttons": [{"type": "OTP", "text": "Copiar código"}]}
CODE = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "482913"}]}

REQUESTS = [
    request("text", body_values(name="Ana", order="ORD-1042")),
    request("image-header", header("image", link="https://cdn.example.com/promo.jpg"), body_values(name="Ana")),
    request("document-header", header("document", link="https://cdn.example.com/f-1042.pdf"), body_values(name="Ana")),
    request("auth", body_values(token="482913"), CODE, definition=(CODE_BUTTON,)),
]


def status(word: str, normalized: str = "", **rest: Any) -> WebhookCase:
    event = StatusEvent(
        MESSAGE_ID,
        DeliveryStatus(normalized or word.lower()),
        at(0),
        reference=REFERENCE,
        sender_external_id=NUMBER,
        recipient_phone=PHONE,
        raw_status=word,
        **rest,
    )
    return WebhookCase(f"webhook-{word.lower().replace('_', '-')}.json", [event])


def inbound(name: str, kind: str, **rest: Any) -> WebhookCase:
    item = payload(name)["message"]
    event = InboundEvent(item["id"], NUMBER, at(176), kind, phone=PHONE, profile_name="Ana Pérez", payload=item, **rest)
    return WebhookCase(name, [event])


MISSING = "template name (order_update) does not exist in es_AR"

WEBHOOKS = [
    status("SENT"),
    status("DELIVERED"),
    status("READ"),
    status("CLICKED", "unknown"),
    status("DELETED", "unknown"),
    status("REJECTED", "failed", error_code="132001", error_reason=Reason.TEMPLATE_MISSING, error_detail=MISSING),
    status(
        "NOT_DELIVERED",
        "failed",
        error_code="131026",
        error_reason=Reason.RECIPIENT_UNREACHABLE,
        error_detail="Message Undeliverable.",
    ),
    inbound("webhook-inbound-text.json", "text", text="Hola, ¿a qué hora es?"),
    inbound(
        "webhook-inbound-button.json",
        "button",
        text="Confirmar",
        button_payload="confirm",
        context_message_id=MESSAGE_ID,
    ),
]

CASES = Cases(
    slug="zenvia",
    credentials={"api_token": "zenvia-token-0123456789", "webhook_secret": SECRET},
    external_id=NUMBER,
    message=REQUESTS[0].message,
    sign=lambda _body, _url: {SECRET_HEADER: SECRET},
    requests=REQUESTS,
    accepted=[AcceptedCase("send-success-200.json", 200, MESSAGE_ID)],
    refused=[
        RefusedCase("error-400.json", 400, "rejected", Reason.BAD_REQUEST, "VALIDATION_ERROR"),
        RefusedCase("error-401.json", 401, "unavailable", Reason.CREDENTIALS, "AUTHENTICATION_ERROR"),
        RefusedCase("error-404.json", 404, "unavailable", Reason.CONFIGURATION, "NOT_FOUND"),
        RefusedCase("error-409.json", 409, "uncertain", Reason.DUPLICATE, "DUPLICATED"),
        RefusedCase("error-500.json", 500, "uncertain", Reason.PROVIDER_ERROR, "INTERNAL_ERROR"),
    ],
    webhooks=WEBHOOKS,
    elsewhere={
        "template-list.json": f"{OWN_TESTS}test_templates.py",
        "template-create.json": f"{OWN_TESTS}test_drafts.py",
        "subscription-create.json": "set by a person, as docs/providers/zenvia.md says",
    },
)
