"""Infobip's cases. Its account has a webhook secret, so the reports go to the webhook set up there and no `notifyUrl` is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    MediaPointer,
    OutboundMessage,
    PreferenceEvent,
    PriceReport,
    Recipient,
    StatusEvent,
    TemplateContent,
    TemplateEvent,
)
from providers.errors import Reason
from providers.webhook_protection import SECRET_HEADER
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase

SECRET = "a-long-word-of-the-webhook"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
SECOND = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0002"
WAMID = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABIYFDNBQTE5RDk0RkI1RTYxRDY3NjM1AA=="
SENDER = "5491155550199"
PHONE = "+5491155550100"
BSUID = "AR.1349120865530274191"
DONE = datetime(2026, 11, 20, 14, 3, 14, 120000, UTC)
RECEIVED = datetime(2026, 11, 20, 14, 6, 10, tzinfo=UTC)
CHANGED = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
PRICE = PriceReport(True, "", amount=Decimal("0.0618"), currency="USD")
NO_PRICE = PriceReport(None, "", amount=Decimal("0"), currency="USD")
SEND = "/whatsapp/1/message/template"
OWN_TESTS = "tests/providers/adapters/infobip/"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "infobip" / name).read_bytes())


def texts(*values: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": value} for value in values]


def body(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": texts(*values)}


def header(parameter: dict[str, Any]) -> dict[str, Any]:
    return {"type": "header", "parameters": [parameter]}


def button(index: int, sub_type: str, parameter: dict[str, Any]) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}


def outbound(
    name: str,
    *components: dict[str, Any],
    definition: Sequence[dict[str, Any]] = (),
    reference: str = REFERENCE,
    phone: str = PHONE,
) -> OutboundMessage:
    content = TemplateContent(name, "es_AR", list(components), "utility", definition=definition)
    return OutboundMessage(reference, SENDER, f"+{SENDER}", Recipient(phone), content)


MESSAGE = outbound("order_update", body("Ana", "ORD-1042"))


def request(fixture: str, message: OutboundMessage) -> RequestCase:
    return RequestCase(
        fixture, message, SEND, {"messages.0.callbackData": REFERENCE}, omitted=("messages.0.notifyUrl",)
    )


REQUESTS = [
    request("send-template-text.json", MESSAGE),
    request("send-template-text-header.json", outbound("order_update", header(texts("Pedido 1042")[0]), body("Ana"))),
    request(
        "send-template-image-header.json",
        outbound(
            "promo_noviembre",
            header({"type": "image", "image": {"link": "https://cdn.example.com/promo.jpg"}}),
            body("Ana"),
        ),
    ),
    request(
        "send-template-document-header.json",
        outbound(
            "factura",
            header(
                {
                    "type": "document",
                    "document": {"link": "https://cdn.example.com/f-1042.pdf", "filename": "factura-1042.pdf"},
                }
            ),
            body("Ana"),
        ),
    ),
    request(
        "send-template-buttons.json",
        outbound(
            "turno_confirmar",
            body("Ana", "jueves 26"),
            button(0, "quick_reply", {"type": "payload", "payload": "confirm:1042"}),
            button(1, "quick_reply", {"type": "payload", "payload": "cancel:1042"}),
        ),
    ),
    request("send-template-url-button.json", outbound("ver_pedido", body("Ana"), button(0, "url", texts("t/1042")[0]))),
    request("send-template-auth.json", outbound("codigo", body("482913"), button(0, "url", texts("482913")[0]))),
]


def status(word: DeliveryStatus, raw: str, **rest: Any) -> StatusEvent:
    known = {
        "reference": REFERENCE,
        "recipient_phone": PHONE,
        "recipient_bsuid": BSUID,
        "price": NO_PRICE,
        "raw_status": raw,
        **rest,
    }
    return StatusEvent(REFERENCE, word, DONE, **known)


DELIVERED = status(DeliveryStatus.DELIVERED, "DELIVERED_TO_HANDSET", price=PRICE)


def undelivered(code: str, reason: Reason, detail: str, **rest: Any) -> StatusEvent:
    known = {"error_code": code, "error_reason": reason, "error_detail": detail, **rest}
    return status(DeliveryStatus.FAILED, "UNDELIVERABLE_NOT_DELIVERED", **known)


def inbound(fixture: str, kind: str, **rest: Any) -> WebhookCase:
    event = InboundEvent(
        WAMID,
        SENDER,
        RECEIVED,
        kind,
        phone=PHONE,
        bsuid=BSUID,
        profile_name="Ana",
        payload=payload(fixture)["results"][0],
        **rest,
    )
    return WebhookCase(fixture, [event])


def template(fixture: str, **said: str) -> WebhookCase:
    return WebhookCase(fixture, [TemplateEvent("111", "order_update", "es_AR", CHANGED, **said)])  # type: ignore[arg-type]


UNKNOWN_USER = undelivered("7002", Reason.RECIPIENT_UNREACHABLE, "Unknown user")
WEBHOOKS = [
    WebhookCase("webhook-delivered.json", [DELIVERED]),
    WebhookCase(
        "webhook-delivered-batch-with-callbackdata.json",
        [
            DELIVERED,
            StatusEvent(
                SECOND,
                DeliveryStatus.FAILED,
                DONE,
                reference=SECOND,
                recipient_phone="+5491155550101",
                recipient_bsuid=BSUID,
                error_code="7002",
                error_reason=Reason.RECIPIENT_UNREACHABLE,
                error_detail="Unknown user",
                price=NO_PRICE,
                raw_status="UNDELIVERABLE_NOT_DELIVERED",
            ),
        ],
    ),
    WebhookCase("webhook-pending.json", [status(DeliveryStatus.ACCEPTED, "PENDING_ENROUTE", price=None)]),
    WebhookCase(
        "webhook-expired.json",
        [
            status(
                DeliveryStatus.FAILED,
                "EXPIRED_EXPIRED",
                error_code="15",
                error_reason=Reason.EXPIRED,
                error_detail="Message expired",
            )
        ],
    ),
    WebhookCase(
        "webhook-rejected-no-credit.json",
        [
            status(
                DeliveryStatus.FAILED,
                "REJECTED_NOT_ENOUGH_CREDITS",
                error_code="12",
                error_reason=Reason.BILLING,
                error_detail="Not enough credits",
            )
        ],
    ),
    WebhookCase("webhook-undeliverable-unknown-user.json", [UNKNOWN_USER]),
    WebhookCase(
        "webhook-undeliverable-frequency-capping.json",
        [undelivered("7032", Reason.MARKETING_LIMIT, "Frequency capping")],
    ),
    WebhookCase(
        "webhook-undeliverable-provider-error.json",
        [undelivered("7050", Reason.PROVIDER_ERROR, "Provider internal error")],
    ),
    WebhookCase(
        "webhook-seen.json",
        [
            StatusEvent(
                REFERENCE,
                DeliveryStatus.READ,
                datetime(2026, 11, 20, 14, 5, 2, 77000, UTC),
                reference=REFERENCE,
                recipient_phone=PHONE,
                recipient_bsuid=BSUID,
                raw_status="SEEN",
            )
        ],
    ),
    inbound("webhook-inbound-text.json", "text", text="Hola, ¿a qué hora es?"),
    inbound("webhook-inbound-button.json", "button", text="Confirmar", button_payload="confirm:1042"),
    inbound(
        "webhook-inbound-image.json",
        "image",
        text="Comprobante",
        media=(MediaPointer(url=payload("webhook-inbound-image.json")["results"][0]["message"]["url"]),),
    ),
    WebhookCase(
        "webhook-marketing-stop.json",
        [PreferenceEvent(RECEIVED, True, PHONE, detail="User requested to stop marketing messages")],
    ),
    template("webhook-template-approved.json", status="APPROVED"),
    template("webhook-template-rejected.json", status="REJECTED", reason="SCAM"),
    template("webhook-template-category.json", category="marketing"),
    template("webhook-template-quality.json", quality="RED"),
]

CASES = Cases(
    slug="infobip",
    credentials={"api_key": "infobip-key-0123456789", "template_sender": SENDER, "webhook_secret": SECRET},
    external_id="tienda",
    message=MESSAGE,
    sign=lambda _body, _url: {SECRET_HEADER: SECRET},
    requests=REQUESTS,
    accepted=[AcceptedCase("send-success-200.json", 200, REFERENCE)],
    refused=[
        RefusedCase("send-200-duplicate-messageid.json", 200, "uncertain", Reason.DUPLICATE, "23"),
        RefusedCase("error-400-validation.json", 400, "rejected", Reason.BAD_REQUEST, "BAD_REQUEST"),
        RefusedCase("error-400-whitespace.json", 400, "rejected", Reason.BAD_REQUEST, "BAD_REQUEST"),
        RefusedCase("error-400-new-style.json", 400, "rejected", Reason.BAD_REQUEST, "E400"),
        RefusedCase("error-401.json", 401, "unavailable", Reason.CREDENTIALS, "UNAUTHORIZED"),
        RefusedCase("error-403.json", 403, "unavailable", Reason.PERMISSION, "FORBIDDEN"),
        RefusedCase("error-429.json", 429, "throttled", Reason.THROUGHPUT, "TOO_MANY_REQUESTS"),
        RefusedCase("error-500.json", 500, "uncertain", Reason.PROVIDER_ERROR, "GENERAL_ERROR"),
    ],
    webhooks=WEBHOOKS,
    elsewhere={
        "send-bulk.json": f"{OWN_TESTS}test_bulk.py",
        "send-bulk-success-200.json": f"{OWN_TESTS}test_bulk.py",
        "send-200-one-rejected.json": f"{OWN_TESTS}test_bulk.py",
        "lookup-empty.json": f"{OWN_TESTS}test_look_up.py",
        "lookup-messages-api-reports.json": f"{OWN_TESTS}test_look_up.py",
        "lookup-omni-logs.json": f"{OWN_TESTS}test_look_up.py",
        "template-create.json": f"{OWN_TESTS}test_templates.py",
        "template-create-success-201.json": f"{OWN_TESTS}test_templates.py",
        "template-list.json": f"{OWN_TESTS}test_templates.py",
        "template-list-account-paged.json": f"{OWN_TESTS}test_templates.py",
        "billing-usage-result.json": "the monthly usage query is no part of the adapter; prices come with the reports",
        "senders-quality.json": f"{OWN_TESTS}test_diagnosis.py",
    },
)
