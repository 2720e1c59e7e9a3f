"""The calls for messages: found as people look for them, shown side by side, linked with all that is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from providers.delivery_keys import id_key
from providers.models import WebhookDelivery
from recontact.models import Attempt, Message, MessageEvent
from tests.factories import customer_make, message_make, query_make

LIST = "/manager/recontact/attempt/"


def attempt_make(message: Message | None = None, **fields: Any) -> Attempt:
    message = message or message_make()
    values = {"number": 1, "claimed_at": timezone.now(), "outcome": "accepted", "http_status": 200, "duration_ms": 151}
    return Attempt.objects.create(message=message, **{**values, **fields})


def page_of(attempt: Attempt) -> str:
    return f"{LIST}{attempt.pk}/change/"


def found_by(client: Client, **query: str) -> list[int]:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


@pytest.mark.parametrize("term", ["#{pk}", "{pk}", "{reference}", "wamid.7", "+54 9 11 5555-0142", "lucía"])
def test_it_finds_the_attempts_of_a_message(client: Client, term: str) -> None:
    message = message_make(query=query_make(customer=customer_make(phone="+5491155550142", name="Lucía Fernández")))
    Message.objects.filter(pk=message.pk).update(provider_message_id="wamid.7")
    wanted = [attempt_make(message, number=2).pk, attempt_make(message).pk]
    attempt_make(message_make(query=query_make(customer=customer_make(name="Diego Ramos"))))

    found = found_by(client, q=term.format(pk=message.pk, reference=message.reference))

    assert sorted(found) == sorted(wanted)


def test_it_narrows_by_outcome_account_and_day(client: Client) -> None:
    rejected = attempt_make(outcome="rejected")
    attempt_make()
    today = timezone.localdate().isoformat()

    assert found_by(client, outcome__in="rejected") == [rejected.pk]
    assert found_by(client, message__account__id__exact=str(rejected.message.account_id)) == [rejected.pk]
    assert len(found_by(client, claimed_at_from=today, claimed_at_to=today)) == 2
    assert found_by(client, claimed_at_to="2020-01-01") == []


def test_it_takes_the_same_queries_however_many_there_are_and_counts_none(client: Client) -> None:
    counts = []
    for _round in range(2):
        for _attempt in range(3):
            attempt_make()
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        counts.append(len(captured))
        assert not [row for row in captured if "COUNT(" in row["sql"] and "attempt" in row["sql"]]

    assert counts[0] == counts[1]


def test_it_shows_request_and_answer_with_all_that_is_known(client: Client) -> None:
    message = message_make()
    attempt = attempt_make(
        message, outcome="rejected", reason="billing", provider_code="131042",
        request={"body": {"to": "•••"}}, response={"body": {"error": {"code": 131042}}}, http_status=400,
    )  # fmt: skip
    other = attempt_make(message, number=2)
    delivery = WebhookDelivery.objects.create(
        account=message.account, body=b"{}", keys=[id_key(str(message.reference))]
    )
    MessageEvent.objects.create(
        account=message.account, message=message, provider_message_id="wamid.7", status="sent",
        occurred_at=timezone.now(), effect="moved",
    )  # fmt: skip

    page = client.get(page_of(attempt)).content.decode()

    assert "&quot;to&quot;: &quot;•••&quot;" in page
    assert "&quot;code&quot;: 131042" in page
    assert "HTTP 400" in page
    assert "?provider=meta&amp;code=131042" in page
    for link in (f"/manager/recontact/message/{message.pk}/change/", page_of(other)):
        assert link in page
    assert f"/manager/providers/webhookdelivery/{delivery.pk}/change/" in page


def test_the_page_takes_the_same_queries_however_much_is_known(client: Client) -> None:
    message = message_make()
    attempt = attempt_make(message)
    counts = []
    for number in (2, 3):
        attempt_make(message, number=number)
        WebhookDelivery.objects.create(account=message.account, body=b"{}", keys=[id_key(str(message.reference))])
        client.get(page_of(attempt))
        with CaptureQueriesContext(connection) as captured:
            client.get(page_of(attempt))
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_who_may_not_see_the_inbox_is_not_led_there(client_of: Callable[[Role], Client]) -> None:
    attempt = attempt_make()
    assert "Webhooks about it" not in client_of(Role.COORDINATOR).get(page_of(attempt)).content.decode()


@pytest.mark.parametrize("pk", ["999999", "99999999999999999999", "x"])
def test_an_attempt_that_is_not_there_is_not_found(client: Client, pk: str) -> None:
    assert client.get(f"{LIST}{pk}/change/").status_code == 404
