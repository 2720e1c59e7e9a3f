"""Gupshup's templates: listed, created, changed, deleted, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.adapters.gupshup import Gupshup
from providers.adapters.gupshup.templates import PAGE_SIZE, VERTICAL
from providers.contracts import RemoteTemplate
from providers.errors import PreparationFailed, ProviderCallError, Reason
from templates_app.components import parse_components
from tests.contract.cases_gupshup import APP, CASES, TEXT_TEMPLATE, payload
from tests.providers.wire import answer, free_port, request_read, run, served

T = TypeVar("T")
LIST = payload("template-list.json")
PATH = f"/wa/app/{APP}/template"


def answered(answers: list[tuple[int, Any]], call: Callable[[Gupshup], T]) -> tuple[T, list[str]]:
    """What `call` gives with these answers, one after the other, and the requests that came."""
    requests: list[str] = []

    async def serve_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await request_read(reader)).decode())
        status, body = answers[len(requests) - 1]
        writer.write(answer(json.dumps(body).encode(), status=f"{status} X"))
        await writer.drain()

    async def work() -> T:
        async with served(serve_next) as base_url:
            made = CASES.adapter(base_url)
            assert isinstance(made, Gupshup)
            return await asyncio.to_thread(call, made)

    return run(work()), requests


def listed(*bodies: Any) -> list[RemoteTemplate]:
    return answered([(200, body) for body in bodies], lambda made: list(made.fetch_templates()))[0]


def item(**fields: Any) -> dict[str, Any]:
    return {**LIST["templates"][0], **fields}


def one(**fields: Any) -> RemoteTemplate:
    return listed({"status": "success", "templates": [item(**fields)]})[0]


def meta(**fields: Any) -> str:
    return json.dumps({"data": "Hola {{1}}", **fields})


def failure(status: int, body: Any) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        answered([(status, body)], lambda made: list(made.fetch_templates()))
    return caught.value


DRAFT = TemplateDraft(
    "order_update",
    "es_AR",
    "utility",
    [
        {
            "type": "BODY",
            "text": "Hola {{1}}, tu pedido {{2}} está listo.",
            "example": {"body_text": [["Ana", "ORD-1042"]]},
        }
    ],
)


def draft(*components: dict[str, Any]) -> TemplateDraft:
    return TemplateDraft("order_update", "es_AR", "marketing", [*DRAFT.components, *components])


def form_of(made_of: TemplateDraft) -> dict[str, str]:
    created = payload("template-create-success.json")
    _template, requests = answered([(200, created)], lambda made: made.submit_template(made_of))
    return dict(parse_qsl(requests[0].partition("\r\n\r\n")[2], keep_blank_values=True))


# --- the list --------------------------------------------------------------------------------------------------------------


def test_each_template_of_the_list_is_read() -> None:
    found = [(template.name, template.status, template.quality, template.category) for template in listed(LIST)]
    assert found == [
        ("order_update", "APPROVED", "GREEN", "utility"),
        ("promo_noviembre", "REJECTED", "UNKNOWN", "marketing"),
        ("turno_confirmar", "APPROVED", "UNKNOWN", "utility"),
    ]


def test_its_own_id_is_the_one_to_send_with() -> None:
    assert listed(LIST)[0].external_id == TEXT_TEMPLATE


def test_a_rejection_has_its_reason() -> None:
    assert listed(LIST)[1].rejection_reason == "INVALID_FORMAT"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_template_is_understood_by_the_portal(place: int) -> None:
    template = listed(LIST)[place]
    parsed = parse_components(template.components, template.parameter_format)
    assert parsed.not_sendable == ()


def test_the_samples_are_found_in_the_filled_text() -> None:
    parsed = parse_components(listed(LIST)[0].components, "POSITIONAL")
    assert parsed.body.examples == ("Ana", "ORD-1042")


@pytest.mark.parametrize(
    ("words", "sample", "examples"),
    [
        ("{{1}}", "Ana", ("Ana",)),
        ("{{2}} y {{1}}", "Ana y [Luis]", ("Luis", "Ana")),
        ("Hola {{1}}.", "Hola Ana. Adiós.", ("Ana. Adiós",)),
        ("Hola {{1}}", "Chau Ana", ("",)),
        ("Hola {{1}}", "Hola ", ("",)),
        ("Hola {{1}}{{2}}", "Hola Ana", ("", "")),
        (" ".join(f"{{{{{number}}}}}" for number in range(1, 13)), "a " * 3000 + "b?", None),
        (" ".join(f"{{{{{number}}}}}" for number in range(1, 13)) + "!", "a " * 3000, ("",) * 12),
    ],
)
def test_a_filled_text_gives_its_samples_or_none(words: str, sample: str, examples: tuple[str, ...] | None) -> None:
    template = one(containerMeta=json.dumps({"data": words, "sampleText": sample}))
    found = parse_components(template.components, "POSITIONAL").body.examples
    assert found == examples if examples is not None else found[:11] == ("a",) * 11


def test_the_text_is_not_the_one_with_the_buttons_in_it() -> None:
    parsed = parse_components(listed(LIST)[2].components, "POSITIONAL")
    assert parsed.body.raw == "Hola {{1}}, ¿confirmás tu turno del {{2}}?"
    assert [button.kind for button in parsed.buttons] == ["quick_reply", "quick_reply"]


def test_a_media_template_has_its_header() -> None:
    parsed = parse_components(listed(LIST)[1].components, "POSITIONAL")
    assert (parsed.header.kind, parsed.footer) == ("image", "Respondé BAJA para no recibir más")


def test_a_text_header_has_its_place_and_its_sample_without_brackets() -> None:
    template = one(containerMeta=meta(header="Pedido {{1}}", sampleHeader="Pedido [ORD-1]"))
    header = parse_components(template.components, "POSITIONAL").header
    assert (header.text.names, header.text.examples) == (("1",), ("ORD-1",))


def test_a_button_with_a_variable_address_is_understood() -> None:
    url = {"type": "URL", "text": "Ver", "url": "https://x.example/{{1}}", "example": ["https://x.example/a"]}
    parsed = parse_components(one(containerMeta=meta(buttons=[url])).components, "POSITIONAL")
    assert parsed.buttons[0].has_url_variable
    assert parsed.buttons[0].example == "a"


def test_the_cards_of_a_carousel_are_understood() -> None:
    card = {"headerType": "IMAGE", "body": "Oferta", "buttons": [{"type": "QUICK_REPLY", "text": "Quiero"}]}
    template = one(templateType="CAROUSEL", containerMeta=meta(cards=[card, card]))
    parsed = parse_components(template.components, "POSITIONAL")
    assert [shown.header.kind for shown in parsed.cards] == ["image", "image"]
    assert parsed.not_sendable == ()


@pytest.mark.parametrize("odd", ["", "{half", "[]", None, 7, '{"data": ""}'])
def test_a_template_without_its_container_is_shown_and_not_sent(odd: Any) -> None:
    template = one(containerMeta=odd)
    parsed = parse_components(template.components, template.parameter_format)
    assert parsed.body.raw == "Hola {{1}}, tu pedido {{2}} está listo."
    assert parsed.not_sendable


@pytest.mark.parametrize(("word", "status"), [("paused", "PAUSED"), ("FAILED", "REJECTED"), ("NEW_WORD", "UNKNOWN")])
def test_statuses_are_translated(word: str, status: str) -> None:
    assert one(status=word).status == status


def test_all_pages_are_read() -> None:
    full = {"status": "success", "templates": [item(id=f"id-{number}") for number in range(PAGE_SIZE)]}
    last = {"status": "success", "templates": [item(id="last")]}
    found, requests = answered([(200, full), (200, last)], lambda made: list(made.fetch_templates()))
    assert len(found) == PAGE_SIZE + 1
    assert [request.split()[1] for request in requests] == [
        f"{PATH}?pageNo=0&pageSize={PAGE_SIZE}",
        f"{PATH}?pageNo=1&pageSize={PAGE_SIZE}",
    ]


def test_a_page_that_comes_again_ends_the_list() -> None:
    full = {"status": "success", "templates": [item(id=f"id-{number}") for number in range(PAGE_SIZE)]}
    assert len(listed(full, full)) == PAGE_SIZE


def test_the_key_goes_in_its_header() -> None:
    _found, requests = answered([(200, LIST)], lambda made: list(made.fetch_templates()))
    assert "apikey: gs-key-0123456789" in requests[0].lower()


def test_a_list_without_templates_is_empty() -> None:
    assert listed({"status": "success", "templates": []}) == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, payload("error-401.json"), Reason.CREDENTIALS),
        (200, payload("error-401.json"), Reason.UNREADABLE_ANSWER),
        (200, {"status": "success"}, Reason.UNREADABLE_ANSWER),
        (200, {"status": "success", "templates": [{"id": "x"}]}, Reason.UNREADABLE_ANSWER),
        (503, {}, Reason.PROVIDER_DOWN),
    ],
)
def test_a_list_that_cannot_be_read_says_why(status: int, body: Any, reason: Reason) -> None:
    assert failure(status, body).reason is reason


def test_a_list_that_cannot_be_reached_says_so() -> None:
    with pytest.raises(ProviderCallError):
        list(CASES.adapter(f"http://127.0.0.1:{free_port()}").fetch_templates())


# --- creating and deleting -------------------------------------------------------------------------------------------------


def test_it_submits_templates() -> None:
    assert isinstance(CASES.adapter(), SubmitsTemplates)


def test_a_draft_is_the_fixtures_form() -> None:
    assert form_of(DRAFT) == {**payload("template-create.form.json"), "vertical": VERTICAL}


def test_what_was_created_comes_back_as_gupshup_has_it() -> None:
    created = payload("template-create-success.json")
    found, requests = answered([(200, created)], lambda made: made.submit_template(DRAFT))
    assert requests[0].startswith(f"POST {PATH} ")
    assert (found.external_id, found.name, found.status) == (TEXT_TEMPLATE, "order_update", "PENDING")


def test_header_footer_and_buttons_go_along() -> None:
    buttons = [{"type": "QUICK_REPLY", "text": "Sí"}]
    form = form_of(
        draft(
            {"type": "HEADER", "format": "TEXT", "text": "Hola {{1}}", "example": {"header_text": ["Ana"]}},
            {"type": "FOOTER", "text": "BAJA"},
            {"type": "BUTTONS", "buttons": buttons},
        )
    )
    assert (form["header"], form["exampleHeader"], form["footer"]) == ("Hola {{1}}", "Hola [Ana]", "BAJA")
    assert json.loads(form["buttons"]) == buttons


def test_a_media_header_goes_with_the_handle_of_its_sample() -> None:
    form = form_of(draft({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}}))
    assert (form["templateType"], form["exampleMedia"]) == ("IMAGE", "4::aW1hZ2U=")


@pytest.mark.parametrize(
    "component",
    [
        {"type": "HEADER", "format": "VIDEO"},
        {"type": "HEADER", "format": "PRODUCT"},
        {"type": "CAROUSEL", "cards": []},
    ],
)
def test_what_the_form_has_no_place_for_is_refused_before_any_call(component: dict[str, Any]) -> None:
    with pytest.raises(ProviderCallError) as caught:
        CASES.adapter("http://127.0.0.1:9").submit_template(draft(component))  # type: ignore[attr-defined]
    assert caught.value.reason in (Reason.MEDIA, Reason.UNSUPPORTED)


def test_variables_with_names_are_refused_before_any_call() -> None:
    named = TemplateDraft("order_update", "es_AR", "utility", DRAFT.components, "NAMED")
    with pytest.raises(ProviderCallError) as caught:
        CASES.adapter("http://127.0.0.1:9").submit_template(named)  # type: ignore[attr-defined]
    assert caught.value.reason is Reason.UNSUPPORTED


def test_a_name_that_is_taken_is_said_in_gupshups_words() -> None:
    exists = payload("template-create-error-exists.json")
    with pytest.raises(ProviderCallError) as caught:
        answered([(400, exists)], lambda made: made.submit_template(DRAFT))
    assert caught.value.detail == exists["message"]


def delete(status: int, body: Any) -> list[str]:
    return answered([(status, body)], lambda made: made.delete_template("x", name="order_update", language="es_AR"))[1]


def test_a_template_is_deleted_by_its_name() -> None:
    assert delete(200, {"status": "success"})[0].startswith(f"DELETE {PATH}/order_update ")


@pytest.mark.parametrize("status", [400, 404])
def test_deleting_what_is_gone_is_no_error(status: int) -> None:
    assert len(delete(status, {"status": "error", "message": "Template Does not exists"})) == 1


def test_a_deletion_that_fails_says_so() -> None:
    with pytest.raises(ProviderCallError):
        delete(400, {"status": "error", "message": "Invalid App Details"})


# --- changing ------------------------------------------------------------------------------------------------------------

CHANGED = TemplateDraft(
    "order_update",
    "es_AR",
    "utility",
    [
        {
            "type": "BODY",
            "text": "Hola {{1}}, tu pedido {{2}} está en camino.",
            "example": {"body_text": [["Ana", "ORD-1042"]]},
        }
    ],
)
LISTED = (200, LIST)
EDITED = (200, payload("template-edit-success.json"))


def change(draft: TemplateDraft, *answers: tuple[int, Any]) -> tuple[RemoteTemplate, list[str]]:
    return answered(list(answers), lambda made: made.edit_template(LIST["templates"][0]["id"], draft))


def sent(request: str) -> dict[str, str]:
    """The fields of a form."""
    return dict(parse_qsl(request.partition("\r\n\r\n")[2]))


def test_a_change_goes_to_the_partner_api_with_its_token() -> None:
    template, requests = change(CHANGED, LISTED, EDITED)
    head = requests[1].lower()
    assert requests[1].startswith(f"PUT /partner/app/{APP}/templates/{LIST['templates'][0]['id']} ")
    assert f"authorization: {CASES.credentials['partner_app_token']}\r\n" in head
    assert "apikey" not in head
    assert sent(requests[1]) == payload("template-edit.form.json")
    assert (template.external_id, template.status) == (LIST["templates"][0]["id"], "PENDING")
    assert template.components == CHANGED.components


def test_the_category_is_named_where_it_changes() -> None:
    _template, requests = change(replace(CHANGED, category="marketing"), LISTED, EDITED)
    assert sent(requests[1])["category"] == "MARKETING"


def test_an_answer_that_shows_the_template_as_it_was_does_not_approve_the_change() -> None:
    template, _requests = change(CHANGED, LISTED, (200, {"status": "success", "template": LIST["templates"][0]}))
    assert (template.name, template.status) == ("order_update", "PENDING")


def test_a_refused_change_is_said_in_gupshups_words() -> None:
    with pytest.raises(ProviderCallError) as caught:
        change(CHANGED, LISTED, (400, {"status": "error", "message": "Template is not editable"}))
    assert caught.value.detail == "Template is not editable"
    assert not isinstance(caught.value, PreparationFailed)


def test_a_list_that_fails_before_the_change_proves_that_nothing_was_asked() -> None:
    with pytest.raises(PreparationFailed):
        change(CHANGED, (500, {"status": "error", "message": "Internal"}))


def without_token() -> Gupshup:
    config = CASES.adapter("http://127.0.0.1:9").config  # type: ignore[attr-defined]
    return Gupshup(replace(config, credentials={**CASES.credentials, "partner_app_token": ""}))


def test_without_the_partners_token_nothing_is_changed() -> None:
    assert Gupshup.capabilities.edit_needs == ("partner_app_token",)
    with pytest.raises(ProviderCallError) as caught:
        without_token().edit_template("x", CHANGED)
    assert caught.value.reason is Reason.CONFIGURATION


# --- samples -------------------------------------------------------------------------------------------------------------

IMAGE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.example.com/a.png?x=1"]}}


def test_a_sample_is_uploaded_by_its_address_before_the_template_is_created() -> None:
    created = (200, payload("template-create-success.json"))
    uploaded = payload("upload-media-success.json")
    template, requests = answered([(200, uploaded), created], lambda made: made.submit_template(draft(IMAGE)))
    assert requests[0].startswith(f"POST /partner/app/{APP}/upload/media ")
    assert "multipart/form-data" in requests[0]
    for name, value in (("file", "https://cdn.example.com/a.png?x=1"), ("file_type", "image/png")):
        assert f'name="{name}"\r\n\r\n{value}\r\n' in requests[0]
    assert sent(requests[1])["exampleMedia"] == uploaded["handleId"]["message"]
    assert template.name == "order_update"


@pytest.mark.parametrize(
    "answer",
    [(500, {"status": "error", "message": "Internal"}), (200, {"status": "success"})],
    ids=["failed", "no handle"],
)
def test_an_upload_that_fails_proves_that_nothing_was_created(answer: tuple[int, Any]) -> None:
    with pytest.raises(PreparationFailed):
        answered([answer], lambda made: made.submit_template(draft(IMAGE)))


def test_without_the_partners_token_the_sentence_says_what_is_missing() -> None:
    with pytest.raises(ProviderCallError) as caught:
        without_token().submit_template(draft(IMAGE))
    assert "partner app token" in caught.value.detail
