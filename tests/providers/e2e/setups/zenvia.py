"""Zenvia: listed templates with named values, our reference in every status, nothing to look up."""

from __future__ import annotations

import json

from providers.contracts import JsonObject
from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import NUMBER, Setup

SECRET = "a-long-word-of-the-webhook"
TOKEN = "zenvia-token-0123456789"
COMPONENTS: list[JsonObject] = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hola {{name}}, tu pedido {{order}} está listo."},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{path}}"},
            {"type": "QUICK_REPLY", "text": "Confirmar"},
        ],
    },
]
PROVIDER = Provider(
    Setup(
        slug="zenvia",
        external_id=NUMBER,
        credentials={"api_token": TOKEN, "webhook_secret": SECRET},
        token=TOKEN,
        settings={"webhook_headers": json.dumps({"X-Hook-Secret": SECRET})},
        components=COMPONENTS,
        parameter_format="NAMED",
        values={
            "header.image": "https://cdn.example.com/promo.jpg",
            "body.name": "Ana",
            "body.order": "ORD-1042",
            "button.0.url": "ofertas",
        },
    ),
    refused=[Refusal("bad_request", "VALIDATION_ERROR", fail_code=132000)],
    failed=[
        Refusal("recipient_unreachable", "131026", digits="02"),
        Refusal("country_not_allowed", "130497", digits="39"),
    ],
    unheard={"41": Unheard.PERSON},
    strangers=[{"settings": {"webhook_headers": "{}"}}],
    report=Report.NOTHING,
    tap=Tap("Confirmar"),
    paused_by_webhook=True,
)
