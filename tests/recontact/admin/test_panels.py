"""What messages add to the pages of numbers, accounts and deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from providers.models import Portfolio, SenderNumber
from recontact.models import Message
from tests.deliveries import deliver, payload, payload_number_make
from tests.factories import message_make, query_make, rate_card_make, template_make

NUMBER = "/manager/providers/sendernumber/{}/change/"
ACCOUNT = "/manager/providers/provideraccount/{}/change/"
DELIVERY = "/manager/providers/webhookdelivery/{}/change/"


@pytest.fixture
def message(db: None) -> Message:
    """A message at the number of the payloads, which belongs to a portfolio."""
    number = payload_number_make(portfolio=Portfolio.objects.create(name="Grupo Sur", messaging_limit=1000))
    rate_card_make(account=number.account)
    return message_make(query=query_make(sender_number=number), template=template_make(account=number.account))


def sent(message: Message, provider_message_id: str = "wamid.1") -> None:
    for state in ("sending", "accepted"):
        Message.objects.filter(pk=message.pk).update(
            state=state, claimed_at=timezone.now(), provider_message_id=provider_message_id
        )


def test_a_number_says_who_waits_and_what_is_used(client: Client, message: Message) -> None:
    page = client.get(NUMBER.format(message.sender_number_id)).content.decode()
    assert "Messages waiting" in page
    assert "of 1,000 people in 24 h" in page.replace("of 1.000", "of 1,000")
    assert '<span class="big">0</span>' in page
    sent(message)
    assert '<span class="big">1</span>' in client.get(NUMBER.format(message.sender_number_id)).content.decode()


def test_a_throttled_number_says_until_when(client: Client, message: Message) -> None:
    until = timezone.now() + timedelta(minutes=5)
    SenderNumber.objects.update(throttled_until=until)
    assert (
        "The provider asked for a pause until" in client.get(NUMBER.format(message.sender_number_id)).content.decode()
    )


def test_an_account_says_who_waits_at_all_its_numbers(client: Client, message: Message) -> None:
    page = client.get(ACCOUNT.format(message.account_id)).content.decode()
    assert "Messages waiting" in page


def test_a_delivery_leads_to_the_messages_it_tells_about(client: Client, message: Message) -> None:
    body = payload("webhook_status_delivered")
    status = body["entry"][0]["changes"][0]["value"]["statuses"][0]
    sent(message, status["id"])
    delivery = deliver(message.account, body)
    page = client.get(DELIVERY.format(delivery.pk)).content.decode()
    assert f"/manager/recontact/message/{message.pk}/change/" in page
    assert "Moved the message" in page


def test_a_delivery_about_nobodys_message_says_so(client: Client, message: Message) -> None:
    delivery = deliver(message.account, payload("webhook_status_delivered"))
    assert "No message of ours is known for it" in client.get(DELIVERY.format(delivery.pk)).content.decode()


def test_an_answer_leads_to_the_message_it_answers(client: Client, message: Message) -> None:
    body = payload("webhook_inbound_text_reply_to_template")
    item = body["entry"][0]["changes"][0]["value"]["messages"][0]
    sent(message, item["context"]["id"])
    delivery = deliver(message.account, body)
    page = client.get(DELIVERY.format(delivery.pk)).content.decode()
    assert f"/manager/recontact/message/{message.pk}/change/" in page


def test_a_delivery_is_found_by_the_number_of_its_message(client: Client, message: Message) -> None:
    body = payload("webhook_status_delivered")
    sent(message, body["entry"][0]["changes"][0]["value"]["statuses"][0]["id"])
    delivery = deliver(message.account, body)
    deliver(message.account, payload("webhook_account_alerts_limit_deferred"))
    answer = client.get("/manager/providers/webhookdelivery/", {"q": f"#{message.pk}"})
    assert [row.pk for row in answer.context["cl"].result_list] == [delivery.pk]


def test_a_delivery_of_many_takes_no_more_queries(client: Client, message: Message) -> None:
    one = deliver(message.account, payload("webhook_status_delivered"))
    many = deliver(message.account, payload("webhook_statuses_batched_out_of_order"))
    assert _queries(client, DELIVERY.format(many.pk)) == _queries(client, DELIVERY.format(one.pk))


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


def test_costs_readers_see_the_numbers_use(client_of: Callable[[Role], Client], message: Message) -> None:
    page = client_of(Role.OPS).get(NUMBER.format(message.sender_number_id)).content.decode()
    assert "Messages waiting" in page
