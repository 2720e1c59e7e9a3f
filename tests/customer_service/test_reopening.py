"""What a customer writes soon after the resolution reopens the query, where the team wants that; it gives no second right."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from customer_service.models import TeamSettings
from hsm_portal.models import User
from recontact.inbound import customer_wrote
from recontact.models import Message, Query, QueryEvent, Recontact, Team
from recontact.outbox import hsm_send, query_recontact
from recontact.queries import query_reopen, query_resolve
from recontact.refusals import SendRefused
from recontact.windows import window_extend
from tests.customer_service.agents import agent_make, browser, template_for
from tests.factories import VALUES, message_make, query_make, template_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    team = Team.objects.create(name="Turnos")
    TeamSettings.objects.create(team=team, reopen_hours=48)
    return team


@pytest.fixture
def resolved(ana: User, team: Team) -> Query:
    """Ana's query of the team, resolved a moment ago."""
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS, team=team)
    return query_resolve(query_id=query.pk, user=ana, resolution="Turno dado")


def writes(query: Query, *, at: datetime | None = None, **changes: Any) -> Query:
    """The customer of a query writes."""
    told = {"preview": "¿Y el domingo?", "context_message_id": "", **changes}
    return customer_wrote(customer=query.customer, sender_number=query.sender_number, at=at or timezone.now(), **told)


def test_an_answer_in_time_reopens_it_for_its_agent(ana: User, resolved: Query) -> None:
    found = writes(resolved)
    assert found.pk == resolved.pk
    assert (found.state, found.assigned_to, found.resolution, found.resolved_at) == ("in_progress", ana, "", None)
    last = found.events.last()
    assert last is not None
    assert (last.kind, last.actor) == (QueryEvent.Kind.REOPENED, None)
    assert found.waiting_since is not None


def test_one_that_nobody_has_waits_for_its_team(resolved: Query, team: Team) -> None:
    Query.objects.filter(pk=resolved.pk).update(assigned_to=None)
    found = writes(resolved)
    assert (found.pk, found.state, found.team) == (resolved.pk, "pending", team)


def test_one_whose_agent_left_the_company_waits_for_its_team(ana: User, resolved: Query) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert (writes(resolved).state, Query.objects.get().assigned_to) == ("pending", None)


@pytest.mark.parametrize(("hours", "opens_anew"), [(48, False), (47, True), (0, True)])
def test_after_the_teams_hours_it_is_a_new_query(resolved: Query, team: Team, hours: int, opens_anew: bool) -> None:
    TeamSettings.objects.filter(team=team).update(reopen_hours=hours)
    Query.objects.filter(pk=resolved.pk).update(resolved_at=timezone.now() - timedelta(hours=47, minutes=30))
    assert (writes(resolved).pk != resolved.pk) is opens_anew


def test_a_query_of_no_team_is_not_reopened(resolved: Query) -> None:
    Query.objects.filter(pk=resolved.pk).update(team=None)
    assert writes(resolved).pk != resolved.pk


def test_what_was_written_before_the_resolution_and_came_late_belongs_to_it(resolved: Query) -> None:
    assert writes(resolved, at=timezone.now() - timedelta(hours=3)).pk == resolved.pk


def test_an_answer_to_a_later_hsm_is_a_matter_of_its_own(ana: User, resolved: Query) -> None:
    template = template_make(account=resolved.sender_number.account)
    sent = hsm_send(
        phone=resolved.customer.phone or "",
        sender_number_id=resolved.sender_number_id,
        template_id=template.pk,
        values=VALUES,
        user=ana,
        send_key=None,
        origin=Message.Origin.MANAGER,
        open_query=False,
    )
    Message.objects.filter(pk=sent.pk).update(state="sending", claimed_at=timezone.now())
    Message.objects.filter(pk=sent.pk).update(state="accepted")
    found = writes(resolved)
    assert (found.pk != resolved.pk, found.origin) == (True, Query.Origin.CAMPAIGN)


def test_a_merged_query_is_not_reopened(resolved: Query) -> None:
    QueryEvent.objects.create(query=resolved, kind=QueryEvent.Kind.MERGED, detail="#1")
    assert writes(resolved).pk != resolved.pk


def test_it_gives_no_second_right_to_recontact(ana: User, team: Team) -> None:
    query = query_make(assigned_to=ana, state=Query.State.IN_PROGRESS, team=team)
    message = message_make(query=query, user=ana)
    Message.objects.filter(pk=message.pk).update(state="sending", claimed_at=timezone.now())
    Message.objects.filter(pk=message.pk).update(state="read")
    Recontact.objects.update(state=Recontact.State.SPENT)
    query_resolve(query_id=query.pk, user=ana, resolution="Sin respuesta")

    found = writes(query)
    assert found.pk == query.pk
    long_ago = timezone.now() - timedelta(days=3)
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=long_ago)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE recontact_servicewindow SET last_inbound_at = %s, expires_at = %s", [long_ago, long_ago])
    template = template_for(query, name="otra")
    with pytest.raises(SendRefused) as refused:
        query_recontact(query_id=query.pk, template_id=template.pk, values=VALUES, user=ana, send_key=None)
    assert [refusal.code for refusal in refused.value.refusals] == ["already_recontacted"]
    # Nor by hand.
    with pytest.raises(IntegrityError), transaction.atomic():
        Recontact.objects.create(query=query, message=message, reserved_by=ana)


@pytest.mark.django_db(transaction=True)
def test_two_messages_and_a_person_at_once_reopen_it_once(ana: User, resolved: Query) -> None:
    ready, found = threading.Barrier(3, timeout=30), []

    def at_once(what: Any) -> None:
        ready.wait()
        try:
            found.append(what())
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    jobs = [
        lambda: writes(resolved).pk,
        lambda: writes(resolved, preview="¿Hola?").pk,
        lambda: query_reopen(query_id=resolved.pk, user=ana),
    ]
    threads = [threading.Thread(target=at_once, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Query.objects.count() == 1
    assert Query.objects.get().is_open
    assert QueryEvent.objects.filter(kind=QueryEvent.Kind.REOPENED).count() == 1
    assert len(found) == 3


def test_the_ticket_says_that_the_customer_reopened_it(resolved: Query) -> None:
    writes(resolved)
    page = browser(agent_make(language="en", teams=tuple(Team.objects.all())))
    assert "answer reopened the query" in page.get(f"/service/queries/{resolved.pk}/").content.decode()
