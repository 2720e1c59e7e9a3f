from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.adapters.infobip import Infobip
from providers.adapters.infobip.structure import components_of, structure_of
from providers.contracts import DeleteScope, RemoteTemplate
from providers.errors import ProviderCallError, Reason
from templates_app.components import parse_components
from tests.contract.cases_infobip import payload
from tests.providers.adapters.infobip.account import account, against, fixture
from tests.providers.wire import answer, request_read

BODY = {
    "type": "BODY",
    "text": "Hola {{1}}, tu pedido {{2}} está listo.",
    "example": {"body_text": [["Ana", "ORD-1042"]]},
}
DRAFT = TemplateDraft("order_update", "es_AR", "utility", [BODY])
CREATED = answer(fixture("template-create-success-201.json"), status="201 Created")


def managed(
    answers: list[bytes], work: Callable[[Infobip], Any], **credentials: str
) -> tuple[Any, list[tuple[str, str, Any]]]:
    """What a management call gives, and the requests it made: method, path, body."""
    requests: list[tuple[str, str, Any]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _, raw = (await request_read(reader)).partition(b"\r\n\r\n")
        method, path = head.decode().split(" ")[:2]
        requests.append((method, path, json.loads(raw) if raw else None))
        writer.write(answers[len(requests) - 1])
        await writer.drain()

    async def inside(made: Infobip) -> Any:
        return await asyncio.to_thread(work, made)

    return against(handler, inside, **credentials), requests


def listed(*documents: Any) -> tuple[list[RemoteTemplate], list[tuple[str, str, Any]]]:
    answers = [answer(json.dumps(document).encode()) for document in documents]
    return managed(answers, lambda made: list(made.fetch_templates()))


def one_page(*items: Any) -> dict[str, Any]:
    return {"results": list(items), "paging": {"page": 0, "size": 100, "totalPages": 1}}


# --- the list ------------------------------------------------------------------------------------------------------------


def test_it_reads_all_pages() -> None:
    first = payload("template-list-account-paged.json")
    second = {**first, "results": [{**first["results"][0], "id": "119"}]}
    found, requests = listed(first, second)
    assert [template.external_id for template in found] == ["111", "112", "119"]
    assert [path for _method, path, _body in requests] == [
        "/whatsapp/1/templates?page=0&size=100",
        "/whatsapp/1/templates?page=1&size=100",
    ]


def test_it_translates_a_template_into_metas_components() -> None:
    found, _requests = listed(one_page(payload("template-list-account-paged.json")["results"][1]))
    assert found == [
        RemoteTemplate(
            "112",
            "promo_noviembre",
            "es_AR",
            "marketing",
            "REJECTED",
            [
                {"type": "HEADER", "format": "IMAGE"},
                {"type": "BODY", "text": "Hola {{1}}, mirá las ofertas de hoy."},
                {"type": "FOOTER", "text": "Respondé BAJA para no recibir más"},
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "PHONE_NUMBER", "text": "Llamar", "phone_number": "+541155550199"},
                        {"type": "URL", "text": "Ver ofertas", "url": "https://tienda.example.com/ofertas"},
                    ],
                },
            ],
            quality="UNKNOWN",
        )
    ]


def test_every_template_of_the_fixtures_can_be_sent() -> None:
    found, _requests = listed(one_page(*payload("template-list.json")["templates"]))
    parsed = {template.external_id: parse_components(template.components, "POSITIONAL") for template in found}
    assert {external_id: one.not_sendable for external_id, one in parsed.items()} == dict.fromkeys(parsed, ())
    assert {template.external_id: (template.status, template.quality) for template in found} == {
        "111": ("APPROVED", "GREEN"),
        "112": ("REJECTED", "UNKNOWN"),
        "113": ("APPROVED", "YELLOW"),
        "114": ("PAUSED", "RED"),
    }
    assert [variable.key for variable in parsed["114"].variables] == ["body.1", "button.0.url"]


def test_a_part_that_is_not_known_keeps_the_template_from_being_sent() -> None:
    components = components_of({"body": {"text": "Hola"}, "somethingNew": {"a": 1}})
    assert [blocker.code for blocker in parse_components(components, "POSITIONAL").not_sendable] == [
        "unknown_component"
    ]


@pytest.mark.parametrize(
    "document",
    [{}, {"results": [1]}, {"results": [{"id": "1", "name": "a"}]}, {"results": {}}],
)
def test_a_list_that_cannot_be_read_is_an_error(document: Any) -> None:
    with pytest.raises(ProviderCallError) as failed:
        listed(document)
    assert failed.value.reason is Reason.UNREADABLE_ANSWER


def test_a_refused_list_says_why() -> None:
    with pytest.raises(ProviderCallError) as failed:
        managed([answer(fixture("error-400-new-style.json"), status="400 X")], lambda made: made.fetch_templates())
    assert (failed.value.provider_code, failed.value.reason) == ("E400", Reason.BAD_REQUEST)
    assert "status Provide one of the valid values." in failed.value.detail


