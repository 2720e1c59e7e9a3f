"""Bird's cases: the Channels API. The legacy API's fixtures are of a contract that the adapter does not speak."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime
from typing import Any

from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    JsonObject,
    OutboundMessage,
    Recipient,
    StatusEvent,
    TemplateContent,
)
from providers.errors import Reason
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase

WORKSPACE = "55555555-6666-4777-8888-999999999999"
CHANNEL = "66666666-7777-4888-8999-aaaaaaaaaaaa"
PROJECT = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
VERSION = "12121212-3434-4565-8787-909090909090"
SENT_ID = "a2f1c3d4-5e6f-4071-8293-a4b5c6d7e8f9"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
PHONE = "+5491155550100"
KEY = "dummy_signing_key"
SEND = f"/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"
OWN_TESTS = "tests/providers/adapters/messagebird/"

#: The template as the adapter lists it.
DEFINITION: list[JsonObject] = [
    {
        "type": "BODY",
        "text": "Hola {{name}}, tu pedido {{order}} está listo.",
        "variables": ["name", "order"],
        "version": VERSION,
        "locale": "es-AR",
    }
]


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "messagebird" / name).read_bytes())


def outbound(content: TemplateContent) -> OutboundMessage:
    return OutboundMessage(
        reference=REFERENCE,
        sender_external_id=CHANNEL,
        sender_phone="+5491155550199",
        recipient=Recipient(phone=PHONE),
        content=content,
    )


def template(*, definition: list[JsonObject] | None = None) -> TemplateContent:
    values = {"name": "Ana", "order": "ORD-1042"}
    parameters = [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]
    return TemplateContent(
        "order_update",
        "es_AR",
        [{"type": "body", "parameters": parameters}],
        "utility",
        external_id=PROJECT,
        definition=DEFINITION if definition is None else definition,
    )


def signature(body: bytes, url: str) -> dict[str, str]:
    """Bird's headers for `body` at `url`, signed now."""
    timestamp = str(int(time.time()))
    signed = f"{timestamp}\n{url}\n".encode() + hashlib.sha256(body).digest()
    digest = hmac.new(KEY.encode(), signed, hashlib.sha256).digest()
    return {
        "messagebird-request-timestamp": timestamp,
        "messagebird-signature": base64.b64encode(digest).decode(),
    }


def status(word: DeliveryStatus, raw: str, **rest: Any) -> WebhookCase:
    event = StatusEvent(
        SENT_ID,
        word,
        datetime.fromisoformat("2026-11-20T14:03:13.902+00:00"),
        reference=REFERENCE,
        sender_external_id=CHANNEL,
        recipient_phone=PHONE,
        raw_status=raw,
        **rest,
    )
    return WebhookCase(f"bird-webhook-{raw.replace('_', '-')}.json", [event])


CASES = Cases(
    slug="messagebird",
    credentials={"access_key": "bird-access-key-0123456789", "signing_key": KEY},
    external_id=WORKSPACE,
    message=outbound(template()),
    sign=signature,
    requests=[RequestCase("bird-send-template.json", outbound(template()), SEND)],
    accepted=[AcceptedCase("bird-send-success-202.json", 202, SENT_ID)],
    refused=[
        RefusedCase("bird-error-401-guess.json", 401, "unavailable", Reason.CREDENTIALS, "HTTP 401"),
        RefusedCase("bird-error-422-guess.json", 422, "rejected", Reason.BAD_REQUEST, "HTTP 422"),
    ],
    webhooks=[
        status(DeliveryStatus.SENT, "sent"),
        status(DeliveryStatus.DELIVERED, "delivered"),
        status(
            DeliveryStatus.FAILED,
            "delivery_failed",
            error_code="131026",
            error_reason=Reason.RECIPIENT_UNREACHABLE,
            error_detail="Message undeliverable",
        ),
        WebhookCase(
            "bird-webhook-interaction-read.json",
            [
                StatusEvent(
                    SENT_ID,
                    DeliveryStatus.READ,
                    datetime.fromisoformat("2026-11-20T14:05:02.077+00:00"),
                    sender_external_id=CHANNEL,
                    raw_status="read",
                )
            ],
        ),
        WebhookCase(
            "bird-webhook-inbound-text.json",
            [
                InboundEvent(
                    "b3a2d1c0-6f5e-4718-9283-b5a4c7d6e9f8",
                    CHANNEL,
                    datetime.fromisoformat("2026-11-20T14:06:10.011+00:00"),
                    "text",
                    phone=PHONE,
                    profile_name="Ana Pérez",
                    text="Hola, ¿a qué hora es?",
                    payload=payload("bird-webhook-inbound-text.json")["payload"],
                )
            ],
        ),
    ],
    elsewhere={
        "bird-channel-templates.json": f"{OWN_TESTS}test_templates.py",
        "bird-message-list.json": f"{OWN_TESTS}test_look_up.py",
        "bird-signature-vector.json": f"{OWN_TESTS}test_adapter.py",
        "bird-send-template-old-variables.json": "the older way to give values, which is not used",
        **dict.fromkeys(
            (
                "legacy-error-401.json",
                "legacy-send-hsm.json",
                "legacy-send-success-202.json",
                "legacy-webhook-delivered.json",
                "legacy-webhook-failed.json",
                "legacy-webhook-read.json",
                "legacy-webhook-sent.json",
            ),
            "the legacy Conversations API, which this adapter does not speak",
        ),
    },
)
