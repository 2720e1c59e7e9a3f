"""Contents and their approvals: listed, translated, created and submitted, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.adapters.twilio import Twilio
from providers.adapters.twilio.content import components_read
from providers.contracts import RemoteTemplate
from providers.errors import ProviderCallError, Reason
from templates_app.components import parse_components
from tests.providers.adapters.twilio.account import Answer, Asked, account, fixture, managed, schema_check

LIST = fixture("content-and-approvals.json")
CONTENT = "HXb5b62575e6e4ff61b5b62575e6e4ff61"
BODY = {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo."}
SAMPLED = {**BODY, "example": {"body_text": [["Ana", "ORD-1042"]]}}
CREATED: list[Answer] = [(201, fixture("content-create-201.json")), (201, fixture("approval-create-201.json"))]


def listed(*answers: Answer) -> tuple[list[RemoteTemplate], list[Asked]]:
    return managed(answers, lambda made: list(made.fetch_templates()))


def page(*contents: Any, next_page: str | None = None) -> Answer:
    return 200, {"contents": list(contents), "meta": {**LIST["meta"], "next_page_url": next_page}}


def draft(*components: Any, category: str = "utility") -> TemplateDraft:
    return TemplateDraft("order_update", "es_AR", category, list(components) or [SAMPLED])


def content_of(*components: Any) -> Any:
    """What is created for a draft of these components, checked against the specification."""
    _template, asked = managed(CREATED, lambda made: made.submit_template(draft(*components)))
    schema_check(asked[0].json, "ContentCreateRequest")
    return asked[0].json


def read(types: Any, **samples: str) -> list[Any]:
    """The components of a content, which the portal's parser must know."""
    components = components_read({"types": types, "variables": samples})
    assert parse_components(components, "POSITIONAL").not_sendable == ()
    return components


def failure_in(work: Callable[[], Any]) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        work()
    return caught.value


def failure_of(work: Callable[[Twilio], Any], *answers: Answer) -> ProviderCallError:
    return failure_in(lambda: managed(answers, work))


# --- the list ------------------------------------------------------------------------------------------------------------


def test_the_list_gives_name_status_and_reason_with_the_approved_ones_first() -> None:
    found, asked = listed(page(*LIST["contents"][::-1]))
    assert asked[0].target == "/v1/ContentAndApprovals?PageSize=500"
    assert [(item.name, item.status, item.category, item.rejection_reason) for item in found] == [
        ("order_update", "APPROVED", "utility", ""),
        ("borrador", "DRAFT", "", ""),
        ("turno_confirmar", "PAUSED", "utility", ""),
        ("promo_noviembre", "REJECTED", "marketing", "INVALID_FORMAT"),
    ]
    assert (found[0].external_id, found[0].language) == (CONTENT, "es_AR")


def test_the_next_page_is_asked_at_our_host_whatever_host_the_address_names() -> None:
    elsewhere = "https://elsewhere.example/v1/ContentAndApprovals?PageSize=500&Page=1&PageToken=PA1"
    found, asked = listed(page(LIST["contents"][0], next_page=elsewhere), page(LIST["contents"][1]))
    assert [item.name for item in found] == ["order_update", "promo_noviembre"]
    assert asked[1].target == "/v1/ContentAndApprovals?PageSize=500&Page=1&PageToken=PA1"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([(200, {"contents": "none", "meta": {}})], Reason.UNREADABLE_ANSWER),
        ([(200, b"<html>")], Reason.UNREADABLE_ANSWER),
        ([page({"sid": "HX1", "language": "es"})], Reason.UNREADABLE_ANSWER),
        ([page(next_page="/v1/x?Page=1"), page(next_page="/v1/x?Page=1")], Reason.UNREADABLE_ANSWER),
        ([(401, fixture("error-401-20003.json"))], Reason.CREDENTIALS),
        ([(500, fixture("error-500-20500.json"))], Reason.PROVIDER_ERROR),
    ],
    ids=["no list", "a page", "without a name", "in circles", "credentials", "failed"],
)
def test_a_list_that_cannot_be_read_whole_says_so(answers: list[Answer], reason: Reason) -> None:
    assert failure_of(lambda made: list(made.fetch_templates()), *answers).reason is reason


