"""Idempotency keys: one answer per key, one message per query, whatever arrives how often at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from recontact.api import idempotency
from recontact.models import IdempotencyKey, Message, Query, Recontact
from recontact.retention import idempotency_keys_expire
from templates_app.models import Template
from tests.api_client import KeyClient, client_make, kept
from tests.factories import VALUES, query_make, rate_card_make, sender_number_make, template_make

AT_ONCE = 24


def prepared() -> tuple[Query, Template]:
    query = query_make()
    return query, template_make(account=query.sender_number.account)


def body_of(template: Template) -> dict[str, Any]:
    return {"template": template.pk, "values": VALUES}


def all_at_once(post: Callable[[int], Any]) -> list[Any]:
    """The answers of AT_ONCE threads that post at the same moment, each on its own connection."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        start.wait()
        try:
            return post(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def same_key_client(original: KeyClient) -> KeyClient:
    """Another client with the same API key: one client is not made for several threads."""
    client = KeyClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {original.secret}")
    return client


@pytest.mark.django_db
def test_it_replays_the_first_answer() -> None:
    api, (query, template) = client_make(), prepared()
    first = api.send(f"queries/{query.pk}/recontact", body_of(template), key="one")

    second = api.send(f"queries/{query.pk}/recontact", body_of(template), key="one")

    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second["Location"] == first["Location"]
    assert (second["Idempotency-Replayed"], first.get("Idempotency-Replayed")) == ("true", None)
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_it_refuses_the_key_for_another_body() -> None:
    api, (query, template) = client_make(), prepared()
    api.send(f"queries/{query.pk}/recontact", body_of(template), key="one")
    before = kept()

    other = body_of(template) | {"values": VALUES | {"body.1": "Bea"}}
    problem = api.send(f"queries/{query.pk}/recontact", other, key="one").json()

    assert (problem["status"], problem["code"]) == (422, "idempotency_key_reused")
    assert kept() == before


@pytest.mark.django_db
def test_it_refuses_the_key_for_another_address() -> None:
    api, (query, template) = client_make(), prepared()
    api.send(f"queries/{query.pk}/recontact", body_of(template), key="one")

    other = query_make(sender_number=query.sender_number)
    response = api.send(f"queries/{other.pk}/recontact", body_of(template), key="one")

    assert response.status_code == 422


@pytest.mark.django_db
def test_it_keeps_the_keys_of_two_users_apart() -> None:
    (first, template), second = prepared(), None
    second = query_make(sender_number=first.sender_number)

    for query in (first, second):
        assert client_make().send(f"queries/{query.pk}/recontact", body_of(template), key="one").status_code == 202


@pytest.mark.django_db
def test_it_requires_a_key_to_send() -> None:
    api, (query, template) = client_make(), prepared()
    before = kept()

    for path in (f"queries/{query.pk}/recontact", "messages"):
        problem = api.post(f"/api/v1/{path}", body_of(template), format="json").json()
        assert (problem["status"], problem["code"]) == (400, "idempotency_key_required")
    assert kept() == before


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 73, "two words", "ñandú", " "])
def test_it_refuses_an_unusable_key(key: str) -> None:
    api, (query, template) = client_make(), prepared()

    problem = api.send(f"queries/{query.pk}/recontact", body_of(template), key=key).json()

    assert problem["code"] == "idempotency_key_invalid"


@pytest.mark.django_db
def test_it_lets_a_refused_request_be_repeated_with_its_key() -> None:
    api, (query, template) = client_make(), prepared()
    Query.objects.filter(pk=query.pk).update(state=Query.State.RESOLVED)
    assert api.send(f"queries/{query.pk}/recontact", body_of(template), key="one").status_code == 409

    Query.objects.filter(pk=query.pk).update(state=Query.State.PENDING)

    assert api.send(f"queries/{query.pk}/recontact", body_of(template), key="one").status_code == 202


@pytest.mark.django_db
def test_it_sends_nothing_again_when_the_key_has_expired() -> None:
    api = client_make()
    number = sender_number_make()
    rate_card_make(account=number.account)
    body = body_of(template_make(account=number.account)) | {"phone": "+5491155554321"}
    api.send("messages", body, key="one")
    Message.objects.update(state=Message.State.ACCEPTED)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert idempotency_keys_expire() == 1

    assert api.send("messages", body, key="one").json()["code"] == "same_form"
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_it_keeps_keys_for_24_hours() -> None:
    api, (query, template) = client_make(), prepared()
    api.send(f"queries/{query.pk}/recontact", body_of(template), key="one")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23))

    assert idempotency_keys_expire() == 0


@pytest.mark.django_db(transaction=True)
def test_it_sends_once_for_many_requests_with_one_key() -> None:
    api, (query, template) = client_make(), prepared()

    answers = all_at_once(
        lambda _: same_key_client(api).send(f"queries/{query.pk}/recontact", body_of(template), key="one")
    )

    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["id"] for answer in answers} == {Message.objects.get().pk}
    assert sum(answer.get("Idempotency-Replayed") == "true" for answer in answers) == AT_ONCE - 1


@pytest.mark.django_db(transaction=True)
def test_it_recontacts_once_for_many_requests_with_different_keys() -> None:
    api, (query, template) = client_make(), prepared()

    answers = all_at_once(
        lambda number: same_key_client(api).send(f"queries/{query.pk}/recontact", body_of(template), key=f"k{number}")
    )

    codes = sorted(answer.json().get("code", "sent") for answer in answers)
    assert codes == ["already_recontacted"] * (AT_ONCE - 1) + ["sent"]
    assert Recontact.objects.count() == Message.objects.count() == IdempotencyKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_sends_once_for_many_requests_to_one_new_phone() -> None:
    api, number = client_make(), sender_number_make()
    rate_card_make(account=number.account)
    body = body_of(template_make(account=number.account)) | {"phone": "+5491155554321", "open_query": True}

    answers = all_at_once(lambda number: same_key_client(api).send("messages", body, key=f"k{number}"))

    codes = sorted(answer.json().get("code", "sent") for answer in answers)
    assert codes == ["open_query_exists"] * (AT_ONCE - 1) + ["sent"]
    assert Message.objects.count() == Query.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_tells_a_repeated_request_to_wait_while_the_first_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 1)
    api, (query, template) = client_make(), prepared()

    def repeat() -> Any:
        try:
            return same_key_client(api).send(f"queries/{query.pk}/recontact", body_of(template), key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        IdempotencyKey.objects.create(user=api.user, key="one", fingerprint="first")
        response = pool.submit(repeat).result()

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_progress")
    assert response["Retry-After"] == "2"
