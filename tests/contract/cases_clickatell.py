"""Clickatell's cases."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from providers.contracts import DeliveryStatus, InboundEvent, OutboundMessage, Recipient, StatusEvent, TemplateContent
from providers.errors import Reason
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase

SECRET = "webhook-secret-0123456789"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
MESSAGE_ID = "1b2c3d4e5f60718293a4b5c6d7e8f901"
PHONE = "+5491155550100"
AT = datetime.fromtimestamp(1795183391, UTC)


def outbound(reference: str = REFERENCE, phone: str = PHONE, *texts: str) -> OutboundMessage:
    parameters = [{"type": "text", "text": text} for text in texts or ("Ana", "ORD-1042")]
    content = TemplateContent("order_update", "es_AR", [{"type": "body", "parameters": parameters}], "utility")
    return OutboundMessage(reference, "5491155550199", "+5491155550199", Recipient(phone), content)


def status(name: str, known: DeliveryStatus, code: str = "", reason: str = "") -> WebhookCase:
    fixture = f"webhook-status-{name}.json"
    item = json.loads((PAYLOADS / "clickatell" / fixture).read_bytes())["event"]["messageStatusUpdate"][0]
    detail: dict[str, Any] = {
        "error_code": code,
        "error_reason": reason,
        "error_detail": item["status"] if code else "",
    }
    return WebhookCase(
        fixture, [StatusEvent(MESSAGE_ID, known, AT, reference=REFERENCE, raw_status=item["status"], **detail)]
    )


INBOUND = json.loads((PAYLOADS / "clickatell" / "webhook-inbound-text.json").read_bytes())["event"]["moText"][0]
FAILED = DeliveryStatus.FAILED

CASES = Cases(
    slug="clickatell",
    credentials={"api_key": "clickatell-key-0123456789==", "webhook_secret": SECRET},
    external_id="ff80808158a1b2c30158a1b2c3d40001",
    message=outbound(),
    sign=lambda _body, _url: {"authorization": f"Basic {base64.b64encode(f'hsm:{SECRET}'.encode()).decode()}"},
    requests=[RequestCase("send-template-text.json", outbound(), "/v1/message")],
    accepted=[
        AcceptedCase("send-success-202.json", 202, MESSAGE_ID),
        AcceptedCase("send-207-one-refused.json", 207, MESSAGE_ID),
    ],
    refused=[
        RefusedCase("error-400.json", 400, "rejected", Reason.BAD_REQUEST, "error 101"),
        RefusedCase("error-401.json", 401, "unavailable", Reason.CREDENTIALS, "error 108"),
    ],
    webhooks=[
        status("002-queued", DeliveryStatus.ACCEPTED),
        status("004-sent-to-supplier", DeliveryStatus.SENT),
        status("005-device-ack", DeliveryStatus.DELIVERED),
        status("006-read", DeliveryStatus.READ),
        status("020-expired", FAILED, "20", Reason.EXPIRED),
        status("021-stopped-by-user", FAILED, "21", Reason.RECIPIENT_OPTED_OUT),
        status("023-delivery-failure", FAILED, "23", Reason.PROVIDER_REJECTED),
        status("025-insufficient-account-balance", FAILED, "25", Reason.BILLING),
        status("029-recipient-does-not-exist", FAILED, "29", Reason.RECIPIENT_UNREACHABLE),
        status("100-routing-error", FAILED, "100", Reason.PROVIDER_DOWN),
        status("130-whatsapp-account-payment-issue", FAILED, "130", Reason.BILLING),
        status("132-spam-rate-limit", FAILED, "132", Reason.NUMBER_BLOCKED),
        status("133-server-rate-limit", FAILED, "133", Reason.THROUGHPUT),
        status("141-template-format-mismatch", FAILED, "141", Reason.TEMPLATE_PARAMETERS),
        WebhookCase(
            "webhook-inbound-text.json",
            [
                InboundEvent(
                    INBOUND["messageId"],
                    "5491155550199",
                    AT,
                    "text",
                    phone=PHONE,
                    profile_name="Ana Pérez",
                    text="Hola, ¿a qué hora es?",
                    context_message_id=MESSAGE_ID,
                    payload=INBOUND,
                )
            ],
        ),
    ],
    elsewhere={
        "send-bulk.json": "tests/providers/adapters/clickatell/test_bulk.py",
        "lookup.json": "tests/providers/adapters/clickatell/test_look_up.py",
    },
)
