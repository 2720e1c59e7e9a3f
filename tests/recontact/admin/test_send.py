"""*Send an HSM*: what goes out, what is refused and in which words."""

from __future__ import annotations

import pytest
from django.test import Client

from hsm_portal.models import User
from providers.models import SenderNumber
from providers.parking import park
from recontact.models import Message, Query
from tests.factories import VALUES, query_make, rate_card_make, sender_number_make, template_make

ADDRESS = "/manager/recontact/message/send/"
PHONE = "011 15 5555-0142"


@pytest.fixture
def number(db: None) -> SenderNumber:
    number = sender_number_make(display_name="Turnos")
    rate_card_make(account=number.account)
    return number


def filled(number: SenderNumber, **changes: str) -> dict[str, str]:
    template = template_make(account=number.account)
    fields = {"phone": PHONE, "name": "Carla", "sender_number": str(number.pk), "template": str(template.pk)}
    return fields | {"send_key": "key-1"} | {f"var-{key}": value for key, value in VALUES.items()} | changes


def test_it_queues_the_message_and_shows_its_page(client: Client, manager: User, number: SenderNumber) -> None:
    answer = client.post(ADDRESS, filled(number))

    message = Message.objects.get()
    assert answer["Location"] == f"/manager/recontact/message/{message.pk}/change/"
    assert (message.origin, message.created_by, message.query) == ("manager", manager, None)
    assert message.customer.phone == "+5491155550142"


def test_it_sends_the_same_form_once(client: Client, number: SenderNumber) -> None:
    form = filled(number)
    client.post(ADDRESS, form)

    answer = client.post(ADDRESS, form)

    assert answer.status_code == 409
    assert Message.objects.count() == 1
    assert "Nothing was sent or charged." in answer.content.decode()


def test_it_leads_to_the_query_that_is_open_with_that_phone(client: Client, number: SenderNumber) -> None:
    query = query_make(sender_number=number)

    answer = client.post(ADDRESS, filled(number, phone=str(query.customer.phone)))

    assert answer.status_code == 409
    assert f'href="/manager/recontact/query/{query.pk}/change/"' in answer.content.decode()
    assert not Message.objects.exists()


def test_it_names_a_phone_that_is_none_and_keeps_what_was_typed(client: Client, number: SenderNumber) -> None:
    answer = client.post(ADDRESS, filled(number, phone="123"))

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "This is not a phone number WhatsApp can reach" in page
    assert 'value="viernes 21, 15:30 h"' in page


def test_it_names_a_missing_variable(client: Client, number: SenderNumber) -> None:
    answer = client.post(ADDRESS, filled(number, **{"var-body.2": ""}))

    assert answer.status_code == 400
    assert "{{2}} is empty" in answer.content.decode()
    assert not Message.objects.exists()


def test_it_offers_no_template_of_another_account(client: Client, number: SenderNumber) -> None:
    foreign = template_make()

    answer = client.post(ADDRESS, filled(number, template=str(foreign.pk)))

    assert answer.status_code == 400
    assert not Message.objects.exists()


def test_it_previews_the_bubble_and_the_price_without_sending(client: Client, number: SenderNumber) -> None:
    page = client.post(f"{ADDRESS}preview/", filled(number)).content.decode()

    assert "<mark>Carla</mark>" in page
    assert "US$ 0.0260" in page
    assert not Message.objects.exists()


def test_it_says_that_the_price_is_not_known(client: Client) -> None:
    number = sender_number_make()

    page = client.post(f"{ADDRESS}preview/", filled(number)).content.decode()

    assert "The price is not known" in page
    assert "disabled" in page


def test_it_says_why_a_parked_number_cannot_send(client: Client, number: SenderNumber) -> None:
    park(number, reason="number_blocked")

    page = client.post(f"{ADDRESS}preview/", filled(number)).content.decode()

    assert "The sender number is stopped" in page


def test_it_exchanges_the_fields_for_another_template(client: Client, number: SenderNumber) -> None:
    page = client.post(f"{ADDRESS}preview/", filled(number, part="fields")).content.decode()

    assert 'name="var-body.3"' in page


def test_it_gives_each_form_a_key_of_its_own(client: Client, number: SenderNumber) -> None:
    keys = {client.get(ADDRESS).context["form"]["send_key"].value() for _visit in range(2)}

    assert len(keys) == 2


def test_it_tells_what_to_do_without_any_number(client: Client) -> None:
    assert "There is no active sender number yet" in client.get(ADDRESS).content.decode()
    assert not Query.objects.exists()


def test_it_says_the_market_in_words(client: Client, number: SenderNumber) -> None:
    page = client.post(f"{ADDRESS}preview/", filled(number)).content.decode()

    assert "Estimate for Argentina, utility" in page


def test_it_folds_away_what_may_stay_empty(client: Client, number: SenderNumber) -> None:
    page = client.post(f"{ADDRESS}preview/", filled(number, part="fields")).content.decode()

    needed, _fold, optional = page.partition("What may stay empty")
    assert 'data-variable="body.1"' in needed
    assert 'data-variable="body.1"' not in optional
    assert "hsm-variable" in optional
