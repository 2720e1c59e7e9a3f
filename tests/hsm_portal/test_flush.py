"""The tests' own ground: a transactional test is cleaned up after, although triggers refuse TRUNCATE."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import ProgrammingError, connection

from hsm_portal.roles import Role
from providers.rates.rule_model import PricingRule
from recontact.models import Message
from tests.factories import message_make


@pytest.mark.django_db(transaction=True)
def test_the_flush_between_tests_passes_the_triggers_that_bind_everybody_else() -> None:
    with pytest.raises(ProgrammingError, match="never emptied"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Message._meta.db_table} CASCADE")
    call_command("flush", "--noinput", "--verbosity", "0")
    with pytest.raises(ProgrammingError, match="never emptied"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Message._meta.db_table} CASCADE")


@pytest.mark.django_db(transaction=True)
def test_after_a_flush_there_is_what_every_empty_portal_has_and_nothing_else() -> None:
    agents = Group.objects.get(name=Role.AGENT)
    allowed = set(agents.permissions.values_list("codename", flat=True))
    message_make()
    Group.objects.create(name="of a test")
    agents.permissions.clear()

    call_command("flush", "--noinput", "--verbosity", "0")

    assert not Message.objects.exists()
    assert set(Group.objects.values_list("name", flat=True)) == {role.value for role in Role}
    again = Group.objects.get(name=Role.AGENT).permissions.values_list("codename", flat=True)
    assert allowed == set(again)
    assert PricingRule.objects.exists()
