"""Zenvia's list of templates, read into Meta's shape with named variables; deleting."""

from __future__ import annotations

from typing import Any

import pytest

from providers.adapters.zenvia import Zenvia
from providers.adapters.zenvia.templates import PAGE_SIZE
from providers.contracts import RemoteTemplate
from providers.errors import ProviderCallError, Reason
from templates_app.components import ParsedTemplate, parse_components
from templates_app.rendering import render
from tests.contract.cases_zenvia import CASES, NUMBER, outbound, payload
from tests.providers.adapters.zenvia.server import answered
from tests.providers.adapters.zenvia.test_send import body_of
from tests.providers.wire import free_port

LIST = payload("template-list.json")


def listed(*pages: Any, headers: str = "") -> list[RemoteTemplate]:
    answers = [("200 OK", page, headers) for page in pages]
    return answered(answers, lambda made: list(made.fetch_templates()))[0]


def item(**fields: Any) -> dict[str, Any]:
    return {**LIST[0], **fields}


def parsed(template: RemoteTemplate) -> ParsedTemplate:
    return parse_components(template.components, template.parameter_format)


def one(**fields: Any) -> RemoteTemplate:
    return listed([item(**fields)])[0]


def with_components(fields: list[str], **components: Any) -> RemoteTemplate:
    return one(fields=fields, components={**LIST[0]["components"], **components})


def failure(status: str, body: Any) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        answered([(status, body, "")], lambda made: list(made.fetch_templates()))
    return caught.value


def test_each_template_of_the_list_is_read() -> None:
    found = [
        (template.name, template.status, template.quality, template.category, template.parameter_format)
        for template in listed(LIST)
    ]
    assert found == [
        ("order_update", "APPROVED", "GREEN", "utility", "NAMED"),
        ("promo_noviembre", "REJECTED", "UNKNOWN", "marketing", "NAMED"),
        ("turno_confirmar", "PAUSED", "RED", "utility", "NAMED"),
    ]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_template_is_understood_by_the_portal(place: int) -> None:
    assert parsed(listed(LIST)[place]).not_sendable == ()


def test_variables_keep_their_names_and_examples() -> None:
    body = parsed(listed(LIST)[0]).body
    assert (body.names, body.examples) == (("name", "order"), ("Ana", "ORD-1042"))


def test_a_media_header_has_its_sample() -> None:
    header = parsed(listed(LIST)[1]).header
    assert (header.kind, header.media_example) == ("image", "https://cdn.example.com/promo.jpg")


def test_footer_and_buttons_are_read() -> None:
    template = parsed(listed(LIST)[1])
    assert template.footer == "Respondé BAJA para no recibir más"
    assert [(button.kind, button.text) for button in template.buttons] == [
        ("url", "Ver ofertas"),
        ("quick_reply", "No me interesa"),
    ]


def test_a_text_header_is_read() -> None:
    header = {"type": "TEXT_TEMPLATE", "text": "Pedido {{order}}"}
    found = parsed(with_components(["name", "order"], header=header)).header
    assert (found.kind, found.text.names, found.text.examples) == ("text", ("order",), ("ORD-1042",))


def test_a_phone_button_is_read() -> None:
    buttons = {"type": "ACTIONS", "items": [{"type": "PHONE_NUMBER", "text": "Llamar", "phoneNumber": "+5411"}]}
    assert parsed(with_components(["name", "order"], buttons=buttons)).buttons[0].phone == "+5411"


def test_a_variable_address_goes_out_under_its_name() -> None:
    buttons = {"type": "ACTIONS", "items": [{"type": "URL", "text": "Ver", "url": "https://x.example/{{path}}"}]}
    template = with_components(["name", "order", "path"], buttons=buttons)
    values = {"body.name": "Ana", "body.order": "ORD", "button.0.url": "a/1"}
    components = render(parsed(template), values).components
    outgoing = outbound(template.external_id, *components, definition=tuple(template.components))
    fields = body_of(outgoing)["contents"][0]["fields"]
    assert fields == {"name": "Ana", "order": "ORD", "path": "a/1"}


def test_a_one_time_code_goes_out_as_token() -> None:
    buttons = {"type": "ACTIONS", "items": [{"type": "COPY_CODE", "text": "Copiar"}]}
    components = {"body": {"type": "TEXT_FIXED", "text": "Tu código."}, "buttons": buttons}
    template = one(category="AUTHENTICATION", fields=["token"], components=components)
    rendered = render(parsed(template), {"body.token": "482913"}).components
    outgoing = outbound(template.external_id, *rendered, definition=tuple(template.components))
    assert body_of(outgoing)["contents"][0]["fields"] == {"token": "482913"}


