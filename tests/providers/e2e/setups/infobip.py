"""Infobip: bulk requests, reports with prices, look-ups in the reports and the logs."""

from __future__ import annotations

from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import BODY, NUMBER, REPLY, Setup

SECRET = "a-long-word-of-the-webhook"
KEY = "infobip-key-0123456789"
PROVIDER = Provider(
    Setup(
        slug="infobip",
        external_id="tienda",
        credentials={"api_key": KEY, "template_sender": NUMBER, "webhook_secret": SECRET},
        token=KEY,
        settings={"webhook_secret": SECRET},
        template_id="111",
        components=(BODY, REPLY),
    ),
    # The refusal comes within a 200.
    refused=[Refusal("recipient_not_allowed", "18", digits="38")],
    failed=[Refusal("recipient_unreachable", "7002", digits="02")],
    unheard={"41": Unheard.FOUND, "40": Unheard.ABSENT},
    strangers=[{"settings": {"webhook_secret": "another"}}],
    report=Report.PRICE,
    tap=Tap("Confirmar"),
    one_request=True,
)
