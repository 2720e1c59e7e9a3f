"""360dialog's cases: its own requests and answers, and webhooks that are Meta's."""

from __future__ import annotations

import json

from providers.contracts import DeliveryStatus, PriceReport
from providers.errors import Reason
from providers.webhook_protection import SECRET_HEADER
from tests.contract import cases_meta
from tests.contract.cases import PAYLOADS, AcceptedCase, Cases, RefusedCase, RequestCase, WebhookCase
from tests.providers.adapters.meta.payloads import WABA
from tests.providers.adapters.meta.test_send import outbound

SECRET = "a-long-word-of-the-webhook"
DIRECTORY = PAYLOADS / "dialog360"
REQUEST = json.loads((DIRECTORY / "d360_send_template.request.json").read_bytes())
MESSAGE = outbound(REQUEST)
OWN_TESTS = "tests/providers/adapters/dialog360/"
SENT = cases_meta.status(DeliveryStatus.SENT, 0, price=PriceReport(True, "marketing", "regular"))

WEBHOOKS = [
    WebhookCase("webhook_status_sent.json", [SENT]),
    *(case for case in cases_meta.WEBHOOKS if (DIRECTORY / case.fixture).exists()),
]
_WITH_META = {
    "webhook_status_delivered_bsuid_only.json",
    "webhook_inbound_text_username_no_phone.json",
    "webhook_template_status_rejected.json",
    "webhook_account_update_restriction.json",
    "webhook_value_errors.json",
}

CASES = Cases(
    slug="dialog360",
    credentials={"api_key": "d360-key-0123456789", "webhook_secret": SECRET},
    external_id=WABA,
    message=MESSAGE,
    sign=lambda _body, _url: {SECRET_HEADER: SECRET},
    # Without the + Meta may put the sender's own country code before the number.
    requests=[RequestCase("d360_send_template.request.json", MESSAGE, "/messages", {"to": "+5491155550100"})],
    accepted=[AcceptedCase("d360_send_template.response.json", 200, cases_meta.WAMID)],
    refused=[
        RefusedCase("d360_error_invalid_api_key.json", 401, "unavailable", Reason.CREDENTIALS, "HTTP 401"),
        RefusedCase("d360_error_payment.json", 400, "unavailable", Reason.BILLING, "HTTP 400 payment"),
        RefusedCase(
            "d360_error_rate_limited_by_360dialog.json", 400, "throttled", Reason.ACCOUNT_RATE, "HTTP 400 rate limit"
        ),
        RefusedCase("d360_error_meta_passthrough_130429.json", 400, "throttled", Reason.THROUGHPUT, "130429"),
    ],
    webhooks=WEBHOOKS,
    elsewhere={
        "d360_template_edit.request.json": f"{OWN_TESTS}test_templates.py",
        "d360_template_edit.response.json": f"{OWN_TESTS}test_templates.py",
        "d360_templates_list.response.json": f"{OWN_TESTS}test_templates.py",
        "d360_webhook_set.request.json": "set by a person, as docs/providers/dialog360.md says",
        "d360_webhook_set.response.json": "set by a person, as docs/providers/dialog360.md says",
        **dict.fromkeys(_WITH_META, f"{OWN_TESTS}test_adapter.py"),
    },
    private=("5491155550100", "Lucía", "0001-00012345"),
)