def test_a_coupon_goes_out_as_code() -> None:
    buttons = {"type": "ACTIONS", "items": [{"type": "COPY_CODE", "text": "Copiar"}]}
    template = with_components(["name", "order", "code"], buttons=buttons)
    values = {"body.name": "Ana", "body.order": "ORD", "button.0.copy_code": "PROMO10"}
    rendered = render(parsed(template), values).components
    outgoing = outbound(template.external_id, *rendered, definition=tuple(template.components))
    assert body_of(outgoing)["contents"][0]["fields"]["code"] == "PROMO10"


def test_a_field_without_a_place_makes_it_unsendable() -> None:
    template = one(fields=["name", "order", "cards"])
    assert parsed(template).unknown == ("FIELD CARDS",)


def test_an_address_with_two_variables_makes_it_unsendable() -> None:
    buttons = {"type": "ACTIONS", "items": [{"type": "URL", "text": "Ver", "url": "https://x.example/{{a}}/{{b}}"}]}
    template = with_components(["name", "order", "a", "b"], buttons=buttons)
    assert parsed(template).unknown == ("FIELD A", "FIELD B")


@pytest.mark.parametrize("kind", ["MPM", "ORDER_DETAILS"])
def test_a_button_that_cannot_be_sent_makes_it_unsendable_or_asks_for_its_values(kind: str) -> None:
    buttons = {"type": "ACTIONS", "items": [{"type": kind, "text": "Ver"}]}
    template = parsed(with_components(["name", "order"], buttons=buttons))
    assert template.not_sendable or any(variable.key.startswith("button.0") for variable in template.variables)


def test_an_unknown_component_makes_it_unsendable() -> None:
    template = with_components(["name", "order"], cards=[{"header": {}}])
    assert parsed(template).unknown == ("CARDS",)


@pytest.mark.parametrize(
    ("word", "status"), [("WAITING_REVIEW", "PENDING"), ("WAITING_APPROVAL", "PENDING"), ("NEW_WORD", "UNKNOWN")]
)
def test_statuses_are_translated(word: str, status: str) -> None:
    assert one(status=word).status == status


def pages() -> tuple[list[Any], list[Any]]:
    return [item(id=f"id-{number}") for number in range(PAGE_SIZE)], [item(id="last")]


def test_all_pages_are_read() -> None:
    answers = [("200 OK", page, "x-total: 101\r\n") for page in pages()]
    found, requests = answered(answers, lambda made: list(made.fetch_templates()))
    assert len(found) == PAGE_SIZE + 1
    asked = [request.split()[1] for request in requests]
    assert asked == [
        f"/v2/templates?channel=WHATSAPP&page={page}&size={PAGE_SIZE}&senderId={NUMBER}" for page in (0, 1)
    ]


def test_the_total_ends_the_list() -> None:
    assert len(listed(pages()[0], headers=f"x-total: {PAGE_SIZE}\r\n")) == PAGE_SIZE


def test_pages_shorter_than_asked_go_on_to_the_total() -> None:
    assert len(listed([item(id="a")], [item(id="b")], headers="x-total: 2\r\n")) == 2


def test_a_page_that_comes_again_ends_the_list() -> None:
    first, _last = pages()
    assert len(listed(first, first)) == PAGE_SIZE


def test_an_empty_list_is_empty() -> None:
    assert listed([]) == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("401 X", payload("error-401.json"), Reason.CREDENTIALS),
        ("200 OK", {}, Reason.UNREADABLE_ANSWER),
        ("200 OK", ["odd"], Reason.UNREADABLE_ANSWER),
        ("200 OK", [{"id": "x"}], Reason.UNREADABLE_ANSWER),
        ("503 X", None, Reason.PROVIDER_DOWN),
    ],
)
def test_a_list_that_cannot_be_read_says_why(status: str, body: Any, reason: Reason) -> None:
    assert failure(status, body).reason is reason


def test_a_list_that_cannot_be_reached_says_so() -> None:
    with pytest.raises(ProviderCallError):
        list(CASES.adapter(f"http://127.0.0.1:{free_port()}").fetch_templates())


def delete(status: str, body: Any) -> list[str]:
    def call(made: Zenvia) -> None:
        made.delete_template("a1/b", name="order_update", language="es_AR")

    return answered([(status, body, "")], call)[1]


def test_a_template_is_deleted_by_its_id() -> None:
    assert delete("204 No Content", None)[0].startswith("DELETE /v2/templates/a1%2Fb ")


def test_deleting_what_is_gone_is_no_error() -> None:
    assert len(delete("404 X", payload("error-404.json"))) == 1


def test_a_deletion_that_fails_says_so() -> None:
    with pytest.raises(ProviderCallError):
        delete("401 X", payload("error-401.json"))
