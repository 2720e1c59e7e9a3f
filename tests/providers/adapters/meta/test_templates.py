"""The lists of templates and numbers, page by page, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from providers.adapters.meta import MetaCloudApi
from providers.contracts import RemoteNumber
from providers.errors import ProviderCallError, Reason
from tests.providers.adapters.meta.payloads import WABA, adapter, payload
from tests.providers.wire import answer, free_port, request_read, run, served

T = TypeVar("T")
Page = tuple[str, Any]


def from_pages(pages: list[Page], fetch: Callable[[MetaCloudApi], T]) -> tuple[T, list[str]]:
    """What `fetch` makes of `pages`, each a status and a body, and the request lines and headers it sent."""
    requests: list[str] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await request_read(reader)).decode())
        status, body = pages[len(requests) - 1]
        writer.write(answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=status))
        await writer.drain()

    async def work() -> T:
        async with served(serve_next) as base_url:
            return await asyncio.to_thread(fetch, adapter(base_url=base_url))

    return run(work()), requests


def templates_from(*bodies: Any, status: str = "200 OK") -> list[Any]:
    found, _ = from_pages([(status, body) for body in bodies], lambda meta: list(meta.fetch_templates()))
    return found


def failure_from(*bodies: Any, status: str = "200 OK") -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        templates_from(*bodies, status=status)
    return caught.value


PAGE_1 = payload("templates_list_page1.response")
PAGE_2 = payload("templates_list_page2_last.response")


def test_all_pages_are_read_in_order() -> None:
    names = [(template.name, template.language) for template in templates_from(PAGE_1, PAGE_2)]
    assert names == [
        ("aviso_vencimiento", "es_AR"),
        ("promo_cyber", "es_AR"),
        ("codigo_acceso", "es_AR"),
        ("promo_cyber", "es"),
    ]


def test_the_next_page_is_asked_by_its_cursor_with_the_token() -> None:
    pages = [("200 OK", PAGE_1), ("200 OK", PAGE_2)]
    _, requests = from_pages(pages, lambda meta: list(meta.fetch_templates()))
    assert requests[0].startswith(f"GET /v25.0/{WABA}/message_templates?fields=id%2Cname")
    assert "after=" not in requests[0].splitlines()[0]
    assert "after=QVFIUnpDZAkVJc0xH" in requests[1].splitlines()[0]
    assert all("authorization: bearer eaatesttoken" in request.lower() for request in requests)


def test_a_next_address_at_another_host_gets_no_token() -> None:
    page = {"data": [], "paging": {"next": "https://evil.example/x?after=abc"}}
    pages = [("200 OK", page), ("200 OK", {"data": []})]
    _, requests = from_pages(pages, lambda meta: list(meta.fetch_templates()))
    assert "after=abc" in requests[1].splitlines()[0]


def test_the_last_page_ends_although_it_has_a_cursor() -> None:
    assert len(templates_from(payload("templates_list_fields_subset.response"))) == 4


def test_an_empty_list_is_no_error() -> None:
    assert templates_from(payload("templates_list_empty.response")) == []


def test_a_template_is_read_with_status_quality_and_components() -> None:
    approved, paused, _, rejected = templates_from(payload("templates_list_fields_subset.response"))
    assert (approved.external_id, approved.category, approved.status) == ("1274830044512345", "utility", "APPROVED")
    assert (approved.quality, approved.rejection_reason, approved.parameter_format) == ("GREEN", "", "POSITIONAL")
    assert (paused.status, paused.quality) == ("PAUSED", "RED")
    assert (rejected.status, rejected.rejection_reason) == ("REJECTED", "INVALID_FORMAT")


def test_the_components_are_metas_own() -> None:
    first, second = templates_from({"data": PAGE_1["data"]})
    assert list(first.components) == PAGE_1["data"][0]["components"]
    assert second.parameter_format == "NAMED"


@pytest.mark.parametrize("status", ["MELTED", "", None, "FLAGGED"])
def test_an_unknown_status_is_not_sendable(status: Any) -> None:
    item = {"id": "1", "name": "x", "language": "es", "status": status}
    assert templates_from({"data": [item]})[0].status == "UNKNOWN"


@pytest.mark.parametrize(
    "body",
    [
        {"data": ["junk"]},
        {"data": [{"id": "1", "name": "x"}]},
        {"data": [{"id": "1", "language": "es"}]},
        {"data": [{"name": "x", "language": "es"}]},
    ],
)
def test_a_list_with_a_broken_item_gives_nothing_at_all(body: Any) -> None:
    assert failure_from(body).reason is Reason.UNREADABLE_ANSWER


def test_a_failure_on_the_second_page_gives_nothing_at_all() -> None:
    assert failure_from(PAGE_1, b"<html>").reason is Reason.PROVIDER_REJECTED


def test_a_list_that_goes_in_circles_ends() -> None:
    assert failure_from(PAGE_1, PAGE_1).reason is Reason.UNREADABLE_ANSWER


@pytest.mark.parametrize(
    ("status", "body", "reason", "code"),
    [
        ("401 Unauthorized", payload("error_190"), Reason.CREDENTIALS, "190/463"),
        ("403 Forbidden", payload("error_200"), Reason.PERMISSION, "200"),
        ("503 Service Unavailable", payload("error_2"), Reason.PROVIDER_DOWN, "2"),
        ("429 Too Many", payload("error_4"), Reason.ACCOUNT_RATE, "4"),
        ("502 Bad Gateway", b"<html>", Reason.PROVIDER_DOWN, ""),
        ("404 Not Found", b"<html>", Reason.PROVIDER_REJECTED, ""),
        ("200 OK", {"data": {}}, Reason.PROVIDER_REJECTED, ""),
    ],
)
def test_an_error_says_why_and_is_recorded(status: str, body: Any, reason: Reason, code: str) -> None:
    error = failure_from(body, status=status)
    assert (error.reason, error.provider_code) == (reason, code)
    assert error.exchange is not None
    assert "EAAtesttoken" not in repr(error.exchange)


def test_numbers_are_read_with_quality_limit_and_throughput() -> None:
    number = {**payload("phone_number_get.response"), **payload("phone_number_messaging_limit.response")}
    found, requests = from_pages([("200 OK", {"data": [number]})], lambda meta: list(meta.fetch_numbers()))
    assert found == [
        RemoteNumber(
            external_id="298117653388214",
            display_phone="+54 9 11 5555-0199",
            verified_name="Ejemplo S.A.",
            quality="GREEN",
            throughput=80,
            messaging_limit=2000,
        )
    ]
    assert f"/{WABA}/phone_numbers?" in requests[0]


def test_a_number_without_an_id_gives_nothing_at_all() -> None:
    with pytest.raises(ProviderCallError):
        from_pages([("200 OK", {"data": [{}]})], lambda meta: list(meta.fetch_numbers()))


def test_an_account_whose_address_is_down_is_told_so() -> None:
    with pytest.raises(ProviderCallError) as caught:
        adapter(base_url=f"http://127.0.0.1:{free_port()}").fetch_templates()
    assert caught.value.reason is Reason.NETWORK
