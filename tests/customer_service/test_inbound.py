"""Inbound messages, from the webhook's bytes to the ticket."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from customer_service.models import InboundMessage
from providers.inbox import delivery_process, delivery_replay
from providers.models import SenderNumber
from recontact.customers import opt_out_revoke
from recontact.models import Customer, Message, OptOut, Query, QueryEvent, ServiceWindow
from recontact.outbox import hsm_send
from tests.deliveries import (
    CUSTOMER_BSUID,
    CUSTOMER_PHONE,
    deliver,
    delivery_make,
    payload,
    payload_number_make,
)
from tests.factories import (
    VALUES,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    template_make,
    user_make,
)

pytestmark = pytest.mark.django_db

WROTE_AT = datetime.fromtimestamp(1794153720, tz=UTC)
ANSWERED_ID = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkE2MDcyRUM3MzU1RTExRTdEOAA="


@pytest.fixture
def number() -> SenderNumber:
    return payload_number_make()


def _inbound(name: str = "webhook_inbound_text", **changes: Any) -> dict[str, Any]:
    """A payload with parts of its message replaced."""
    content = payload(name)
    content["entry"][0]["changes"][0]["value"]["messages"][0].update(changes)
    return content


def payload_context(name: str) -> str:
    """The id of our message that the answer in a payload names."""
    found: str = payload(name)["entry"][0]["changes"][0]["value"]["messages"][0]["context"]["id"]
    return found


def _sent_message(number: SenderNumber, *, origin: str, with_query: bool) -> Message:
    """A message that the customer of the payloads got, under the id that their answers name."""
    customer = customer_make(phone=CUSTOMER_PHONE)
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    if with_query:
        message = message_make(query=query_make(customer=customer, sender_number=number), template=template)
    else:
        message = hsm_send(
            phone=CUSTOMER_PHONE,
            sender_number_id=number.pk,
            template_id=template.pk,
            values=VALUES,
            user=user_make(),
            send_key=None,
            origin=origin,
            open_query=False,
        )
    Message.objects.filter(pk=message.pk).update(state="accepted", provider_message_id=ANSWERED_ID, origin=origin)
    message.refresh_from_db()
    return message


def test_a_first_message_opens_a_pending_query_of_nobody(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    query = Query.objects.get()
    assert (query.state, query.origin, query.assigned_to, query.team) == ("pending", "inbound", None, None)
    assert query.sender_number == number
    assert [event.kind for event in query.events.all()] == [QueryEvent.Kind.OPENED]


def test_it_makes_the_customer_known_by_phone_id_and_name(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    customer = Customer.objects.get()
    assert (customer.phone, customer.bsuid, customer.name) == (CUSTOMER_PHONE, CUSTOMER_BSUID, "Lucía Fernández")


def test_it_stores_what_was_written(number: SenderNumber) -> None:
    deliver(number.account, _inbound(text={"body": "Hola, ¿tienen turno?"}))
    message = InboundMessage.objects.get()
    assert (message.text, message.kind, message.occurred_at) == ("Hola, ¿tienen turno?", "text", WROTE_AT)
    assert message.query == Query.objects.get()


def test_it_opens_the_window_from_the_customers_own_time(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    window = ServiceWindow.objects.get()
    assert (window.last_inbound_at, window.expires_at) == (WROTE_AT, WROTE_AT + timedelta(hours=24))


def test_a_time_ahead_of_our_clock_counts_as_now(number: SenderNumber) -> None:
    ahead = int(timezone.now().timestamp()) + 86_400
    deliver(number.account, _inbound(timestamp=str(ahead)))
    assert ServiceWindow.objects.get().last_inbound_at <= timezone.now()


def test_it_goes_to_the_open_query_and_brings_it_to_the_top(number: SenderNumber) -> None:
    customer = customer_make(phone=CUSTOMER_PHONE)
    query = query_make(customer=customer, sender_number=number, activity_at=WROTE_AT - timedelta(days=3))
    deliver(number.account, _inbound(text={"body": "¿Siguen ahí?"}))
    query.refresh_from_db()
    assert (query.last_inbound_at, query.activity_at, query.preview) == (WROTE_AT, WROTE_AT, "¿Siguen ahí?")
    assert (Query.objects.count(), query.inbound_messages.count()) == (1, 1)


def test_the_agent_keeps_the_query_that_the_customer_answers_in(number: SenderNumber, django_user_model: Any) -> None:
    ana = django_user_model.objects.create(username="ana")
    customer = customer_make(phone=CUSTOMER_PHONE)
    query = query_make(customer=customer, sender_number=number, assigned_to=ana, state="in_progress")
    deliver(number.account, payload("webhook_inbound_text"))
    query.refresh_from_db()
    assert (query.assigned_to, query.state) == (ana, "in_progress")


def test_a_resolved_query_stays_resolved_and_a_new_one_opens(number: SenderNumber) -> None:
    old = query_make(customer=customer_make(phone=CUSTOMER_PHONE), sender_number=number, state="resolved")
    deliver(number.account, payload("webhook_inbound_text"))
    old.refresh_from_db()
    assert (old.state, Query.objects.exclude(pk=old.pk).get().state) == ("resolved", "pending")


def test_an_open_query_with_another_number_is_not_touched(number: SenderNumber) -> None:
    other = query_make(customer=customer_make(phone=CUSTOMER_PHONE))
    deliver(number.account, payload("webhook_inbound_text"))
    assert (other.inbound_messages.count(), Query.objects.count()) == (0, 2)


def test_the_same_message_twice_is_stored_once(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    deliver(number.account, payload("webhook_inbound_text"))
    assert (InboundMessage.objects.count(), Query.objects.count()) == (1, 1)


def test_a_replay_after_the_query_was_resolved_changes_nothing(number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_inbound_text"))
    Query.objects.update(state="resolved")
    assert delivery_replay(delivery_id=delivery.pk).state == "processed"
    assert (InboundMessage.objects.count(), Query.objects.get().state) == (1, "resolved")


def test_a_late_message_takes_nothing_back(number: SenderNumber) -> None:
    deliver(number.account, _inbound(id="wamid.new", text={"body": "nuevo"}))
    deliver(number.account, _inbound(id="wamid.old", timestamp="1794150000", text={"body": "viejo"}))
    query = Query.objects.get()
    assert (query.preview, query.last_inbound_at) == ("nuevo", WROTE_AT)
    assert ServiceWindow.objects.get().last_inbound_at == WROTE_AT
    assert query.inbound_messages.count() == 2


def test_an_unknown_sender_number_is_a_problem_and_the_message_is_not_lost(number: SenderNumber) -> None:
    SenderNumber.objects.update(external_id="another")
    delivery = deliver(number.account, payload("webhook_inbound_text"))
    assert (delivery.state, InboundMessage.objects.count(), Customer.objects.count()) == ("failed", 0, 0)
    SenderNumber.objects.update(external_id="298117653388214")
    assert delivery_replay(delivery_id=delivery.pk).state == "processed"
    assert InboundMessage.objects.count() == 1


def test_a_number_is_found_by_its_phone_where_the_provider_names_it_so(number: SenderNumber) -> None:
    SenderNumber.objects.update(external_id="another", phone="+298117653388214")
    assert deliver(number.account, payload("webhook_inbound_text")).state == "processed"
    assert InboundMessage.objects.get().sender_number == number


def test_a_person_known_only_by_user_id_is_understood(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text_username_no_phone"))
    customer = Customer.objects.get()
    assert (customer.phone, customer.bsuid) == (None, CUSTOMER_BSUID)
    assert InboundMessage.objects.get().customer == customer


def test_a_phone_and_a_user_id_that_meet_become_one_customer(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text_username_no_phone"))
    customer_make(phone=CUSTOMER_PHONE, name="")
    deliver(number.account, payload("webhook_inbound_text"))
    assert Customer.objects.filter(merged_into=None).count() == 1
    assert InboundMessage.objects.values("customer").distinct().count() == 1


@pytest.mark.parametrize("origin", ["manager", "bulk"])
def test_an_answer_to_an_hsm_of_the_manager_opens_a_campaign_query(number: SenderNumber, origin: str) -> None:
    message = _sent_message(number, origin=origin, with_query=False)
    deliver(number.account, payload("webhook_inbound_text_reply_to_template"))
    query = Query.objects.get(sender_number=number)
    message.refresh_from_db()
    assert (query.origin, query.state, message.query_id) == ("campaign", "pending", query.pk)


def test_an_answer_to_another_customers_message_is_an_ordinary_first_message(number: SenderNumber) -> None:
    message = _sent_message(number, origin="manager", with_query=False)
    Message.objects.filter(pk=message.pk).update(customer=customer_make())
    deliver(number.account, payload("webhook_inbound_text_reply_to_template"))
    assert Query.objects.get(sender_number=number).origin == "inbound"


@pytest.mark.parametrize(
    "name",
    [
        "webhook_inbound_button_quick_reply",
        "webhook_inbound_flow_nfm_reply",
        "webhook_inbound_interactive_button_reply",
        "webhook_inbound_interactive_list_reply",
        "webhook_inbound_text_ctwa_referral",
        "webhook_inbound_unsupported",
    ],
)
def test_every_kind_of_message_is_stored_and_opens_the_window(number: SenderNumber, name: str) -> None:
    delivery = deliver(number.account, payload(name))
    assert (delivery.state, InboundMessage.objects.count(), ServiceWindow.objects.count()) == ("processed", 1, 1)
    assert Query.objects.get().preview


def _reaction(emoji: str = "👍") -> dict[str, Any]:
    return _inbound(type="reaction", reaction={"message_id": ANSWERED_ID, "emoji": emoji})


def test_a_reaction_opens_the_window(number: SenderNumber) -> None:
    deliver(number.account, _reaction())
    assert ServiceWindow.objects.get().last_inbound_at == WROTE_AT
    assert InboundMessage.objects.get().text == "👍"


def test_a_reaction_to_a_closed_conversation_opens_no_query(number: SenderNumber) -> None:
    message = _sent_message(number, origin="ticket", with_query=True)
    Query.objects.update(state="resolved")
    deliver(number.account, _reaction())
    assert InboundMessage.objects.get().query_id == message.query_id
    assert Query.objects.get().state == "resolved"


def _taken_back() -> dict[str, Any]:
    content = _reaction()
    message = content["entry"][0]["changes"][0]["value"]["messages"][0]
    message["id"] = "wamid.taken-back"
    del message["reaction"]["emoji"]
    return content


def test_a_reaction_taken_back_of_nobody_known_is_no_error(number: SenderNumber) -> None:
    assert deliver(number.account, _taken_back()).state == "processed"


def test_a_reaction_taken_back_asks_for_no_answer(number: SenderNumber) -> None:
    message = _sent_message(number, origin="ticket", with_query=True)
    deliver(number.account, _reaction())
    Query.objects.update(waiting_since=None, preview="Gracias a usted")
    deliver(number.account, _taken_back())

    query = Query.objects.get()
    assert (query.pk, query.preview, query.waiting_since) == (message.query_id, "Gracias a usted", None)
    assert [row.text for row in query.inbound_messages.order_by("pk")] == ["👍", ""]


def test_a_reaction_taken_back_after_the_resolution_opens_no_query(number: SenderNumber) -> None:
    message = _sent_message(number, origin="ticket", with_query=True)
    Query.objects.update(state="resolved")
    deliver(number.account, _taken_back())
    assert InboundMessage.objects.get().query_id == message.query_id
    assert Query.objects.get().state == "resolved"


def test_it_does_not_touch_the_queued_messages_of_the_query(number: SenderNumber) -> None:
    customer = customer_make(phone=CUSTOMER_PHONE)
    message = message_make(query=query_make(customer=customer))
    Query.objects.update(sender_number=number)
    deliver(number.account, payload("webhook_inbound_text"))
    message.refresh_from_db()
    assert message.state == "queued"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("webhook_inbound_text_opt_out_keyword", {}),
        ("webhook_inbound_text", {"text": {"body": " ¡Stop! "}}),
        ("webhook_inbound_button_quick_reply", {"button": {"text": "No, gracias", "payload": "BAJA"}}),
        ("webhook_inbound_button_quick_reply", {"button": {"text": "Darme de baja", "payload": "x"}}),
    ],
)
def test_a_word_of_the_customer_opts_him_out_of_marketing(
    number: SenderNumber, name: str, changes: dict[str, Any]
) -> None:
    deliver(number.account, _inbound(name, **changes))
    opt_out = OptOut.objects.get()
    assert (opt_out.scope, opt_out.source, opt_out.revoked_at) == ("marketing", "customer's word", None)
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("told", "stored"), [("stop-7", "Darme de baja"), ("stop-8", "stop-8")], ids=["ours", "of no button of ours"]
)
def test_a_tap_told_without_its_words_gets_those_of_the_message_that_was_sent(
    number: SenderNumber, told: str, stored: str
) -> None:
    message = _sent_message(number, origin="agent", with_query=True)
    reply = {"type": "payload", "payload": "stop-7"}
    Message.objects.filter(pk=message.pk).update(
        components=[{"type": "button", "sub_type": "QUICK_REPLY", "index": "1", "parameters": [reply]}],
        bubble={"buttons": [{"kind": "url", "text": "Ver"}, {"kind": "quick_reply", "text": "Darme de baja"}]},
        provider_message_id=payload_context("webhook_inbound_button_quick_reply"),
    )

    deliver(number.account, _inbound("webhook_inbound_button_quick_reply", button={"text": told, "payload": told}))

    assert InboundMessage.objects.get().text == stored
    assert OptOut.objects.exists() == (stored == "Darme de baja")


def test_an_ordinary_sentence_opts_nobody_out(number: SenderNumber) -> None:
    deliver(number.account, _inbound(text={"body": "Quiero dar de baja el turno del viernes, no el otro"}))
    assert not OptOut.objects.exists()


def test_a_replay_does_not_opt_out_again_who_opted_in_since(number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_inbound_text_opt_out_keyword"))
    opt_out_revoke(customer=Customer.objects.get(), scope="marketing", source="signed at the desk")
    delivery_replay(delivery_id=delivery.pk)
    assert not OptOut.objects.filter(revoked_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_messages_of_one_customer_read_at_once_end_in_one_query() -> None:
    number = payload_number_make()
    deliveries = [delivery_make(number.account, _inbound(id=f"wamid.{index}")) for index in range(4)]
    states: list[str] = []

    def worker(delivery_id: int) -> None:
        delivery = delivery_process(delivery_id)
        states.append(delivery.state if delivery is not None else "none")
        connection.close()

    threads = [threading.Thread(target=worker, args=(delivery.pk,)) for delivery in deliveries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["processed"] * 4
    assert (Query.objects.count(), Customer.objects.count(), InboundMessage.objects.count()) == (1, 1, 4)
