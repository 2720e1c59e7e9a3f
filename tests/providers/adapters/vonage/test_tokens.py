from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from vonage_jwt import JwtClient, verify_signature

from providers.adapters.vonage.tokens import BadKey, bearer_token
from providers.contracts import BadSignature, Protection, WebhookRequest
from providers.errors import Park, ProviderCallError, Reason, Unavailable
from tests.contract.cases_vonage import APPLICATION, KEY, MESSAGE, PRIVATE_KEY, SIGNATURE_SECRET, payload, sign
from tests.providers.adapters.vonage.account import account, sent
from tests.providers.wire import run

BODY = b'{"status":"read"}'
NOW = 1795183391


# --- ours ----------------------------------------------------------------------------------------------------------------


def claims_of(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, KEY.public_key(), algorithms=["RS256"])
    return read


def test_a_call_carries_a_token_of_the_application() -> None:
    _method, _path, headers, _body = sent(MESSAGE)
    scheme, _space, token = headers["authorization"].partition(" ")
    claims = claims_of(token)
    assert (scheme, claims["application_id"]) == ("Bearer", APPLICATION)
    assert claims["exp"] - claims["iat"] == 900


def test_it_says_what_vonages_own_client_says() -> None:
    ours = bearer_token(APPLICATION, PRIVATE_KEY)
    theirs = JwtClient(APPLICATION, PRIVATE_KEY).generate_application_jwt().decode()
    assert claims_of(ours).keys() == claims_of(theirs).keys()
    assert jwt.get_unverified_header(ours) == jwt.get_unverified_header(theirs)


def test_every_token_has_an_id_of_its_own() -> None:
    assert (
        claims_of(bearer_token(APPLICATION, PRIVATE_KEY))["jti"]
        != claims_of(bearer_token(APPLICATION, PRIVATE_KEY))["jti"]
    )


@pytest.mark.parametrize(
    "pasted",
    [
        lambda key: key.replace("\n", ""),
        lambda key: key.replace("\n", " "),
        lambda key: key.replace("\n", "\\n"),
        lambda key: key.replace("\n", "\r\n"),
        lambda key: f"  {key}\n\n",
    ],
)
def test_a_key_survives_the_field_that_it_is_pasted_into(pasted: Callable[[str], str]) -> None:
    assert claims_of(bearer_token(APPLICATION, pasted(PRIVATE_KEY)))["application_id"] == APPLICATION


def test_a_key_in_the_older_format_is_read() -> None:
    older = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert claims_of(bearer_token(APPLICATION, older))


OTHER_KIND = (
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)


@pytest.mark.parametrize("key", ["nonsense", "-----BEGIN PRIVATE KEY-----AAAA-----END PRIVATE KEY-----", OTHER_KIND])
def test_a_key_that_cannot_be_used_parks_the_account_before_any_call(key: str) -> None:
    with pytest.raises(BadKey):
        bearer_token(APPLICATION, key)
    with pytest.raises(Unavailable) as unavailable:
        run(account("http://127.0.0.1:9", private_key=key).send(MESSAGE))
    assert (unavailable.value.reason, unavailable.value.park) == (Reason.CREDENTIALS, Park.ACCOUNT)
    with pytest.raises(ProviderCallError) as failed:
        list(account("http://127.0.0.1:9", private_key=key).fetch_templates())
    assert failed.value.reason is Reason.CREDENTIALS


def test_without_a_private_key_the_api_key_and_secret_authorize() -> None:
    _method, _path, headers, _body = sent(MESSAGE, private_key="", api_key="a1b2c3d4", api_secret="word")
    assert headers["authorization"] == "Basic YTFiMmMzZDQ6d29yZA=="


# --- Vonage's ------------------------------------------------------------------------------------------------------------


def verify(body: bytes, headers: Any) -> None:
    account().verify_webhook(WebhookRequest(body, headers))


def test_the_documented_vector_is_authentic_in_its_minutes() -> None:
    vector = payload("signature-vector.json")
    request = vector["raw_body"].encode(), {"authorization": vector["authorization"]}
    with time_machine.travel(datetime.fromtimestamp(NOW + 299, UTC), tick=False):
        verify(*request)
    with time_machine.travel(datetime.fromtimestamp(NOW + 301, UTC), tick=False), pytest.raises(BadSignature):
        verify(*request)


def test_vonages_own_client_takes_the_signature_for_the_same() -> None:
    assert verify_signature(sign(BODY)["authorization"].removeprefix("Bearer "), SIGNATURE_SECRET)


def test_a_signed_body_is_authentic() -> None:
    verify(BODY, sign(BODY))
    assert account().webhook_protection() is Protection.SIGNATURE


def unsigned() -> str:
    return "Bearer " + jwt.encode(jwt.decode(token(), options={"verify_signature": False}), "", algorithm="none")


def token() -> str:
    return sign(BODY)["authorization"].removeprefix("Bearer ")


def other_algorithm() -> str:
    claims = jwt.decode(token(), options={"verify_signature": False})
    return "Bearer " + jwt.encode(claims, SIGNATURE_SECRET * 2, algorithm="HS512")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer a.b"},
        {"authorization": "Bearer é.ñ.ü"},
        {"authorization": f"Basic {token()}"},
        {"authorization": f"Bearer {token()}x"},
        {"authorization": unsigned()},
        {"authorization": other_algorithm()},
        sign(BODY, secret="another_signature_secret_32_chars_"),
        sign(b"another body"),
        sign(BODY, payload_hash=None),
        sign(BODY, iat="soon"),
        sign(BODY, iat=1),
        sign(BODY, iat=4102444800),
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        verify(BODY, headers)


def test_an_account_without_a_signature_secret_takes_no_webhook() -> None:
    signed, _dot, _signature = token().rpartition(".")
    empty = hmac.new(b"", signed.encode(), hashlib.sha256).digest()
    forged = f"{signed}.{urlsafe_b64encode(empty).rstrip(b'=').decode()}"
    with pytest.raises(BadSignature):
        account(signature_secret=" ").verify_webhook(WebhookRequest(BODY, {"authorization": f"Bearer {forged}"}))


def test_there_is_no_handshake() -> None:
    assert account().webhook_challenge({"hub.challenge": "1"}) is None


def test_the_record_of_a_call_holds_no_token() -> None:
    with pytest.raises(Unavailable) as unavailable:
        run(account("http://127.0.0.1:9").send(MESSAGE))
    assert unavailable.value.exchange is not None
    assert "eyJ" not in json.dumps(unavailable.value.exchange.request)
