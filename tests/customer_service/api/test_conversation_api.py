"""The conversation and the notes of a query over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer_service.models import InboundMessage, Note
from recontact.models import Message, Query
from tests.api_client import KeyClient, client_make
from tests.customer_service.agents import customer_writes
from tests.factories import message_make, query_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> KeyClient:
    return client_make()


def test_it_reads_both_sides_of_the_conversation_newest_first(api: KeyClient) -> None:
    query = query_make()
    customer_writes(query, "Hola", at=timezone.now() - timedelta(days=3))
    message = message_make(query=query, user=user_make(first_name="Ana"))
    customer_writes(query, "Sí, el viernes", at=timezone.now() + timedelta(minutes=1))

    shown = api.read(f"queries/{query.pk}/messages")["results"]

    assert [(row["direction"], row["kind"]) for row in shown] == [("in", "text"), ("out", "template"), ("in", "text")]
    assert shown[0]["text"] == "Sí, el viernes"
    assert (shown[1]["url"], shown[1]["by"]["name"]) == (f"/api/v1/messages/{message.pk}", "Ana")
    assert (shown[1]["state"], shown[1]["template"]) == ("queued", "retomar_turno")


def test_it_pages_without_gap_or_repetition_also_where_moments_are_equal(api: KeyClient) -> None:
    query, moment = query_make(), timezone.now() - timedelta(days=3)
    for number in range(5):
        customer_writes(query, f"{number}", at=moment)
    message = message_make(query=query)
    Message.objects.filter(pk=message.pk).update(created_at=moment)

    seen: list[tuple[str, int]] = []
    path = f"queries/{query.pk}/messages?page_size=2"
    while path:
        page = api.read(path)
        seen += [(row["direction"], row["id"]) for row in page["results"]]
        path = page["next"].split("/api/v1/")[1] if page["next"] else ""

    assert len(seen) == len(set(seen)) == 6


def test_it_asks_as_many_questions_for_a_long_conversation_as_for_a_short_one(api: KeyClient) -> None:
    query = query_make()
    counts = []
    for _round in range(2):
        for number in range(5):
            customer_writes(query, f"{number}")
        with CaptureQueriesContext(connection) as asked:
            api.read(f"queries/{query.pk}/messages")
        counts.append(len(asked))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("cursor", ["x", "%20", "MjAyNg==", "MjAyNi0xMS0yOVQwMDowMDowMCBpbiAx"])
def test_it_refuses_a_cursor_that_is_none(api: KeyClient, cursor: str) -> None:
    problem = api.get(f"/api/v1/queries/{query_make().pk}/messages?cursor={cursor}")

    assert (problem.status_code, problem.json()["code"]) in ((400, "invalid_cursor"), (400, "blank"))


def test_it_sends_text_in_an_open_window_without_taking_the_query(api: KeyClient) -> None:
    query = query_make()
    customer_writes(query)

    answer = api.send(f"queries/{query.pk}/messages", {"text": "Enseguida lo vemos."})

    assert (answer.status_code, answer.json()["kind"], answer.json()["state"]) == (202, "text", "queued")
    assert answer["Location"] == f"/api/v1/messages/{answer.json()['id']}"
    query.refresh_from_db()
    assert (query.assigned_to, query.state) == (None, Query.State.PENDING)


def test_it_sends_a_repeated_text_once(api: KeyClient) -> None:
    query = query_make()
    customer_writes(query)

    for _ in range(2):
        api.send(f"queries/{query.pk}/messages", {"text": "Enseguida"}, key="texto-1")

    assert Message.objects.count() == 1


def test_it_says_why_no_text_can_be_sent(api: KeyClient) -> None:
    query = query_make()

    closed = api.send(f"queries/{query.pk}/messages", {"text": "Hola"})
    empty = api.send(f"queries/{query.pk}/messages", {"text": "  "})

    assert (closed.status_code, closed.json()["code"]) == (409, "window_closed")
    assert (empty.status_code, empty.json()["errors"][0]["field"]) == (400, "text")
    assert Message.objects.count() == 0


def test_it_tells_what_a_message_answers_or_reacts_to(api: KeyClient) -> None:
    query = query_make()
    own, ours = customer_writes(query, "Hola", at=timezone.now() - timedelta(days=3)), message_make(query=query)
    Message.objects.filter(pk=ours.pk).update(provider_message_id="wamid.ours")
    for context, kind in (("wamid.ours", "reaction"), (own.provider_message_id, "text"), ("wamid.nobody", "text")):
        message = customer_writes(query, "👍", at=timezone.now() + timedelta(minutes=1))
        InboundMessage.objects.filter(pk=message.pk).update(kind=kind, context_message_id=context)

    shown = api.read(f"queries/{query.pk}/messages")["results"]

    by_id = {row["id"]: row["answers"] for row in shown if row["direction"] == "in"}
    assert list(by_id.values()) == [None, {"direction": "in", "id": own.pk}, {"direction": "out", "id": ours.pk}, None]


def test_it_shows_each_side_by_its_own_scope() -> None:
    query = query_make()
    customer_writes(query, "Hola", at=timezone.now() - timedelta(days=3))
    message_make(query=query)
    path = f"queries/{query.pk}/messages"

    def sides(*scopes: str) -> list[str]:
        return [row["direction"] for row in client_make(scopes=["queries:read", *scopes]).read(path)["results"]]

    assert sides("conversations:read") == ["in"]
    assert sides("messages:read") == ["out"]
    assert sides("conversations:read", "messages:read") == ["out", "in"]
    assert client_make(scopes=["queries:read"]).get(f"/api/v1/{path}").status_code == 403
    assert client_make(scopes=["conversations:read", "messages:read"]).get(f"/api/v1/{path}").status_code == 403


def test_it_needs_an_idempotency_key_for_text(api: KeyClient) -> None:
    query = query_make()
    customer_writes(query)

    answer: Any = api.post(f"/api/v1/queries/{query.pk}/messages", {"text": "Hola"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


def test_it_adds_and_lists_notes(api: KeyClient) -> None:
    query = query_make()
    Note.objects.create(query=query_make(), author=api.user, text="De otra consulta")

    added = api.send(f"queries/{query.pk}/notes", {"text": "Prefiere por la mañana."})
    shown = api.read(f"queries/{query.pk}/notes")["results"]

    assert added.status_code == 201
    assert [(row["text"], row["author"]["id"]) for row in shown] == [("Prefiere por la mañana.", api.user.pk)]


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("get", "messages", "conversations:read"),
        ("post", "messages", "messages:text"),
        ("get", "notes", "conversations:read"),
        ("post", "notes", "queries:work"),
        ("post", "take", "queries:work"),
        ("post", "refer", "queries:work"),
    ],
)
def test_it_needs_the_scope(method: str, path: str, missing: str) -> None:
    scopes = ["queries:read", "queries:work", "conversations:read", "messages:text"]
    api = client_make(scopes=[scope for scope in scopes if scope != missing])
    url = f"/api/v1/queries/{query_make().pk}/{path}"

    answer: Any = api.get(url) if method == "get" else api.post(url, {}, format="json", HTTP_IDEMPOTENCY_KEY="1")

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
