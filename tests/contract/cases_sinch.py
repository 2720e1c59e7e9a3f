"""Sinch's cases."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    JsonObject,
    OutboundMessage,
    StatusEvent,
    TemplateContent,
)
from providers.errors import Reason
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase
from tests.providers.wire import message

APP = "01HF8Z5K3W9Q2E7T1Y6U4I0P8A"
PROJECT = "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
SENT_ID = "01HFA1B2C3D4E5F6G7H8J9K0MN"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
PHONE = "+5491155550100"
SECRET = "dummy_webhook_secret"
OWN_TESTS = "tests/providers/adapters/sinch/"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "sinch" / name).read_bytes())


def signature(body: bytes, _url: str) -> dict[str, str]:
    """Sinch's headers for `body`."""
    nonce, timestamp = "01HFANONCE00000000000001", "1795183394"
    signed = body + f".{nonce}.{timestamp}".encode()
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    return {
        "x-sinch-webhook-signature-algorithm": "HmacSHA256",
        "x-sinch-webhook-signature-nonce": nonce,
        "x-sinch-webhook-signature-timestamp": timestamp,
        "x-sinch-webhook-signature": base64.b64encode(digest).decode(),
    }


def texts(*values: str) -> list[JsonObject]:
    return [{"type": "text", "text": value} for value in values]


def button(sub_type: str, index: int, parameter: JsonObject) -> JsonObject:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}


def header(kind: str, **content: str) -> JsonObject:
    return {"type": "header", "parameters": [{"type": kind, kind: content}]}


def outbound(name: str, *components: JsonObject) -> OutboundMessage:
    content = TemplateContent(name, "es_AR", list(components), "utility")
    return message(content=content, reference=REFERENCE)


def body(*values: str) -> JsonObject:
    return {"type": "body", "parameters": texts(*values)}


def request(fixture: str, name: str, *components: JsonObject) -> RequestCase:
    path = f"/v1/projects/{PROJECT}/messages:send"
    return RequestCase(f"send-template-{fixture}.json", outbound(name, *components), path)


def status(word: DeliveryStatus, raw: str, **rest: Any) -> StatusEvent:
    return StatusEvent(
        SENT_ID,
        word,
        datetime.fromisoformat("2026-11-20T14:03:13.902+00:00"),
        reference=REFERENCE,
        recipient_phone=PHONE,
        raw_status=raw,
        **rest,
    )


def failed(fixture: str, code: str, reason: Reason, detail: str) -> WebhookCase:
    event = status(DeliveryStatus.FAILED, "FAILED", error_code=code, error_reason=reason, error_detail=detail)
    return WebhookCase(f"webhook-failed-{fixture}.json", [event])


def inbound(fixture: str, kind: str, **rest: Any) -> WebhookCase:
    event = InboundEvent(
        "01HFA9IN0000000000000001AB",
        "5491155550199",
        datetime.fromisoformat("2026-11-20T14:06:09.998+00:00"),
        kind,
        phone=PHONE,
        payload=payload(fixture)["message"],
        **rest,
    )
    return WebhookCase(fixture, [event])


def refused(number: int, kind: str, reason: Reason, word: str) -> RefusedCase:
    return RefusedCase(f"error-{number}.json", number, kind, reason, word)


