"""The HTTP seam on real sockets: what each failure of the wire means for the message."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
from dataclasses import replace

import pytest
from pytest_django import Settings

from providers.errors import Park, ProviderCallError, Reason, Rejected, SendError, Unavailable, Uncertain
from providers.http import Answer, Call, call_provider, call_provider_sync, client_for_running_loop, url_problem
from tests.providers.wire import Handler, answer, answering, free_port, request_read, run, served

OK = answer(b'{"messages":[{"id":"m1"}]}')


def call_to(base_url: str, *, timeout: float = 2.0, max_bytes: int = 100_000) -> Call:
    return Call(
        "POST",
        f"{base_url}/v25.0/298117653388214/messages",
        headers={"Authorization": "Bearer EAAsecret-token-0123456789"},
        json_body={"to": "+5491155550100", "type": "text", "text": {"body": "Hola Lucía"}},
        kept_paths=frozenset({"type"}),
        timeout=timeout,
        max_bytes=max_bytes,
    )


def failure_from(handler: Handler, *, timeout: float = 2.0, max_bytes: int = 100_000) -> SendError:
    async def work() -> SendError:
        async with served(handler) as base_url:
            with pytest.raises(SendError) as caught:
                await call_provider(call_to(base_url, timeout=timeout, max_bytes=max_bytes))
            return caught.value

    return run(work())


def failure_at(base_url: str, *, timeout: float = 2.0) -> SendError:
    async def work() -> SendError:
        with pytest.raises(SendError) as caught:
            await call_provider(call_to(base_url, timeout=timeout))
        return caught.value

    return run(work())


def answer_from(raw: bytes) -> Answer:
    async def work() -> Answer:
        async with served(answering(raw)) as base_url:
            return await call_provider(call_to(base_url))

    return run(work())


# --- certainly not sent ------------------------------------------------------------------------------------------------


def test_a_refused_connection_is_certainly_not_sent() -> None:
    error = failure_at(f"http://127.0.0.1:{free_port()}")
    assert (type(error), error.reason, error.park) == (Unavailable, Reason.NETWORK, Park.NONE)


def test_a_name_that_does_not_resolve_is_certainly_not_sent() -> None:
    error = failure_at("https://nobody.invalid", timeout=10)
    assert (type(error), error.reason) == (Unavailable, Reason.NETWORK)


def test_a_failed_tls_handshake_is_certainly_not_sent() -> None:
    async def talk_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(OK)

    async def work() -> SendError:
        async with served(talk_plainly) as base_url:
            with pytest.raises(SendError) as caught:
                await call_provider(call_to(base_url.replace("http:", "https:")))
            return caught.value

    assert type(run(work())) is Unavailable


def test_a_handshake_that_never_ends_is_certainly_not_sent() -> None:
    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work() -> SendError:
        async with served(say_nothing) as base_url:
            with pytest.raises(SendError) as caught:
                await call_provider(call_to(base_url.replace("http:", "https:"), timeout=0.8))
            return caught.value

    assert type(run(work())) is Unavailable


def test_a_full_backlog_is_certainly_not_sent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        error = failure_at(f"http://127.0.0.1:{address[1]}", timeout=1.0)
        for one in waiting:
            one.close()
    assert (type(error), error.reason) == (Unavailable, Reason.NETWORK)


def test_a_plain_http_address_of_another_machine_is_never_called() -> None:
    error = failure_at("http://graph.facebook.com")
    assert (type(error), error.park) == (Unavailable, Park.ACCOUNT)
    assert error.exchange is not None
    assert error.exchange.status is None


def test_a_message_that_cannot_be_encoded_is_rejected_before_it_is_sent() -> None:
    async def work() -> None:
        call = Call("POST", "http://127.0.0.1:9/x", json_body={"text": "half a pair: \ud800"})
        with pytest.raises(Rejected) as caught:
            await call_provider(call)
        assert caught.value.reason is Reason.BAD_REQUEST

    run(work())


# --- may have been sent ------------------------------------------------------------------------------------------------


async def close_before_reading(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset_after_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_read(reader)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


async def close_after_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_read(reader)
    writer.close()


async def never_answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await request_read(reader)
    await reader.read()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(600):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        pytest.param(close_before_reading, Reason.NO_ANSWER, id="closed before reading"),
        pytest.param(close_after_reading, Reason.NO_ANSWER, id="closed after reading"),
        pytest.param(reset_after_reading, Reason.NO_ANSWER, id="reset after reading"),
        pytest.param(never_answer, Reason.NO_ANSWER, id="no answer in time"),
        pytest.param(trickle, Reason.UNREADABLE_ANSWER, id="a byte now and then, for ever"),
        pytest.param(answering(b"HTTP/1.1 200 O"), Reason.NO_ANSWER, id="half a status line"),
        pytest.param(answering(b"banana split\r\n\r\n"), Reason.UNREADABLE_ANSWER, id="junk status line"),
        pytest.param(answering(b"HTTP/1.1 abc Huh\r\n\r\n"), Reason.UNREADABLE_ANSWER, id="junk status code"),
        pytest.param(answering(answer(b'{"mess', length=50)), Reason.UNREADABLE_ANSWER, id="half a body"),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n"),
            Reason.UNREADABLE_ANSWER,
            id="junk chunk",
        ),
        pytest.param(
            answering(answer(b"no gzip at all", headers="Content-Encoding: gzip\r\n")),
            Reason.UNREADABLE_ANSWER,
            id="junk encoding",
        ),
        pytest.param(answering(answer(b"x" * 200_000)), Reason.UNREADABLE_ANSWER, id="huge body"),
        pytest.param(
            answering(answer(gzip.compress(b"x" * 5_000_000), headers="Content-Encoding: gzip\r\n")),
            Reason.UNREADABLE_ANSWER,
            id="huge body, packed small",
        ),
    ],
)
def test_a_failure_after_the_connection_stood_is_uncertain(handler: Handler, reason: Reason) -> None:
    # Whoever ends in an answer has time for it.
    error = failure_from(handler, timeout=0.6 if handler in (never_answer, trickle) else 5.0)
    assert (type(error), error.reason) == (Uncertain, reason)


# Those that may be made again by what HTTP says are sends too, at providers of outside packages.
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_kept_connection_that_the_server_closed_is_uncertain_and_not_tried_again(method: str) -> None:
    requests: list[bytes] = []

    async def answer_once_then_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await request_read(reader))
        writer.write(OK.replace(b"Connection: close\r\n", b""))
        await writer.drain()
        requests.append(await request_read(reader))

    async def work() -> None:
        async with served(answer_once_then_close) as base_url:
            await call_provider(replace(call_to(base_url), method=method))
            with pytest.raises(Uncertain):
                await call_provider(replace(call_to(base_url), method=method))

    run(work())
    assert len(requests) == 2


def test_a_cancelled_call_stays_a_cancellation() -> None:
    async def work() -> None:
        async with served(never_answer) as base_url:
            task = asyncio.create_task(call_provider(call_to(base_url)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(work())


def test_the_whole_call_ends_in_its_time() -> None:
    async def work() -> float:
        started = asyncio.get_running_loop().time()
        async with served(trickle) as base_url:
            with pytest.raises(Uncertain):
                await call_provider(call_to(base_url, timeout=0.5))
        return asyncio.get_running_loop().time() - started

    assert run(work()) < 10


# --- answers -----------------------------------------------------------------------------------------------------------


def test_an_answer_of_any_status_is_given_back() -> None:
    given = answer_from(answer(b'{"error":{"code":190}}', status="401 Unauthorized", headers="Retry-After: 7\r\n"))
    assert (given.status, given.headers["retry-after"], given.json_object()) == (401, "7", {"error": {"code": 190}})


def test_a_redirect_is_not_followed() -> None:
    given = answer_from(answer(b"", status="307 Temporary Redirect", headers="Location: http://127.0.0.1:9/x\r\n"))
    assert given.status == 307


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_no_json_object_reads_as_none(body: bytes) -> None:
    async def work() -> Answer:
        async with served(answering(answer(body))) as base_url:
            return await call_provider(call_to(base_url, max_bytes=1_000_000))

    assert run(work()).json_object() is None


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_call() -> None:
    requests: list[bytes] = []
    raw = answer(b"{}", headers="Set-Cookie: session=abc; Path=/\r\n")

    async def work() -> None:
        async with served(answering(raw, requests)) as base_url:
            # By name: cookie jars ignore addresses in numbers.
            named = base_url.replace("127.0.0.1", "localhost")
            await call_provider(call_to(named))
            await call_provider(call_to(named))

    run(work())
    assert b"cookie" not in requests[1].lower()


def test_connections_are_kept_open_between_calls() -> None:
    connections: list[int] = []

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while True:
            await request_read(reader)
            writer.write(OK.replace(b"Connection: close\r\n", b""))
            await writer.drain()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await keep_alive(reader, writer)
        except asyncio.IncompleteReadError:
            return

    async def work() -> None:
        async with served(quietly) as base_url:
            for _ in range(3):
                await call_provider(call_to(base_url))

    run(work())
    assert len(connections) == 1


def test_each_loop_has_one_client_of_its_own() -> None:
    async def both() -> tuple[int, int]:
        return id(client_for_running_loop()), id(client_for_running_loop())

    first, again = run(both())
    assert first == again


def test_a_closed_client_is_replaced() -> None:
    async def work() -> bool:
        client = client_for_running_loop()
        await client.close()
        return client_for_running_loop() is not client

    assert run(work())


# --- what is recorded --------------------------------------------------------------------------------------------------


def test_the_record_holds_codes_and_structure_but_no_person_and_no_secret() -> None:
    body = {
        "contacts": [{"input": "+5491155550100", "wa_id": "5491155550100"}],
        "error": {"code": 131026, "message": "(#131026) no WhatsApp at 54 9 11 5555-0100, Hola Lucía"},
    }
    exchange = answer_from(answer(json.dumps(body).encode(), status="400 Bad Request")).exchange
    text = repr(exchange)
    assert all(secret not in text for secret in ("55550100", "5555-0100", "Lucía", "EAAsecret", "0123456789"))
    assert exchange.response is not None
    assert exchange.response["body"]["error"]["code"] == 131026
    assert "(#131026) no WhatsApp at" in exchange.response["body"]["error"]["message"]
    assert exchange.request is not None
    assert exchange.request["body"] == {"to": "•••", "type": "text", "text": {"body": "•••"}}
    assert (exchange.method, exchange.status) == ("POST", 400)


def test_the_record_of_a_failed_call_names_the_failure() -> None:
    error = failure_from(never_answer, timeout=0.3)
    assert error.exchange is not None
    assert error.exchange.status is None
    assert error.exchange.error
    assert error.exchange.duration_ms >= 250


def test_the_status_is_recorded_when_only_the_head_came() -> None:
    error = failure_from(answering(answer(b"{", length=50)))
    assert error.exchange is not None
    assert error.exchange.status == 200


# --- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["https://graph.facebook.com/v25.0", "http://127.0.0.1:8800", "http://localhost:8800/x", "http://[::1]:8800"],
)
def test_https_and_this_machine_may_be_called(url: str) -> None:
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.facebook.com",
        "http://10.0.0.8",
        "http://localhost.example.com",
        "ftp://127.0.0.1",
        "graph.facebook.com",
        "",
        "https://",
        "http://[",
    ],
)
def test_other_addresses_may_not_be_called(url: str) -> None:
    assert url_problem(url)


# --- management calls --------------------------------------------------------------------------------------------------


def managed(handler: Handler, *, timeout: float = 2.0, max_bytes: int = 100_000) -> Answer:
    async def work() -> Answer:
        async with served(handler) as base_url:
            call = Call("GET", f"{base_url}/list", params={"after": "abc"}, timeout=timeout, max_bytes=max_bytes)
            return await asyncio.to_thread(call_provider_sync, call)

    return run(work())


def test_a_management_call_gives_back_the_answer() -> None:
    requests: list[bytes] = []
    given = managed(answering(answer(b'{"data":[]}'), requests))
    assert given.json_object() == {"data": []}
    assert requests[0].startswith(b"GET /list?after=abc HTTP/1.1")
    assert given.exchange.url.endswith("/list?after=abc")


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(never_answer, id="no answer"),
        pytest.param(close_after_reading, id="closed"),
        pytest.param(trickle, id="for ever"),
        pytest.param(answering(b"banana\r\n\r\n"), id="junk"),
        pytest.param(answering(answer(b"x" * 200_000)), id="huge"),
    ],
)
def test_a_management_call_without_a_whole_answer_is_an_error(handler: Handler) -> None:
    with pytest.raises(ProviderCallError) as caught:
        managed(handler, timeout=0.5)
    assert caught.value.reason is Reason.PROVIDER_DOWN


def test_a_management_call_ends_in_its_time() -> None:
    started = time.monotonic()
    with pytest.raises(ProviderCallError, match="AnswerTooSlow"):
        managed(trickle, timeout=0.5)
    assert time.monotonic() - started < 10


def test_a_management_call_that_is_refused_says_so() -> None:
    with pytest.raises(ProviderCallError) as caught:
        call_provider_sync(Call("GET", f"http://127.0.0.1:{free_port()}/"))
    assert caught.value.reason is Reason.NETWORK


def test_a_management_call_goes_over_https_only() -> None:
    with pytest.raises(ProviderCallError) as caught:
        call_provider_sync(Call("GET", "http://graph.facebook.com/"))
    assert "https" in caught.value.detail


def test_a_host_that_the_settings_name_may_be_called_over_plain_http(settings: Settings) -> None:
    settings.PROVIDER_PLAIN_HTTP_HOSTS = ["simulator"]
    assert url_problem("http://simulator:8800") == ""
    assert url_problem("http://simulator.example.com")


def test_a_phone_in_the_query_is_in_no_record() -> None:
    """A list of what was sent to a person names him in its query."""

    async def work() -> Answer:
        body = b'{"messages": [{"channel_identity": {"identity": "5491155550100"}}]}'
        async with served(answering(answer(body))) as base_url:
            call = Call("GET", f"{base_url}/messages", params={"channel_identity": "5491155550100", "page_size": "100"})
            return await asyncio.to_thread(call_provider_sync, call)

    exchange = run(work()).exchange
    assert "5555" not in repr(exchange)
    assert "page_size=100" in exchange.url
