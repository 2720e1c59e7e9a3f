"""Reports per team and agent: what they count, and that nobody sees figures that are not his to see."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.models import SenderNumber
from recontact.inbound import customer_wrote
from recontact.models import Message, Query, Team
from recontact.outbox import text_send
from recontact.queries import query_resolve, query_take
from templates_app.models import Template
from tests.customer_service.agents import agent_make, browser
from tests.factories import message_make, query_make, rate_card_make, sender_number_make, template_make, user_make

pytestmark = pytest.mark.django_db

ADDRESS = "/service/reports/"


class Company:
    """Two teams with an agent each, and a number."""

    def __init__(self) -> None:
        self.turnos, self.pagos = Team.objects.create(name="Turnos"), Team.objects.create(name="Pagos")
        self.ana = agent_make(first_name="Ana", last_name="Ríos", teams=(self.turnos,))
        self.bruno = agent_make(first_name="Bruno", last_name="Paz", teams=(self.pagos,))
        self.number: SenderNumber = sender_number_make()
        rate_card_make(account=self.number.account)
        self.template: Template = template_make(account=self.number.account)

    def query(self, team: Team) -> Query:
        return query_make(sender_number=self.number, team=team)

    def handled(self, agent: User, team: Team, *, waited: timedelta = timedelta(minutes=10)) -> Query:
        """The customer wrote, and after so long the agent answered and resolved it."""
        query = self.query(team)
        self.writes(query, timezone.now() - waited)
        query_take(query_id=query.pk, user=agent)
        message = text_send(query_id=query.pk, text="Hola", user=agent, send_key=None)
        Query.objects.filter(pk=query.pk).update(created_at=timezone.now() - timedelta(hours=2))
        query_resolve(query_id=query.pk, user=agent, resolution="Turno dado")
        delivered(message)
        return query

    def recontacted(self, agent: User, team: Team, *, answered: bool = False) -> Message:
        query = self.query(team)
        Query.objects.filter(pk=query.pk).update(assigned_to=agent, state="in_progress", taken_at=timezone.now())
        message = message_make(query=query, template=self.template, user=agent)
        delivered(message)
        if answered:
            Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=1))
            self.writes(query, timezone.now())
        return message

    def writes(self, query: Query, at: Any) -> None:
        customer_wrote(
            customer=query.customer, sender_number=query.sender_number, at=at, preview="Hola", context_message_id=""
        )


def delivered(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(state="sending")
    Message.objects.filter(pk=message.pk).update(state="delivered", billed=True)


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def coordinator(company: Company) -> User:
    return agent_make(first_name="Sol", role=Role.COORDINATOR, teams=(company.turnos,))


def shown(user: User, query: str = "") -> dict[str, Any]:
    """Name -> work, as the page has them."""
    response = browser(user).get(f"{ADDRESS}?{query}")
    assert response.status_code == 200
    return {row.name: row.work for row in response.context["rows"]}


def test_it_says_what_an_agent_did_how_fast_and_what_it_cost(company: Company, coordinator: User) -> None:
    """Waited 10 and 30 minutes: 20 on average. Resolved two hours after they began. Two recontacts at 0.0260, one answered."""
    company.handled(company.ana, company.turnos, waited=timedelta(minutes=10))
    company.handled(company.ana, company.turnos, waited=timedelta(minutes=30))
    company.recontacted(company.ana, company.turnos)
    company.recontacted(company.ana, company.turnos, answered=True)

    work = shown(coordinator)["Ana Ríos"]

    assert (work.taken, work.resolved, work.answers) == (4, 2, 2)
    assert work.first_answer is not None
    assert work.resolution is not None
    assert abs(work.first_answer - timedelta(minutes=20)) < timedelta(seconds=5)
    assert abs(work.resolution - timedelta(hours=2)) < timedelta(seconds=5)
    assert (work.recontacts, work.recontacts_answered, work.answer_rate) == (2, 1, 50)
    assert work.cost == Decimal("0.052")


def test_only_the_first_answer_counts_and_only_a_persons(company: Company, coordinator: User) -> None:
    query = company.query(company.turnos)
    company.writes(query, timezone.now() - timedelta(hours=1))
    text_send(query_id=query.pk, text="Estamos cerrados", user=None, send_key=None)
    query_take(query_id=query.pk, user=company.ana)
    company.writes(query, timezone.now() - timedelta(minutes=5))
    for _time in range(2):
        text_send(query_id=query.pk, text="Hola", user=company.ana, send_key=None)
    assert shown(coordinator)["Ana Ríos"].answers == 1


def test_a_coordinator_sees_his_teams_and_not_the_others(company: Company, coordinator: User) -> None:
    company.handled(company.ana, company.turnos)
    company.handled(company.bruno, company.pagos)
    company.recontacted(company.bruno, company.pagos)
    assert set(shown(coordinator)) == {"Ana Ríos"}
    assert set(shown(coordinator, "by=team")) == {"Turnos"}


def test_what_a_strangers_agent_did_for_his_team_he_sees_and_no_more(company: Company, coordinator: User) -> None:
    company.handled(company.bruno, company.turnos)
    company.handled(company.bruno, company.pagos)
    assert shown(coordinator)["Bruno Paz"].resolved == 1


def test_an_agent_sees_his_own_figures_alone(company: Company) -> None:
    company.handled(company.ana, company.turnos)
    company.recontacted(company.ana, company.turnos)
    colleague = agent_make(first_name="Leo", teams=(company.turnos,))
    company.handled(colleague, company.turnos)
    company.recontacted(colleague, company.turnos)
    for query in ("", f"agent={colleague.pk}", "by=team"):
        [work] = shown(company.ana, query).values()
        assert (work.resolved, work.recontacts, work.cost) == (1, 1, Decimal("0.026")), query


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_managers_and_admins_see_everybody(company: Company, role: Role) -> None:
    company.handled(company.ana, company.turnos)
    company.handled(company.bruno, company.pagos)
    everybody = user_make(is_superuser=True) if role is Role.ADMIN else agent_make(role=role)
    assert {"Ana Ríos", "Bruno Paz"} <= set(shown(everybody))
    assert set(shown(everybody, f"team={company.pagos.pk}")) == {"Bruno Paz"}


def test_a_team_that_is_not_his_is_not_there_in_no_form(company: Company, coordinator: User) -> None:
    company.handled(company.bruno, company.pagos)
    for path in ("", "file/csv/", "file/xlsx/"):
        assert browser(coordinator).get(f"{ADDRESS}{path}?team={company.pagos.pk}").status_code == 404
        assert browser(company.ana).get(f"{ADDRESS}{path}?team={company.turnos.pk}").status_code == 404


def test_who_does_not_work_with_queries_has_no_reports() -> None:
    assert browser(agent_make(role=Role.OPS)).get(ADDRESS).status_code == 403
    assert Client().get(ADDRESS).status_code == 302


def test_a_file_has_a_line_for_each_agent_and_day_of_the_reach(company: Company, coordinator: User) -> None:
    company.handled(company.ana, company.turnos)
    company.recontacted(company.ana, company.turnos)
    company.handled(company.bruno, company.pagos)
    response: Any = browser(coordinator).get(f"{ADDRESS}file/csv/?each=day")
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    [header, line] = csv.reader(io.StringIO(text))
    told = dict(zip(header, line, strict=True))
    assert (told["Day"], told["Agent"]) == (timezone.localdate().isoformat(), "Ana Ríos")
    assert (told["Resolved"], told["Recontacts"], told["Cost"], told["Currency"]) == ("1", "1", "0.026000", "USD")
    response = browser(coordinator).get(f"{ADDRESS}file/xlsx/?each=month&by=team")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)), read_only=True).active
    assert [row[1] for row in sheet.values] == ["Team", "Turnos"]


def test_without_the_permission_no_cost_is_told(company: Company) -> None:
    company.recontacted(company.ana, company.turnos)
    company.ana.user_permissions.remove(*company.ana.user_permissions.filter(codename="see_costs"))
    page = browser(company.ana).get(ADDRESS).content.decode()
    response: Any = browser(company.ana).get(f"{ADDRESS}file/csv/")
    for text in (page, b"".join(response.streaming_content).decode()):
        assert "Cost" not in text
        assert "0.026" not in text


def test_what_is_asked_wrongly_shows_this_month_and_says_so(coordinator: User) -> None:
    for query in ("by=phone", "each=year", "from=2026-13-01", "team=x", "from=2026-11-02&until=2026-11-01"):
        assert browser(coordinator).get(f"{ADDRESS}?{query}").status_code == 400, query
    assert browser(coordinator).get(f"{ADDRESS}file/csv/?by=phone").status_code == 404


def test_it_costs_the_same_number_of_queries_however_many_agents_and_days_there_are(
    company: Company, coordinator: User
) -> None:
    def asked() -> int:
        client = browser(coordinator)
        client.get(ADDRESS)
        with CaptureQueriesContext(connection) as found:
            client.get(ADDRESS)
        return len(found)

    company.handled(company.ana, company.turnos)
    few = asked()
    for _agent in range(3):
        agent = agent_make(teams=(company.turnos,))
        company.handled(agent, company.turnos)
        company.recontacted(agent, company.turnos)
    assert asked() == few <= 20
