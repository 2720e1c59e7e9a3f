"""Gupshup's cases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from providers.contracts import (
    DeliveryStatus,
    Event,
    InboundEvent,
    OutboundMessage,
    PreferenceEvent,
    PriceEvent,
    PriceReport,
    StatusEvent,
    TemplateContent,
    TemplateEvent,
)
from providers.errors import Reason
from providers.webhook_protection import SECRET_HEADER
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase
from tests.providers.wire import message

SECRET = "a-long-word-of-the-webhook"
GS_ID = "ee4a68a0-1203-4c85-8dc3-49d0b3226a35"
WAMID = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEjdGQTZDMkE5RDM1RTkwQjFFNAA="
PHONE = "+5491155550100"
NUMBER = "5491155550199"
APP = "5f0a1b2c-3d4e-4f60-8192-a3b4c5d6e7f8"
SEND = "/wa/api/v1/template/msg"
TEXT_TEMPLATE = "7d2f3c1a-54b8-4e0e-9a6a-0c1f2b3d4e5f"
MEDIA_TEMPLATE = "0b6c9c1e-1f2a-4c3b-8d4e-5f6071829304"
BUTTONS_TEMPLATE = "c9b8a7d6-1234-4abc-9def-0123456789ab"
OWN_TESTS = "tests/providers/adapters/gupshup/"
NO_PARTNER = "the partner API is no part of the adapter"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "gupshup" / name).read_bytes())


def at(second: int) -> datetime:
    return datetime.fromtimestamp(1795183391 + second, UTC)


def ms(second: int, milliseconds: int) -> datetime:
    return datetime.fromtimestamp(1795183391 + second + milliseconds / 1000, UTC)


def body_values(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}


def header(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def quick_reply(index: int, words: str) -> dict[str, Any]:
    parameter = {"type": "payload", "payload": words}
    return {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": [parameter]}


def card(index: int, link: str, words: str) -> dict[str, Any]:
    return {"card_index": index, "components": [header("image", {"link": link}), quick_reply(0, words)]}


def outbound(template: str, *components: dict[str, Any]) -> OutboundMessage:
    return message(content=TemplateContent("order_update", "es_AR", list(components), "utility", template))


def request(name: str, template: str, *components: dict[str, Any]) -> RequestCase:
    return RequestCase(f"send-template-{name}.form.json", outbound(template, *components), SEND)


IMAGE = {"link": "https://cdn.example.com/promo.jpg"}
DOCUMENT = {"link": "https://cdn.example.com/f-1042.pdf", "filename": "factura-1042.pdf"}
CAROUSEL = {
    "type": "carousel",
    "cards": [
        card(0, "https://cdn.example.com/a.jpg", "card-a"),
        card(1, "https://cdn.example.com/b.jpg", "card-b"),
    ],
}
QUICK_REPLIES = [quick_reply(0, "confirm:1042"), quick_reply(1, "cancel:1042")]

REQUESTS = [
    request("text", TEXT_TEMPLATE, body_values("Ana", "ORD-1042")),
    request("buttons", BUTTONS_TEMPLATE, body_values("Ana", "jueves 26"), *QUICK_REPLIES),
    request("image-header", MEDIA_TEMPLATE, header("image", IMAGE), body_values("Ana")),
    request("document-header", MEDIA_TEMPLATE, header("document", DOCUMENT), body_values("Ana")),
    request("carousel", BUTTONS_TEMPLATE, body_values("Ana"), CAROUSEL),
]


def status(word: str, occurred_at: datetime, *, normalized: str = "", **rest: Any) -> StatusEvent:
    known: dict[str, Any] = {"sender_external_id": NUMBER, "recipient_phone": PHONE, "raw_status": word}
    return StatusEvent(GS_ID, DeliveryStatus(normalized or word), occurred_at, **(known | rest))


def failed(code: str, occurred_at: datetime, reason: Reason, detail: str) -> StatusEvent:
    return status("failed", occurred_at, error_code=code, error_reason=reason, error_detail=detail)


def price(category: str, *, billable: bool | None = None) -> PriceReport:
    return PriceReport(billable, category, "regular")


def inbound(kind: str, name: str, **rest: Any) -> InboundEvent:
    item = payload(name)["payload"]
    return InboundEvent(item["id"], NUMBER, at(70), kind, phone=PHONE, profile_name="Ana Pérez", payload=item, **rest)


def template(external_id: str, name: str, word: str, reason: str = "") -> TemplateEvent:
    return TemplateEvent(external_id, name, "es_AR", at(0), status=word, reason=reason)


def webhook(name: str, *events: Event) -> WebhookCase:
    return WebhookCase(f"webhook-{name}.json", list(events))


HEALTH = "This message was not delivered to maintain healthy ecosystem engagement."
INACTIVE = "Message sending failed as user is inactive for session message and template did not match"
WALLET = "Unable to send message | Check your wallet balance"
STOP = "User requested to stop marketing messages"

WEBHOOKS = [
    webhook("v2-enqueued", status("enqueued", ms(0, 412), normalized="accepted")),
    webhook("v2-sent", status("sent", at(1), price=price("utility"))),
    webhook("v2-sent-no-conversation", status("sent", at(1), price=price("marketing"))),
    webhook(
        "v2-sent-mmlite-no-gsid",
        StatusEvent(
            WAMID,
            DeliveryStatus.SENT,
            at(1),
            sender_external_id=NUMBER,
            price=price("marketing_lite"),
            raw_status="sent",
        ),
    ),
    webhook("v2-delivered", status("delivered", at(3))),
    webhook("v2-read", status("read", at(60))),
    webhook("v2-deleted", status("deleted", at(90), normalized="unknown")),
    webhook(
        "v2-failed-async-131026",
        failed("131026", ms(2, 612), Reason.RECIPIENT_UNREACHABLE, "Message undeliverable"),
    ),
    webhook("v2-failed-async-131049", failed("131049", ms(2, 612), Reason.MARKETING_LIMIT, HEALTH)),
    webhook(
        "v2-failed-sync-1002",
        failed("1002", ms(1, 312), Reason.RECIPIENT_UNREACHABLE, "Number Does Not Exists On WhatsApp"),
    ),
    webhook("v2-failed-sync-1003-wallet", failed("1003", ms(1, 312), Reason.BILLING, WALLET)),
    webhook("v2-failed-sync-1005", failed("1005", ms(1, 312), Reason.TEMPLATE_PARAMETERS, INACTIVE)),
    webhook("v2-billing", PriceEvent(GS_ID, ms(4, 100), price("utility", billable=True))),
    webhook("v2-billing-old-cbp", PriceEvent(GS_ID, ms(4, 100), price("marketing", billable=True))),
    webhook("v2-inbound-text", inbound("text", "webhook-v2-inbound-text.json", text="Hola, ¿a qué hora es?")),
    webhook(
        "v2-inbound-quick-reply",
        inbound(
            "button",
            "webhook-v2-inbound-quick-reply.json",
            text="Confirmar",
            button_payload="confirm:1042",
            context_message_id=GS_ID,
        ),
    ),
    webhook("v2-preference-stop", PreferenceEvent(at(0), opted_out=True, phone=PHONE, detail=STOP)),
    webhook("v2-template-approved", template(TEXT_TEMPLATE, "order_update", "APPROVED")),
    webhook("v2-template-rejected", template(MEDIA_TEMPLATE, "promo_noviembre", "REJECTED", "INVALID_FORMAT")),
    webhook("v3-delivered", status("delivered", at(3), price=price("utility", billable=True))),
    webhook("v3-failed", failed("131026", at(3), Reason.RECIPIENT_UNREACHABLE, "Message Undeliverable.")),
]

CASES = Cases(
    slug="gupshup",
    credentials={
        "api_key": "gs-key-0123456789",
        "app_name": "TurnosDemo",
        "app_number": "+54 9 11 5555-0199",
        "webhook_secret": SECRET,
        "partner_app_token": "sk_partner0123456789",
    },
    external_id=APP,
    message=REQUESTS[0].message,
    sign=lambda _body, _url: {SECRET_HEADER: SECRET},
    requests=REQUESTS,
    accepted=[
        AcceptedCase("send-success-202.json", 202, GS_ID),
        AcceptedCase("send-success-200-alt.json", 200, GS_ID),
    ],
    refused=[
        RefusedCase("error-400-invalid-app.json", 400, "unavailable", Reason.CONFIGURATION, "Invalid App Details"),
        RefusedCase(
            "error-400-invalid-destination.json",
            400,
            "rejected",
            Reason.RECIPIENT_UNREACHABLE,
            "Invalid Destination",
        ),
        RefusedCase("error-401.json", 401, "unavailable", Reason.CREDENTIALS, "Authentication Failed"),
        RefusedCase("error-429.json", 429, "throttled", Reason.THROUGHPUT, "Too Many Requests"),
        RefusedCase("error-500.json", 500, "uncertain", Reason.PROVIDER_ERROR, "HTTP 500"),
    ],
    webhooks=WEBHOOKS,
    elsewhere={
        "template-list.json": f"{OWN_TESTS}test_templates.py",
        "template-create.form.json": f"{OWN_TESTS}test_templates.py",
        "template-create-success.json": f"{OWN_TESTS}test_templates.py",
        "template-create-error-exists.json": f"{OWN_TESTS}test_templates.py",
        "template-edit.form.json": f"{OWN_TESTS}test_templates.py",
        "template-edit-success.json": f"{OWN_TESTS}test_templates.py",
        "upload-media-success.json": f"{OWN_TESTS}test_templates.py",
        "subscription-create.form.json": "set by a person, as docs/providers/gupshup.md says",
        "wallet-balance.json": NO_PARTNER,
        "partner-usage.json": NO_PARTNER,
        "partner-v3-send.json": NO_PARTNER,
        "partner-v3-send-success.json": NO_PARTNER,
    },
)
