"""Clickatell: entered templates, callbacks by a secret, nothing to look up."""

from __future__ import annotations

from tests.providers.e2e.provider import WITHOUT_PASSWORD, Provider, Refusal, Report, Unheard
from tests.providers.e2e.stage import Setup

SECRET = "a-long-word-of-the-webhook"
KEY = "clickatell-key-0123456789=="
PROVIDER = Provider(
    Setup(
        slug="clickatell",
        external_id="ff80808158a1b2c30158a1b2c3d40001",
        credentials={"api_key": KEY, "webhook_secret": SECRET},
        token=KEY,
        basic=f"hsm:{SECRET}",
        listed=False,
    ),
    refused=[Refusal("provider_rejected", "error 105", digits="38")],
    failed=[Refusal("recipient_unreachable", "29", digits="02")],
    unheard={"41": Unheard.PERSON},
    strangers=[{"webhook_url": WITHOUT_PASSWORD}],
    report=Report.NOTHING,
    one_request=True,
)