@pytest.mark.parametrize("word", ["received", "pending"])
def test_what_was_submitted_is_in_review(word: str) -> None:
    content = {**LIST["contents"][0], "approval_requests": {"status": word}}
    assert listed(page(content))[0][0].status == "PENDING"


# --- contents as components ----------------------------------------------------------------------------------------------


def test_a_text_keeps_its_numbers_and_samples() -> None:
    types = {"twilio/text": {"body": "{{2}} y {{1}}"}}
    assert read(types, **{"1": "uno", "2": "dos"}) == [
        {
            "type": "BODY",
            "text": "{{2}} y {{1}}",
            "example": {"body_text": [["uno", "dos"]]},
            "variables": ["1", "2"],
        }
    ]


def test_other_names_are_numbered_as_they_come() -> None:
    (body,) = read({"twilio/text": {"body": "{{5}}, {{ name }} y {{5}}"}})
    assert (body["text"], body["variables"]) == ("{{1}}, {{2}} y {{1}}", ["5", "name"])


def test_a_medium_keeps_the_fixed_beginning_of_its_address() -> None:
    header = components_read(LIST["contents"][1])[0]
    assert header == {
        "type": "HEADER",
        "format": "IMAGE",
        "example": {"header_handle": ["https://cdn.example.com/promo.jpg"]},
        "media": "https://cdn.example.com/{{2}}",
        "variables": ["2"],
    }


@pytest.mark.parametrize(
    ("ending", "kind"), [("png", "IMAGE"), ("MP4?x=1.a", "VIDEO"), ("pdf", "DOCUMENT"), ("bin", "IMAGE")]
)
def test_the_kind_of_a_medium_is_seen_at_its_end(ending: str, kind: str) -> None:
    types = {"twilio/media": {"body": "Hola", "media": [f"https://cdn.example.com/a.{ending}"]}}
    assert read(types)[0]["format"] == kind


def test_quick_replies_keep_their_hidden_answers() -> None:
    buttons = components_read(LIST["contents"][2])[1]["buttons"]
    assert buttons[0] == {"type": "QUICK_REPLY", "text": "Confirmar", "reply": "confirm:{{3}}", "variables": ["3"]}


def test_addresses_and_phones_become_buttons() -> None:
    phone = {"type": "PHONE_NUMBER", "title": "Llamar", "phone": "+5491155550199"}
    content = LIST["contents"][3]
    types = {"twilio/call-to-action": {"body": "Hola", "actions": [*content["types"].popitem()[1]["actions"], phone]}}
    assert read(types, **content["variables"])[1]["buttons"] == [
        {
            "type": "URL",
            "text": "Ver",
            "url": "https://tienda.example.com/{{1}}",
            "example": ["https://tienda.example.com/t/1042"],
            "variables": ["2"],
        },
        {"type": "PHONE_NUMBER", "text": "Llamar", "phone_number": "+5491155550199"},
    ]


def test_a_card_has_header_body_footer_and_buttons() -> None:
    card = {"body": "Hola", "header_text": "Turno {{1}}", "footer": "Gracias", "actions": [{"type": "QUICK_REPLY"}]}
    assert [item["type"] for item in read({"whatsapp/card": card})] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]


def test_twilios_own_card_calls_body_and_footer_otherwise() -> None:
    card = {"title": "Hola", "subtitle": "Gracias", "media": ["https://cdn.example.com/a.jpg"]}
    header, body, footer = read({"twilio/card": card})
    assert (header["format"], body["text"], footer["text"]) == ("IMAGE", "Hola", "Gracias")


