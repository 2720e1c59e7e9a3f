"""Who calls: Basic key and secret, or a bearer token from the OAuth endpoint, for the project that the path names."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import ClassVar

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.flow import call_of, json_response
from providers.simulator.refusal import Refusal
from providers.simulator.wires.contract import Call
from providers.simulator.world import Account

PROVIDER = "sinch"
TOKEN_SECONDS = 3599


class ExpiredToken(Refusal):
    """A bearer token that was good once; the header of the answer says so, and clients then ask for another."""

    headers: ClassVar[dict[str, str]] = {
        "WWW-Authenticate": 'Bearer error="invalid_token", error_description="expired"'
    }

    def __init__(self) -> None:
        super().__init__(190)


def account_of(call: Call) -> Account:
    """The account of the credentials, if it is that of the path's project."""
    basic, bearer = call.authorization("Basic"), call.authorization("Bearer")
    if not basic and not bearer:
        raise Refusal(104)
    account = _by_key(call, basic) if basic else _by_token(call, bearer)
    if account is None or account.token_revoked:
        raise Refusal(190)
    if call.request.match_info.get("project_id") != account.settings.get("project_id"):
        raise Refusal(200)
    return account


def _by_key(call: Call, basic: str) -> Account | None:
    try:
        key_id, _, secret = base64.b64decode(basic, validate=True).decode().partition(":")
    except ValueError:
        return None
    account = call.world.account_with(PROVIDER, key_id=key_id)
    return account if account is not None and account.token == secret else None


def _by_token(call: Call, bearer: str) -> Account | None:
    waba_id, _, rest = bearer.partition("~")
    expiry = rest.partition("~")[0]
    account = call.world.accounts.get(waba_id)
    if account is None or account.provider != PROVIDER or not expiry.isdigit():
        return None
    if not hmac.compare_digest(bearer, _token(account, int(expiry))):
        return None
    if int(expiry) < call.now:
        raise ExpiredToken
    return account


def _token(account: Account, expiry: int) -> str:
    head = f"{account.waba_id}~{expiry}"
    return f"{head}~{hmac.new(account.token.encode(), head.encode(), hashlib.sha256).hexdigest()}"


async def oauth_token(request: web.Request) -> web.Response:
    """``POST /oauth2/token``: a bearer token for key id and secret. Nothing is kept: the token says whose it is."""
    call = await call_of(request)
    account = _by_key(call, call.authorization("Basic"))
    if account is None or account.token_revoked:
        return json_response({"error": "invalid_client"}, 401)
    if call.form().get("grant_type") != "client_credentials":
        return json_response({"error": "unsupported_grant_type"}, 400)
    body: Json = {
        "access_token": _token(account, int(call.now) + TOKEN_SECONDS),
        "expires_in": TOKEN_SECONDS,
        "scope": "",
        "token_type": "bearer",
    }
    return json_response(body)
