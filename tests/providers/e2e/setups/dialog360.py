"""360dialog: Meta's wire behind an API key, own errors by their text, webhooks with a secret header."""

from __future__ import annotations

import json

from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import ACCOUNT_ID, BODY, NUMBER_ID, REPLY, Setup

KEY = "d360-key-0123456789"
SECRET = "a-long-word-of-the-webhook"
PROVIDER = Provider(
    Setup(
        slug="dialog360",
        external_id=ACCOUNT_ID,
        credentials={"api_key": KEY, "webhook_secret": SECRET},
        token=KEY,
        settings={"webhook_headers": json.dumps({"X-Hook-Secret": SECRET})},
        number_external_id=NUMBER_ID,
        components=[BODY, REPLY],
        template_id="1274830044512345",
    ),
    refused=[Refusal("recipient_unreachable", "131026", digits="33")],
    failed=[Refusal("recipient_unreachable", "131026", digits="02")],
    unheard={"41": Unheard.PERSON, "40": Unheard.PERSON, "08": Unheard.PERSON},
    strangers=[{"settings": {"webhook_headers": "{}"}}],
    report=Report.CATEGORY,
    tap=Tap("si"),
)
