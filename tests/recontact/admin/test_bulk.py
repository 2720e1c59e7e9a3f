"""*Recontact* for many queries: from the list to the result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.models import SenderNumber
from recontact.models import Campaign, CampaignRefusal, Message, OptOut, Query, ServiceWindow
from templates_app.models import Template
from tests.factories import message_make, query_make, rate_card_make, sender_number_make, template_make

LIST = "/manager/recontact/query/"
PAGE = "/manager/recontact/query/recontact/"


@pytest.fixture
def number(db: None) -> SenderNumber:
    number = sender_number_make()
    rate_card_make(account=number.account)
    return number


@pytest.fixture
def template(number: SenderNumber) -> Template:
    return template_make(account=number.account)


def form(queries: list[Query], template: Template, **changes: str) -> dict[str, str]:
    return {
        "ids": ",".join(str(query.pk) for query in queries),
        "name": "pagos",
        "send_key": "bulk-1",
        "template": str(template.pk),
        "mapped": str(template.pk),
        "source-body.1": "customer_first_name",
        "source-body.2": "me",
        "source-body.3": "data:turno",
    } | changes


def queries_of(number: SenderNumber, count: int) -> list[Query]:
    return [query_make(sender_number=number, data={"turno": "viernes 21"}) for _number in range(count)]


def test_it_goes_from_the_selection_to_the_page(client: Client, number: SenderNumber, template: Template) -> None:
    queries = queries_of(number, 3)
    chosen = {"action": "recontact_selected", "_selected_action": [str(query.pk) for query in queries]}

    page = client.post(LIST, chosen, follow=True).content.decode()

    assert "3 queries selected" in page
    assert f'value="{template.pk}"' in page


def test_it_offers_the_action_only_to_who_may(client_of: Callable[[Role], Client], number: SenderNumber) -> None:
    query = query_make(sender_number=number)
    coordinator = client_of(Role.COORDINATOR)

    assert "recontact_selected" not in coordinator.get(LIST).content.decode()
    coordinator.post(LIST, {"action": "recontact_selected", "_selected_action": [str(query.pk)]})

    assert not Campaign.objects.exists()
    assert coordinator.get(PAGE).status_code == 403


def test_it_guesses_what_fills_each_variable(client: Client, number: SenderNumber, template: Template) -> None:
    queries = queries_of(number, 1)
    data = form(queries, template, part="fields") | {"mapped": ""}

    context = client.post(f"{PAGE}preview/", data).context

    assert [row.filling.source for row in context["needed"]] == ["customer_first_name", "agent", "text"]


def test_it_tells_before_the_click_who_gets_it_and_what_it_costs(
    client: Client, number: SenderNumber, template: Template
) -> None:
    queries = queries_of(number, 4)
    message_make(query=queries[0], template=template)
    OptOut.objects.create(customer=queries[1].customer, scope="all", source="STOP")

    page = client.post(f"{PAGE}preview/", form(queries, template)).content.decode()

    assert "Already recontacted" in page
    assert "The customer asked for no messages" in page
    assert "Send 2 messages" in page
    assert "US$ 0.0520" in page


def test_it_predicts_what_the_outbox_then_does(client: Client, number: SenderNumber, template: Template) -> None:
    queries = queries_of(number, 5)
    message_make(query=queries[0], template=template)
    Query.objects.filter(pk=queries[1].pk).update(state="resolved")
    now = timezone.now()
    ServiceWindow.objects.create(
        customer=queries[2].customer, sender_number=number, last_inbound_at=now, expires_at=now + timedelta(hours=1)
    )
    Query.objects.filter(pk=queries[3].pk).update(data={})
    found = client.post(f"{PAGE}preview/", form(queries, template)).context["found"]
    predicted = {fate.query.pk: str(fate.code) for fate in found.fates if fate.code}

    client.post(PAGE, form(queries, template))

    assert dict(CampaignRefusal.objects.values_list("query", "code")) == predicted
    assert set(Message.objects.filter(campaign__isnull=False).values_list("query", flat=True)) == {queries[4].pk}


def test_it_names_each_one_sent_and_each_one_refused(
    client: Client, manager: User, number: SenderNumber, template: Template
) -> None:
    queries = queries_of(number, 3)
    message_make(query=queries[0], template=template, user=manager)

    page = client.post(PAGE, form(queries, template), follow=True).content.decode()

    assert "Already recontacted by Luis" in page
    assert "3 asked for = 2 queued + 1 refused." in page
    assert "The books balance" in page
    assert all(f"#{query.pk}<" in page for query in queries)


def test_it_sends_a_double_click_once(client: Client, number: SenderNumber, template: Template) -> None:
    queries = queries_of(number, 2)

    addresses = {client.post(PAGE, form(queries, template))["Location"] for _click in range(2)}

    assert len(addresses) == 1
    assert Message.objects.count() == 2
    assert not CampaignRefusal.objects.exists()


def test_it_fills_the_values_from_each_query(
    client: Client, manager: User, number: SenderNumber, template: Template
) -> None:
    client.post(PAGE, form(queries_of(number, 1), template))

    assert "Hola Carla, soy Luis" in Message.objects.get().body
    assert "lugar el viernes 21" in Message.objects.get().body


@pytest.mark.parametrize(("field", "words"), [("template", "Choose a template."), ("name", "Give the campaign a name")])
def test_it_asks_for_what_is_missing(
    client: Client, number: SenderNumber, template: Template, field: str, words: str
) -> None:
    answer = client.post(PAGE, form(queries_of(number, 1), template) | {field: ""})

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Campaign.objects.exists()


def test_it_takes_a_query_that_is_named_many_times_once(
    client: Client, template: Template, number: SenderNumber
) -> None:
    queries = queries_of(number, 1)
    ids = ",".join(str(queries[0].pk) for _copy in range(501))

    client.post(PAGE, form(queries, template, ids=ids))

    assert Message.objects.count() == 1


def test_it_sends_back_to_the_list_without_a_selection(client: Client) -> None:
    assert client.get(PAGE)["Location"] == LIST


@pytest.mark.parametrize("send_key", ["", "x" * 101, "a\x00b"])
def test_a_form_without_a_key_of_ours_sends_nothing(
    client: Client, number: SenderNumber, template: Template, send_key: str
) -> None:
    answer = client.post(PAGE, form(queries_of(number, 1), template, send_key=send_key))

    assert answer.status_code == 400
    assert not Campaign.objects.exists()


def test_a_name_that_no_column_takes_is_cleaned(client: Client, number: SenderNumber, template: Template) -> None:
    client.post(PAGE, form(queries_of(number, 1), template, name="pa\x00gos"))

    assert Campaign.objects.get().name == "pagos"
