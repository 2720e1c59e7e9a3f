"""Creating, editing and deleting templates, over a real socket and by Meta's own OpenAPI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.contracts import DeleteScope
from providers.errors import PreparationFailed, ProviderCallError, Reason
from tests.providers.adapters.meta.openapi import problems
from tests.providers.adapters.meta.payloads import WABA, adapter, payload
from tests.providers.adapters.meta.wire import Page, from_pages

CREATED = ("200 OK", payload("template_create.response"))
DONE = ("200 OK", {"success": True})
GONE = ("400 Bad Request", payload("error_100_subcode_33_unknown_object"))
MISSING = ("400 Bad Request", {"error": {"code": 100, "error_subcode": 2593002, "message": "(#100) Not Found"}})


def draft_of(name: str) -> TemplateDraft:
    """The draft that gives a documented request."""
    request = payload(name)
    return TemplateDraft(
        request["name"],
        request["language"],
        request["category"].lower(),
        request["components"],
        request.get("parameter_format", "POSITIONAL"),
    )


DRAFT = draft_of("template_create_utility_positional.request")


def problem(work: Any, *pages: Page) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        from_pages(list(pages), work)
    return caught.value


def delete(made: SubmitsTemplates) -> None:
    made.delete_template("1274830044512345", name="aviso_vencimiento", language="es_AR")


def test_it_submits_edits_and_deletes_one_language() -> None:
    made = adapter()
    assert isinstance(made, SubmitsTemplates)
    can = made.capabilities
    assert can.submit_templates
    assert can.edit_templates
    assert can.delete_templates
    assert can.delete_scope is DeleteScope.ONE


# --- creating ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "template_create_utility_positional.request",
        "template_create_marketing_named.request",
        "template_create_authentication.request",
    ],
)
def test_a_template_is_submitted_as_documented(name: str) -> None:
    _created, (asked,) = from_pages([CREATED], lambda made: made.submit_template(draft_of(name)))
    # How long a message lives is not asked for; the format may always be said.
    expected = {**payload(name), "parameter_format": draft_of(name).parameter_format}
    expected.pop("message_send_ttl_seconds", None)
    assert (asked.method, asked.path) == ("POST", f"/v25.0/{WABA}/message_templates")
    assert asked.body == expected
    assert problems(asked) == []


def test_a_submitted_template_is_returned_as_meta_has_it() -> None:
    answered = {**payload("template_create.response"), "category": "MARKETING"}
    created, _asked = from_pages([("200 OK", answered)], lambda made: made.submit_template(DRAFT))
    assert (created.external_id, created.status, created.category) == ("1274830044512345", "PENDING", "marketing")
    assert (created.name, created.language, created.components) == (DRAFT.name, DRAFT.language, list(DRAFT.components))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("error_template_create_duplicate", "100/2388024"),
        ("error_template_create_leading_param", "100/2388299"),
    ],
)
def test_a_refused_template_says_what_is_wrong_in_metas_words(name: str, code: str) -> None:
    error = problem(lambda made: made.submit_template(DRAFT), ("400 Bad Request", payload(name)))
    assert (error.reason, error.provider_code) == (Reason.BAD_REQUEST, code)
    assert error.detail == payload(name)["error"]["error_user_msg"]


@pytest.mark.parametrize("body", [{}, {"status": "PENDING"}, b"<html>"])
def test_an_answer_without_an_id_is_no_success(body: Any) -> None:
    assert isinstance(problem(lambda made: made.submit_template(DRAFT), ("200 OK", body)), ProviderCallError)


# --- editing -----------------------------------------------------------------------------------------------------------


def edited(current: str, draft: TemplateDraft = DRAFT) -> tuple[Any, Any]:
    pages = [("200 OK", {"category": current, "id": "1274830044512345"}), DONE]
    result, asked = from_pages(pages, lambda made: made.edit_template("1274830044512345", draft))
    assert [one.path for one in asked] == ["/v25.0/1274830044512345"] * 2
    assert all(problems(one) == [] for one in asked)
    return result, asked[1].body


def test_an_edit_replaces_the_components_whole() -> None:
    template, body = edited("UTILITY")
    assert body == payload("template_edit.request")
    assert (template.external_id, template.status) == ("1274830044512345", "PENDING")


def test_an_edit_names_the_category_only_where_it_changes() -> None:
    _template, body = edited("MARKETING")
    assert body["category"] == "UTILITY"


def test_an_edit_without_success_is_an_error() -> None:
    pages = [("200 OK", {"category": "UTILITY", "id": "1"}), ("200 OK", {"success": False})]
    assert problem(lambda made: made.edit_template("1", DRAFT), *pages)


def test_a_look_that_fails_before_the_edit_leaves_no_doubt_about_it() -> None:
    broken = ("500 Internal Server Error", {"error": {"code": 1, "message": "An unknown error occurred"}})
    looked = problem(lambda made: made.edit_template("1", DRAFT), broken)
    assert isinstance(looked, PreparationFailed)
    asked = problem(lambda made: made.edit_template("1", DRAFT), ("200 OK", {"category": "UTILITY", "id": "1"}), broken)
    assert not isinstance(asked, PreparationFailed)


# --- deleting ----------------------------------------------------------------------------------------------------------


def test_a_template_is_deleted_by_name_and_id() -> None:
    _none, (asked,) = from_pages([("200 OK", payload("template_delete.response"))], delete)
    assert (asked.method, asked.path) == ("DELETE", f"/v25.0/{WABA}/message_templates")
    assert asked.query == {"name": "aviso_vencimiento", "hsm_id": "1274830044512345"}
    assert problems(asked) == []


def test_one_that_is_gone_already_is_no_error() -> None:
    _none, asked = from_pages([MISSING, GONE], delete)
    assert asked[1].path == "/v25.0/1274830044512345"


@pytest.mark.parametrize("answered", [("200 OK", payload("error_200")), ("200 OK", {"success": False}), MISSING])
def test_one_that_is_still_there_was_not_deleted(answered: Page) -> None:
    assert problem(delete, answered, ("200 OK", {"id": "1274830044512345"}))


def test_a_template_whose_id_is_not_known_is_not_deleted_by_its_name() -> None:
    with pytest.raises(ProviderCallError):
        adapter().delete_template("", name="aviso_vencimiento", language="es_AR")


# --- the check itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"category": 7}, {"components": {}}, {"colour": "red"}])
def test_the_check_against_the_openapi_can_fail(change: dict[str, Any]) -> None:
    _created, (asked,) = from_pages([CREATED], lambda made: made.submit_template(DRAFT))
    asked.body.update(change)
    assert problems(asked)
    assert "aviso" in json.dumps(asked.body)
