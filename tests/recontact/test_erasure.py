"""Erasing a customer leaves nothing personal and breaks nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from customer_service.models import InboundMessage, Note
from providers.contracts import DeliveryStatus, StatusEvent
from providers.models import WebhookDelivery
from recontact.customers import customer_identify, customer_merge, opt_out_add, opt_out_revoke, opt_out_standing
from recontact.delivery import status_apply
from recontact.erasure import CannotErase, customer_erase
from recontact.hashes import keyed_hash
from recontact.models import (
    Attempt,
    CostEntry,
    Customer,
    Incident,
    Message,
    MessageEvent,
    Query,
    QueryEvent,
    Recontact,
    Settlement,
)
from tests.deliveries import (
    CUSTOMER_BSUID,
    CUSTOMER_PHONE,
    deliver,
    delivery_make,
    payload,
    payload_number_make,
)
from tests.factories import customer_make, message_make, query_make, rate_card_make, template_make, user_make

pytestmark = pytest.mark.django_db

WAMID = "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkE2MDcyRUM3MzU1RTExRTdEOAA="
PERSONAL = ["5491155550100", "Lucía", "lucia", "Carla", CUSTOMER_BSUID, "NNTQ5MTE1NTU1MDEwMB", "secreto"]


@pytest.fixture
def story() -> Message:
    """A customer with a bit of everything: an answered recontact, notes, events, attempts, a person's decisions."""
    number = payload_number_make()
    rate_card_make(account=number.account)
    ana = user_make()
    customer = customer_make(phone=CUSTOMER_PHONE, name="Lucía Fernández", tags=["secreto"], wa_id="5491155550100")
    old = customer_identify(bsuid="AR.OLDOLDOLD1", name="Lucía vieja")
    customer_merge(keep=customer, gone=old)
    query = query_make(
        customer=customer, sender_number=number, subject="secreto", data={"dni": "secreto"}, preview="secreto"
    )
    message = message_make(query=query, template=template_make(account=number.account), user=ana)
    Message.objects.filter(pk=message.pk).update(state="accepted", provider_message_id=WAMID)
    status_apply(number.account_id, _status(DeliveryStatus.SENT))
    MessageEvent.objects.update(detail="secreto")
    Attempt.objects.create(
        message=message, number=1, claimed_at=timezone.now(), request={"to": "5491155550100"}, detail="secreto"
    )
    Settlement.objects.create(message=message, outcome="accepted", reason="Lucía llamó", user=ana)
    Incident.objects.create(message=message, kind="sent_twice", note="secreto")
    QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.REFERRED, detail="secreto")
    deliver(number.account, payload("webhook_inbound_text_reply_to_template"))
    Note.objects.create(query=query, author=ana, text="secreto de Lucía")
    opt_out_add(customer=customer, scope="all", source="Lucía llamó", user=ana)
    opt_out_revoke(customer=customer, scope="all", source="Lucía firmó")
    LogEntry.objects.log_create(
        customer, force_log=True, action=LogEntry.Action.UPDATE, changes={"name": ["Carla", "Lucía"]}
    )
    message.refresh_from_db()
    return message


def _status(status: DeliveryStatus) -> StatusEvent:
    return StatusEvent(WAMID, status, timezone.now())


def _tables_with(words: list[str]) -> dict[str, list[str]]:
    """Every table but the raw inbox, as text, with the words that still occur in it."""
    kept = {WebhookDelivery._meta.db_table, "hsm_portal_user"}
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - kept):
            cursor.execute(f"SELECT coalesce(string_agg(row::text, chr(10)), '') FROM \"{table}\" row")
            text = cursor.fetchone()[0]
            hits = [word for word in words if word in text]
            if hits:
                found[table] = hits
    return found


def _personal_tables() -> dict[str, list[str]]:
    # The template's own examples are not the customer's.
    return {table: words for table, words in _tables_with(PERSONAL).items() if table != "templates_app_template"}


def test_the_search_finds_personal_data_before_the_erasure(story: Message) -> None:
    found = _tables_with(PERSONAL)
    assert {"recontact_customer", "recontact_message", "customer_service_inboundmessage", "auditlog_logentry"} <= set(
        found
    )


def test_no_personal_string_is_left_in_any_table(story: Message) -> None:
    customer_erase(customer_id=story.customer_id, user=None)
    assert not _personal_tables()


def test_erasing_twice_changes_nothing(story: Message) -> None:
    customer_erase(customer_id=story.customer_id, user=None)
    before = (_row(story), Customer.objects.values().get(pk=story.customer_id), _inbound_id())
    customer_erase(customer_id=story.customer_id, user=None)
    assert (_row(story), Customer.objects.values().get(pk=story.customer_id), _inbound_id()) == before


def _row(message: Message) -> Any:
    return Message.objects.filter(pk=message.pk).values().get()


def _inbound_id() -> str:
    return InboundMessage.objects.get().provider_message_id


def test_ledger_and_prices_stay(story: Message) -> None:
    ledger = Recontact.objects.values("state", "query_id", "message_id").get()
    prices = list(CostEntry.objects.values_list("amount", "currency", "market", "category"))
    customer_erase(customer_id=story.customer_id, user=None)
    assert Recontact.objects.values("state", "query_id", "message_id").get() == ledger
    assert list(CostEntry.objects.values_list("amount", "currency", "market", "category")) == prices != []


