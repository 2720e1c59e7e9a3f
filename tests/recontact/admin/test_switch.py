"""The dispatch switch: stopping, starting, and the halt after a restore."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from hsm_portal.models import User
from recontact.dispatch.switch import dispatch_state, identity_current
from recontact.models import DispatchSwitch
from tests.factories import message_make

PAGE = "/manager/recontact/dispatchswitch/"


def restored() -> None:
    DispatchSwitch.objects.update_or_create(
        pk=1,
        defaults={"halted": True, "reason": "restored", "identity": "another:1:1", "changed_at": timezone.now()},
    )


def test_it_stops_all_sending_with_a_note(client: Client, manager: User) -> None:
    client.post(PAGE, {"action": "halt", "note": "precios dudosos"})

    switch = dispatch_state()
    assert (switch.halted, switch.reason, switch.note, switch.changed_by) == (
        True,
        "person",
        "precios dudosos",
        manager,
    )


def test_it_starts_again_with_a_note(client: Client) -> None:
    client.post(PAGE, {"action": "halt", "note": "precios dudosos"})

    client.post(PAGE, {"action": "resume", "note": "revisado"})

    assert not dispatch_state().halted


def test_it_does_nothing_without_a_note(client: Client) -> None:
    answer = client.post(PAGE, {"action": "halt", "note": " "})

    assert answer.status_code == 400
    assert not dispatch_state().halted


def test_it_shows_after_a_restore_what_was_queued(client: Client) -> None:
    message = message_make()
    restored()

    page = client.get(PAGE).content.decode()

    assert "The database is not the one the books were kept in." in page
    assert f"/manager/recontact/message/{message.pk}/change/" in page


def test_it_starts_after_a_restore_only_for_who_has_looked(client: Client) -> None:
    restored()

    assert client.post(PAGE, {"action": "resume", "note": "listo"}).status_code == 400
    assert dispatch_state().halted

    client.post(PAGE, {"action": "resume", "note": "listo", "looked": "yes"})
    assert not dispatch_state().halted
    assert dispatch_state().identity == identity_current()
