"""Vonage's cases: calls with a token of the application, webhooks signed for their very body."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    OutboundMessage,
    PriceReport,
    Recipient,
    StatusEvent,
    TemplateContent,
)
from providers.errors import Reason
from tests.contract.cases import (
    PAYLOADS,
    WEBHOOK_URL,
    AcceptedCase,
    Cases,
    RefusedCase,
    RequestCase,
    WebhookCase,
)

SIGNATURE_SECRET = "dummy_signature_secret_32_chars_long"
APPLICATION = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
WABA = "102290129340398"
NAMESPACE = "9c9a2a4e_0a2b_4c3d_8e5f_6a7b8c9d0e1f"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
UUID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
INBOUND = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
SENDER = "5491155550199"
PHONE = "+5491155550100"
SENT_AT = datetime(2026, 11, 20, 14, 3, 13, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, 14, 6, 10, tzinfo=UTC)
SEND = "/v1/messages"
OWN_TESTS = "tests/providers/adapters/vonage/"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "vonage" / name).read_bytes())


def sign(body: bytes, _url: str = "", *, secret: str = SIGNATURE_SECRET, **changed: Any) -> Mapping[str, str]:
    """The header that Vonage sends with `body`."""
    claims = {
        "iat": int(time.time()),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d4",
        "application_id": APPLICATION,
        **changed,
    }
    return {"authorization": "Bearer " + jwt.encode(claims, secret, algorithm="HS256")}


def outbound(name: str, *components: dict[str, Any], namespace: str = "") -> OutboundMessage:
    content = TemplateContent(name, "es_AR", list(components), "utility", namespace=namespace)
    return OutboundMessage(REFERENCE, SENDER, f"+{SENDER}", Recipient(PHONE), content)


def body(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}


MESSAGE = outbound("order_update", body("Ana", "ORD-1042"), namespace=NAMESPACE)
CUSTOM = outbound(
    "promo_noviembre",
    {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://cdn.example.com/promo.jpg"}}]},
    body("Ana"),
    {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": "confirm:1042"}],
    },
)


def status(word: DeliveryStatus, raw: str, **rest: Any) -> StatusEvent:
    return StatusEvent(
        UUID,
        word,
        SENT_AT,
        reference=REFERENCE,
        sender_external_id=SENDER,
        recipient_phone=PHONE,
        raw_status=raw,
        **rest,
    )


def failed(raw: str, code: str, reason: Reason, detail: str) -> StatusEvent:
    return status(DeliveryStatus.FAILED, raw, error_code=code, error_reason=reason, error_detail=detail)


def inbound(fixture: str, kind: str, **rest: Any) -> WebhookCase:
    event = InboundEvent(
        INBOUND, SENDER, RECEIVED, kind, phone=PHONE, profile_name="Ana Pérez", payload=payload(fixture), **rest
    )
    return WebhookCase(fixture, [event])


WEBHOOKS = [
    WebhookCase("webhook-submitted.json", [status(DeliveryStatus.SENT, "submitted")]),
    WebhookCase(
        "webhook-delivered.json",
        [
            status(
                DeliveryStatus.DELIVERED,
                "delivered",
                recipient_bsuid="AR.1349120865530274191",
                price=PriceReport(True, "", amount=Decimal("0.0333"), currency="EUR"),
            )
        ],
    ),
    WebhookCase("webhook-read.json", [status(DeliveryStatus.READ, "read")]),
    WebhookCase(
        "webhook-rejected-1022.json", [failed("rejected", "1022", Reason.TEMPLATE_MISSING, "Invalid template")]
    ),
    WebhookCase(
        "webhook-undeliverable-1300.json",
        [failed("undeliverable", "1300", Reason.RECIPIENT_UNREACHABLE, "Not part of the provider network")],
    ),
    inbound("webhook-inbound-text.json", "text", text="Hola, ¿a qué hora es?"),
    inbound(
        "webhook-inbound-button.json",
        "button",
        text="Confirmar",
        button_payload="confirm:1042",
        context_message_id=UUID,
    ),
]

CASES = Cases(
    slug="vonage",
    credentials={
        "application_id": APPLICATION,
        "private_key": PRIVATE_KEY,
        "signature_secret": SIGNATURE_SECRET,
        "api_secret": "vonage-api-secret",
    },
    external_id=WABA,
    message=MESSAGE,
    sign=sign,
    requests=[
        RequestCase("send-template-text.json", MESSAGE, SEND, {"webhook_url": WEBHOOK_URL}),
        RequestCase("send-template-custom-media-buttons.json", CUSTOM, SEND, {"webhook_url": WEBHOOK_URL}),
    ],
    accepted=[AcceptedCase("send-success-202.json", 202, UUID)],
    refused=[
        RefusedCase("error-401.json", 401, "unavailable", Reason.CREDENTIALS, "unauthorized"),
        RefusedCase("error-402-low-balance.json", 402, "unavailable", Reason.BILLING, "low-balance"),
        RefusedCase("error-422-1150.json", 422, "rejected", Reason.BAD_REQUEST, "1150"),
        RefusedCase("error-429-1000.json", 429, "throttled", Reason.THROUGHPUT, "1000"),
    ],
    webhooks=WEBHOOKS,
    elsewhere={
        "signature-vector.json": f"{OWN_TESTS}test_tokens.py",
        "template-list-guess.json": f"{OWN_TESTS}test_templates.py",
    },
    private=("5491155550100", "Ana", "ORD-1042", "confirm:1042"),
    shaped=("private_key",),
)
