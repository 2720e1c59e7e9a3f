"""The sums of agents' work: whatever happens to queries and recontacts, in any order, they are those of the rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from recontact.inbound import customer_wrote
from recontact.models import Message, Query, Recontact, Team, WorkDay
from recontact.models.work_triggers import MEASURES
from recontact.queries import query_refer, query_reopen, query_resolve, query_take
from recontact.work_sums import DAYS, checks, work_add_up, work_rebuild
from tests.customer_service.agents import agent_make
from tests.factories import message_make, query_make, rate_card_make, sender_number_make, template_make

ZONE = timezone.get_default_timezone_name()
WHAT = ("write", "take", "resolve", "reopen", "refer", "recontact", "give_back", "add_up", "rebuild", "open")


def summed() -> dict[tuple[Any, ...], list[int]]:
    """(day, team, agent) -> the measures, as reports read them."""
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT day, team_id, agent_id, {sums} FROM {DAYS} d GROUP BY 1, 2, 3", {"zone": ZONE})
        rows = {row[:3]: [int(value) for value in row[3:]] for row in cursor.fetchall()}
    return {key: values for key, values in rows.items() if any(values)}


def recounted() -> dict[tuple[Any, ...], list[int]]:
    """The same told in Python from each row, without the portal's SQL."""
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(MEASURES))

    def count(at: Any, team: int | None, agent: int | None, **counts: int) -> None:
        day = timezone.localtime(at, timezone.get_default_timezone()).date()
        for name, value in counts.items():
            found[day, team or 0, agent or 0][MEASURES.index(name)] += value

    for query in Query.objects.all():
        if query.taken_at is not None:
            count(query.taken_at, query.team_id, query.assigned_to_id, taken=1)
        if query.first_answer_at is not None:
            waited = query.first_answer_seconds or 0
            count(query.first_answer_at, query.team_id, query.first_answer_by_id, answers=1, answer_seconds=waited)
        if query.state == "resolved" and query.resolved_at is not None:
            took = round((query.resolved_at - query.created_at).total_seconds())
            count(query.resolved_at, query.team_id, query.assigned_to_id, resolved=1, resolution_seconds=took)
    for recontact in Recontact.objects.exclude(state="released").select_related("message"):
        message = recontact.message
        answered = int(message.answered_at is not None)
        whose = message.team_id, recontact.reserved_by_id
        count(recontact.reserved_at, *whose, recontacts=1, recontacts_answered=answered)
    return {key: values for key, values in found.items() if any(values)}


class Work(RuleBasedStateMachine):
    """Two agents of two teams and their queries."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.teams = [Team.objects.create(name=name) for name in ("Turnos", "Pagos")]
        self.agents = [agent_make(teams=(team,)) for team in self.teams]
        self.agents[0].is_superuser = True
        self.agents[0].save()
        number = sender_number_make()
        rate_card_make(account=number.account)
        self.number, self.template = number, template_make(account=number.account)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @rule(what=st.sampled_from(WHAT), data=st.data())
    def next_step(self, what: str, data: st.DataObject) -> None:
        getattr(self, what)(data)

    def open(self, data: st.DataObject) -> None:
        query = query_make(sender_number=self.number, team=data.draw(st.sampled_from([None, *self.teams])))
        back = timezone.now() - timedelta(hours=data.draw(st.integers(0, 60)), microseconds=query.pk)
        Query.objects.filter(pk=query.pk).update(created_at=back)

    def write(self, data: st.DataObject) -> None:
        if (query := self.some(data)) is not None:
            at = timezone.now() - timedelta(hours=data.draw(st.integers(0, 40)))
            message_id = next(
                iter(Message.objects.filter(query=query).values_list("provider_message_id", flat=True)), ""
            )
            customer_wrote(
                customer=query.customer,
                sender_number=query.sender_number,
                at=at,
                preview="Hola",
                context_message_id=message_id,
            )

    def take(self, data: st.DataObject) -> None:
        query = self.some(data, state="pending")
        if query is not None and query.assigned_to_id is None:
            query_take(query_id=query.pk, user=self.agents[0])

    def resolve(self, data: st.DataObject) -> None:
        if (query := self.some(data, state="in_progress")) is not None:
            query_resolve(query_id=query.pk, user=self.agents[0], resolution="Turno dado")

    def reopen(self, data: st.DataObject) -> None:
        query = self.some(data, state="resolved")
        if query is not None and not Query.objects.filter(customer=query.customer).exclude(state="resolved").exists():
            query_reopen(query_id=query.pk, user=self.agents[0])

    def refer(self, data: st.DataObject) -> None:
        if (query := self.some(data, state="in_progress")) is not None:
            query_refer(query_id=query.pk, user=self.agents[0], agent=self.agents[1])

    def recontact(self, data: st.DataObject) -> None:
        query = self.some(data, state="in_progress")
        window = query.window_closes_at if query is not None else None
        if query is None or Recontact.objects.filter(query=query).exists() or (window and window > timezone.now()):
            return
        message = message_make(query=query, template=self.template, user=self.agents[0])
        Message.objects.filter(pk=message.pk).update(
            claimed_at=timezone.now(), state="sending", provider_message_id=f"wamid.{message.pk}"
        )
        Message.objects.filter(pk=message.pk).update(state="accepted", accepted_at=timezone.now())

    def give_back(self, data: st.DataObject) -> None:
        found = list(Recontact.objects.filter(state="reserved").order_by("pk"))
        if found:
            recontact = data.draw(st.sampled_from(found))
            if Message.objects.filter(pk=recontact.message_id, state="accepted").update(state="failed", billed=False):
                Recontact.objects.filter(pk=recontact.pk).update(state="spent")
                Recontact.objects.filter(pk=recontact.pk).update(state="released")

    def add_up(self, _data: st.DataObject) -> None:
        work_add_up()

    def rebuild(self, _data: st.DataObject) -> None:
        work_rebuild()

    def some(self, data: st.DataObject, **wanted: str) -> Query | None:
        found = list(Query.objects.filter(**wanted).order_by("pk"))
        return data.draw(st.sampled_from(found)) if found else None

    @invariant()
    def the_sums_are_those_of_the_rows(self) -> None:
        assert summed() == recounted()
        with connection.cursor() as cursor:
            for name, sql in checks().items():
                cursor.execute(sql)
                assert cursor.fetchall() == [], name

    @invariant()
    def what_is_added_up_is_what_is_built_anew(self) -> None:
        names = ("day", "team_id", "agent_id", *MEASURES)
        with transaction.atomic():
            work_add_up()
            added = {row for row in WorkDay.objects.values_list(*names) if any(row[3:])}
            work_rebuild()
            assert set(WorkDay.objects.values_list(*names)) == added
            transaction.set_rollback(True)


@pytest.mark.django_db
def test_no_order_of_events_parts_the_sums_from_the_rows() -> None:
    profile = settings(
        max_examples=10,
        stateful_step_count=24,
        deadline=None,
        phases=[Phase.generate],  # shrinking takes minutes; the steps are printed as they were
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Work, settings=profile)
