"""Whatever customers and providers send: stored once and shown safely, or refused and kept. Never a 500, never lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customer_service.models import InboundFile, InboundMessage
from hsm_portal.models import User
from providers.inbox import delivery_process, delivery_replay
from providers.models import SenderNumber, WebhookDelivery
from recontact.models import Customer, Query, ServiceWindow
from tests.customer_service.agents import agent_make, browser
from tests.deliveries import CUSTOMER_PHONE, deliver, payload, payload_number_make, webhook_post
from tests.factories import customer_make, query_make

pytestmark = pytest.mark.django_db

MARKUP = "</script><img src=x onerror=alert(1)>{{ 7*7 }}\u202egnp.exe\x00"
PLACE = {"latitude": -34.6037, "longitude": -58.3816, "name": MARKUP, "address": "Corrientes 1234"}
PERSON = {
    "name": {"formatted_name": MARKUP},
    "phones": [{"phone": "+54 9 11 5555-0142"}, {"phone": "javascript:alert(1)"}],
}


@pytest.fixture
def number() -> SenderNumber:
    return payload_number_make()


def inbound(kind: str = "text", content: Any = None, *, name: str = "", **changes: Any) -> dict[str, Any]:
    """Meta's webhook with one message of a kind, whatever its content is."""
    told = payload("webhook_inbound_text")
    value = told["entry"][0]["changes"][0]["value"]
    message = value["messages"][0]
    del message["text"]
    message.update({"type": kind, kind: content, **changes})
    if name:
        value["contacts"][0]["profile"]["name"] = name
    return told


def ticket(user: User, **asked: str) -> str:
    """The page of the only query, as it is served."""
    response = browser(user).get(f"/service/queries/{Query.objects.get().pk}/", asked)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"body": MARKUP}),
        ("image", {"id": "901", "mime_type": "image/jpeg", "sha256": "x", "caption": MARKUP}),
        ("document", {"id": "902", "mime_type": "text/html", "filename": MARKUP}),
        ("location", PLACE),
        ("contacts", [PERSON]),
        ("reaction", {"message_id": "wamid.nobody", "emoji": MARKUP}),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": MARKUP}}),
        ("button", {"payload": MARKUP, "text": MARKUP}),
        ("order", {"text": MARKUP}),
    ],
)
def test_markup_is_shown_as_the_letters_that_it_is(number: SenderNumber, kind: str, content: Any) -> None:
    deliver(number.account, inbound(kind, content, name=MARKUP))
    page = ticket(agent_make())
    assert "<img src=x" not in page
    assert "javascript:alert" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "\x00" not in page
    assert Customer.objects.get().name.startswith("</script>")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("hologram", {"depth": 3}),
        ("unsupported", None),
        ("image", None),
        ("image", {"mime_type": "image/jpeg"}),
        ("image", "not an object"),
        ("image", {"id": 17}),
        ("location", {"latitude": "north", "longitude": None}),
        ("location", {"latitude": 1e300, "longitude": [1]}),
        ("contacts", [None, {"name": []}, {"phones": "many"}]),
        ("contacts", "nobody"),
        ("interactive", {"type": "nfm_reply"}),
        ("text", {"body": "a" * 70_000}),
        ("document", {"id": "9" * 4000, "filename": "n" * 4000, "mime_type": "m" * 4000}),
    ],
)
def test_a_message_of_any_shape_is_stored_and_shown(number: SenderNumber, kind: str, content: Any) -> None:
    delivery = deliver(number.account, inbound(kind, content))
    assert (InboundMessage.objects.count(), delivery.problems) == (1, [])
    ticket(agent_make())


def test_a_file_without_a_way_to_it_is_said_so(number: SenderNumber) -> None:
    deliver(number.account, inbound("image", {"mime_type": "image/jpeg", "caption": "Mi rodilla"}))
    assert InboundFile.objects.get().state == "not_passed"
    assert "Mi rodilla" in ticket(agent_make())


def test_a_message_with_a_file_twice_expects_it_once(number: SenderNumber) -> None:
    content = inbound("image", {"id": "901", "mime_type": "image/jpeg"})
    deliver(number.account, content)
    delivery_replay(delivery_id=deliver(number.account, content).pk)
    assert (InboundMessage.objects.count(), InboundFile.objects.count()) == (1, 1)
    assert InboundFile.objects.get().pointer["id"] == "901"


def test_a_message_that_comes_days_late_opens_no_window_and_is_not_lost(number: SenderNumber) -> None:
    query_make(customer=customer_make(phone=CUSTOMER_PHONE), sender_number=number)
    late = timezone.now() - timedelta(days=4)
    deliver(number.account, inbound("text", {"body": "¿Hola?"}, timestamp=str(int(late.timestamp()))))
    assert ServiceWindow.objects.get().expires_at < timezone.now()
    assert InboundMessage.objects.get().text == "¿Hola?"
    assert "¿Hola?" in ticket(agent_make())


def test_a_message_for_a_number_that_nobody_knows_waits_until_it_is_known(number: SenderNumber) -> None:
    content = inbound("image", {"id": "901", "mime_type": "image/jpeg"})
    content["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "404"
    answer = webhook_post(Client(), number.account, json.dumps(content).encode())
    assert answer.status_code == 200
    delivery = delivery_process(WebhookDelivery.objects.get().pk)
    assert delivery is not None
    assert (InboundMessage.objects.count(), len(delivery.problems)) == (0, 1)

    SenderNumber.objects.filter(pk=number.pk).update(external_id="404")
    delivery_replay(delivery_id=delivery.pk)
    assert (InboundMessage.objects.count(), InboundFile.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nothing", b'{"entry": 7}', b"\xff\xfe", b'{"entry":[{"changes":[null]}]}']
)
def test_a_body_that_is_no_webhook_is_kept_and_never_a_500(number: SenderNumber, body: bytes) -> None:
    assert webhook_post(Client(), number.account, body).status_code == 200
    delivery_process(WebhookDelivery.objects.get().pk)
    assert InboundMessage.objects.count() == 0


def test_a_place_is_shown_with_a_map_and_people_with_their_phones(number: SenderNumber) -> None:
    deliver(number.account, inbound("location", PLACE))
    deliver(number.account, inbound("contacts", [PERSON], id="wamid.second"))
    page = ticket(agent_make(language="en"))
    assert "https://www.openstreetmap.org/?mlat=-34.603700&amp;mlon=-58.381600" in page
    assert "+54 9 11 5555-0142" in page
