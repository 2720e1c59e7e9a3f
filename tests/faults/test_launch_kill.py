"""`kill -9` of a launcher at each of its steps: whoever launches next makes what is missing, and nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from recontact.books import differences
from recontact.campaigns.again import campaign_retry, retries_make
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.filters import QueryFilter
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.lost import retry_prospect
from recontact.campaigns.proof import campaign_books
from recontact.dispatch.sweep import campaigns_complete
from recontact.models import CampaignRetry, CostEntry, Message, Recontact
from tests.factories import campaign_make, customer_make, query_make, user_make
from tests.faults.processes import PROJECT, database_url, until
from tests.recontact.campaigns.audiences import filtered, number_make


def _killed_at(step: str, mark: Path, *which: str) -> None:
    """Run a launcher (`which` empty) or another worker up to the step, and kill it there."""
    environment = {**os.environ, "DATABASE_URL": database_url(os.environ["DATABASE_URL"])}
    command = [sys.executable, "-m", "tests.faults.launcher", step, str(mark), *which]
    launcher = subprocess.Popen(command, cwd=PROJECT, env=environment)
    try:
        until(mark.exists, what=f"the stop at {step}")
    finally:
        launcher.kill()
        launcher.wait()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("step", "made"),
    [
        ("turns_next:after", 0),
        ("recipients_identify:after", 0),
        ("rows_locked:after", 0),
        ("_store:before", 0),
        ("_store:after", 0),
        ("_launch:after", 20),
    ],
)
def test_a_launcher_killed_at_any_step_loses_and_doubles_nothing(step: str, made: int, tmp_path: Path) -> None:
    campaign = campaign_make(recipients=20)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    _killed_at(step, tmp_path / "there")
    until(lambda: Message.objects.count() == made, what="the end of the transaction")
    # The server learns of the death of its client a little later, and gives the locks free.
    until(lambda: campaigns_launch() == 20 - made or Message.objects.count() == 20, what="the next launch")
    books = campaign_books(campaign.pk)
    assert (Message.objects.count(), CostEntry.objects.count(), books.unlaunched, books.balance) == (20, 20, 0, True)
    assert list(differences()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["queries_lock:after", "rights_reserve:before", "rights_reserve:after"])
def test_a_launcher_killed_between_a_message_and_its_querys_right_leaves_both_or_none(
    step: str, tmp_path: Path
) -> None:
    number = number_make()
    for _ in range(10):
        query_make(customer=customer_make(), sender_number=number)
    campaign = filtered(QueryFilter(number.pk), number=number)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    _killed_at(step, tmp_path / "there")
    assert (Message.objects.count(), Recontact.objects.count()) == (0, 0)
    until(lambda: campaigns_launch() == 10, what="the next launch")
    assert (Message.objects.count(), Recontact.objects.count()) == (10, 10)
    assert list(differences()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("step", "made"),
    [
        ("_next_locked:after", 0),
        ("next_tries_store:before", 0),
        ("next_tries_store:after", 0),
        ("batch_retry:after", 10),
    ],
)
def test_who_tries_lost_messages_again_and_is_killed_tries_none_twice(step: str, made: int, tmp_path: Path) -> None:
    campaign = campaign_make(recipients=10)
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    Message.objects.update(state="expired", settled_at=timezone.now())
    campaigns_complete()
    campaign_retry(campaign_id=campaign.pk, user=user_make(), seen=retry_prospect(campaign).token)
    _killed_at(step, tmp_path / "there", "again")
    tried = Message.objects.filter(retry_of__isnull=False)
    until(lambda: tried.count() == made, what="the end of the transaction")
    until(lambda: bool(retries_make() or tried.count() == 10), what="the next worker")
    retries_make()
    assert (tried.count(), CampaignRetry.objects.get().made) == (10, 10)
    assert campaign_books(campaign.pk).balance
    assert list(differences()) == []
