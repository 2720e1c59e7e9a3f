"""Who did what with the books is kept: actor, what changed, when."""

from __future__ import annotations

import pytest
from auditlog.context import set_actor
from auditlog.models import LogEntry

from recontact.dispatch.switch import dispatch_halt
from recontact.models import DispatchSwitch
from tests.factories import user_make


@pytest.mark.django_db
def test_stopping_all_sending_is_audited_with_its_actor_and_note() -> None:
    user = user_make()
    with set_actor(user):
        dispatch_halt(user=user, note="factura dudosa")
    entry = LogEntry.objects.get_for_model(DispatchSwitch).latest("timestamp")
    assert entry.actor == user
    assert entry.changes_dict["halted"] == ["False", "True"]
    assert entry.changes_dict["note"][1] == "factura dudosa"


@pytest.mark.django_db
def test_a_password_never_enters_the_audit() -> None:
    user = user_make()
    user.set_password("otra-clave-segura")
    user.save()
    assert not LogEntry.objects.get_for_object(user).filter(changes__has_key="password").exists()
