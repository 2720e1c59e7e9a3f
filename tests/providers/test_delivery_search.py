"""Deliveries are found by what they tell about, quickly and without a word about anybody's phone in the index."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from hsm_portal.roles import Role
from providers.contracts import BadItem, DeliveryStatus, Event, IdentityChangeEvent, StatusEvent, UnknownEvent
from providers.delivery_keys import id_key, item_keys, looks_like_phone, phone_key, term_keys
from providers.models import SenderNumber, WebhookDelivery
from tests.deliveries import CUSTOMER_PHONE, deliver, payload, payload_number_make
from tests.factories import account_make
from tests.plans import plan_explain
from tests.providers.clients import address, client_of, client_with, queries_of, text_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)
REFERENCE = uuid.uuid4()


# --- keys ----------------------------------------------------------------------------------------------------------------


def test_a_delivery_is_found_by_every_id_and_phone_in_it() -> None:
    event = StatusEvent("wamid.1", DeliveryStatus.READ, NOW, reference=str(REFERENCE), recipient_phone="+5491155550100")
    assert item_keys([event]) == [id_key("wamid.1"), id_key(str(REFERENCE)), phone_key("+5491155550100")]


def test_a_phone_has_one_key_in_all_its_spellings() -> None:
    spellings = ["+54 9 11 5555-0100", "5491155550100", "011 15 5555-0100", "541155550100"]
    assert len({phone_key(spelling) for spelling in spellings}) == 1


def test_an_id_that_looks_like_a_phone_is_no_phone() -> None:
    assert id_key("5491155550100") != phone_key("5491155550100")


def test_a_key_tells_nothing_about_what_it_stands_for() -> None:
    assert "55550100" not in phone_key("+5491155550100")
    assert len(phone_key("+5491155550100")) == 16


def test_both_numbers_of_a_change_are_found_and_what_has_no_ids_is_none() -> None:
    change = IdentityChangeEvent(NOW, old_phone="+5491155550100", new_phone="+5491155550177")
    items: list[Event | BadItem] = [change, UnknownEvent("odd", {}), BadItem("entry[0]", "no")]
    assert item_keys(items) == [phone_key("+5491155550100"), phone_key("+5491155550177")]


def test_a_delivery_of_thousands_keeps_a_bounded_number_of_keys() -> None:
    events = [StatusEvent(f"id-{number}", DeliveryStatus.SENT, NOW) for number in range(3000)]
    assert len(item_keys(events)) == 1000


@pytest.mark.parametrize("term", ["", "  ", "\x00"])
def test_an_empty_term_is_no_search(term: str) -> None:
    assert term_keys(term, by_phone=True) == []


def test_a_phone_counts_only_for_who_may_see_phones() -> None:
    assert phone_key("+5491155550100") in term_keys("+54 9 11 5555-0100", by_phone=True)
    assert phone_key("+5491155550100") not in term_keys("+54 9 11 5555-0100", by_phone=False)


def test_a_reference_is_found_however_it_is_written() -> None:
    assert term_keys(str(REFERENCE).upper(), by_phone=False) == [id_key(str(REFERENCE))]


@pytest.mark.parametrize(
    ("term", "expected"),
    [("+54 9 11 5555-0100", True), ("5550100", True), ("#123", False), ("wamid.HBgN", False), ("12345", False)],
)
def test_what_a_person_may_mean_as_a_phone_is_known(term: str, expected: bool) -> None:
    assert looks_like_phone(term) is expected


# --- the list ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def number(db: None) -> SenderNumber:
    return payload_number_make()


@pytest.fixture
def manager(db: None) -> Client:
    return client_of(Role.MANAGER)


def found_by(client: Client, term: str, **filters: Any) -> list[int]:
    answer = client.get(address("webhookdelivery_changelist"), {"q": term, **filters})
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def test_a_delivery_is_found_by_phone_by_id_and_by_nothing_else(manager: Client, number: SenderNumber) -> None:
    wanted = deliver(number.account, payload("webhook_inbound_text"))
    other = deliver(number.account, payload("webhook_account_alerts_limit_deferred"))
    body = payload("webhook_inbound_text")
    wamid = body["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    assert found_by(manager, CUSTOMER_PHONE) == found_by(manager, wamid) == [wanted.pk]
    assert found_by(manager, "nobody") == []
    assert found_by(manager, "") == [other.pk, wanted.pk]


def test_who_may_not_see_phones_does_not_find_by_them(number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    reader = client_with("providers.view_webhookdelivery")
    assert found_by(reader, CUSTOMER_PHONE) == []
    page = text_of(reader.get(address("webhookdelivery_changelist"), {"q": CUSTOMER_PHONE}))
    assert "Your role may not search by phone" in page


def test_a_replay_makes_an_older_delivery_findable(number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_inbound_text"))
    WebhookDelivery.objects.update(keys=[])
    admin = client_of(Role.ADMIN)
    admin.post(address("webhookdelivery_replay", delivery.pk))
    assert found_by(admin, CUSTOMER_PHONE) == [delivery.pk]


def test_the_list_is_narrowed_by_state_account_and_day(manager: Client, number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    failed = deliver(number.account, b"junk")
    foreign = deliver(account_make(), b"junk")
    assert found_by(manager, "", state__exact="failed", account__id__exact=number.account_id) == [failed.pk]
    today = timezone.localdate().isoformat()
    assert found_by(manager, "", received_at_to="2020-01-01") == []
    assert foreign.pk in found_by(manager, "", received_at_from=today, received_at_to=today)
    assert foreign.pk in found_by(manager, "", received_at_from="junk")


def test_nobody_counts_a_huge_inbox(manager: Client, number: SenderNumber, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(number.account, payload("webhook_inbound_text"))
    with connection.execute_wrapper(_no_counting):
        assert manager.get(address("webhookdelivery_changelist")).status_code == 200


def _no_counting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert not ("COUNT(" in sql.upper() and "webhookdelivery" in sql)
    return execute(sql, params, many, context)


def test_a_search_uses_the_index(number: SenderNumber) -> None:
    rows = WebhookDelivery.objects.filter(keys__overlap=[id_key("wamid.1")])
    plan = plan_explain(*rows.order_by().query.sql_with_params(), without=("seqscan",), only=("delivery_by_key",))
    assert "delivery_by_key" in plan


def test_the_list_and_the_page_take_the_same_queries_however_much_there_is(
    manager: Client, number: SenderNumber
) -> None:
    delivery = deliver(number.account, payload("webhook_statuses_batched_out_of_order"))
    pages = [address("webhookdelivery_changelist"), address("webhookdelivery_change", delivery.pk)]
    few = [queries_of(manager, page) for page in pages]
    for _index in range(5):
        deliver(account_make(), payload("webhook_inbound_text"))
    assert [queries_of(manager, page) for page in pages] == few


# --- the page ------------------------------------------------------------------------------------------------------------


def test_a_form_is_shown_by_its_fields_and_masked_by_what_its_events_name(
    manager: Client, number: SenderNumber
) -> None:
    delivery = deliver(number.account, b"From=whatsapp%3A%2B5491155550100&Body=hola&Sid=SM1")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, query="reference=abc"
    )
    page = text_of(client_with("providers.view_webhookdelivery").get(address("webhookdelivery_change", delivery.pk)))
    assert "SM1" in page
    assert "reference" in page
    assert "5491155550100" not in page
    assert "whatsapp:+5491155550100" in text_of(manager.get(address("webhookdelivery_change", delivery.pk)))


def test_a_page_says_what_the_delivery_tells(manager: Client, number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_statuses_batched_out_of_order"))
    assert "Delivery report" in text_of(manager.get(address("webhookdelivery_change", delivery.pk)))


def test_names_and_texts_of_people_are_masked_too(number: SenderNumber) -> None:
    body = payload("webhook_inbound_text")
    value = body["entry"][0]["changes"][0]["value"]
    delivery = deliver(number.account, body)
    page = text_of(client_with("providers.view_webhookdelivery").get(address("webhookdelivery_change", delivery.pk)))
    assert value["messages"][0]["text"]["body"] not in page
    assert value["contacts"][0]["profile"]["name"] not in page


def test_a_call_is_shown_with_both_its_sides(manager: Client, number: SenderNumber) -> None:
    call = number.account.calls.create(
        purpose="numbers",
        method="GET",
        url="https://graph.example/1",
        status=400,
        request={"headers": {"accept": "json"}},
        response={"body": {"error": {"code": 190}}},
        duration_ms=12,
    )
    page = text_of(manager.get(address("providercall_change", call.pk)))
    assert "HTTP 400" in page
    assert "&quot;code&quot;: 190" in page
    assert manager.get("/manager/providers/providercall/999999/change/").status_code == 404
