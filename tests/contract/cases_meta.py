"""Meta's cases. Its many other payloads have tables of their own under tests/providers/adapters/meta."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from providers.contracts import (
    DeliveryStatus,
    InboundEvent,
    PreferenceEvent,
    PriceReport,
    StatusEvent,
    TemplateContent,
    TemplateEvent,
)
from providers.errors import Reason
from tests.contract.cases import (
    PAYLOADS,
    AcceptedCase,
    Cases,
    RefusedCase,
    RequestCase,
    WebhookCase,
)
from tests.providers.adapters.meta.payloads import APP_SECRET, WABA, signed
from tests.providers.adapters.meta.test_send import in_our_spelling, outbound
from tests.providers.wire import message

WAMID = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkE2MDcyRUM3MzU1RTExRTdEOAA="
HELD = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkU5OURFNTQ5RTA4MDAzNTRDQwA="
TEXT = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkI4QTE1QTlFQ0NENDg3MTU3NgA="
REFERENCE = "hsm:01JC9Z6T8Q4V2K7M3N5P8R1S0T"
NUMBER = "298117653388214"
PHONE = "+5491155550100"
BSUID = "AR.27183920456611029384"
SEND = f"/v25.0/{NUMBER}/messages"


def at(second: int) -> datetime:
    return datetime.fromtimestamp(1794153600 + second, UTC)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / "meta" / name).read_bytes())


def request(name: str) -> RequestCase:
    """The fixture, sent by the message that it was made of; sub-types and indexes in our spelling."""
    document = payload(name)
    spelled = in_our_spelling(document)["template"]
    changed = {"template": spelled} if spelled != document["template"] else {}
    return RequestCase(name, outbound(document), SEND, changed)


def status(word: DeliveryStatus, second: int, **rest: Any) -> StatusEvent:
    known: dict[str, Any] = {"recipient_bsuid": BSUID} if word is not DeliveryStatus.FAILED else {}
    return StatusEvent(
        WAMID,
        word,
        at(second),
        reference=REFERENCE,
        sender_external_id=NUMBER,
        recipient_phone=PHONE,
        raw_status=word.value,
        **known,
        **rest,
    )


def inbound(name: str, wamid: str, kind: str, **rest: Any) -> WebhookCase:
    value = payload(name)["entry"][0]["changes"][0]["value"]
    event = InboundEvent(
        wamid,
        NUMBER,
        at(120),
        kind,
        phone=PHONE,
        bsuid=BSUID,
        profile_name="Lucía Fernández",
        payload=value["messages"][0],
        **rest,
    )
    return WebhookCase(name, [event])


def refused(code: int, kind: str, reason: Reason, shown: str = "") -> RefusedCase:
    return RefusedCase(f"error_{code}.json", 400, kind, reason, shown or str(code))


REQUESTS = [request(path.name) for path in sorted((PAYLOADS / "meta").glob("send_template_*.request.json"))]
WEBHOOKS = [
    WebhookCase(
        "webhook_status_delivered.json",
        [status(DeliveryStatus.DELIVERED, 4, price=PriceReport(True, "marketing", "regular"))],
    ),
    WebhookCase("webhook_status_read.json", [status(DeliveryStatus.READ, 61)]),
    WebhookCase(
        "webhook_status_failed_131026.json",
        [
            status(
                DeliveryStatus.FAILED,
                7,
                error_code="131026",
                error_reason=Reason.RECIPIENT_UNREACHABLE,
                error_detail="Message Undeliverable.",
            )
        ],
    ),
    inbound(
        "webhook_inbound_text.json",
        "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABIYFDNBQjM2MTc3MTdDMTRCMDgzODM0AA==",
        "text",
        text="¿Hasta qué hora atienden?",
    ),
    inbound(
        "webhook_inbound_button_quick_reply.json",
        "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABIYFDNBRTk2NjExQzY4MTg4RkUxRTk3AA==",
        "button",
        text="No recibir más",
        button_payload="BAJA|01JC9Z6T8Q",
        context_message_id=WAMID,
    ),
    WebhookCase(
        "webhook_template_status_approved.json",
        [
            TemplateEvent(
                "1274830044512345",
                "aviso_vencimiento",
                "es_AR",
                at(0),
                status="APPROVED",
                category="utility",
            )
        ],
    ),
    WebhookCase(
        "webhook_user_preferences_stop.json",
        [PreferenceEvent(at(0), True, PHONE, BSUID, "User requested to stop marketing messages")],
    ),
]
LISTED = {*(case.fixture for case in REQUESTS), *(case.fixture for case in WEBHOOKS)}

_ELSEWHERE = {
    "error_": "tests/providers/adapters/meta/test_errors.py",
    "webhook_": "tests/providers/adapters/meta/test_webhook*.py",
    "template": "tests/providers/adapters/meta/test_templates.py",
    "send_template.": "tests/providers/adapters/meta/test_send.py",
    "d360_": "360dialog's",
    "upload_": "tests/providers/adapters/meta/test_samples.py",
    "phone_number": "tests/providers/adapters/meta/test_templates.py",
    "marketing_messages": "not sent: no account was seen to need the other endpoint",
    "": "an analytics answer, or notes of the fixtures' author",
}
CASES_LISTED = {
    "send_template.response_accepted.json",
    "send_template.response_held_for_quality_assessment.json",
    "send_text.response.json",
    *(f"error_{code}.json" for code in (190, 130429, 131026, 131042, 131048, 131000, 132015)),
    *LISTED,
}

CASES = Cases(
    slug="meta",
    credentials={
        "access_token": "EAAtesttoken0123456789",
        "app_secret": APP_SECRET,
        "verify_token": "s3cret-verify",
    },
    external_id=WABA,
    message=message(content=TemplateContent("aviso", "es_AR", [], "utility")),
    sign=lambda body, _url: signed(body).headers,
    requests=REQUESTS,
    accepted=[
        AcceptedCase("send_template.response_accepted.json", 200, WAMID),
        AcceptedCase("send_template.response_held_for_quality_assessment.json", 200, HELD, held=True),
        AcceptedCase("send_text.response.json", 200, TEXT),
    ],
    refused=[
        refused(190, "unavailable", Reason.CREDENTIALS, "190/463"),
        refused(130429, "throttled", Reason.THROUGHPUT),
        refused(131026, "rejected", Reason.RECIPIENT_UNREACHABLE),
        refused(131042, "unavailable", Reason.BILLING),
        refused(131048, "unavailable", Reason.NUMBER_BLOCKED),
        refused(131000, "uncertain", Reason.PROVIDER_ERROR),
        refused(132015, "unavailable", Reason.TEMPLATE_PAUSED),
    ],
    webhooks=WEBHOOKS,
    elsewhere={
        path.name: next(where for start, where in _ELSEWHERE.items() if path.name.startswith(start))
        for path in (PAYLOADS / "meta").glob("*.json")
        if path.name not in CASES_LISTED
    },
)
