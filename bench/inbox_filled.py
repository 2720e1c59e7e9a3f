"""The large Customer Service that the bench measures: filled once, and found again where its database was kept."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from django.db import connection
from django.test import override_settings

from bench.inbox_rows import rows_write
from customer_service.models import InboundMessage
from hsm_portal.models import User
from hsm_portal.roles import Role
from hsm_portal.users import user_create
from providers.models import SenderNumber
from tests.factories import campaign_make, sender_number_make

AGENTS = 100
#: With it begin the ids of the messages that are written while the screens are open.
WRITTEN = "b."


@dataclass(frozen=True, slots=True)
class Inbox:
    """The number that all queries are at, its agents, and a coordinator."""

    number_id: int
    people: list[User]
    coordinator: User


def inbox_filled(*, rows: int) -> Inbox:
    """So many queries with ten messages each, written now unless the database holds them. RuntimeError if it holds others."""
    held = _held()
    if held is None:
        _fill(rows)
    elif held != str(rows):
        raise RuntimeError(
            f"The kept database holds {held or 'no whole number of'} queries, not {rows}: name another folder."
        )
    else:
        _forget_answers()
    people = {user.username: user for user in User.objects.filter(username__startswith="agente")}
    return Inbox(
        number_id=SenderNumber.objects.order_by("pk").values_list("pk", flat=True)[0],
        people=[people[f"agente{place}"] for place in range(AGENTS)],
        coordinator=User.objects.get(username="coordinadora"),
    )


def _fill(rows: int) -> None:
    began = time.monotonic()
    number = sender_number_make()
    campaign = campaign_make(sender_number=number)
    # Nobody logs in with these passwords; a hash that is worth something takes longer than a hundred thousand rows.
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        for place in range(AGENTS):
            user_create(username=f"agente{place}", password="una-clave-larga", roles=[Role.AGENT])
        user_create(username="coordinadora", password="una-clave-larga", roles=[Role.COORDINATOR])
    rows_write(rows=rows, number_id=number.pk, campaign_id=campaign.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE recontact_query IS '{rows}'")
    sys.stderr.write(f"rows written in {time.monotonic() - began:.0f} s\n")


def _forget_answers() -> None:
    """Delete what customers wrote during earlier runs: the newest messages would be nothing but the bench's own sentence."""
    InboundMessage.objects.filter(provider_message_id__startswith=WRITTEN).delete()


def _held() -> str | None:
    """How many queries an earlier run wrote: empty when it did not come to its end, None when there was none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('recontact_query'::regclass)")
        (held,) = cursor.fetchone()
    if held is None and User.objects.filter(username="coordinadora").exists():
        return ""
    return str(held) if held is not None else None