def test_an_authentication_template_has_the_code_in_text_and_button() -> None:
    item = {
        "add_security_recommendation": True,
        "code_expiration_minutes": 5,
        "actions": [{"type": "COPY_CODE", "copy_code_text": "Copiar"}],
    }
    body, footer, buttons = read({"whatsapp/authentication": item}, **{"1": "123456"})
    assert (body["text"], body["add_security_recommendation"]) == ("{{1}}", True)
    assert footer["code_expiration_minutes"] == 5
    assert buttons["buttons"][0]["type"] == "OTP"


def test_a_carousel_has_its_cards() -> None:
    card = {"title": "Uno", "body": "Oferta {{2}}", "media": "https://cdn.example.com/{{3}}", "actions": []}
    _body, carousel = read({"twilio/carousel": {"body": "Hola {{1}}", "cards": [card, card]}}, **{"3": "a.mp4"})
    header, body = carousel["cards"][0]["components"]
    assert (header["format"], body["text"], body["variables"]) == ("VIDEO", "Uno\nOferta {{1}}", ["2"])


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/location": {"latitude": 1, "longitude": 2}},
        {"twilio/media": {"body": "a", "media": ["https://a.example/1", "https://a.example/2"]}},
        {"twilio/media": {"body": "a", "media": ["https://{{1}}/{{2}}"]}},
        {"twilio/call-to-action": {"body": "a", "actions": [{"type": "URL", "url": "https://a.example/{{1}}/{{2}}"}]}},
        {},
    ],
    ids=["location", "two media", "two places in a medium", "two places in an address", "empty"],
)
def test_what_whatsapp_or_the_portal_has_no_word_for_is_not_sendable(types: Any) -> None:
    components = components_read({"types": types, "variables": {}})
    assert parse_components(components, "POSITIONAL").not_sendable


def test_the_kind_that_was_approved_counts() -> None:
    types = {"twilio/card": {"title": "Otra"}, "twilio/text": {"body": "Hola"}}
    assert components_read({"types": types}, approved_kind="twilio/text") == [{"type": "BODY", "text": "Hola"}]


# --- creating and submitting ---------------------------------------------------------------------------------------------


def test_a_draft_is_created_and_submitted_as_the_fixtures_are() -> None:
    template, asked = managed(CREATED, lambda made: made.submit_template(draft()))
    assert [(item.method, item.target) for item in asked] == [
        ("POST", "/v1/Content"),
        ("POST", f"/v1/Content/{CONTENT}/ApprovalRequests/whatsapp"),
    ]
    assert asked[0].json == fixture("content-create.json")
    assert asked[1].json == fixture("approval-create.json")
    schema_check(asked[0].json, "ContentCreateRequest")
    schema_check(asked[1].json, "ContentApprovalRequest")
    assert (template.external_id, template.name, template.status) == (CONTENT, "order_update", "PENDING")
    assert template.components == [{**SAMPLED, "variables": ["1", "2"]}]


def test_the_answers_of_the_fixtures_are_of_twilios_own_specification() -> None:
    schema_check(fixture("content-create-201.json"), "content.v1.content")
    schema_check(fixture("approval-create-201.json"), "content.v1.content.approval_create")
    assert fixture("approval-fetch.json")["whatsapp"]["status"] == "approved"


def test_variables_are_numbered_through_the_whole_content() -> None:
    header = {"type": "HEADER", "format": "TEXT", "text": "Turno {{1}}", "example": {"header_text": ["7"]}}
    url = {
        "type": "URL",
        "text": "Ver",
        "url": "https://tienda.example/{{1}}",
        "example": ["https://tienda.example/t/1"],
    }
    content = content_of(header, SAMPLED, {"type": "FOOTER", "text": "Gracias"}, {"type": "BUTTONS", "buttons": [url]})
    assert content["variables"] == {"1": "Ana", "2": "ORD-1042", "3": "t/1", "4": "7"}
    assert content["types"] == {
        "whatsapp/card": {
            "body": "Hola {{1}}, tu pedido {{2}} está listo.",
            "header_text": "Turno {{4}}",
            "footer": "Gracias",
            "actions": [{"type": "URL", "title": "Ver", "url": "https://tienda.example/{{3}}"}],
        }
    }


