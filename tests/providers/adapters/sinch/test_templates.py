"""The provisioning API's list: keys that are not documented are read with care."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from providers.adapters.sinch import Sinch
from providers.contracts import RemoteTemplate
from providers.errors import ProviderCallError, Reason
from tests.contract.cases_sinch import PROJECT
from tests.providers.adapters.sinch.wire import Page, exchanged, payload

LIST = payload("template-list-guess.json")


async def fetch(made: Sinch) -> list[RemoteTemplate]:
    return await asyncio.to_thread(lambda: list(made.fetch_templates()))


def templates(*bodies: Any) -> list[RemoteTemplate]:
    found, _asked = exchanged([("200 OK", body) for body in bodies], fetch)
    return found


def problem(*pages: Page) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        exchanged(list(pages), fetch)
    return caught.value


def one(**changed: Any) -> RemoteTemplate:
    (found,) = templates({"templates": [{**LIST["templates"][1], **changed}]})
    return found


def test_templates_are_read_in_metas_shape() -> None:
    approved, paused = templates(LIST)
    assert (approved.name, approved.language, approved.category) == ("order_update", "es_AR", "utility")
    assert (approved.status, approved.external_id) == ("APPROVED", "order_update/es_AR")
    assert list(approved.components) == LIST["templates"][0]["details"]["components"]
    assert paused.status == "PAUSED"
    assert [item["type"] for item in paused.components] == ["BODY", "BUTTONS"]


def test_pages_are_asked_by_their_token() -> None:
    found, asked = exchanged([("200 OK", {**LIST, "nextPageToken": "p2"}), ("200 OK", LIST)], fetch)
    assert len(found) == 4
    assert asked[0].path == f"/v1/projects/{PROJECT}/whatsapp/templates"
    assert [item.query for item in asked] == [{"pageSize": "100"}, {"pageSize": "100", "pageToken": "p2"}]


@pytest.mark.parametrize(
    ("word", "category"), [("OTP", "authentication"), ("TRANSACTIONAL", "utility"), ("MARKETING", "marketing")]
)
def test_older_words_for_categories_are_known(word: str, category: str) -> None:
    assert one(category=word).category == category


@pytest.mark.parametrize(
    ("state", "status"), [("IN_PROGRESS", "PENDING"), ("draft", "DRAFT"), ("MELTED", "UNKNOWN"), (None, "UNKNOWN")]
)
def test_states_are_read_in_our_words(state: Any, status: str) -> None:
    assert one(state=state).status == status


def test_buttons_beside_the_components_are_put_among_them() -> None:
    details = {"components": [{"type": "BODY", "text": "Hola"}], "buttons": [{"type": "QUICK_REPLY", "text": "Sí"}]}
    assert [item["type"] for item in one(details=details).components] == ["BODY", "BUTTONS"]


def test_an_id_of_its_own_is_kept() -> None:
    assert one(id="77").external_id == "77"


@pytest.mark.parametrize("item", ["junk", {"name": "x"}, {"language": "es"}])
def test_a_list_with_a_broken_item_gives_nothing_at_all(item: Any) -> None:
    assert problem(("200 OK", {"templates": [item]})).reason is Reason.UNREADABLE_ANSWER


def test_a_list_that_goes_in_circles_ends() -> None:
    page = ("200 OK", {**LIST, "nextPageToken": "p2"})
    assert problem(page, page).reason is Reason.UNREADABLE_ANSWER


@pytest.mark.parametrize(
    ("status", "body", "reason", "detail"),
    [
        ("401 X", payload("error-401.json"), Reason.CREDENTIALS, "Request had invalid authentication credentials"),
        (
            "403 X",
            {"errorCode": "forbidden", "message": "No access.", "resolution": "Ask for it."},
            Reason.PERMISSION,
            "No access. Ask for it.",
        ),
        ("500 X", payload("error-500.json"), Reason.PROVIDER_DOWN, "Internal error"),
        ("200 X", {"templates": {}}, Reason.UNREADABLE_ANSWER, ""),
    ],
)
def test_a_failed_list_says_why(status: str, body: Any, reason: Reason, detail: str) -> None:
    error = problem((status, body))
    assert (error.reason, error.detail) == (reason, detail)