def test_numbers_are_not_listed() -> None:
    assert (list(account().fetch_numbers()), account().capabilities.list_numbers) == ([], False)


# --- structure, there and back -------------------------------------------------------------------------------------------

STRUCTURES: list[dict[str, Any]] = [
    {"header": {"format": "TEXT", "text": "Pedido {{1}}", "example": "1042"}, "body": {"text": "Hola"}},
    {"header": {"format": "IMAGE", "example": "https://cdn.example.com/a.jpg"}, "body": {"text": "Hola"}},
    {"header": {"format": "LOCATION"}, "body": {"text": "Hola {{1}}", "examples": ["Ana"]}, "footer": {"text": "Chau"}},
    {
        "body": {"text": "Hola"},
        "buttons": [
            {"type": "PHONE_NUMBER", "text": "Llamar", "phoneNumber": "+541155550199"},
            {"type": "URL", "text": "Ver", "url": "https://x.example/{{1}}", "example": "https://x.example/1"},
            {"type": "COPY_CODE", "text": "Copiar", "example": "VERANO"},
            {"type": "QUICK_REPLY", "text": "Sí"},
        ],
    },
    {
        "body": {"addSecurityRecommendation": True},
        "footer": {"codeExpirationMinutes": 10},
        "buttons": [{"type": "OTP", "text": "Copiar", "otpType": "COPY_CODE"}],
    },
    {
        "body": {"text": "Mirá"},
        "carousel": {
            "cards": [{"header": {"format": "IMAGE"}, "body": {"text": "Uno"}}, {"header": {"format": "IMAGE"}}]
        },
    },
]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_structure_survives_the_way_there_and_back(structure: dict[str, Any]) -> None:
    assert structure_of(components_of(structure)) == structure


def test_a_code_that_whatsapp_words_can_be_sent() -> None:
    parsed = parse_components(components_of(STRUCTURES[4]), "POSITIONAL")
    assert ([variable.key for variable in parsed.variables], parsed.not_sendable) == (["body.1"], ())


# --- submitting ----------------------------------------------------------------------------------------------------------


def test_it_can() -> None:
    able = account().capabilities
    assert isinstance(account(), SubmitsTemplates)
    assert (able.submit_templates, able.edit_templates, able.delete_templates) == (True, True, True)
    assert able.delete_scope is DeleteScope.ALL_LANGUAGES


def test_it_creates_a_template_as_the_fixture_says() -> None:
    created, requests = managed([CREATED], lambda made: made.submit_template(DRAFT))
    assert requests == [("POST", "/whatsapp/2/senders/5491155550199/templates", payload("template-create.json"))]
    assert (created.external_id, created.status) == ("115", "PENDING")


def test_a_refused_template_is_told_in_infobips_words() -> None:
    refused = answer(fixture("error-400-validation.json"), status="400 X")
    with pytest.raises(ProviderCallError) as failed:
        managed([refused], lambda made: made.submit_template(DRAFT))
    assert "is not a valid url" in failed.value.detail


@pytest.mark.parametrize(("category", "changed"), [("utility", {}), ("marketing", {"category": "MARKETING"})])
def test_an_edit_names_the_category_only_when_it_is_another(category: str, changed: dict[str, str]) -> None:
    draft = TemplateDraft("order_update", "es_AR", category, [BODY])
    now = answer(fixture("template-create-success-201.json"))
    _edited, requests = managed([now, now], lambda made: made.edit_template("115", draft))
    path = "/whatsapp/2/senders/5491155550199/templates/115"
    structure = payload("template-create.json")["structure"]
    assert requests == [("GET", path, None), ("PATCH", path, {**changed, "structure": structure})]


@pytest.mark.parametrize(
    "raw", [answer(b"", status="204 No Content"), answer(fixture("error-403.json"), status="404 X")]
)
def test_it_deletes_by_name_and_one_that_is_gone_is_no_error(raw: bytes) -> None:
    _none, requests = managed([raw], lambda made: made.delete_template("115", name="order_update", language="es_AR"))
    assert requests == [("DELETE", "/whatsapp/2/senders/5491155550199/templates/order_update", None)]


def test_a_refused_deletion_is_an_error() -> None:
    with pytest.raises(ProviderCallError):
        managed(
            [answer(fixture("error-403.json"), status="403 X")],
            lambda made: made.delete_template("115", name="order_update", language="es_AR"),
        )


def test_variables_with_names_are_refused_before_any_call() -> None:
    draft = TemplateDraft("a", "es_AR", "utility", [BODY], "NAMED")
    with pytest.raises(ProviderCallError) as failed:
        account("http://127.0.0.1:9").submit_template(draft)
    assert failed.value.reason is Reason.UNSUPPORTED


def test_without_a_sender_of_templates_nothing_is_submitted() -> None:
    with pytest.raises(ProviderCallError) as failed:
        account("http://127.0.0.1:9", template_sender=" ").submit_template(DRAFT)
    assert failed.value.reason is Reason.CONFIGURATION
