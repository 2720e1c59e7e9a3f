"""Sinch: a token before the send, signed reports that bring our reference back, look-ups by the list."""

from __future__ import annotations

from providers.adapters.sinch import auth
from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import BODY, REPLY, VALUES, Setup

APP = "01HF8Z5K3W9Q2E7T1Y6U4I0P8A"
PROJECT = "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
KEY_SECRET = "sinch-key-secret-0123456789"
SECRET = "a-long-word-of-the-webhook"
PROVIDER = Provider(
    Setup(
        slug="sinch",
        external_id=APP,
        credentials={
            "project_id": PROJECT,
            "key_id": "key-1",
            "key_secret": KEY_SECRET,
            "webhook_secret": SECRET,
            "region": "eu",
            "authentication": "oauth2",
        },
        token=KEY_SECRET,
        app_secret=SECRET,
        settings={"key_id": "key-1", "project_id": PROJECT, "app_id": APP},
        components=[BODY, REPLY],
        values={**VALUES, "button.0.payload": "si"},
    ),
    refused=[Refusal("bad_request", "INVALID_ARGUMENT", fail_code=100)],
    failed=[
        Refusal("recipient_unreachable", "RECIPIENT_NOT_REACHABLE", digits="02"),
        Refusal("provider_rejected", "DELIVERY_REJECTED_DUE_TO_POLICY", digits="39"),
    ],
    unheard={"41": Unheard.FOUND, "40": Unheard.ABSENT},
    strangers=[{"app_secret": "another-word"}],
    report=Report.NOTHING,
    # Of a tap only the payload is told: its words come from the message that was sent.
    tap=Tap("si"),
    key_asked_first=True,
    forget=auth._tokens.clear,
)
