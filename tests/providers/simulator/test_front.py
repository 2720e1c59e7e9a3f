"""The front door: a send is answered the same, however its bytes arrive and whatever comes before and after it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.providers.simulator.server import PHONE_NUMBER_ID, TOKEN, SimulatorProcess, until

PATH = f"/v25.0/{PHONE_NUMBER_ID}/messages"


def body(to: str = "+5491155550150", reference: str = "hsm:1") -> bytes:
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    order = {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}
    return json.dumps({**order, "biz_opaque_callback_data": reference}).encode()


def request(content: bytes, *headers: str, path: str = PATH) -> bytes:
    return head(f"POST {path}", *headers, f"Content-Length: {len(content)}") + content


def head(line: str, *headers: str) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: simulator", f"Authorization: Bearer {TOKEN}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def connection(simulator: SimulatorProcess) -> Iterator[socket.socket]:
    address = (simulator.url.split("//")[1].split(":")[0], int(simulator.url.rsplit(":", 1)[1]))
    with socket.create_connection(address, timeout=10) as made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield made


def answer(made: socket.socket) -> tuple[int, dict[str, str], Any]:
    """The next answer: its status, its headers (names in lower case), its document."""
    response = http.client.HTTPResponse(made, method="POST")
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return response.status, headers, json.loads(response.read(int(headers["content-length"])))


def recorded(simulator: SimulatorProcess) -> list[str]:
    return [message["reference"] for message in simulator.get("messages")["data"]]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_send_may_arrive_in_pieces_of_any_size(simulator: SimulatorProcess, size: int) -> None:
    sent = request(body())
    with connection(simulator) as made:
        for begin in range(0, len(sent), size):
            made.sendall(sent[begin : begin + size])
        status, _, document = answer(made)

    assert (status, document["contacts"][0]["wa_id"]) == (200, "5491155550150")
    assert recorded(simulator) == ["hsm:1"]


def test_sends_that_do_not_wait_for_answers_are_answered_in_their_order(simulator: SimulatorProcess) -> None:
    simulator.knobs(latency_ms=20)
    phones = [f"54911555501{ending}" for ending in (50, 51, 52)]
    with connection(simulator) as made:
        made.sendall(b"".join(request(body(f"+{phone}", f"hsm:{phone}")) for phone in phones))
        answered = [answer(made)[2]["contacts"][0]["wa_id"] for _ in phones]

    assert answered == phones
    assert recorded(simulator) == [f"hsm:{phone}" for phone in phones]


def test_a_connection_may_carry_other_requests_too(simulator: SimulatorProcess) -> None:
    with connection(simulator) as made:
        made.sendall(request(body(reference="before")))
        first = answer(made)[0]
        made.sendall(
            f"GET /v25.0/{PHONE_NUMBER_ID} HTTP/1.1\r\nHost: simulator\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        number = answer(made)[2]
        made.sendall(request(body(reference="after")))
        second = answer(made)[0]

    assert (first, number["id"], second) == (200, PHONE_NUMBER_ID, 200)
    assert recorded(simulator) == ["before", "after"]


def test_a_send_with_a_query_or_in_chunks_is_answered_too(simulator: SimulatorProcess) -> None:
    content = body(reference="chunked")
    with connection(simulator) as made:
        made.sendall(request(body(reference="query"), path=f"{PATH}?access_token={TOKEN}"))
        first = answer(made)[0]
    with connection(simulator) as made:
        made.sendall(
            head(f"POST {PATH}", "Transfer-Encoding: chunked")
            + f"{len(content):x}\r\n".encode()
            + content
            + b"\r\n0\r\n\r\n"
        )
        second = answer(made)[0]

    assert (first, second) == (200, 200)
    assert recorded(simulator) == ["query", "chunked"]


@pytest.mark.parametrize("ending", ["50", "05", "34", "33", "08", "18"])
def test_the_answer_is_that_of_the_server_behind_the_door(simulator: SimulatorProcess, ending: str) -> None:
    """A query, which means nothing to a send, brings a request to that server."""
    found = []
    for path in (PATH, f"{PATH}?behind"):
        with connection(simulator) as made:
            made.sendall(request(body(f"+549115555{ending}{ending}"), path=path))
            status, headers, document = answer(made)
            document.pop("messages", None)
            document.get("error", {}).pop("fbtrace_id", None)
            found.append((status, headers.keys() - {"server"}, headers.get("x-business-use-case-usage"), document))

    assert found[0] == found[1]


def test_a_connection_that_asks_to_end_after_its_answer_ends(simulator: SimulatorProcess) -> None:
    with connection(simulator) as made:
        made.sendall(request(body(), "Connection: close"))
        assert answer(made)[0] == 200
        assert made.recv(1) == b""


def test_a_client_that_leaves_before_its_answer_leaves_the_message_accepted(simulator: SimulatorProcess) -> None:
    simulator.knobs(latency_ms=50)
    with connection(simulator) as made:
        made.sendall(request(body(reference="left")))
        until(lambda: recorded(simulator) == ["left"])

    assert simulator.send(biz_opaque_callback_data="stayed").status_code == 200
    assert recorded(simulator) == ["left", "stayed"]


def test_a_body_beyond_the_limit_is_refused(simulator: SimulatorProcess) -> None:
    with connection(simulator) as made:
        made.sendall(request(b" " * (9 * 1024 * 1024)))
        response = http.client.HTTPResponse(made, method="POST")
        response.begin()

    assert response.status == 413
