"""`kill -9` of a launcher at each of its steps: whoever launches next makes what is missing, and nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recontact.books import differences
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.proof import campaign_books
from recontact.models import CostEntry, Message
from tests.factories import campaign_make
from tests.faults.processes import PROJECT, database_url, until


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("step", "made"),
    [
        ("_next:after", 0),
        ("recipients_identify:after", 0),
        ("_locked:after", 0),
        ("_store:before", 0),
        ("_store:after", 0),
        ("_launch:after", 20),
    ],
)
def test_a_launcher_killed_at_any_step_loses_and_doubles_nothing(step: str, made: int, tmp_path: Path) -> None:
    campaign = campaign_make(recipients=20)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    mark = tmp_path / "there"
    environment = {**os.environ, "DATABASE_URL": database_url(os.environ["DATABASE_URL"])}
    launcher = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.launcher", step, str(mark)], cwd=PROJECT, env=environment
    )
    try:
        until(mark.exists, what=f"the stop at {step}")
    finally:
        launcher.kill()
        launcher.wait()
    until(lambda: Message.objects.count() == made, what="the end of the transaction")
    # The server learns of the death of its client a little later, and gives the locks free.
    until(lambda: campaigns_launch() == 20 - made or Message.objects.count() == 20, what="the next launch")
    books = campaign_books(campaign.pk)
    assert (Message.objects.count(), CostEntry.objects.count(), books.unlaunched, books.balance) == (20, 20, 0, True)
    assert list(differences()) == []
