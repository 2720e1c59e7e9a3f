"""How a call proves who we are: basic authentication, or an OAuth2 token that is kept in memory until it expires."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field

from providers.adapters.sinch.errors import CALL_CODES, call_problem
from providers.errors import ErrorCode, Reason, SendError, Uncertain
from providers.http import Answer, Call, call_provider, call_provider_sync
from providers.policy import error_of
from providers.reading import text, whole_number

#: A token is not used in its last seconds: the call it goes with must end before it does.
MARGIN_SECONDS = 60.0
DEFAULT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    until: float


_tokens: dict[str, _Token] = {}


@dataclass(frozen=True, slots=True)
class Access:
    """The access key of a project. `token_url` is empty for basic authentication."""

    key_id: str
    key_secret: str = field(repr=False)
    token_url: str = ""

    @property
    def basic(self) -> dict[str, str]:
        pair = f"{self.key_id}:{self.key_secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    @property
    def _name(self) -> str:
        """Under which the token is kept: another key has another token."""
        return hashlib.sha256(f"{self.token_url}\n{self.key_id}\n{self.key_secret}".encode()).hexdigest()

    def kept_headers(self) -> dict[str, str] | None:
        """The headers that need no call; None when a token must be fetched first."""
        if not self.token_url:
            return self.basic
        token = _tokens.get(self._name)
        if token is None or token.until <= time.monotonic():
            return None
        return {"Authorization": f"Bearer {token.value}"}

    def forget(self) -> None:
        """The token was refused: fetch another one next time."""
        _tokens.pop(self._name, None)

    async def token_headers(self, timeout: float) -> dict[str, str]:
        """Fetch a token. Every failure raises a SendError that says: certainly not sent."""
        try:
            answer = await call_provider(self._token_call(timeout))
        except Uncertain as error:
            raise error_of(ErrorCode(Reason.PROVIDER_DOWN), detail=error.detail, exchange=error.exchange) from error
        token = _token_read(answer)
        if token is None:
            raise _token_refused(answer)
        _tokens[self._name] = token
        return {"Authorization": f"Bearer {token.value}"}

    def headers_sync(self, timeout: float) -> dict[str, str]:
        """The headers of a management call. Raises ProviderCallError."""
        kept = self.kept_headers()
        if kept is not None:
            return kept
        answer = call_provider_sync(self._token_call(timeout))
        token = _token_read(answer)
        if token is None:
            raise call_problem(answer)
        _tokens[self._name] = token
        return {"Authorization": f"Bearer {token.value}"}

    def _token_call(self, timeout: float) -> Call:
        form = {"grant_type": "client_credentials"}
        return Call(
            "POST",
            self.token_url,
            headers=self.basic,
            form=form,
            kept_paths=frozenset(form),
            timeout=timeout,
        )


def _token_read(answer: Answer) -> _Token | None:
    body = answer.json_object() or {}
    value = text(body.get("access_token"))
    if answer.status != 200 or not value:
        return None
    seconds = whole_number(body.get("expires_in")) or DEFAULT_SECONDS
    return _Token(value, time.monotonic() + max(0.0, seconds - MARGIN_SECONDS))


def _token_refused(answer: Answer) -> SendError:
    """Nothing was sent: wrong keys park the account, a rate waits, all else is tried again."""
    row = CALL_CODES.get(f"HTTP {answer.status}")
    if answer.status == 400 and answer.json_object() is not None:
        # OAuth2 calls a wrong key a bad request: invalid_client.
        row = ErrorCode(Reason.CREDENTIALS)
    if row is None or not row.proven:
        row = ErrorCode(Reason.PROVIDER_DOWN)
    # The record of an answer without a usable token may still hold one.
    exchange = answer.exchange if answer.status >= 400 else None
    return error_of(
        row, code=f"HTTP {answer.status}", detail="The access token could not be fetched.", exchange=exchange
    )
