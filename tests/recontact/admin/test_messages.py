"""The history of messages, the page of one, and what a person may do there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.abilities import LookUpAnswer
from providers.contracts import Exchange
from providers.delivery_keys import id_key
from providers.errors import Reason
from providers.models import ProviderCall, WebhookDelivery
from recontact import ledger
from recontact.look_ups import look_up_apply
from recontact.models import Attempt, Message, MessageEvent, Recontact
from tests.factories import customer_make, message_make, query_make, rate_card_make, sender_number_make, template_make
from tests.recontact.chains import campaign_message, fail

LIST = "/manager/recontact/message/"


def page_of(message: Message) -> str:
    return f"{LIST}{message.pk}/change/"


def moved(message: Message, *states: str, **fields: object) -> Message:
    for state in states:
        Message.objects.filter(pk=message.pk).update(state=state)
    Message.objects.filter(pk=message.pk).update(**fields)
    ledger.settle([message.pk])
    message.refresh_from_db()
    return message


@pytest.mark.parametrize("term", ["lucía fern", "5555 0142", "+54 9 11 5555-0142", "#{pk}", "{reference}", "wamid.7"])
def test_it_finds_a_message_as_people_look_for_it(client: Client, term: str) -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    customer = customer_make(phone="+5491155550142", name="Lucía Fernández")
    wanted = message_make(query=query_make(customer=customer, sender_number=number), template=template)
    Message.objects.filter(pk=wanted.pk).update(provider_message_id="wamid.7")
    other = message_make(
        query=query_make(sender_number=number, customer=customer_make(name="Diego Ramos")), template=template
    )

    page = client.get(LIST, {"q": term.format(pk=wanted.pk, reference=wanted.reference)}).content.decode()

    assert page_of(wanted) in page
    assert page_of(other) not in page


def test_it_filters_by_state(client: Client) -> None:
    queued, read = message_make(), moved(message_make(), "sending", "read")

    page = client.get(LIST, {"state__exact": "read"}).content.decode()

    assert page_of(read) in page
    assert page_of(queued) not in page


def test_it_masks_phones_for_who_need_not_see_them(client: Client, client_of: Callable[[Role], Client]) -> None:
    message = message_make(query=query_make(customer=customer_make(phone="+5491155550142")))
    ops = client_of(Role.OPS)

    for address in (LIST, page_of(message)):
        assert "+54 9 11 5555-0142" in client.get(address).content.decode()
        shown = ops.get(address).content.decode()
        assert "+54 •••• 0142" in shown
        assert "5555-0142" not in shown


def test_its_list_takes_the_same_queries_however_long(client: Client) -> None:
    counts = []
    for _round in range(2):
        for _message in range(3):
            message_make()
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert counts[0] <= 14


def test_it_shows_what_happened_with_the_providers_reasons(client: Client) -> None:
    message = moved(message_make(), "sending", "failed", reason="recipient_unreachable", provider_code="131026")
    Attempt.objects.create(
        message=message, number=1, claimed_at=timezone.now(), http_status=200, request={"template": "retomar_turno"}
    )
    MessageEvent.objects.create(
        account=message.account, message=message, provider_message_id="wamid.7", status="failed",
        occurred_at=timezone.now(), effect="moved", reason="recipient_unreachable", provider_code="131026",
    )  # fmt: skip

    page = client.get(page_of(message)).content.decode()

    assert "The phone has no WhatsApp" in page
    assert "131026" in page
    assert "HTTP 200" in page
    assert "?provider=meta&amp;code=131026" in page
    assert f"/manager/recontact/attempt/{message.attempts.get().pk}/change/" in page
    assert "US$ 0.0260" in page


def test_it_hides_costs_and_requests_from_who_may_not_see_them(client_of: Callable[[Role], Client]) -> None:
    message = message_make()
    Attempt.objects.create(message=message, number=1, claimed_at=timezone.now(), request={"secret": "x"})

    page = client_of(Role.OPS).get(page_of(message)).content.decode()

    assert "US$ 0.0260" in page
    assert "&quot;secret&quot;" not in page


def test_it_looks_again_only_while_the_message_may_still_move(client: Client) -> None:
    message = message_make()
    assert "every 2s" in client.get(page_of(message)).content.decode()

    moved(message, "sending", "read")

    assert "every 2s" not in client.get(page_of(message)).content.decode()


@pytest.mark.parametrize(("ago", "looks"), [(timedelta(seconds=5), True), (timedelta(hours=1), False)])
def test_it_waits_a_while_for_a_delivered_message_to_be_read(client: Client, ago: timedelta, looks: bool) -> None:
    message = moved(message_make(), "sending", "delivered", delivered_at=timezone.now() - ago)

    assert ("every 2s" in client.get(page_of(message)).content.decode()) is looks


def test_it_sends_only_its_live_part_to_htmx(client: Client) -> None:
    page = client.get(page_of(message_make()), headers={"HX-Request": "true"}).content.decode()

    assert page.lstrip().startswith("<section")


def test_it_cancels_a_queued_message_and_gives_the_right_back(client: Client) -> None:
    message = message_make()

    client.post(f"{LIST}{message.pk}/cancel/")

    message.refresh_from_db()
    assert message.state == "cancelled"
    assert Recontact.objects.get().state == "released"


def test_it_cannot_cancel_what_has_left(client: Client) -> None:
    message = moved(message_make(), "sending")

    page = client.post(f"{LIST}{message.pk}/cancel/", follow=True).content.decode()

    message.refresh_from_db()
    assert message.state == "sending"
    assert "could not be cancelled" in page


def test_it_gives_a_recontact_back_after_a_failure_that_was_not_billed(client: Client, manager: User) -> None:
    message = moved(message_make(), "sending", "failed", billed=False)
    row = Recontact.objects.get()
    assert "Give the recontact back" in client.get(page_of(message)).content.decode()

    client.post(f"/manager/recontact/recontact/{row.pk}/release/", {"reason": "sin WhatsApp"})

    row.refresh_from_db()
    assert (row.state, row.released_by, row.release_reason) == ("released", manager, "sin WhatsApp")


def test_it_gives_no_recontact_back_without_a_reason_or_after_delivery(client: Client) -> None:
    message = moved(message_make(), "sending", "failed", billed=False)
    row = Recontact.objects.get()
    address = f"/manager/recontact/recontact/{row.pk}/release/"

    assert "Write the reason" in client.post(address, {"reason": " "}, follow=True).content.decode()
    moved(message, "delivered")
    assert "cannot be given back" in client.post(address, {"reason": "x"}, follow=True).content.decode()

    row.refresh_from_db()
    assert row.state == "spent"


@pytest.mark.parametrize("number", ["999999999", "abc", "9" * 30])
def test_it_knows_no_message_of_that_number(client: Client, number: str) -> None:
    assert client.get(f"{LIST}{number}/change/").status_code == 404


def test_who_may_not_see_phones_does_not_find_by_them(client_of: Callable[[Role], Client]) -> None:
    message = message_make(query=query_make(customer=customer_make(phone="+5491155550142", name="Lucía Fernández")))
    ops = client_of(Role.OPS)

    found = {term: page_of(message) in ops.get(LIST, {"q": term}).content.decode() for term in
             ("+5491155550142", "55550142", "0142", "lucía 5491155550142", "lucía fern")}  # fmt: skip

    assert [term for term, is_found in found.items() if is_found] == ["lucía fern"]


def test_it_links_to_the_webhooks_about_the_message(client: Client) -> None:
    message = message_make()
    delivery = WebhookDelivery.objects.create(
        account=message.account, body=b"{}", state="processed", keys=[id_key(str(message.reference))]
    )
    WebhookDelivery.objects.create(account=message.account, body=b"{}", state="processed")

    page = client.get(page_of(message)).content.decode()

    assert (
        page.count("/manager/providers/webhookdelivery/") - page.count('href="/manager/providers/webhookdelivery/"')
        == 1
    )
    assert f"/manager/providers/webhookdelivery/{delivery.pk}/change/" in page


def test_nobody_counts_all_messages(client: Client) -> None:
    message_make()

    with CaptureQueriesContext(connection) as captured:
        client.get(LIST)

    assert not [row["sql"] for row in captured if "COUNT(" in row["sql"] and "uncertain" not in row["sql"]]


def test_it_shows_what_the_provider_was_asked_and_what_it_said(client: Client) -> None:
    message = message_make()
    exchange = Exchange("GET", "https://api.example/messages/1", None, 200, {"body": {}}, 12, "")
    answer = LookUpAnswer(absent=True, exchanges=(exchange,))
    look_up_apply(message_id=message.pk, asked_at=timezone.now(), answer=answer)

    page = client.get(page_of(message)).content.decode()

    assert "The provider does not have the message" in page
    assert f"/manager/providers/providercall/{ProviderCall.objects.get().pk}/change/" in page


def test_the_tries_of_one_recipient_lead_to_each_other(client: Client) -> None:
    first = campaign_message()
    fail(first, Reason.MEDIA_FETCH)
    second = Message.objects.get(retry_of=first)

    pages = [client.get(page_of(each)).content.decode() for each in (first, second)]

    assert f'href="{page_of(second)}"' in pages[0]
    assert f'href="{page_of(first)}"' in pages[1]
