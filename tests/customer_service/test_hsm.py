"""WhatsApp HSM: write first, with the price known; the open query is led to instead of a second one."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.models import SenderNumber
from recontact.models import Message, Query
from recontact.windows import window_extend
from templates_app.models import Template
from tests.customer_service.agents import agent_make, browser, hsm_data
from tests.factories import customer_make, query_make, rate_card_make, sender_number_make, template_make

pytestmark = pytest.mark.django_db

PHONE = "+54 9 11 5555-0142"


@pytest.fixture
def ana() -> User:
    return agent_make()


@pytest.fixture
def number() -> SenderNumber:
    number = sender_number_make()
    rate_card_make(account=number.account)
    return number


@pytest.fixture
def template(number: SenderNumber) -> Template:
    return template_make(account=number.account)


def send(user: User, number: SenderNumber, template: Template | None, phone: str = PHONE, **data: str) -> Any:
    return browser(user).post("/service/hsm/", hsm_data(template, phone=phone, number=number.pk, **data))


def part(user: User, number: SenderNumber, template: Template, name: str, phone: str = PHONE) -> str:
    data = hsm_data(template, phone=phone, number=number.pk)
    return browser(user).post(f"/service/hsm/{name}/", data).content.decode()


def test_it_opens_a_query_of_the_senders_and_goes_there(ana: User, number: SenderNumber, template: Template) -> None:
    response = send(ana, number, template)

    query = Query.objects.get()
    assert response.headers["Location"] == f"/service/queries/{query.pk}/"
    assert (query.assigned_to, query.origin, query.state) == (ana, "hsm", "in_progress")
    message = Message.objects.get()
    assert (message.origin, message.recipient_phone) == ("service", "+5491155550142")


def test_it_leads_to_the_open_query_of_the_phone(ana: User, number: SenderNumber, template: Template) -> None:
    query = query_make(customer=customer_make(phone="+5491155550142"), sender_number=number)

    response = send(ana, number, template)

    page = response.content.decode()
    assert response.status_code == 409
    assert f'href="/service/queries/{query.pk}/"' in page
    assert not Message.objects.exists()


def test_it_leads_to_no_query_that_the_agent_does_not_reach(
    ana: User, number: SenderNumber, template: Template
) -> None:
    query = query_make(
        customer=customer_make(phone="+5491155550142"), sender_number=number, assigned_to=agent_make(first_name="Luis")
    )

    page = send(ana, number, template).content.decode()

    assert "already has the open query" in page
    assert f'href="/service/queries/{query.pk}/"' not in page


def test_it_sends_one_message_for_a_form_that_came_twice(ana: User, number: SenderNumber, template: Template) -> None:
    send(ana, number, template)
    response = send(ana, number, template)

    assert response.status_code == 409
    assert f'href="/service/queries/{Query.objects.get().pk}/"' in response.content.decode()
    assert Message.objects.count() == 1


@pytest.mark.parametrize("phone", ["123", "hola", "", "+54 9 11 5555 01422222222"])
def test_it_refuses_a_phone_that_is_none_and_keeps_the_rest(
    ana: User, number: SenderNumber, template: Template, phone: str
) -> None:
    response = send(ana, number, template, phone=phone)

    page = response.content.decode()
    assert response.status_code == 400
    assert 'name="var-body.3" value="viernes 21, 15:30 h"' in page
    assert not Query.objects.exists()


def test_it_says_what_is_wrong_with_the_phone(ana: User, number: SenderNumber, template: Template) -> None:
    page = send(ana, number, template, phone="123").content.decode()

    assert "This is not a phone number WhatsApp can reach" in page


def test_it_refuses_a_missing_value(ana: User, number: SenderNumber, template: Template) -> None:
    response = send(ana, number, template, **{"var-body.1": ""})

    assert response.status_code == 400
    assert "{{1}} is empty" in response.content.decode()
    assert not Query.objects.exists()


def test_it_asks_for_a_template(ana: User, number: SenderNumber) -> None:
    assert "Choose a template first." in send(ana, number, None).content.decode()


def test_it_needs_no_hsm_while_the_window_is_open(ana: User, number: SenderNumber, template: Template) -> None:
    customer = customer_make(phone="+5491155550142")
    window_extend(customer_id=customer.pk, sender_number_id=number.pk, inbound_at=timezone.now())

    response = send(ana, number, template)

    assert response.status_code == 409
    assert "no HSM is needed" in response.content.decode()


def test_it_names_the_price_for_the_phone_as_understood(ana: User, number: SenderNumber, template: Template) -> None:
    argentina = part(ana, number, template, "send")
    chile = part(ana, number, template, "send", "+56 9 6123 4567")

    assert "Send · US$ 0.0260" in argentina
    assert "To +54 9 11 5555-0142 · Argentina" in argentina
    assert "Send · US$ 0.0077" in chile


def test_it_shows_no_button_before_there_is_a_phone(ana: User, number: SenderNumber, template: Template) -> None:
    page = part(ana, number, template, "send", "11 55")

    assert "Send · " not in page
    assert "Write the phone with its country code" in page


def test_it_leads_to_the_open_query_as_soon_as_the_phone_is_written(
    ana: User, number: SenderNumber, template: Template
) -> None:
    query = query_make(customer=customer_make(phone="+5491155550142"), sender_number=number)

    page = part(ana, number, template, "send")

    assert f"Continue in query {query.pk}" in page
    assert "Send · " not in page


def test_it_offers_the_templates_of_the_number_that_was_chosen(
    ana: User, number: SenderNumber, template: Template
) -> None:
    other = sender_number_make()
    template_make(account=other.account, name="otra_cuenta")

    page = part(ana, other, template, "panel")

    assert "otra_cuenta" in page
    assert "retomar_turno" not in page


def test_it_tells_what_is_missing_before_anybody_can_send(ana: User) -> None:
    assert "No sender number" in browser(ana).get("/service/hsm/").content.decode()


def test_it_is_not_for_those_whose_permission_was_withdrawn(number: SenderNumber, template: Template) -> None:
    user = agent_make(role=Role.AGENT)
    user.user_permissions.remove(*user.user_permissions.filter(codename="open_query_with_hsm"))
    user = User.objects.get(pk=user.pk)

    assert browser(user).get("/service/hsm/").status_code == 403
    assert send(user, number, template).status_code == 403
    assert not Message.objects.exists()


def test_it_keeps_the_name_of_a_new_customer_and_fills_it_in(
    ana: User, number: SenderNumber, template: Template
) -> None:
    data = {"template": template.pk, "phone": PHONE, "number": number.pk, "name": "Nora Vidal"}
    panel = browser(ana).post("/service/hsm/panel/", data).content.decode()
    send(ana, number, template, name="Nora Vidal")

    assert 'name="var-body.1" value="Nora"' in panel
    assert Query.objects.get().customer.name == "Nora Vidal"