def test_a_status_that_comes_afterwards_finds_its_message(story: Message) -> None:
    customer_erase(customer_id=story.customer_id, user=None)
    status_apply(story.account_id, _status(DeliveryStatus.DELIVERED))
    story.refresh_from_db()
    assert story.state == "delivered"


def test_a_status_that_comes_afterwards_brings_nothing_back(story: Message) -> None:
    customer_erase(customer_id=story.customer_id, user=None)
    late = StatusEvent(
        WAMID,
        DeliveryStatus.READ,
        timezone.now(),
        recipient_phone=CUSTOMER_PHONE,
        recipient_bsuid=CUSTOMER_BSUID,
    )
    status_apply(story.account_id, late)
    status_apply(story.account_id, _status(DeliveryStatus.SENT))
    assert not _personal_tables()
    assert MessageEvent.objects.filter(status="sent").count() == 1


def test_who_had_opted_out_is_still_left_alone_when_he_comes_back(story: Message) -> None:
    opt_out_add(customer=story.customer, scope="marketing", source="customer's word")
    customer_erase(customer_id=story.customer_id, user=None)
    back = customer_identify(phone=CUSTOMER_PHONE)
    assert back.pk != story.customer_id
    assert opt_out_standing(back.pk, category="marketing") is not None


def test_a_delivery_that_comes_again_brings_nothing_back(story: Message) -> None:
    delivery = WebhookDelivery.objects.get()
    customer_erase(customer_id=story.customer_id, user=None)
    deliver(story.account, bytes(delivery.body))
    assert not Customer.objects.filter(phone=CUSTOMER_PHONE).exists()
    assert InboundMessage.objects.get().text == ""


def test_the_raw_webhooks_about_the_customer_go_with_him_and_others_stay(story: Message) -> None:
    waiting = delivery_make(story.account, payload("webhook_inbound_text"))
    other = deliver(story.account, payload("webhook_account_alerts_limit_deferred"))
    customer_erase(customer_id=story.customer_id, user=None)
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == {waiting.pk, other.pk}


def test_the_open_query_is_closed_with_it(story: Message) -> None:
    customer_erase(customer_id=story.customer_id, user=None)
    query = Query.objects.get()
    assert (query.state, query.resolution, query.data) == ("resolved", "erased", {})


def test_hashes_stand_for_phone_and_id(story: Message) -> None:
    customer = customer_erase(customer_id=story.customer_id, user=None)
    assert (customer.phone, customer.phone_hash) == (None, keyed_hash(CUSTOMER_PHONE))
    assert customer.bsuid_hash == keyed_hash(CUSTOMER_BSUID)
    assert customer.erased_at is not None


def test_what_waits_to_be_sent_is_cancelled_and_the_right_given_back() -> None:
    message = message_make()
    customer_erase(customer_id=message.customer_id, user=None)
    message.refresh_from_db()
    assert (message.state, message.recontact.state) == ("cancelled", "released")


@pytest.mark.parametrize("state", ["sending", "uncertain"])
def test_it_waits_for_a_message_that_is_under_way(state: str) -> None:
    message = message_make()
    Message.objects.filter(pk=message.pk).update(
        state="sending", lease_expires_at=timezone.now() + timedelta(minutes=1)
    )
    Message.objects.filter(pk=message.pk).update(state=state)
    with pytest.raises(CannotErase, match="Nothing was erased"):
        customer_erase(customer_id=message.customer_id, user=None)
    customer = Customer.objects.get(pk=message.customer_id)
    assert (customer.erased_at, bool(customer.phone), bool(message.body)) == (None, True, True)


def test_it_erases_the_one_that_a_merged_customer_became(story: Message) -> None:
    gone = Customer.objects.get(merged_into=story.customer)
    assert customer_erase(customer_id=gone.pk, user=None).pk == story.customer_id


def test_it_remembers_who_erased(story: Message) -> None:
    ana = user_make()
    customer_erase(customer_id=story.customer_id, user=ana)
    assert LogEntry.objects.filter(actor=ana, object_pk=str(story.customer_id)).count() == 1


def test_other_customers_are_left_alone(story: Message) -> None:
    other = message_make(query=query_make(customer=customer_make(name="Otra Persona")))
    customer_erase(customer_id=story.customer_id, user=None)
    other.refresh_from_db()
    assert (other.state, other.customer.name, bool(other.body)) == ("queued", "Otra Persona", True)


@pytest.mark.parametrize("option", ["--phone=+54 9 11 5555-0100", f"--bsuid={CUSTOMER_BSUID}"])
def test_the_command_erases_by_phone_or_id(story: Message, option: str) -> None:
    call_command("erase_customer", option)
    assert Customer.objects.get(pk=story.customer_id).erased_at is not None


def test_the_command_erases_by_number(story: Message) -> None:
    call_command("erase_customer", f"--id={story.customer_id}")
    assert Customer.objects.get(pk=story.customer_id).erased_at is not None


def test_the_command_finds_who_was_erased_before(story: Message) -> None:
    call_command("erase_customer", f"--phone={CUSTOMER_PHONE}")
    call_command("erase_customer", f"--phone={CUSTOMER_PHONE}")
    assert Customer.objects.filter(erased_at=None).count() == 0


@pytest.mark.parametrize("option", ["--id=999999", "--phone=+5491155559999", "--phone=abc", "--bsuid=AR.X"])
def test_the_command_names_what_it_cannot_find(option: str) -> None:
    with pytest.raises(CommandError):
        call_command("erase_customer", option)
