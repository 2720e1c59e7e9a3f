"""The dashboard names everything that is stopped: why, since when, until when, what to do, who waits; and lets it go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.roles import Role
from hsm_portal.stopped import stopped_for
from providers.abilities import Check, Health
from providers.doctor_words import KeptFinding
from providers.models import Checkup, ProviderAccount, SenderNumber
from providers.parking import Parkable, park
from recontact.models import Campaign, Message
from templates_app.models import Template
from tests.customer_service.files import inbound_file_make
from tests.factories import message_make, user_make
from tests.providers.clients import client_of, text_of

pytestmark = pytest.mark.django_db

HOME = "/manager/"


@pytest.fixture
def message() -> Message:
    return message_make()


@pytest.fixture
def manager() -> Client:
    return client_of(Role.MANAGER)


def things_of(message: Message) -> dict[str, Parkable]:
    assert message.template is not None
    return {"account": message.account, "number": message.sender_number, "template": message.template}


def checked(account: ProviderAccount, health: Health) -> Checkup:
    finding = {
        **KeptFinding(Check.TEMPLATES, health, params={"reason": "billing", "count": 1}).as_json(),
        "since": None,
    }
    return Checkup.objects.create(
        account=account, state="done", finished_at=timezone.now(), health=health, findings=[finding]
    )


@pytest.mark.parametrize("thing", ["account", "number", "template"])
def test_a_stopped_thing_says_why_what_to_do_and_who_waits(manager: Client, message: Message, thing: str) -> None:
    park(things_of(message)[thing], reason="billing", detail="131042 pay")
    page = text_of(manager.get(HOME))
    for words in ("payment problem", "131042 pay", "then resume", "1 message waits", "somebody resumes it"):
        assert words in page


def test_it_says_until_when(manager: Client, message: Message) -> None:
    park(message.sender_number, reason="recipient_limit", until=timezone.now() + timedelta(hours=5))
    assert "until it is well or somebody resumes it" not in text_of(manager.get(HOME))


def test_what_is_over_is_not_named(manager: Client, message: Message) -> None:
    park(message.sender_number, reason="recipient_limit", until=timezone.now() - timedelta(minutes=1))
    assert stopped_for(user_make(is_superuser=True)) == []
    assert 'id="stopped"' not in text_of(manager.get(HOME))


@pytest.mark.parametrize("thing", ["account", "number", "template"])
def test_a_person_lets_it_go_on_and_comes_back(manager: Client, message: Message, thing: str) -> None:
    row = things_of(message)[thing]
    park(row, reason="billing")
    stopped = next(iter(stopped_for(user_make(is_superuser=True))))
    answer = manager.post(stopped.resume, {"next": HOME})
    row.refresh_from_db()
    assert (answer["Location"], row.is_parked) == (HOME, False)


def test_the_way_back_leads_nowhere_else(manager: Client, message: Message) -> None:
    park(message.account, reason="billing")
    resume = next(iter(stopped_for(user_make(is_superuser=True)))).resume
    answer = manager.post(resume, {"next": "https://evil.example/"})
    assert answer["Location"] == f"/manager/providers/provideraccount/{message.account_id}/change/"


def test_a_parked_campaign_says_why_and_is_resumed(manager: Client, message: Message) -> None:
    assert message.template is not None
    campaign = Campaign.objects.create(
        name="turnos", template=message.template, created_by=user_make(), state="parked",
        state_reason="template_not_sendable",
    )  # fmt: skip
    page = text_of(manager.get(HOME))
    assert "The template cannot be sent now. It goes on by itself when it can." in page
    manager.post(f"/manager/recontact/campaign/{campaign.pk}/control/", {"action": "resume", "next": HOME})
    campaign.refresh_from_db()
    assert campaign.state != "parked"


def test_who_may_not_resume_sees_no_button(message: Message) -> None:
    park(message.sender_number, reason="billing")
    page = text_of(client_of(Role.COORDINATOR).get(HOME))
    assert "payment problem" in page
    assert "/resume/" not in page
    assert (
        client_of(Role.OPS).post(f"/manager/providers/sendernumber/{message.sender_number_id}/resume/").status_code
        == 403
    )


def test_who_may_not_see_a_thing_is_not_told_about_it(message: Message) -> None:
    park(message.account, reason="billing")
    assert stopped_for(user_make(permissions=["providers.view_sendernumber"])) == []


@pytest.mark.parametrize("pk", [0, 999_999])
def test_a_template_that_is_not_there_is_not_found(manager: Client, pk: int) -> None:
    assert manager.post(f"/manager/stopped/template/{pk}/resume/").status_code == 404


def test_an_account_that_is_switched_off_needs_nothing(manager: Client, message: Message) -> None:
    park(message.account, reason="billing")
    park(message.sender_number, reason="billing")
    ProviderAccount.objects.update(is_active=False)
    assert stopped_for(user_make(is_superuser=True)) == []


# --- connection checks ---------------------------------------------------------------------------------------------------


def test_a_check_that_turned_bad_is_named_until_it_is_well(manager: Client, message: Message) -> None:
    checked(message.account, Health.GOOD)
    assert 'id="stopped"' not in text_of(manager.get(HOME))
    checked(message.account, Health.BAD)
    assert "The templates cannot be read." in text_of(manager.get(HOME))
    checked(message.account, Health.WARNING)
    assert 'id="stopped"' not in text_of(manager.get(HOME))


def test_who_may_not_see_checks_is_not_told(message: Message) -> None:
    checked(message.account, Health.BAD)
    assert 'id="stopped"' not in text_of(client_of(Role.COORDINATOR).get(HOME))


def test_it_takes_the_same_queries_however_much_is_stopped(manager: Client) -> None:
    counts = []
    for _round in range(2):
        for _message in range(3):
            row = message_make()
            for thing in things_of(row).values():
                park(thing, reason="billing")
            checked(row.account, Health.BAD)
        counts.append(_queries(manager))
    assert counts[0] == counts[1]
    assert SenderNumber.objects.filter(parked_at__isnull=False).count() == 6
    assert Template.objects.filter(parked_at__isnull=False).count() == 6


def _queries(client: Client) -> Any:
    client.get(HOME)
    with CaptureQueriesContext(connection) as captured:
        client.get(HOME)
    return len(captured)


def test_who_let_a_thing_go_on_is_audited(manager: Client, message: Message) -> None:
    park(message.sender_number, reason="billing")
    resume = f"/manager/providers/sendernumber/{message.sender_number_id}/resume/"
    manager.post(resume)
    manager.post(resume)  # again: there is nothing left to resume
    entries = LogEntry.objects.get_for_object(message.sender_number).filter(action=LogEntry.Action.UPDATE)
    assert [(entry.actor_id is not None, entry.changes["parked_reason"]) for entry in entries] == [
        (True, ["billing", ""])
    ]


def test_a_number_that_waits_says_until_when(manager: Client, message: Message) -> None:
    SenderNumber.objects.update(throttled_until=timezone.now() + timedelta(minutes=3))
    assert "the provider asked for a pause" in text_of(manager.get(HOME))


def test_a_number_of_a_stopped_account_says_so(manager: Client, message: Message) -> None:
    park(message.account, reason="billing")
    page = text_of(manager.get(f"/manager/providers/sendernumber/{message.sender_number_id}/change/"))
    assert "Its account is stopped" in page


def test_files_that_nobody_fetches_are_named(manager: Client, message: Message) -> None:
    assert message.query is not None
    for minutes in (1, 20, 30):
        inbound_file_make(message.query, pointer={"id": "1"}, due_at=timezone.now() - timedelta(minutes=minutes))
    inbound_file_make(message.query, state="gone")

    page = text_of(manager.get(HOME))

    assert "2 files" in page
    assert "queue `media`" in page


def test_a_file_that_is_just_being_fetched_is_not_late(manager: Client, message: Message) -> None:
    assert message.query is not None
    now = timezone.now()
    inbound_file_make(
        message.query,
        pointer={"id": "1"},
        due_at=now - timedelta(hours=1),
        lease_until=now + timedelta(minutes=3),
    )

    assert stopped_for(user_make(permissions=["customer_service.view_inboundmessage"])) == []