def test_variables_with_names_become_numbers() -> None:
    named = [{"param_name": "pedido", "example": "7"}, {"param_name": "nombre", "example": "Ana"}]
    body = {"type": "BODY", "text": "{{nombre}}: {{pedido}}", "example": {"body_text_named_params": named}}
    content = content_of(body)
    assert content["variables"] == {"1": "Ana", "2": "7"}
    assert content["types"]["twilio/text"]["body"] == "{{1}}: {{2}}"


def test_a_medium_gets_a_variable_after_its_host() -> None:
    image = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.example.com/a/promo.jpg"]}}
    content = content_of(image, SAMPLED)
    assert content["types"]["twilio/media"]["media"] == ["https://cdn.example.com/{{3}}"]
    assert content["variables"]["3"] == "a/promo.jpg"


@pytest.mark.parametrize(
    ("buttons", "kind"),
    [
        ([{"type": "QUICK_REPLY", "text": "¡Sí, dale!"}], "twilio/quick-reply"),
        ([{"type": "PHONE_NUMBER", "text": "Llamar", "phone_number": "+5491155550199"}], "twilio/call-to-action"),
        ([{"type": "COPY_CODE", "text": "Copiar", "example": ["VERANO"]}], "twilio/call-to-action"),
        (
            [{"type": "QUICK_REPLY", "text": "Sí"}, {"type": "URL", "text": "Ver", "url": "https://a.example"}],
            "whatsapp/card",
        ),
        ([{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar"}], "whatsapp/authentication"),
    ],
)
def test_buttons_choose_the_kind_of_content(buttons: list[Any], kind: str) -> None:
    assert list(content_of(SAMPLED, {"type": "BUTTONS", "buttons": buttons})["types"]) == [kind]


def test_a_carousel_is_created_with_its_cards() -> None:
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.example.com/1.jpg"]}}
    reply = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Quiero"}]}
    card = {"components": [header, {"type": "BODY", "text": "Oferta"}, reply]}
    content = content_of(SAMPLED, {"type": "CAROUSEL", "cards": [card, card]})
    assert content["types"]["twilio/carousel"]["cards"][1] == {
        "body": "Oferta",
        "media": "https://cdn.example.com/{{4}}",
        "actions": [{"type": "QUICK_REPLY", "title": "Quiero", "id": "quiero"}],
    }


@pytest.mark.parametrize(
    ("component", "detail"),
    [
        ({"type": "LIMITED_TIME_OFFER"}, "limited_time_offer"),
        ({"type": "HEADER", "format": "LOCATION"}, "header location"),
        ({"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Ir"}]}, "button flow"),
        ({"type": "HEADER", "format": "VIDEO", "example": {"header_handle": ["4::handle"]}}, "public address"),
    ],
)
def test_what_twilio_has_no_content_for_is_refused_by_name(component: Any, detail: str) -> None:
    failure = failure_of(lambda made: made.submit_template(draft(SAMPLED, component)))
    assert detail in failure.detail


def test_a_content_whose_approval_is_refused_is_taken_back() -> None:
    answers = [CREATED[0], (400, {"code": 20001, "message": "Bad name.", "status": 400}), (204, b"")]
    failure, asked = managed(answers, lambda made: failure_in(lambda: made.submit_template(draft())))
    assert failure.detail == "Bad name."
    assert (asked[2].method, asked[2].target) == ("DELETE", f"/v1/Content/{CONTENT}")


def test_a_content_that_was_not_created_is_not_submitted() -> None:
    refusal = (400, fixture("error-400-21656.json"))
    failure, asked = managed([refusal], lambda made: failure_in(lambda: made.submit_template(draft())))
    assert (failure.reason, len(asked)) == (Reason.TEMPLATE_PARAMETERS, 1)


# --- deleting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [(204, b""), (404, fixture("error-404-20404.json"))], ids=["there", "gone already"])
def test_a_content_is_deleted(answer: Answer) -> None:
    _none, asked = managed([answer], lambda made: made.delete_template(CONTENT, name="order_update", language="es_AR"))
    assert (asked[0].method, asked[0].target) == ("DELETE", f"/v1/Content/{CONTENT}")


def test_a_deletion_that_fails_says_so() -> None:
    failure = failure_of(
        lambda made: made.delete_template(CONTENT, name="order_update", language="es_AR"),
        (401, fixture("error-401-20003.json")),
    )
    assert failure.reason is Reason.CREDENTIALS


# --- changing ------------------------------------------------------------------------------------------------------------

STORED: Answer = (200, fixture("content-create-201.json"))
CHANGED: list[Answer] = [STORED, STORED, CREATED[1]]


def changed(*answers: Answer, components: Any = ()) -> tuple[RemoteTemplate, list[Asked]]:
    return managed(answers, lambda made: made.edit_template(CONTENT, draft(*components)))


def with_answers(*actions: Any, **types: Any) -> Answer:
    """A content with these quick replies, as it stands at Twilio."""
    return 200, {"sid": CONTENT, "types": {"twilio/quick-reply": {"body": "Hola", "actions": list(actions)}, **types}}


def test_a_change_replaces_the_content_and_asks_for_its_approval_anew() -> None:
    template, asked = changed(*CHANGED)
    assert account().capabilities.edit_templates
    assert isinstance(account(), SubmitsTemplates)
    assert [(item.method, item.target) for item in asked] == [
        ("GET", f"/v1/Content/{CONTENT}"),
        ("PUT", f"/v1/Content/{CONTENT}"),
        ("POST", f"/v1/Content/{CONTENT}/ApprovalRequests/whatsapp"),
    ]
    schema_check(asked[1].json, "ContentUpdateRequest")
    assert asked[1].json == fixture("content-create.json")
    assert asked[2].json == fixture("approval-create.json")
    assert (template.external_id, template.name, template.status) == (CONTENT, "order_update", "PENDING")


@pytest.mark.parametrize(
    "answer",
    [(400, {"code": 92009, "message": "Already submitted.", "status": 400}), (500, b"<html>")],
    ids=["refused", "failed"],
)
def test_a_changed_content_waits_although_its_approval_could_not_be_asked_for(answer: Answer) -> None:
    template, _asked = changed(STORED, STORED, answer)
    assert (template.status, template.components[0]["text"]) == ("PENDING", SAMPLED["text"])


def test_a_refused_change_asks_for_no_approval() -> None:
    refusal = (400, {"code": 20001, "message": "It was submitted.", "status": 400})
    failure, asked = managed(
        [STORED, refusal], lambda made: failure_in(lambda: made.edit_template(CONTENT, draft(SAMPLED)))
    )
    assert (failure.detail, len(asked)) == ("It was submitted.", 2)


def test_what_stands_behind_a_quick_reply_stays() -> None:
    buttons = [{"type": "QUICK_REPLY", "text": "Voy"}, {"type": "QUICK_REPLY", "text": "Otro día"}]
    stored = with_answers({"title": "Voy", "id": "confirm-1"}, {"title": "No", "id": "no"})
    _template, asked = changed(stored, *CHANGED[1:], components=[SAMPLED, {"type": "BUTTONS", "buttons": buttons}])
    actions = asked[1].json["types"]["twilio/quick-reply"]["actions"]
    assert [action["id"] for action in actions] == ["confirm-1", "otro_día"]


@pytest.mark.parametrize(
    ("stored", "word"),
    [
        (with_answers({"title": "Voy", "id": "confirm:{{3}}"}), "variable"),
        (with_answers(**{"twilio/text": {"body": "Hola"}}), "twilio/text"),
    ],
    ids=["an answer with a variable", "a text for other channels"],
)
def test_a_content_that_would_lose_something_is_not_changed(stored: Answer, word: str) -> None:
    failure, asked = managed([stored], lambda made: failure_in(lambda: made.edit_template(CONTENT, draft(SAMPLED))))
    assert failure.reason is Reason.UNSUPPORTED
    assert word in failure.detail
    assert len(asked) == 1
