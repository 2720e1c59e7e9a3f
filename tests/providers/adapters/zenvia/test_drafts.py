"""Drafts as Zenvia's templates: created and changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.adapters.zenvia.drafts import changes_body, draft_body
from providers.errors import ProviderCallError, Reason
from templates_app.components import parse_components
from tests.contract.cases_zenvia import CASES, NUMBER, payload
from tests.providers.adapters.zenvia.server import answered

EXAMPLES = [{"param_name": "name", "example": "Ana"}, {"param_name": "order", "example": "ORD-1042"}]
BODY = {
    "type": "BODY",
    "text": "Hola {{name}}, tu pedido {{order}} está listo.",
    "example": {"body_text_named_params": EXAMPLES},
}
NUMBERED = {
    "type": "BODY",
    "text": "Hola {{1}}, tu pedido {{2}} está listo.",
    "example": {"body_text": [["Ana", "ORD-1042"]]},
}


def draft(*components: dict[str, Any], category: str = "utility", named: bool = True) -> TemplateDraft:
    return TemplateDraft("order_update", "es_AR", category, list(components), "NAMED" if named else "POSITIONAL")


def changes(*components: dict[str, Any]) -> dict[str, Any]:
    return changes_body(draft(*components))


def test_it_submits_templates() -> None:
    assert isinstance(CASES.adapter(), SubmitsTemplates)


def test_a_draft_is_the_fixtures_body() -> None:
    body = draft_body(draft(BODY), sender=NUMBER, notification_email="ops@example.com")
    assert body == payload("template-create.json")


def test_without_an_address_nobody_is_written_to() -> None:
    assert "notificationEmail" not in draft_body(draft(BODY), sender=NUMBER, notification_email="")


def test_what_was_created_comes_back_as_zenvia_has_it() -> None:
    created = payload("template-list.json")[0] | {"status": "WAITING_REVIEW"}
    found, requests = answered([("200 OK", created, "")], lambda made: made.submit_template(draft(BODY)))
    assert requests[0].startswith("POST /v2/templates ")
    assert (found.external_id, found.status) == (created["id"], "PENDING")


def test_a_change_goes_to_the_templates_own_address_without_name_and_language() -> None:
    changed = payload("template-list.json")[0]
    _found, requests = answered([("200 OK", changed, "")], lambda made: made.edit_template("id-1", draft(BODY)))
    assert requests[0].startswith("PATCH /v2/templates/id-1 ")
    assert set(json.loads(requests[0].partition("\r\n\r\n")[2])) == {"category", "components", "examples"}


def test_the_headers_numbers_are_kept_apart_from_the_bodys() -> None:
    header = {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}", "example": {"header_text": ["ORD"]}}
    body = changes(header, NUMBERED)
    assert body["components"]["header"] == {"type": "TEXT_TEMPLATE", "text": "Pedido {{header1}}"}
    assert body["examples"] == {"header1": "ORD", "1": "Ana", "2": "ORD-1042"}


def test_a_fixed_header_is_fixed() -> None:
    body = changes({"type": "HEADER", "format": "TEXT", "text": "Novedades"}, BODY)
    assert body["components"]["header"] == {"type": "TEXT_FIXED", "text": "Novedades"}


def test_a_media_header_has_its_sample_among_the_examples() -> None:
    example = {"header_handle": ["https://cdn.example.com/promo.jpg"]}
    body = changes({"type": "HEADER", "format": "IMAGE", "example": example}, BODY)
    assert body["components"]["header"] == {"type": "MEDIA_IMAGE"}
    assert body["examples"]["imageUrl"] == "https://cdn.example.com/promo.jpg"


def test_the_variable_of_an_address_gets_a_name_and_its_example() -> None:
    button = {"type": "URL", "text": "Ver", "url": "https://x.example/{{1}}", "example": ["https://x.example/a"]}
    body = changes(BODY, {"type": "BUTTONS", "buttons": [button]})
    assert body["components"]["buttons"]["items"][0]["url"] == "https://x.example/{{url0}}"
    assert body["examples"]["url0"] == "a"


@pytest.mark.parametrize(
    ("kinds", "group"),
    [
        (["QUICK_REPLY", "QUICK_REPLY"], "QUICK_REPLIES"),
        (["PHONE_NUMBER"], "ACTIONS"),
        (["QUICK_REPLY", "PHONE_NUMBER"], "MIXED"),
    ],
)
def test_the_buttons_are_of_a_group(kinds: list[str], group: str) -> None:
    buttons = [{"type": kind, "text": "Sí", "phone_number": "+5411"} for kind in kinds]
    assert changes(BODY, {"type": "BUTTONS", "buttons": buttons})["components"]["buttons"]["type"] == group


def test_a_coupon_has_its_example() -> None:
    body = changes(BODY, {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "PROMO10"}]})
    assert body["examples"]["code"] == "PROMO10"


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}}, Reason.MEDIA),
        ({"type": "HEADER", "format": "LOCATION"}, Reason.UNSUPPORTED),
        ({"type": "CAROUSEL", "cards": []}, Reason.UNSUPPORTED),
        ({"type": "BUTTONS", "buttons": [{"type": "FLOW"}]}, Reason.UNSUPPORTED),
    ],
)
def test_what_has_no_place_is_refused_before_any_call(component: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(ProviderCallError) as caught:
        changes(BODY, component)
    assert caught.value.reason is reason


def test_a_template_for_one_time_codes_is_refused() -> None:
    with pytest.raises(ProviderCallError):
        changes_body(draft(BODY, category="authentication"))


def test_a_refusal_is_said_in_zenvias_words() -> None:
    with pytest.raises(ProviderCallError) as caught:
        answered([("400 X", payload("error-400.json"), "")], lambda made: made.submit_template(draft(BODY)))
    assert "contents.0.templateId" in caught.value.detail


def test_a_name_that_is_taken_is_said() -> None:
    with pytest.raises(ProviderCallError) as caught:
        answered([("409 X", payload("error-409.json"), "")], lambda made: made.submit_template(draft(BODY)))
    assert caught.value.provider_code == "DUPLICATED"


def test_what_was_submitted_reads_back_as_it_was() -> None:
    url = {"type": "URL", "text": "Ver", "url": "https://x.example/{{1}}", "example": ["https://x.example/a"]}
    body = draft_body(draft(BODY, {"type": "BUTTONS", "buttons": [url]}), sender=NUMBER, notification_email="")
    echoed = {**body, "id": "x", "status": "APPROVED", "fields": list(body["examples"])}
    (found,), _requests = answered([("200 OK", [echoed], "")], lambda made: list(made.fetch_templates()))
    template = parse_components(found.components, found.parameter_format)
    assert template.not_sendable == ()
    assert [variable.key for variable in template.variables] == ["body.name", "body.order", "button.0.url"]
