"""The adapter as a whole, sending over a real socket."""

from __future__ import annotations

import json

import pytest

from providers.contracts import Accepted, AccountConfig
from providers.errors import Park, Reason, SendError, Unavailable, Uncertain
from tests.providers.adapters.meta.payloads import adapter, payload
from tests.providers.wire import answer, answering, message, run, served


def sent(raw: bytes, requests: list[bytes] | None = None, credentials: dict[str, str] | None = None) -> Accepted:
    async def work() -> Accepted:
        async with served(answering(raw, requests)) as base_url:
            return await adapter(base_url, credentials).send(message())

    return run(work())


def failed(raw: bytes) -> SendError:
    with pytest.raises(SendError) as caught:
        sent(raw)
    return caught.value


ACCEPTED = answer(json.dumps(payload("send_text.response")).encode())


def test_a_message_goes_out_in_one_call() -> None:
    requests: list[bytes] = []
    sent(ACCEPTED, requests)
    assert len(requests) == 1
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v25.0/298117653388214/messages HTTP/1.1")
    assert b"authorization: bearer eaatesttoken0123456789" in head.lower()
    assert json.loads(body)["biz_opaque_callback_data"] == "hsm:01JC9Z6T8Q4V2K7M3N5P8R1S0T"


def test_the_graph_version_is_a_credential() -> None:
    requests: list[bytes] = []
    sent(ACCEPTED, requests, {"graph_version": "v26.0"})
    assert requests[0].startswith(b"POST /v26.0/")


def test_a_token_pasted_with_a_line_end_works() -> None:
    requests: list[bytes] = []
    sent(ACCEPTED, requests, {"access_token": "EAAtoken\n"})
    assert b"bearer eaatoken\r\n" in requests[0].lower()


def test_an_acceptance_carries_the_id_and_a_redacted_record() -> None:
    accepted = sent(ACCEPTED)
    assert accepted.provider_message_id == payload("send_text.response")["messages"][0]["id"]
    record = repr(accepted.exchange)
    assert all(private not in record for private in ("5555", "Hola", "EAAtest", "wamid.HBg"))


def test_an_error_by_code_is_classified_and_recorded() -> None:
    error = failed(answer(json.dumps(payload("error_132015")).encode(), status="400 Bad Request"))
    assert isinstance(error, Unavailable)
    assert (error.reason, error.park, error.provider_code) == (Reason.TEMPLATE_PAUSED, Park.TEMPLATE, "132015")
    assert error.exchange is not None
    assert error.exchange.response is not None
    assert error.exchange.response["body"] == {
        "error": {**payload("error_132015")["error"]},
    }


@pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"[]", b'{"messages"', b"{}"])
def test_an_ok_that_cannot_be_read_is_uncertain(body: bytes) -> None:
    error = failed(answer(body))
    assert isinstance(error, Uncertain)
    assert error.exchange is not None
    assert error.exchange.status == 200


def test_a_redirect_is_uncertain() -> None:
    assert isinstance(failed(answer(b"", status="302 Found", headers="Location: https://x.example/\r\n")), Uncertain)


def test_the_configuration_shows_no_credential() -> None:
    assert "EAAtest" not in repr(adapter().config)
    assert isinstance(adapter().config, AccountConfig)
