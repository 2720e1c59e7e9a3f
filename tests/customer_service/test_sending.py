"""Sending from a ticket: the recontact and free text; what is refused, and how the page says it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hsm_portal.models import User
from recontact.models import CostEntry, Message, Query, Recontact
from templates_app.models import Template, TemplateStatus
from tests.customer_service.agents import agent_make, browser, customer_writes, hsm_data, template_for
from tests.factories import query_make, template_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def query(ana: User) -> Query:
    return query_make(assigned_to=ana, state=Query.State.IN_PROGRESS)


@pytest.fixture
def template(query: Query) -> Template:
    return template_for(query)


def recontact(user: User, query: Query, template: Template | None, **data: str) -> Any:
    return browser(user).post(f"/service/queries/{query.pk}/recontact/", hsm_data(template, **data))


def nothing_stored() -> bool:
    return not (Message.objects.exists() or Recontact.objects.exists() or CostEntry.objects.exists())


def test_it_queues_the_recontact_with_its_price_and_comes_back_to_the_ticket(
    ana: User, query: Query, template: Template
) -> None:
    response = recontact(ana, query, template)

    message = Message.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == f"/service/queries/{query.pk}/?tab=mine"
    assert (message.state, str(message.estimate), message.created_by) == ("queued", "0.026000", ana)
    assert message.recontact.state == Recontact.State.RESERVED
    assert "viernes 21, 15:30 h" in message.body


def test_it_sends_one_message_for_a_form_that_came_twice(ana: User, query: Query, template: Template) -> None:
    recontact(ana, query, template)
    response = recontact(ana, query, template)

    page = response.content.decode()
    assert response.status_code == 409
    assert "This form was sent already" in page
    assert re.search(r"Recontacted by Ana, [^<]+, waiting to be sent", page)
    assert Message.objects.count() == 1


def test_it_refuses_a_second_recontact_by_name(ana: User, query: Query, template: Template) -> None:
    recontact(ana, query, template)
    response = recontact(ana, query, template, send_key="0d1e2f30-0000-4000-8000-000000000001")

    assert response.status_code == 409
    assert "Already recontacted by Ana" in response.content.decode()
    assert Message.objects.count() == 1


def test_it_names_a_missing_value_beside_its_field_and_keeps_the_others(
    ana: User, query: Query, template: Template
) -> None:
    response = recontact(ana, query, template, **{"var-body.3": ""})

    page = response.content.decode()
    assert response.status_code == 400
    assert "{{3}} is empty: fill it in." in page
    assert 'name="var-body.1" value="Carla"' in page
    assert hsm_data()["send_key"] in page
    assert nothing_stored()


def test_it_refuses_line_breaks_where_whatsapp_does(ana: User, query: Query, template: Template) -> None:
    response = recontact(ana, query, template, **{"var-body.3": "viernes\n15:30"})

    assert response.status_code == 400
    assert nothing_stored()


def test_it_asks_for_a_template(ana: User, query: Query) -> None:
    template_for(query, name="una")
    template_for(query, name="otra")

    response = recontact(ana, query, None)

    assert response.status_code == 400
    assert "Choose a template first." in response.content.decode()


def test_it_knows_no_template_of_another_account(ana: User, query: Query) -> None:
    template_for(query)

    response = recontact(ana, query, template_make(name="ajena"))

    assert response.status_code == 400
    assert nothing_stored()


def test_it_says_why_a_template_that_was_paused_meanwhile_is_not_sent(
    ana: User, query: Query, template: Template
) -> None:
    Template.objects.filter(pk=template.pk).update(status=TemplateStatus.PAUSED)

    response = recontact(ana, query, template)

    assert response.status_code == 409
    assert "WhatsApp paused the template" in response.content.decode()
    assert nothing_stored()


def test_it_refuses_the_recontact_when_the_customer_wrote_meanwhile_and_offers_free_text(
    ana: User, query: Query, template: Template
) -> None:
    customer_writes(query)

    response = recontact(ana, query, template)

    page = response.content.decode()
    assert response.status_code == 409
    assert "answer with free text, no HSM is needed" in page
    assert "Message to the customer" in page
    assert nothing_stored()


def test_it_refuses_to_recontact_a_resolved_query(ana: User, template: Template, query: Query) -> None:
    Query.objects.filter(pk=query.pk).update(state=Query.State.RESOLVED)

    response = recontact(ana, query, template)

    assert response.status_code == 409
    assert "The query is resolved" in response.content.decode()


def test_it_says_that_a_stopped_number_sends_nothing(ana: User, query: Query, template: Template) -> None:
    number = query.sender_number
    number.parked_at, number.parked_reason = timezone.now(), "number_blocked"
    number.save()

    response = recontact(ana, query, template)

    assert response.status_code == 409
    assert "The sender number is stopped" in response.content.decode()
    assert nothing_stored()


def test_it_shows_the_bubble_with_what_is_in_the_form(ana: User, query: Query, template: Template) -> None:
    data = hsm_data(template, **{"var-body.1": "<Marta>"})

    page = browser(ana).post(f"/service/queries/{query.pk}/recontact/bubble/", data).content.decode()

    assert "<mark>&lt;Marta&gt;</mark>" in page


def test_it_fills_in_the_variables_anew_for_another_template(ana: User, query: Query, template: Template) -> None:
    other = template_for(query, name="otra")
    data = {**hsm_data(template, **{"var-body.1": "Otra Persona"}), "template": other.pk}

    page = browser(ana).post(f"/service/queries/{query.pk}/recontact/panel/", data).content.decode()

    assert 'name="var-body.1" value="Carla"' in page
    assert f'name="shown" value="{other.pk}"' in page


def test_it_knows_no_other_part_of_the_panel(ana: User, query: Query) -> None:
    assert browser(ana).post(f"/service/queries/{query.pk}/recontact/base/").status_code == 404


def text(user: User, query: Query, words: str, send_key: str = "k1") -> Any:
    return browser(user).post(f"/service/queries/{query.pk}/text/", {"text": words, "send_key": send_key})


def test_it_queues_free_text_inside_the_window(ana: User, query: Query) -> None:
    customer_writes(query)

    response = text(ana, query, "Hola Carla, lo reviso.")

    assert response.status_code == 302
    assert Message.objects.get().body == "Hola Carla, lo reviso."


def test_it_sends_a_text_once_when_the_button_was_pressed_twice(ana: User, query: Query) -> None:
    customer_writes(query)

    text(ana, query, "Hola")
    response = text(ana, query, "Hola")

    assert response.status_code == 409
    assert Message.objects.count() == 1


def test_it_keeps_the_text_when_the_window_closed_meanwhile(ana: User, query: Query) -> None:
    customer_writes(query, at=timezone.now() - timedelta(days=2))

    response = text(ana, query, "Llegué tarde")

    assert response.status_code == 409
    assert "only an HSM can be sent" in response.content.decode()
    assert nothing_stored()


def test_it_sends_no_empty_text(ana: User, query: Query) -> None:
    customer_writes(query)

    response = text(ana, query, "  \n ")

    assert response.status_code == 400
    assert "Write a message first." in response.content.decode()


def test_it_gives_an_unassigned_query_to_the_agent_who_recontacts_it(ana: User) -> None:
    query = query_make()

    recontact(ana, query, template_for(query))

    query.refresh_from_db()
    assert (query.assigned_to, query.state) == (ana, Query.State.IN_PROGRESS)
