"""Meta: webhooks signed with the app's secret that bring our reference back, a history by message id alone."""

from __future__ import annotations

from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import ACCOUNT_ID, BODY, NUMBER_ID, REPLY, Setup

TOKEN = "meta-system-user-token-0123456789"
APP_SECRET = "0123456789abcdef0123456789abcdef"
PROVIDER = Provider(
    Setup(
        slug="meta",
        external_id=ACCOUNT_ID,
        credentials={"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": "s3cret-verify"},
        token=TOKEN,
        app_secret=APP_SECRET,
        base_path="",
        number_external_id=NUMBER_ID,
        components=[BODY, REPLY],
        template_id="1274830044512345",
    ),
    refused=[Refusal("recipient_unreachable", "131026", digits="33")],
    failed=[Refusal("recipient_unreachable", "131026", digits="02")],
    unheard={"41": Unheard.PERSON, "40": Unheard.PERSON, "08": Unheard.PERSON},
    strangers=[{"app_secret": "another-word"}],
    report=Report.CATEGORY,
    tap=Tap("si"),
)
