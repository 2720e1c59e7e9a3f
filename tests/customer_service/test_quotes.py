"""What a customer's message answers is seen: the quoted words, and the reaction that stands under a message now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer_service import timeline
from customer_service.models import InboundMessage
from customer_service.timeline import Entry, timeline_of
from hsm_portal.models import User
from recontact.models import Message, Query
from tests.customer_service.agents import browser, customer_writes
from tests.factories import message_make, query_make

pytestmark = pytest.mark.django_db


def answers(query: Query, target: str, text: str = "Sí", *, kind: str = "text", minutes: int = 0) -> InboundMessage:
    message = customer_writes(query, text, at=timezone.now() - timedelta(minutes=30 - minutes))
    InboundMessage.objects.filter(pk=message.pk).update(kind=kind, context_message_id=target)
    return message


def reacts(query: Query, target: str, emoji: str, *, minutes: int = 0) -> InboundMessage:
    return answers(query, target, emoji, kind="reaction", minutes=minutes)


def sent(query: Query, at: str = "wamid.ours") -> Message:
    message = message_make(query=query)
    Message.objects.filter(pk=message.pk).update(provider_message_id=at, created_at=timezone.now() - timedelta(hours=2))
    message.refresh_from_db()
    return message


def entries(query: Query) -> dict[str, Entry]:
    story = timeline_of(query, now=timezone.now())
    return {entry.key: entry for day in story.days for entry in day.entries}


def test_a_reply_quotes_the_message_that_it_answers(query: Query) -> None:
    message, own = sent(query), customer_writes(query, "Quiero un turno")
    to_ours, to_own = answers(query, "wamid.ours"), answers(query, own.provider_message_id, "El viernes")

    shown = entries(query)

    quote, other = shown[f"i{to_ours.pk}"].quote, shown[f"i{to_own.pk}"].quote
    assert quote is not None
    assert (quote.ours, quote.text[:20], quote.key) == (True, message.body[:20], f"m{message.pk}")
    assert other is not None
    assert (other.ours, other.text, other.key) == (False, "Quiero un turno", f"i{own.pk}")


def test_a_reaction_stands_under_its_message_and_is_told_as_an_event(query: Query) -> None:
    message = sent(query)
    reaction = reacts(query, "wamid.ours", "👍")

    shown = entries(query)

    assert shown[f"m{message.pk}"].reaction == "👍"
    event = shown[f"i{reaction.pk}"]
    assert (event.kind, event.text) == ("event", "The customer reacted with 👍")
    assert event.quote is not None
    assert event.quote.key == f"m{message.pk}"


def test_the_last_reaction_stands_and_none_once_it_was_taken_back(query: Query) -> None:
    message = sent(query)
    reacts(query, "wamid.ours", "❤️", minutes=2)
    reacts(query, "wamid.ours", "👍", minutes=1)
    assert entries(query)[f"m{message.pk}"].reaction == "❤️"

    removal = reacts(query, "wamid.ours", "", minutes=3)

    shown = entries(query)
    assert shown[f"m{message.pk}"].reaction == ""
    assert shown[f"i{removal.pk}"].text == "The customer took a reaction back"


def test_an_answer_to_what_is_further_up_quotes_it_without_a_way_there(
    query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        customer_writes(query, f"{number}")
    reply = answers(query, "wamid.0")
    monkeypatch.setattr(timeline, "LIMIT", 2)

    quote = entries(query)[f"i{reply.pk}"].quote

    assert quote is not None
    assert (quote.text, quote.key) == ("0", "")


def test_a_message_of_another_query_is_not_quoted(query: Query) -> None:
    sent(query_make(), "wamid.theirs")
    reply = answers(query, "wamid.theirs")

    assert entries(query)[f"i{reply.pk}"].quote is None


def test_it_asks_the_database_equally_often_for_one_answer_and_for_many(query: Query) -> None:
    counts = []
    for number in range(2):
        for each in range(1 + 5 * number):
            answers(query, f"wamid.nobody{number}{each}")
        with CaptureQueriesContext(connection) as asked:
            timeline_of(query, now=timezone.now())
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_the_ticket_shows_quote_and_reaction_and_no_markup_runs(ana: User, query: Query) -> None:
    sent(query)
    markup = customer_writes(query, "<script>alert(1)</script>")
    answers(query, markup.provider_message_id)
    reacts(query, "wamid.ours", "<b>👍</b>")

    page = browser(ana).get(f"/service/queries/{query.pk}/").content.decode()

    assert 'class="desk-quote"' in page
    assert 'class="desk-reaction"' in page
    assert "<script>alert(1)" not in page
    assert "<b>👍" not in page
