from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from providers.adapters.vonage import Vonage
from providers.contracts import RemoteTemplate
from providers.errors import ProviderCallError, Reason
from templates_app.components import parse_components
from tests.contract.cases_vonage import WABA, payload
from tests.providers.adapters.vonage.account import Asked, account, against
from tests.providers.wire import answer

PATH = f"/v2/whatsapp-manager/wabas/{WABA}/templates"
GUESS = payload("template-list-guess.json")
EMPTY: dict[str, Any] = {"templates": []}


def listed(*documents: Any, status: str = "200 OK") -> tuple[list[RemoteTemplate], list[Asked]]:
    async def work(made: Vonage) -> list[RemoteTemplate]:
        return list(await asyncio.to_thread(made.fetch_templates))

    return against([answer(json.dumps(document).encode(), status=status) for document in documents], work)


def test_it_reads_the_list_until_a_page_has_nothing_new() -> None:
    found, asked = listed(GUESS, EMPTY)
    assert [(template.external_id, template.status, template.category) for template in found] == [
        ("1234567890123456", "APPROVED", "utility")
    ]
    assert [path for _method, path, _headers, _body in asked] == [f"{PATH}?limit=100", f"{PATH}?limit=100&after=MjQZD"]
    assert parse_components(found[0].components, found[0].parameter_format).not_sendable == ()


def test_a_cursor_that_is_not_heeded_ends_the_list_without_doubles() -> None:
    found, asked = listed(GUESS, GUESS)
    assert (len(found), len(asked)) == (1, 2)


def test_a_list_without_a_cursor_is_one_page() -> None:
    found, asked = listed({"templates": GUESS["templates"]})
    assert (len(found), len(asked)) == (1, 1)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": []},
        {"templates": {}},
        {"templates": [1]},
        {"templates": [{"id": "1", "name": "a", "language": "es"}]},
    ],
)
def test_another_envelope_is_an_error_and_no_empty_list(document: Any) -> None:
    with pytest.raises(ProviderCallError) as failed:
        listed(document)
    assert failed.value.reason is Reason.UNREADABLE_ANSWER


def test_a_refused_list_says_why() -> None:
    with pytest.raises(ProviderCallError) as failed:
        listed(payload("error-401.json"), status="401 Unauthorized")
    assert (failed.value.reason, failed.value.provider_code) == (Reason.CREDENTIALS, "unauthorized")


def test_numbers_are_not_listed() -> None:
    assert (list(account().fetch_numbers()), account().capabilities.list_numbers) == ([], False)
