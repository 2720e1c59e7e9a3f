"""Messages over HTTP: sending to a phone, and what is shown of a message to whom."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from recontact.models import CostEntry, Message, MessageEvent, Query
from recontact.windows import window_extend
from templates_app.models import Template
from tests.api_client import KeyClient, client_make, kept
from tests.factories import (
    VALUES,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
    user_make,
)

pytestmark = pytest.mark.django_db

PHONE = "+5491155554321"


@pytest.fixture
def api() -> KeyClient:
    return client_make()


@pytest.fixture
def template() -> Template:
    """An approved template at the only active number, with prices."""
    number = sender_number_make()
    rate_card_make(account=number.account)
    return template_make(account=number.account)


def body_of(template: Template, **fields: Any) -> dict[str, Any]:
    return {"phone": PHONE, "template": template.pk, "values": VALUES} | fields


def refused(api: KeyClient, body: Any) -> tuple[int, str, str]:
    before = kept()
    problem = api.send("messages", body).json()
    assert kept() == before
    return problem["status"], problem["code"], problem["errors"][0]["field"]


def test_it_queues_a_message_to_a_phone_without_a_query(api: KeyClient, template: Template) -> None:
    response = api.send("messages", body_of(template, name="Bea"))

    message = Message.objects.get()
    assert (response.status_code, response["Location"]) == (202, f"/api/v1/messages/{message.pk}")
    assert (message.recipient_phone, message.customer.name) == (PHONE, "Bea")
    assert not Query.objects.exists()


def test_it_opens_a_query_when_asked_to(api: KeyClient, template: Template) -> None:
    response = api.send("messages", body_of(template, open_query=True, data={"order": 7}))

    query = Query.objects.get()
    assert response.json()["query"] == query.pk
    assert (query.origin, query.data, query.assigned_to) == ("api", {"order": 7}, api.user)


def test_it_needs_the_right_to_open_queries_for_that(template: Template) -> None:
    sender = client_make(scopes=["messages:send"])

    assert refused(sender, body_of(template, open_query=True)) == (403, "permission_denied", "")


def test_it_sends_to_a_whatsapp_user_id(api: KeyClient, template: Template) -> None:
    response = api.send("messages", body_of(template, phone="", bsuid="AR.1234567890"))

    assert response.status_code == 202
    assert Message.objects.get().recipient_bsuid == "AR.1234567890"


def test_it_leads_to_the_open_query_of_the_phone(api: KeyClient, template: Template) -> None:
    query = query_make(customer=customer_make(phone=PHONE), sender_number=template.account.numbers.get())

    problem = api.send("messages", body_of(template)).json()

    assert (problem["status"], problem["code"]) == (409, "open_query_exists")
    assert problem["errors"][0]["params"] == {"query": query.pk}


def test_it_refuses_a_second_message_while_one_is_on_its_way(api: KeyClient, template: Template) -> None:
    api.send("messages", body_of(template))

    assert refused(api, body_of(template)) == (409, "recently_messaged", "")


def test_it_refuses_a_phone_with_an_open_window(api: KeyClient, template: Template) -> None:
    customer, number = customer_make(phone=PHONE), template.account.numbers.get()
    window_extend(customer_id=customer.pk, sender_number_id=number.pk, inbound_at=timezone.now() - timedelta(hours=3))

    assert refused(api, body_of(template)) == (409, "window_open", "")


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"phone": "12"}, "invalid_phone", "phone"),
        ({"phone": ""}, "required", "phone"),
        ({"phone": {"a": 1}}, "invalid", "phone"),
        ({"bsuid": "AR.1234567890"}, "ambiguous", "bsuid"),
        ({"values": {}}, "invalid_variables", "values.body.1"),
        ({"values": {"body.1": None}}, "null", "values.body.1"),
        ({"values": ["Carla"]}, "not_a_dict", "values"),
        ({"parameters": "Carla"}, "not_a_list", "parameters"),
        ({"sender_number": 999}, "sender_number_unknown", "sender_number"),
        ({"sender_number": []}, "invalid", "sender_number"),
        ({"open_query": "maybe"}, "invalid", "open_query"),
    ],
)
def test_it_names_what_is_wrong_with_a_send(
    api: KeyClient, template: Template, fields: dict[str, Any], code: str, field: str
) -> None:
    assert refused(api, body_of(template, **fields)) == (400, code, field)


def test_it_names_what_a_template_by_name_lacks(api: KeyClient, template: Template) -> None:
    assert refused(api, body_of(template) | {"template": {"language": "es"}}) == (400, "required", "template.name")


def test_it_refuses_an_authentication_template_without_a_phone(api: KeyClient, template: Template) -> None:
    Template.objects.filter(pk=template.pk).update(category=Template.Category.AUTHENTICATION)

    status, code, _field = refused(api, body_of(template, phone="", bsuid="AR.1234567890"))

    assert (status, code) == (409, "template_needs_phone")


def test_it_shows_events_reason_and_cost(api: KeyClient) -> None:
    message = message_make(user=api.user)
    Message.objects.filter(pk=message.pk).update(state="failed", reason="marketing_limit", billed=False)
    MessageEvent.objects.create(
        account=message.account, message=message, provider_message_id="wamid.1", status="failed",
        reason="marketing_limit", occurred_at=timezone.now(), provider_code="131049",
    )  # fmt: skip
    CostEntry.objects.create(
        message=message, kind=CostEntry.Kind.REPORT, amount=Decimal("0"), currency="USD", market="AR",
        category="utility", source="webhook",
    )  # fmt: skip

    shown = api.read(f"messages/{message.pk}")

    assert (shown["state"], shown["reason"], shown["billed"]) == ("failed", "marketing_limit", False)
    assert shown["reason_sentence"].startswith("WhatsApp limits how much marketing")
    assert shown["events"][0]["provider_code"] == "131049"
    assert shown["cost"] == {"amount": "0.000000", "currency": "USD"}


def test_it_hides_costs_and_phones_from_a_key_that_may_only_send(template: Template) -> None:
    sender = client_make(scopes=["messages:send"])

    shown = sender.send("messages", body_of(template)).json()

    assert (shown["estimate"], shown["customer"]["phone"]) == (None, "+54 •••• 4321")


def test_it_lists_to_an_agent_only_messages_within_reach() -> None:
    agent = client_make(permissions=["recontact.view_query", "recontact.view_message"])
    message_make(query=query_make(assigned_to=user_make()))
    mine = message_make(query=query_make(assigned_to=agent.user))

    assert [row["id"] for row in agent.read("messages")["results"]] == [mine.pk]


def test_it_shows_a_key_without_queries_only_what_its_user_sent(template: Template) -> None:
    sender = client_make(scopes=["messages:send", "messages:read"])
    other = message_make()
    sent = sender.send("messages", body_of(template, sender_number=template.account.numbers.get().pk)).json()

    assert [row["id"] for row in sender.read("messages")["results"]] == [sent["id"]]
    assert sender.get(f"/api/v1/messages/{other.pk}").status_code == 404


def test_it_shows_an_agent_nothing_that_somebody_else_sent_outside_of_queries(template: Template) -> None:
    agent = client_make(permissions=["recontact.view_query", "recontact.view_message"])
    client_make().send("messages", body_of(template, sender_number=template.account.numbers.get().pk))

    assert agent.read("messages")["results"] == []


def test_it_filters_messages(api: KeyClient) -> None:
    first, second = message_make(), message_make()
    Message.objects.filter(pk=second.pk).update(state="accepted")

    assert [row["id"] for row in api.read("messages?state=queued")["results"]] == [first.pk]
    assert [row["id"] for row in api.read(f"messages?query={second.query_id}")["results"]] == [second.pk]
    assert [row["id"] for row in api.read(f"messages?reference={first.reference}")["results"]] == [first.pk]


def test_it_lists_in_a_fixed_number_of_queries(api: KeyClient, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        message_make(user=user_make())

    with django_assert_max_num_queries(14):
        assert len(api.read("messages")["results"]) == 10
