"""Gupshup: no reference of ours anywhere, so a lost answer is settled only by the one event that fits."""

from __future__ import annotations

import json

from providers.contracts import JsonObject
from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import NUMBER, Setup

SECRET = "a-long-word-of-the-webhook"
KEY = "gupshup-key-0123456789"
APP = "5f0a1b2c-3d4e-4f60-8192-a3b4c5d6e7f8"
COMPONENTS: list[JsonObject] = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hola {{1}}, ¿confirmás tu turno del {{2}}?"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Confirmar"},
            {"type": "URL", "text": "Ver", "url": "https://turnos.example.com/{{1}}"},
        ],
    },
]
PROVIDER = Provider(
    Setup(
        slug="gupshup",
        external_id=APP,
        credentials={"api_key": KEY, "app_name": "TurnosDemo", "app_number": NUMBER, "webhook_secret": SECRET},
        token=KEY,
        settings={
            "app_id": APP,
            "app_name": "TurnosDemo",
            "webhook_headers": json.dumps({"X-Hook-Secret": SECRET}),
        },
        components=COMPONENTS,
        values={
            "header.image": "https://cdn.example.com/promo.jpg",
            "body.1": "Ana",
            "body.2": "jueves 26",
            "button.0.payload": "confirm:1042",
            "button.1.url": "1042",
        },
    ),
    text="Hola Ana, ¿confirmás tu turno del jueves 26?",
    refused=[Refusal("recipient_unreachable", "Invalid Destination", fail_code=100)],
    failed=[
        Refusal("recipient_unreachable", "131026", digits="02"),
        Refusal("marketing_limit", "131049", digits="03"),
    ],
    unheard={"41": Unheard.PERSON},
    strangers=[{"settings": {"webhook_headers": "{}"}}],
    report=Report.CATEGORY,
    tap=Tap("confirm:1042"),
    reference_kept=False,
)
