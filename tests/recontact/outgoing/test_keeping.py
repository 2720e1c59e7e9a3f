"""Subscriptions in the Manager: made, tried, paused, resumed, their events sent again; and where nothing may be sent."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from cryptography.fernet import Fernet
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hsm_portal.roles import Role
from hsm_portal.stopped import stopped_for
from providers.accounts import credentials_rotate_all
from recontact.erasure import customer_erase
from recontact.models import Message, OutgoingAttempt, OutgoingEvent, Subscription
from recontact.outgoing import lanes
from recontact.outgoing.call import address_problem
from recontact.outgoing.deliver import events_deliver
from recontact.outgoing.failing import failing_mail
from recontact.outgoing.keeping import secret_of
from recontact.retention import outgoing_events_expire
from tests.customer_service.agents import customer_writes
from tests.factories import customer_make, message_make, query_make, user_make
from tests.providers.clients import client_of, text_of
from tests.recontact.outgoing.receiver import HOST, Receiver, subscription_make

pytestmark = pytest.mark.django_db
LIST = "/manager/recontact/subscription/"
FORM = {"name": "CRM", "url": "https://crm.example/eventos", "events": ["query.created", "query.answered"]}


@pytest.fixture
def admin() -> Client:
    return client_of(Role.ADMIN)


def do(client: Client, subscription: Subscription, action: str, **data: str) -> str:
    return text_of(client.post(f"{LIST}{subscription.pk}/do/{action}/", data, follow=True))


def test_the_secret_is_shown_once_and_kept_encrypted(admin: Client) -> None:
    made = text_of(admin.post(f"{LIST}add/", FORM, follow=True))

    subscription = Subscription.objects.get()
    found = re.search(r"whsec_[\w-]+", made)
    assert found is not None
    assert found[0] == secret_of(subscription)
    assert found[0].encode() not in bytes(subscription.secret)
    assert "whsec_" not in text_of(admin.get(f"{LIST}{subscription.pk}/change/"))
    assert "whsec_" not in str(list(LogEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/eventos",
        "ftp://crm.example/",
        "crm.example",
        "https://",
        "https://ana:clave@crm.example/",
        "https://crm.example/#fin",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://10.0.0.7/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://portal.internal/x",
        "https://crm.example:99999/",
        "https://crm.exa mple/",
    ],
)
def test_an_address_that_may_not_be_told_is_refused(admin: Client, url: str) -> None:
    answer = admin.post(f"{LIST}add/", {**FORM, "url": url})

    assert (answer.status_code, Subscription.objects.count()) == (200, 0)
    assert address_problem(url)


def test_a_public_name_that_leads_into_a_private_network_is_told_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    subscription_make(f"https://crm.example:{port}/eventos", "message.state_changed")
    found = socket.getaddrinfo(HOST, int(port), type=socket.SOCK_STREAM)

    async def rebound(*_arguments: Any, **_options: Any) -> Any:
        return found

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", rebound)
    Message.objects.filter(pk=message_make().pk).update(state="cancelled")

    events_deliver()

    assert receiver.got == []
    assert OutgoingAttempt.objects.get().error == "PrivateAddress"


def test_a_test_event_says_what_the_address_answers(admin: Client, receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "query.created", state="paused")

    assert "took the test event: HTTP 200" in do(admin, subscription, "test")
    receiver.answer = lambda _body: 401
    assert "refused the test event: HTTP 401" in do(admin, subscription, "test")

    assert receiver.kinds == ["test", "test"]
    assert events_deliver() == 0
    assert set(OutgoingEvent.objects.values_list("standing", flat=True)) == {"delivered", "failed"}


def test_saving_the_form_takes_nothing_from_the_worker_that_tells_it(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription, _secret = subscription_make("https://crm.example/", "message.state_changed")
    message = message_make()
    Message.objects.filter(pk=message.pk).update(state="sending")
    Message.objects.filter(pk=message.pk).update(state="accepted")
    leased: list[lanes.Lane] = []

    def meanwhile(url: str) -> str:
        leased.extend(lanes.lanes_lease(1))
        return ""

    monkeypatch.setattr("recontact.admin.subscriptions.address_problem", meanwhile)
    admin.post(f"{LIST}{subscription.pk}/change/", FORM)

    (lane,) = leased
    renewed = lanes.lane_renew(lane)
    assert renewed is not None
    assert renewed.name == "CRM"
    assert lanes.lanes_lease(1) == []


def test_a_paused_subscription_is_told_later_what_happened_meanwhile(admin: Client, receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "query.answered")
    do(admin, subscription, "pause")
    customer_writes(query_make())

    assert events_deliver() == 0
    do(admin, subscription, "resume")
    assert events_deliver() == 1


def test_a_new_secret_signs_from_then_on(admin: Client, receiver: Receiver) -> None:
    subscription, old = subscription_make(receiver.url, "query.answered")

    page = do(admin, subscription, "secret")

    subscription.refresh_from_db()
    assert secret_of(subscription) != old
    assert secret_of(subscription) in page


def test_a_secret_rotates_with_the_keys(settings: Settings) -> None:
    subscription, secret = subscription_make("https://crm.example/")
    new = Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, *settings.CREDENTIALS_KEYS]
    credentials_rotate_all()
    settings.CREDENTIALS_KEYS = [new]

    subscription.refresh_from_db()
    assert secret_of(subscription) == secret


def test_one_event_and_those_of_a_period_are_sent_again_under_their_ids(admin: Client, receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "query.answered")
    customer_writes(query_make())
    events_deliver()
    event = OutgoingEvent.objects.get()

    admin.post(f"/manager/recontact/outgoingevent/{event.pk}/change/")
    events_deliver()
    day = timezone.localdate()
    do(
        admin,
        subscription,
        "replay",
        begins=f"{day - timedelta(days=1)}T00:00",
        ends=f"{day + timedelta(days=1)}T00:00",
    )
    events_deliver()
    assert "0 events" in do(admin, subscription, "replay", begins="2026-01-01T00:00", ends="2026-01-02T00:00")

    assert [got.body["id"] for got in receiver.got] == [str(event.uid)] * 3
    page = text_of(admin.get(f"/manager/recontact/outgoingevent/{event.pk}/change/"))
    assert page.count("HTTP 200") == 3


def test_an_event_that_is_sent_again_counts_its_tries_anew_and_says_so(admin: Client, receiver: Receiver) -> None:
    subscription_make(receiver.url, "query.answered")
    customer_writes(query_make())
    events_deliver()
    OutgoingEvent.objects.update(standing="failed", tries=14)
    event = OutgoingEvent.objects.get()
    path = f"/manager/recontact/outgoingevent/{event.pk}/change/"

    admin.post(path)
    event.refresh_from_db()
    assert (event.tries, event.replayed_at is not None) == (0, True)

    events_deliver()
    event.refresh_from_db()
    assert (event.tries, event.standing) == (1, "delivered")
    assert "Asked for again" in text_of(admin.get(path))
    assert "1, sent again" in text_of(admin.get("/manager/recontact/outgoingevent/"))


def test_a_deleted_subscription_leaves_nothing_behind(admin: Client, receiver: Receiver) -> None:
    subscription, _secret = subscription_make(receiver.url, "query.answered")
    customer_writes(query_make())
    events_deliver()

    admin.post(f"{LIST}{subscription.pk}/delete/", {"post": "yes"})

    assert (Subscription.objects.count(), OutgoingEvent.objects.count(), OutgoingAttempt.objects.count()) == (0, 0, 0)


def test_a_failing_subscription_is_mailed_once_and_stands_on_the_dashboard(admin: Client) -> None:
    keeper = user_make(permissions=["recontact.change_subscription"], language="es")
    viewer = user_make(permissions=["recontact.view_subscription"])
    subscription_make("https://crm.example/", state="failing", name="CRM", failing_since=timezone.now())

    assert (failing_mail(), failing_mail()) == (1, 0)

    assert keeper.email in {address for message in mail.outbox for address in message.bcc}
    assert [row.name for row in stopped_for(viewer)] == ["CRM"]
    assert "CRM" in text_of(admin.get("/manager/"))


def test_an_erased_customer_is_in_no_body_and_in_no_kept_answer(receiver: Receiver) -> None:
    subscription_make(receiver.url, "query.answered", whole_phones=True, with_text=True)
    query = query_make(customer=customer_make(phone="+5491155554321", name="Carla"))
    customer_writes(query, "Mi clave es 1234")
    receiver.answer, receiver.words = lambda _body: 500, b"su hija Carlita"
    events_deliver()

    customer_erase(customer_id=query.customer_id, user=None)

    assert OutgoingAttempt.objects.get().excerpt == ""
    receiver.answer = lambda _body: 200
    OutgoingEvent.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Subscription.objects.update(retry_at=None)
    events_deliver()
    raw = receiver.got[-1].raw.decode()
    assert not any(word in raw for word in ("4321", "Carla", "clave"))


def test_what_was_told_is_forgotten_after_its_time(receiver: Receiver) -> None:
    subscription_make(receiver.url, "query.answered")
    customer_writes(query_make())
    customer_writes(query_make())
    events_deliver()
    old = OutgoingEvent.objects.order_by("pk")[:1].get()
    OutgoingEvent.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))

    assert outgoing_events_expire() == 1
    assert (OutgoingEvent.objects.count(), OutgoingAttempt.objects.count()) == (1, 1)


def test_lists_ask_as_many_questions_for_many_events_as_for_few(
    admin: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    subscription, _secret = subscription_make("https://crm.example/", "query.answered")
    for _ in range(8):
        customer_writes(query_make())

    with django_assert_max_num_queries(12):
        admin.get("/manager/recontact/outgoingevent/")
    with django_assert_max_num_queries(14):
        admin.get(f"{LIST}{subscription.pk}/change/")