CASES = Cases(
    slug="sinch",
    credentials={
        "project_id": PROJECT,
        "key_id": "0a1b2c3d-key-id",
        "key_secret": "sinch-key-secret-0123",
        "webhook_secret": SECRET,
        "region": "br",
        "authentication": "basic",
    },
    external_id=APP,
    message=outbound("order_update", body("Ana", "ORD-1042")),
    sign=signature,
    requests=[
        request("text", "order_update", body("Ana", "ORD-1042")),
        request(
            "buttons",
            "turno_confirmar",
            body("Ana", "jueves 26"),
            button("quick_reply", 0, {"type": "payload", "payload": "confirm:1042"}),
            button("quick_reply", 1, {"type": "payload", "payload": "cancel:1042"}),
        ),
        request(
            "document-header",
            "factura",
            header("document", link="https://cdn.example.com/f-1042.pdf", filename="factura-1042.pdf"),
            body("Ana"),
        ),
        request(
            "image-header", "promo_noviembre", header("image", link="https://cdn.example.com/promo.jpg"), body("Ana")
        ),
        request("url-button", "ver_pedido", body("Ana"), button("url", 0, texts("t/1042")[0])),
    ],
    accepted=[AcceptedCase("send-success-200.json", 200, SENT_ID)],
    refused=[
        refused(400, "rejected", Reason.BAD_REQUEST, "INVALID_ARGUMENT"),
        refused(401, "unavailable", Reason.CREDENTIALS, "UNAUTHENTICATED"),
        refused(403, "unavailable", Reason.PERMISSION, "PERMISSION_DENIED"),
        refused(404, "unavailable", Reason.CONFIGURATION, "NOT_FOUND"),
        refused(429, "throttled", Reason.ACCOUNT_RATE, "RESOURCE_EXHAUSTED"),
        refused(500, "uncertain", Reason.PROVIDER_ERROR, "INTERNAL"),
    ],
    webhooks=[
        WebhookCase("webhook-queued-on-channel.json", [status(DeliveryStatus.SENT, "QUEUED_ON_CHANNEL")]),
        WebhookCase("webhook-delivered.json", [status(DeliveryStatus.DELIVERED, "DELIVERED")]),
        WebhookCase("webhook-read.json", [status(DeliveryStatus.READ, "READ")]),
        failed(
            "channel-bad-configuration",
            "CHANNEL_BAD_CONFIGURATION",
            Reason.CONFIGURATION,
            "Business eligibility payment issue",
        ),
        failed(
            "delivery-rejected-due-to-policy",
            "DELIVERY_REJECTED_DUE_TO_POLICY",
            Reason.PROVIDER_REJECTED,
            "Healthy ecosystem engagement",
        ),
        failed("internal-error", "INTERNAL_ERROR", Reason.PROVIDER_ERROR, "Internal error"),
        failed("rate-limited", "RATE_LIMITED", Reason.THROUGHPUT, "Rate limit hit"),
        failed(
            "recipient-not-reachable", "RECIPIENT_NOT_REACHABLE", Reason.RECIPIENT_UNREACHABLE, "Message undeliverable"
        ),
        failed(
            "template-not-found",
            "TEMPLATE_NOT_FOUND",
            Reason.TEMPLATE_MISSING,
            "Template name does not exist in the translation",
        ),
        WebhookCase(
            "webhook-switching-channel.json",
            [
                status(
                    DeliveryStatus.UNKNOWN,
                    "SWITCHING_CHANNEL",
                    error_code="RECIPIENT_NOT_REACHABLE",
                    error_reason=Reason.RECIPIENT_UNREACHABLE,
                    error_detail="Recipient not reachable on channel",
                )
            ],
        ),
        inbound("webhook-inbound-text.json", "text", text="Hola, ¿a qué hora es?"),
        inbound(
            "webhook-inbound-button.json",
            "button",
            text="confirm:1042",
            button_payload="confirm:1042",
            context_message_id=SENT_ID,
        ),
    ],
    elsewhere={
        "message-list.json": f"{OWN_TESTS}test_look_up.py",
        "oauth-token-200.json": f"{OWN_TESTS}test_auth.py",
        "signature-vector.json": f"{OWN_TESTS}test_adapter.py",
        "template-list-guess.json": f"{OWN_TESTS}test_templates.py",
        **dict.fromkeys(
            (
                "legacy-wavy-error-401.json",
                "legacy-wavy-send.json",
                "legacy-wavy-success-200.json",
                "legacy-wavy-webhook-read.json",
            ),
            "the old contract of Wavy, which this adapter does not speak",
        ),
    },
)
