"""The list by offset, creation and deletion, over a real socket."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from providers.abilities import SubmitsTemplates, TemplateDraft
from providers.errors import PreparationFailed, ProviderCallError, Reason
from tests.providers.adapters.dialog360.wire import PARTNER, Page, adapter, from_pages, payload

LIST = payload("d360_templates_list.response")
DRAFT = TemplateDraft("aviso_vencimiento", "es_AR", "utility", [{"type": "BODY", "text": "Hola, vence hoy."}])


def templates(*bodies: Any, status: str = "200 OK") -> list[Any]:
    found, _requests = from_pages([(status, body) for body in bodies], lambda made: list(made.fetch_templates()))
    return found


def problem(work: Any, *pages: Page, **credentials: str) -> ProviderCallError:
    with pytest.raises(ProviderCallError) as caught:
        from_pages(list(pages), work, **credentials)
    return caught.value


def page(offset: int, *, total: Any = 2) -> dict[str, Any]:
    return {**LIST, "total": total, "waba_templates": LIST["waba_templates"][offset : offset + 1]}


def test_a_template_is_read_in_metas_words() -> None:
    approved, paused = templates(LIST)
    assert (approved.external_id, approved.name, approved.language) == (
        "1274830044512345",
        "aviso_vencimiento",
        "es_AR",
    )
    assert (approved.category, approved.status, approved.rejection_reason) == ("utility", "APPROVED", "")
    assert approved.namespace == "5b1c7a8e_9d34_4f0e_a6c1_2f7d0b9e8a11"
    assert list(approved.components) == LIST["waba_templates"][0]["components"]
    assert (paused.status, paused.category) == ("PAUSED", "marketing")


def test_named_variables_are_seen_in_the_text() -> None:
    assert [template.parameter_format for template in templates(LIST)] == ["POSITIONAL", "NAMED"]


def test_pages_are_asked_by_what_was_read() -> None:
    found, requests = from_pages([("200 OK", page(0)), ("200 OK", page(1))], lambda made: list(made.fetch_templates()))
    assert [template.name for template in found] == ["aviso_vencimiento", "promo_cyber"]
    assert [request.split()[1] for request in requests] == [
        "/v1/configs/templates?limit=500&offset=0",
        "/v1/configs/templates?limit=500&offset=1",
    ]
    assert "d360-api-key: d360-key-0123456789\r\n" in requests[0].lower()


def test_without_a_total_the_empty_page_ends_the_list() -> None:
    assert len(templates(page(0, total=None), page(1, total=None), page(2, total=None))) == 2


def test_a_list_that_ignores_the_offset_gives_nothing_at_all() -> None:
    error = problem(lambda made: list(made.fetch_templates()), ("200 OK", page(0)), ("200 OK", page(0)))
    assert error.reason is Reason.UNREADABLE_ANSWER


@pytest.mark.parametrize(
    ("word", "status"),
    [("submitted", "PENDING"), ("rejected", "REJECTED"), ("melted", "UNKNOWN"), (None, "UNKNOWN")],
)
def test_status_words_are_lower_case(word: Any, status: str) -> None:
    body = copy.deepcopy(page(0, total=1))
    body["waba_templates"][0]["status"] = word
    assert templates(body)[0].status == status


@pytest.mark.parametrize("item", ["junk", {"id": "1", "name": "x"}, {"id": "1", "language": "es"}])
def test_a_list_with_a_broken_item_gives_nothing_at_all(item: Any) -> None:
    error = problem(lambda made: list(made.fetch_templates()), ("200 OK", {**LIST, "waba_templates": [item]}))
    assert error.reason is Reason.UNREADABLE_ANSWER


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("401 Unauthorized", payload("d360_error_invalid_api_key"), Reason.CREDENTIALS),
        ("400 Bad Request", payload("d360_error_payment"), Reason.BILLING),
        ("400 Bad Request", payload("d360_error_meta_passthrough_130429"), Reason.THROUGHPUT),
        ("502 Bad Gateway", b"<html>", Reason.PROVIDER_DOWN),
        ("200 OK", {"waba_templates": {}}, Reason.PROVIDER_REJECTED),
    ],
)
def test_a_failed_list_says_why(status: str, body: Any, reason: Reason) -> None:
    assert problem(lambda made: list(made.fetch_templates()), (status, body)).reason is reason


def test_it_submits_and_deletes() -> None:
    made = adapter()
    assert isinstance(made, SubmitsTemplates)
    assert made.capabilities.submit_templates


def test_a_template_is_created_as_meta_writes_it() -> None:
    created, requests = from_pages(
        [("201 Created", {"id": "Qw12", "external_id": "77", "status": "submitted"})],
        lambda made: made.submit_template(DRAFT),
    )
    assert requests[0].startswith("POST /v1/configs/templates HTTP/1.1")
    assert json.loads(requests[0].partition("\r\n\r\n")[2]) == {
        "name": "aviso_vencimiento",
        "language": "es_AR",
        "category": "UTILITY",
        "components": list(DRAFT.components),
    }
    assert (created.external_id, created.status, created.category) == ("77", "PENDING", "utility")


def test_a_created_template_without_an_id_is_found_in_the_list() -> None:
    created, _requests = from_pages(
        [("200 OK", {"status": "ok"}), ("200 OK", LIST)], lambda made: made.submit_template(DRAFT)
    )
    assert created.external_id == "1274830044512345"


def test_a_template_that_is_refused_says_what_is_wrong() -> None:
    body = {"error": {"code": 100, "error_user_msg": "There is already es_AR content for this template."}}
    error = problem(lambda made: made.submit_template(DRAFT), ("400 Bad Request", body))
    assert (error.reason, error.detail) == (Reason.BAD_REQUEST, "There is already es_AR content for this template.")


def test_a_template_is_deleted_by_its_name() -> None:
    _none, requests = from_pages(
        [("200 OK", {"success": True})], lambda made: made.delete_template("1", name="aviso", language="es")
    )
    assert requests[0].startswith("DELETE /v1/configs/templates/aviso HTTP/1.1")


def test_one_that_is_gone_already_is_no_error() -> None:
    from_pages([("404 Not Found", b"")], lambda made: made.delete_template("1", name="aviso", language="es"))


def test_a_deletion_that_is_refused_says_so() -> None:
    body = {"meta": {"success": False, "developer_message": "Endpoint blocked"}}
    error = problem(lambda made: made.delete_template("1", name="aviso", language="es"), ("403 Forbidden", body))
    assert (error.reason, error.detail) == (Reason.PERMISSION, "Endpoint blocked")


# --- changing ------------------------------------------------------------------------------------------------------------

CHANGED = TemplateDraft("aviso_vencimiento", "es_AR", "utility", payload("d360_template_edit.request")["components"])
LISTED, EDITED = ("200 OK", LIST), ("200 OK", payload("d360_template_edit.response"))


def test_a_change_goes_to_the_partner_api_by_360dialogs_own_ids() -> None:
    template, requests = from_pages(
        [LISTED, EDITED], lambda made: made.edit_template("1274830044512345", CHANGED), **PARTNER
    )
    head, _, body = requests[1].partition("\r\n\r\n")
    assert head.startswith("PATCH /api/v2/partners/abcPA/waba_accounts/abcWA/waba_templates/QwErTy12WT HTTP/1.1")
    assert "x-api-key: partner-key-0123456789\r\n" in head.lower()
    assert "d360-api-key" not in head.lower()
    assert json.loads(body) == payload("d360_template_edit.request")
    assert (template.external_id, template.status) == ("1274830044512345", "PENDING")
    assert template.components == CHANGED.components


@pytest.mark.parametrize(
    ("external_id", "draft", "reason"),
    [
        ("99", CHANGED, Reason.TEMPLATE_MISSING),
        ("1274830044512345", replace(CHANGED, category="marketing"), Reason.UNSUPPORTED),
    ],
    ids=["not listed", "another category"],
)
def test_what_cannot_be_changed_is_refused_before_the_change(
    external_id: str, draft: TemplateDraft, reason: Reason
) -> None:
    error = problem(lambda made: made.edit_template(external_id, draft), LISTED, **PARTNER)
    assert isinstance(error, PreparationFailed)
    assert error.reason is reason


def test_a_refused_change_says_what_is_wrong() -> None:
    body = {"error": {"code": 100, "error_user_msg": "This template cannot be edited now."}}
    error = problem(
        lambda made: made.edit_template("1274830044512345", CHANGED), LISTED, ("400 Bad Request", body), **PARTNER
    )
    assert error.detail == "This template cannot be edited now."


def test_without_access_to_the_partner_api_nothing_is_asked() -> None:
    assert set(PARTNER) == set(adapter().capabilities.edit_needs)
    with pytest.raises(ProviderCallError) as caught:
        adapter().edit_template("1274830044512345", CHANGED)
    assert caught.value.reason is Reason.CONFIGURATION
