"""Projects, their versions and languages: what is not understood makes a template not sendable, never wrong."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from providers.adapters.messagebird import MessageBird
from providers.contracts import RemoteTemplate
from providers.errors import ProviderCallError, Reason
from templates_app.components import parse_components
from tests.contract.cases_messagebird import DEFINITION, PROJECT, VERSION, WORKSPACE
from tests.providers.adapters.messagebird.wire import Page, exchanged, payload

LIST = payload("bird-channel-templates.json")
PROJECTS = ("200 OK", {"results": [{"id": PROJECT, "name": "Pedidos"}], "nextPageToken": ""})


async def fetch(made: MessageBird) -> list[RemoteTemplate]:
    return await asyncio.to_thread(lambda: list(made.fetch_templates()))


def templates(*versions: Any) -> list[RemoteTemplate]:
    found, _asked = exchanged([PROJECTS, ("200 OK", {"results": list(versions)})], fetch)
    return found


def version(**changed: Any) -> dict[str, Any]:
    return {**copy.deepcopy(LIST["results"][0]), **changed}


def one(**changed: Any) -> RemoteTemplate:
    (found,) = templates(version(**changed))
    return found


def problem(*pages: Page) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        exchanged(list(pages), fetch)
    return caught.value


def text_block(words: str, **rest: Any) -> dict[str, Any]:
    return {"type": "text", "text": {"text": words}, **rest}


def test_a_version_is_read_with_project_locale_and_keys() -> None:
    (found,), asked = exchanged([PROJECTS, ("200 OK", LIST)], fetch)
    assert (found.external_id, found.name, found.language) == (PROJECT, "order_update", "es_AR")
    assert (found.category, found.status, found.parameter_format) == ("utility", "APPROVED", "NAMED")
    (body,) = found.components
    assert {name: body[name] for name in DEFINITION[0]} == DEFINITION[0]
    assert [one.path for one in asked] == [
        f"/workspaces/{WORKSPACE}/projects",
        f"/workspaces/{WORKSPACE}/projects/{PROJECT}/channel-templates",
    ]
    assert asked[0].query["type"] == "channelTemplate"


def test_the_portal_reads_its_variables() -> None:
    parsed = parse_components(one().components, "NAMED")
    assert parsed.body.names == ("name", "order")
    assert parsed.not_sendable == ()


def test_each_language_is_a_template() -> None:
    content = [text_block("Hola {{name}} {{order}}", locale="es-AR"), text_block("Hi {{name}} {{order}}", locale="en")]
    found = templates(version(genericContent=content))
    assert [(item.language, item.components[0]["locale"]) for item in found] == [("es_AR", "es-AR"), ("en", "en")]


def test_content_for_whatsapp_goes_before_content_for_all() -> None:
    blocks = [
        text_block("Pedido", role="header"),
        text_block("Hola {{name}}, {{order}}.", role="body"),
        text_block("Ejemplo S.A.", role="footer"),
    ]
    own = [
        {"platform": "whatsapp", "locale": "es-AR", "blocks": blocks},
        {"platform": "sms", "locale": "es-AR", "blocks": [text_block("otro")]},
    ]
    found = one(platformContent=own)
    assert [(item["type"], item["text"]) for item in found.components] == [
        ("HEADER", "Pedido"),
        ("BODY", "Hola {{name}}, {{order}}."),
        ("FOOTER", "Ejemplo S.A."),
    ]


def test_a_variable_in_no_text_makes_it_not_sendable() -> None:
    found = one(variables=[{"key": "name"}, {"key": "order"}, {"key": "photo"}])
    parsed = parse_components(found.components, found.parameter_format)
    assert parsed.unknown == ("VARIABLES",)
    assert parsed.not_sendable


def test_keys_that_the_portal_cannot_read_are_renamed_and_kept() -> None:
    keys = [{"key": "customer.name", "examples": {"es-AR": "Ana"}}]
    found = one(genericContent=[text_block("Hola {{ customer.name }}!")], variables=keys)
    (body,) = found.components
    assert (body["text"], body["variables"]) == ("Hola {{customer_name}}!", ["customer.name"])
    parsed = parse_components(found.components, "NAMED")
    assert (parsed.body.names, parsed.body.examples) == (("customer_name",), ("Ana",))


def test_keys_that_would_become_one_stay_two() -> None:
    found = one(genericContent=[text_block("{{a.b}} y {{a-b}}")], variables=[{"key": "a.b"}, {"key": "a-b"}])
    assert found.components[0]["text"] == "{{v1}} y {{v2}}"


def test_a_template_without_variables_is_positional() -> None:
    assert one(genericContent=[text_block("Hola")], variables=[]).parameter_format == "POSITIONAL"


@pytest.mark.parametrize(
    ("word", "status"),
    [("active", "APPROVED"), ("pending", "PENDING"), ("draft", "DRAFT"), ("inactive", "DISABLED"), ("new", "UNKNOWN")],
)
def test_statuses_are_read_in_our_words(word: str, status: str) -> None:
    assert one(status=word).status == status


def test_the_active_version_stands_for_its_project() -> None:
    (found,) = templates(version(id="v1", status="draft"), version(), version(id="v3", status="inactive"))
    assert (found.status, found.components[0]["version"]) == ("APPROVED", VERSION)


def test_a_template_of_another_platform_is_left_out() -> None:
    assert templates(version(supportedPlatforms=["sms"])) == []


def test_a_template_without_a_whatsapp_name_has_its_projects() -> None:
    assert one(deployments=[]).name == "Pedidos"


def test_pages_are_asked_by_their_token() -> None:
    first = ("200 OK", {"results": [], "nextPageToken": "p2"})
    found, asked = exchanged([first, PROJECTS, ("200 OK", LIST)], fetch)
    assert len(found) == 1
    assert asked[1].query["pageToken"] == "p2"


def test_a_list_that_goes_in_circles_ends() -> None:
    page = ("200 OK", {"results": [], "nextPageToken": "p2"})
    assert problem(page, page).reason is Reason.UNREADABLE_ANSWER


@pytest.mark.parametrize("item", ["junk", {"name": "without an id"}])
def test_a_list_with_a_broken_item_gives_nothing_at_all(item: Any) -> None:
    assert problem(("200 OK", {"results": [item]})).reason is Reason.UNREADABLE_ANSWER


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("401 X", payload("bird-error-401-guess.json"), Reason.CREDENTIALS),
        ("404 X", {"code": "NotFound"}, Reason.CONFIGURATION),
        ("500 X", b"<html>", Reason.PROVIDER_DOWN),
        ("200 X", {"results": {}}, Reason.UNREADABLE_ANSWER),
    ],
)
def test_a_failed_list_says_why(status: str, body: Any, reason: Reason) -> None:
    assert problem((status, body)).reason is reason
    assert problem(PROJECTS, (status, body)).reason is reason
