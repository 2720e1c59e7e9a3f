"""Twilio's cases."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from providers.adapters.twilio.content import components_read
from providers.adapters.twilio.webhook import signature
from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    MediaPointer,
    OutboundMessage,
    Recipient,
    StatusEvent,
    TemplateContent,
)
from providers.errors import Reason
from tests.contract.cases import (
    PAYLOADS,
    RECEIVED_AT,
    WEBHOOK_URL,
    AcceptedCase,
    Cases,
    RefusedCase,
    RequestCase,
    WebhookCase,
)

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
CONTENT = "HXb5b62575e6e4ff61b5b62575e6e4ff61"
AUTH_TOKEN = "dummytoken0123456789abcdef012345"
SID = "SM1a2b3c4d5e6f70811a2b3c4d5e6f7081"
INBOUND_SID = "SM77aa88bb99cc00dd77aa88bb99cc00dd"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
PHONE = "+5491155550100"
BSUID = "AR.1349120865530274191"
CALLBACK = f"{WEBHOOK_URL}?reference={REFERENCE}#rc=3&rp=all&ct=2000&rt=5000&tt=15000"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "twilio" / name).read_bytes())


def components_of(number: int) -> list[dict[str, Any]]:
    """The components of one of the listed contents, as the portal keeps them."""
    return components_read(payload("content-and-approvals.json")["contents"][number])


def body(*texts: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


def outbound(content: TemplateContent, recipient: Recipient | None = None) -> OutboundMessage:
    return OutboundMessage(REFERENCE, "5491155550199", "+5491155550199", recipient or Recipient(PHONE), content)


ORDER = TemplateContent(
    "order_update", "es_AR", [body("Ana", "ORD-1042")], "utility", CONTENT, definition=components_of(0)
)
IMAGE = {"type": "image", "image": {"link": "https://cdn.example.com/promo.jpg"}}
PROMO = TemplateContent(
    "promo_noviembre",
    "es_AR",
    [{"type": "header", "parameters": [IMAGE]}, body("Ana")],
    "marketing",
    CONTENT,
    definition=components_of(1),
)


def request(fixture: str, content: TemplateContent) -> RequestCase:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    return RequestCase(fixture, outbound(content), path, {"StatusCallback": CALLBACK})


def status(word: str, known: DeliveryStatus, code: str = "", **rest: Any) -> WebhookCase:
    fixture = f"callback-{word}{'-' if code else ''}{code}.form.json"
    event = StatusEvent(
        SID,
        known,
        RECEIVED_AT,
        reference=REFERENCE,
        sender_external_id="5491155550199",
        recipient_phone=PHONE,
        error_code=code,
        raw_status=word,
        **rest,
    )
    return WebhookCase(fixture, [event], query=f"reference={REFERENCE}")


def inbound(name: str, kind: str, **rest: Any) -> WebhookCase:
    fixture = f"inbound-{name}.form.json"
    known = {"phone": PHONE, "profile_name": "Ana Pérez", "payload": payload(fixture)}
    return WebhookCase(fixture, [InboundEvent(INBOUND_SID, "5491155550199", RECEIVED_AT, kind, **{**known, **rest})])


def refused(fixture: str, kind: str, reason: Reason) -> RefusedCase:
    _error, status_text, code = fixture.split("-")
    return RefusedCase(f"{fixture}.json", int(status_text), kind, reason, code)


CASES = Cases(
    slug="twilio",
    credentials={"auth_token": AUTH_TOKEN},
    external_id=ACCOUNT,
    message=outbound(ORDER),
    sign=lambda raw, url: {
        "x-twilio-signature": signature(
            url, parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True), auth_token=AUTH_TOKEN
        )
    },
    requests=[
        request("send-template.form.json", ORDER),
        request("send-template-media.form.json", PROMO),
    ],
    accepted=[
        AcceptedCase("send-success-201.json", 201, SID),
        AcceptedCase("send-success-201-messaging-service.json", 201, SID),
    ],
    refused=[
        refused("error-400-21211", "rejected", Reason.RECIPIENT_UNREACHABLE),
        refused("error-400-21610", "rejected", Reason.RECIPIENT_OPTED_OUT),
        refused("error-400-21655", "unavailable", Reason.TEMPLATE_MISSING),
        refused("error-400-21656", "rejected", Reason.TEMPLATE_PARAMETERS),
        refused("error-400-63007", "unavailable", Reason.NUMBER_NOT_REGISTERED),
        refused("error-401-20003", "unavailable", Reason.CREDENTIALS),
        refused("error-404-20404", "unavailable", Reason.CONFIGURATION),
        refused("error-429-20429", "throttled", Reason.ACCOUNT_RATE),
        refused("error-429-63038", "unavailable", Reason.ACCOUNT_LIMIT),
        refused("error-500-20500", "uncertain", Reason.PROVIDER_ERROR),
    ],
    webhooks=[
        status("queued", DeliveryStatus.ACCEPTED),
        status("sent", DeliveryStatus.SENT),
        status("delivered", DeliveryStatus.DELIVERED),
        status("read", DeliveryStatus.READ),
        status(
            "failed",
            DeliveryStatus.FAILED,
            "63016",
            error_reason=Reason.WINDOW_CLOSED,
            error_detail=payload("callback-failed-63016.form.json")["ErrorMessage"],
        ),
        status(
            "undelivered",
            DeliveryStatus.FAILED,
            "63024",
            error_reason=Reason.RECIPIENT_UNREACHABLE,
            error_detail="Invalid message recipient. Message undeliverable",
        ),
        status(
            "undelivered",
            DeliveryStatus.FAILED,
            "63049",
            error_reason=Reason.MARKETING_LIMIT,
            error_detail="Meta chose not to deliver this WhatsApp marketing message",
        ),
        inbound("text", "text", text="Hola, ¿a qué hora es?"),
        inbound(
            "media",
            "image",
            media=(MediaPointer(url=payload("inbound-media.form.json")["MediaUrl0"], content_type="image/jpeg"),),
        ),
        inbound(
            "button",
            "button",
            text="Confirmar",
            button_payload="confirm:1042",
            context_message_id=SID,
        ),
        inbound("bsuid", "text", phone="", bsuid=BSUID, text="Hola, ¿a qué hora es?"),
    ],
    elsewhere={
        "send-template-messaging-service.form.json": "tests/providers/adapters/twilio/test_send.py",
        "signature-vector.json": "tests/providers/adapters/twilio/test_webhook.py",
        **dict.fromkeys(
            [
                "approval-create-201.json",
                "approval-create.json",
                "approval-fetch.json",
                "content-and-approvals.json",
                "content-create-201.json",
                "content-create.json",
            ],
            "tests/providers/adapters/twilio/test_templates.py",
        ),
        **dict.fromkeys(
            [
                "message-get-delivered-priced.json",
                "message-get-undelivered.json",
                "message-list-empty.json",
                "message-list.json",
            ],
            "tests/providers/adapters/twilio/test_look_up.py",
        ),
    },
)
