"""What an event's body says: phones, names and texts by the subscription's choice; and what is kept of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from recontact.models import OutgoingAttempt
from recontact.outgoing.deliver import events_deliver
from tests.customer_service.agents import customer_writes
from tests.factories import customer_make, query_make
from tests.recontact.outgoing.receiver import Receiver, subscription_make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("choice", "customer"),
    [
        ({}, {"phone": "+54 •••• 4321"}),
        ({"whole_phones": True}, {"phone": "+5491155554321", "bsuid": None, "name": "Carla"}),
    ],
)
def test_phones_and_names_are_the_subscriptions_choice(
    receiver: Receiver, choice: dict[str, bool], customer: dict[str, Any]
) -> None:
    subscription_make(receiver.url, "query.answered", **choice)
    query = query_make(customer=customer_make(phone="+5491155554321", name="Carla"), reference="caso-88")
    customer_writes(query, "Mi DNI es 20123456")

    events_deliver()

    body = receiver.got[0].body
    assert body["customer"] == {"id": query.customer_id, **customer}
    assert (body["query"]["id"], body["query"]["reference"]) == (query.pk, "caso-88")
    assert "20123456" not in receiver.got[0].raw.decode()


def test_what_was_written_is_told_to_who_chose_it(receiver: Receiver) -> None:
    subscription_make(receiver.url, "query.answered", with_text=True)
    message = customer_writes(query_make(), "¿Hay turno?")

    events_deliver()

    assert receiver.got[0].body["inbound"] == {"id": message.pk, "kind": "text", "text": "¿Hay turno?", "button": ""}


def test_an_answer_that_repeats_the_person_is_kept_without_him(receiver: Receiver) -> None:
    subscription_make(receiver.url, "query.answered", whole_phones=True)
    customer_writes(query_make(customer=customer_make(phone="+5491155554321", name="Carla Benítez")))
    receiver.answer, receiver.words = lambda _body: 400, "Carla Benítez (5491155554321) ya existe".encode()

    events_deliver()

    kept = OutgoingAttempt.objects.get().excerpt
    assert "ya existe" in kept
    assert "Carla" not in kept
    assert "5554321" not in kept
