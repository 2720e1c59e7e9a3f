"""One shape for every error, whatever went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from recontact.api import queries
from templates_app.api.base import ForgivingUserRateThrottle
from templates_app.api.parsing import MAX_BODY_BYTES
from tests.api_client import KeyClient, client_make
from tests.factories import query_make, user_make

pytestmark = pytest.mark.django_db

SHAPE = {"type", "title", "status", "code", "detail", "errors"}


@pytest.fixture
def api() -> KeyClient:
    return client_make()


def problem_of(response: Any) -> dict[str, Any]:
    """The problem of a response, whose shape must be the one of all."""
    problem: dict[str, Any] = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert problem.keys() == SHAPE
    assert all(error.keys() == {"code", "detail", "field", "params"} for error in problem["errors"])
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:hsm-portal:problem:{problem['code']}"
    return problem


def raw(api: KeyClient, body: bytes, content_type: str = "application/json") -> Any:
    anything: Any = body
    return api.generic("POST", "/api/v1/messages", anything, content_type, HTTP_IDEMPOTENCY_KEY="k")


def test_it_asks_who_calls() -> None:
    response = APIClient().get("/api/v1/queries")

    assert (response.status_code, problem_of(response)["code"]) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_it_refuses_a_key_that_is_not_valid() -> None:
    response = APIClient().get("/api/v1/queries", HTTP_AUTHORIZATION="Bearer hsm_no")

    assert (response.status_code, problem_of(response)["code"]) == (401, "authentication_failed")


def test_it_refuses_a_session_user_without_permission() -> None:
    client = APIClient()
    client.force_login(user_make(), backend="django.contrib.auth.backends.ModelBackend")

    response = client.get("/api/v1/queries")

    assert (response.status_code, problem_of(response)["code"]) == (403, "permission_denied")


def test_it_lets_a_session_user_read_what_his_role_may() -> None:
    client = APIClient()
    user = user_make(permissions=["recontact.view_query"])
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/api/v1/queries").status_code == 200


def test_it_wants_the_csrf_token_from_a_session() -> None:
    client = APIClient(enforce_csrf_checks=True)
    user = user_make(permissions=["recontact.add_query"])
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    response = client.post("/api/v1/queries", {}, format="json")

    assert (response.status_code, problem_of(response)["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("templates:read", {"templates"}),
        ("queries:read", {"queries"}),
        ("messages:read", {"messages"}),
        ("messages:send", set()),
    ],
)
def test_it_narrows_a_user_to_the_scopes_of_the_key(scope: str, allowed: set[str]) -> None:
    api = client_make(scopes=[scope])

    statuses = {path: api.get(f"/api/v1/{path}").status_code for path in ("templates", "queries", "messages")}

    assert statuses == {path: 200 if path in allowed else 403 for path in statuses}


def test_it_narrows_a_superuser_too() -> None:
    api = client_make(user=user_make(is_superuser=True), scopes=["templates:read"])

    assert api.get("/api/v1/templates").status_code == 200
    assert api.get("/api/v1/messages").status_code == 403


def test_it_gives_a_key_nothing_that_its_user_may_not() -> None:
    assert client_make(permissions=[]).get("/api/v1/templates").status_code == 403


@pytest.mark.parametrize("path", ["nowhere", "queries/", "queries/7", "messages/x", "queries/99999999999999999999999"])
def test_it_answers_404_as_a_problem(api: KeyClient, path: str) -> None:
    assert problem_of(api.get(f"/api/v1/{path}"))["code"] == "not_found"


def test_it_answers_405_as_a_problem(api: KeyClient) -> None:
    response = api.delete("/api/v1/messages")

    assert (response.status_code, problem_of(response)["code"]) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe{}", b"{'a': 1}", b'{"a": NaN}', b"[" * 100_000])
def test_it_refuses_what_is_no_json(api: KeyClient, body: bytes) -> None:
    response = raw(api, body)

    assert response.status_code == 400
    assert problem_of(response)["code"] in {"parse_error", "required"}


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null"])
def test_it_refuses_json_that_is_no_object(api: KeyClient, body: bytes) -> None:
    response = raw(api, body)

    assert response.status_code == 400
    assert problem_of(response)["status"] == 400


@pytest.mark.parametrize(
    "body", [rb'{"phone": "\u0000"}', rb'{"values": {"\ud800": "x"}}', rb'{"data": {"a": ["\u0000"]}}']
)
def test_it_refuses_characters_that_cannot_be_stored(api: KeyClient, body: bytes) -> None:
    assert problem_of(raw(api, body))["code"] == "invalid_characters"


def test_it_refuses_a_huge_body(api: KeyClient) -> None:
    response = raw(api, b'"' + b"x" * MAX_BODY_BYTES + b'"')

    assert (response.status_code, problem_of(response)["code"]) == (413, "body_too_large")


def test_it_refuses_another_content_type(api: KeyClient) -> None:
    response = raw(api, b"<a/>", "application/xml")

    assert (response.status_code, problem_of(response)["code"]) == (415, "unsupported_media_type")


def test_it_names_every_wrong_field_at_once(api: KeyClient) -> None:
    problem = problem_of(api.send("messages", {"phone": "x" * 41, "values": 7}))

    assert [error["field"] for error in problem["errors"]] == ["phone", "template", "values"]


def test_it_speaks_the_users_language(api: KeyClient) -> None:
    api.user.language = "es"
    api.user.save()

    assert problem_of(api.send("messages", {}))["detail"] == "Este campo es requerido."


def test_it_speaks_the_language_asked_for_when_the_user_has_none(api: KeyClient) -> None:
    response = api.send("messages", {}, HTTP_ACCEPT_LANGUAGE="es")

    assert problem_of(response)["detail"] == "Este campo es requerido."


def test_it_says_when_to_go_on_after_too_many_requests(api: KeyClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForgivingUserRateThrottle, "THROTTLE_RATES", {"user": "1/min"})
    api.get("/api/v1/templates")

    response = api.get("/api/v1/templates")

    assert (response.status_code, problem_of(response)["code"]) == (429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 60


def test_it_works_while_valkey_does_not(api: KeyClient, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}

    assert api.get("/api/v1/templates").status_code == 200


def test_it_answers_a_defect_as_a_problem_without_details(api: KeyClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(queries, "queries_shown", broken)
    api.raise_request_exception = False

    response = api.get(f"/api/v1/queries/{query_make().pk}")

    assert (response.status_code, problem_of(response)["code"]) == (500, "server_error")
    assert b"secret" not in response.content


def test_it_reads_the_key_from_the_other_header(api: KeyClient) -> None:
    assert APIClient().get("/api/v1/templates", HTTP_X_API_KEY=api.secret).status_code == 200


def test_it_answers_head_requests_and_lets_nobody_keep_the_answer(api: KeyClient) -> None:
    response = api.head("/api/v1/templates")

    assert (response.status_code, response.content) == (200, b"")
    assert response["Cache-Control"] == "no-store"
