"""Twilio: contents by the list, callbacks that bring our reference back, look-ups by the recipient's list."""

from __future__ import annotations

from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import Setup

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "dummytoken0123456789abcdef012345"
CONTENT = "HXb5b62575e6e4ff61b5b62575e6e4ff61"
PROVIDER = Provider(
    Setup(
        slug="twilio",
        external_id=ACCOUNT,
        credentials={"auth_token": TOKEN},
        token=TOKEN,
        settings={"account_sid": ACCOUNT},
        template_id=CONTENT,
    ),
    refused=[Refusal("country_not_allowed", "21408", digits="39")],
    failed=[Refusal("recipient_unreachable", "63024", digits="02")],
    unheard={"41": Unheard.FOUND, "40": Unheard.ABSENT},
    strangers=[{"token": "anothertoken"}],
    report=Report.NOTHING,
    tap=Tap("done", text="Listo", told="Listo"),
)
