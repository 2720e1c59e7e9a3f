"""The tests' own ground: a transactional test is cleaned up after, although triggers refuse TRUNCATE."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection

from recontact.models import Message


@pytest.mark.django_db(transaction=True)
def test_the_flush_between_tests_passes_the_triggers_that_bind_everybody_else() -> None:
    with pytest.raises(ProgrammingError, match="never emptied"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Message._meta.db_table} CASCADE")
    call_command("flush", "--noinput", "--verbosity", "0")
    with pytest.raises(ProgrammingError, match="never emptied"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Message._meta.db_table} CASCADE")
