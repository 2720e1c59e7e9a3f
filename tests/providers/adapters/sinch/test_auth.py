"""The token: fetched before the send's one call, kept until it expires, and a failure of it is certainly no send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from providers.adapters.sinch import Sinch, auth
from providers.contracts import Accepted
from providers.errors import Park, ProviderCallError, Reason, SendError
from tests.providers.adapters.sinch.wire import Asked, Page, adapter, exchanged, payload
from tests.providers.wire import free_port, message, run

TOKEN = ("200 OK", payload("oauth-token-200.json"))
TAKEN = ("200 OK", payload("send-success-200.json"))


@pytest.fixture(autouse=True)
def _no_tokens() -> Iterator[None]:
    auth._tokens.clear()
    yield
    auth._tokens.clear()


def sent(
    *pages: Page, times: int = 1, authentication: str = "oauth2"
) -> tuple[list[Accepted | SendError], list[Asked]]:
    """What sending the same message some times gives, with OAuth2."""

    async def work(made: Sinch) -> list[Accepted | SendError]:
        outcomes: list[Accepted | SendError] = []
        for _time in range(times):
            try:
                outcomes.append(await made.send(message()))
            except SendError as error:
                outcomes.append(error)
        return outcomes

    return exchanged(list(pages), work, authentication=authentication)


def test_basic_authentication_needs_no_other_call() -> None:
    async def work(made: Sinch) -> Accepted:
        return await made.send(message())

    _accepted, (asked,) = exchanged([TAKEN], work)
    assert "authorization: basic mgexyjjjm2qta2v5lwlkonnpbmnolwtles1zzwnyzxqtmdeymw==" in asked.head


def test_a_token_is_fetched_unless_basic_authentication_is_asked_for() -> None:
    (outcome,), requests = sent(TOKEN, TAKEN, authentication="")
    assert isinstance(outcome, Accepted)
    assert [asked.path.rsplit("/", 1)[1] for asked in requests] == ["token", "messages:send"]


def test_a_token_is_fetched_before_the_sends_one_call() -> None:
    (outcome,), (fetched, asked) = sent(TOKEN, TAKEN)
    assert isinstance(outcome, Accepted)
    assert (fetched.method, fetched.path, fetched.body) == ("POST", "/oauth2/token", "grant_type=client_credentials")
    assert "authorization: basic " in fetched.head
    assert asked.path.endswith("/messages:send")
    assert "authorization: bearer dummy.jwt.token\r\n" in asked.head


def test_a_token_serves_many_messages() -> None:
    _outcomes, asked = sent(TOKEN, TAKEN, TAKEN, TAKEN, times=3)
    assert [one.path.rpartition("/")[2] for one in asked] == ["token", *["messages:send"] * 3]


def test_an_expired_token_is_fetched_anew() -> None:
    short = ("200 OK", {**payload("oauth-token-200.json"), "expires_in": 30})
    _outcomes, asked = sent(short, TAKEN, short, TAKEN, times=2)
    assert [one.path.rpartition("/")[2] for one in asked] == ["token", "messages:send"] * 2


@pytest.mark.parametrize(
    ("page", "kind", "reason", "park"),
    [
        (("401 X", payload("error-401.json")), "unavailable", Reason.CREDENTIALS, Park.ACCOUNT),
        (("400 X", {"error": "invalid_client"}), "unavailable", Reason.CREDENTIALS, Park.ACCOUNT),
        (("400 X", b"<html>"), "rejected", Reason.BAD_REQUEST, Park.NONE),
        (("429 X", payload("error-429.json")), "throttled", Reason.ACCOUNT_RATE, Park.NONE),
        (("500 X", payload("error-500.json")), "unavailable", Reason.PROVIDER_DOWN, Park.NONE),
        (("200 OK", {"token": "x"}), "unavailable", Reason.PROVIDER_DOWN, Park.NONE),
        (("200 OK", b"<html>"), "unavailable", Reason.PROVIDER_DOWN, Park.NONE),
    ],
)
def test_a_failed_token_call_is_certainly_no_send(page: Page, kind: str, reason: Reason, park: Park) -> None:
    (outcome,), asked = sent(page)
    assert isinstance(outcome, SendError)
    assert (outcome.kind, outcome.reason, outcome.park) == (kind, reason, park)
    assert len(asked) == 1


def test_a_token_that_does_not_come_is_certainly_no_send() -> None:
    with pytest.raises(SendError) as caught:
        run(adapter(f"http://127.0.0.1:{free_port()}", authentication="oauth2").send(message()))
    assert caught.value.kind == "unavailable"


def test_a_cut_token_answer_is_certainly_no_send() -> None:
    (outcome,), _asked = sent(("200 OK\r\nContent-Length: 99", b"{"))
    assert isinstance(outcome, SendError)
    assert outcome.kind == "unavailable"


def test_a_token_that_ended_early_is_dropped_and_the_message_goes_again() -> None:
    refused = ("401 X", payload("error-401.json"))
    (first, second, third), asked = sent(TOKEN, TAKEN, refused, TOKEN, TAKEN, times=3)
    assert isinstance(first, Accepted)
    assert isinstance(second, SendError)
    assert (second.kind, second.reason, second.park) == ("unavailable", Reason.PROVIDER_DOWN, Park.NONE)
    assert isinstance(third, Accepted)
    assert len(asked) == 5


def test_a_new_token_that_is_refused_parks_the_account() -> None:
    (outcome,), _asked = sent(TOKEN, ("401 X", payload("error-401.json")))
    assert isinstance(outcome, SendError)
    assert (outcome.reason, outcome.park) == (Reason.CREDENTIALS, Park.ACCOUNT)


def test_no_record_shows_a_token() -> None:
    (outcome,), _asked = sent(TOKEN, TAKEN)
    assert isinstance(outcome, Accepted)
    assert "dummy.jwt.token" not in repr(outcome.exchange)
    assert "dummy.jwt.token" not in repr(sent(("200 OK", {"token": "dummy.jwt.token"})))


async def templates(made: Sinch) -> Any:
    return await asyncio.to_thread(lambda: list(made.fetch_templates()))


def test_a_list_uses_the_same_token() -> None:
    _found, asked = exchanged(
        [TOKEN, ("200 OK", payload("template-list-guess.json"))], templates, authentication="oauth2"
    )
    assert "authorization: bearer dummy.jwt.token" in asked[1].head
    _again, asked = exchanged([("200 OK", payload("template-list-guess.json"))] * 2, templates)
    assert "authorization: basic" in asked[0].head


def test_a_list_without_a_token_says_why() -> None:
    with pytest.raises(ProviderCallError) as caught:
        exchanged([("401 X", payload("error-401.json"))], templates, authentication="oauth2")
    assert caught.value.reason is Reason.CREDENTIALS
