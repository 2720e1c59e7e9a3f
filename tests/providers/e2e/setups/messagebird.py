"""Bird: a project's version with values by key, signed events, look-ups by the channel's list."""

from __future__ import annotations

from tests.providers.e2e.provider import Provider, Refusal, Report, Unheard
from tests.providers.e2e.stage import NUMBER_ID, Setup

WORKSPACE = "55555555-6666-4777-8888-999999999999"
PROJECT = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
VERSION = "12121212-3434-4565-8787-909090909090"
KEY = "bird-access-key-0123456789"
SIGNING_KEY = "a-long-word-of-the-webhook"
PROVIDER = Provider(
    Setup(
        slug="messagebird",
        external_id=WORKSPACE,
        credentials={"access_key": KEY, "signing_key": SIGNING_KEY},
        token=KEY,
        app_secret=SIGNING_KEY,
        settings={"workspace_id": WORKSPACE},
        number_external_id=NUMBER_ID,
        components=[{"type": "BODY", "text": "Hola {{name}}, tu pedido {{order}} está listo."}],
        parameter_format="NAMED",
        template_settings={"project_id": PROJECT, "version_id": VERSION},
        values={"body.name": "Ana", "body.order": "ORD-1042"},
    ),
    refused=[Refusal("bad_request", "HTTP 422", fail_code=132000)],
    failed=[
        Refusal("recipient_unreachable", "131026", digits="02"),
        Refusal("country_not_allowed", "130497", digits="39"),
    ],
    unheard={"41": Unheard.FOUND, "40": Unheard.ABSENT},
    strangers=[{"app_secret": "another-word"}],
    report=Report.NOTHING,
    paused_by_webhook=True,
)
