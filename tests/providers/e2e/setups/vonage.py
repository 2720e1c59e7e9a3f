"""Vonage: tokens of the application, signed webhooks with prices, nothing to look up."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.providers.e2e.provider import Provider, Refusal, Report, Tap, Unheard
from tests.providers.e2e.stage import BODY, REPLY, Setup

APPLICATION = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
SIGNATURE_SECRET = "dummy_signature_secret_32_chars_long"
WABA = "102290129340398"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PROVIDER = Provider(
    Setup(
        slug="vonage",
        external_id=WABA,
        credentials={
            "application_id": APPLICATION,
            "private_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "signature_secret": SIGNATURE_SECRET,
        },
        token="vonage-api-secret",
        app_secret=SIGNATURE_SECRET,
        settings={
            "api_key": "a1b2c3d4",
            "application_id": APPLICATION,
            "public_key": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            "waba_id": WABA,
        },
        template_id="1234567890123456",
        components=(BODY, REPLY),
    ),
    refused=[Refusal("bad_request", "1150", fail_code=100)],
    failed=[Refusal("recipient_unreachable", "1300", digits="02")],
    unheard={"41": Unheard.PERSON},
    strangers=[{"app_secret": ""}, {"app_secret": "another_signature_secret_32_chars_"}],
    report=Report.PRICE,
    tap=Tap("Confirmar"),
)
