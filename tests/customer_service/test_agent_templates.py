"""Templates for an agent: his favourites and what he sent last come first, and those of other teams not at all."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customer_service.agent_templates import favourite_toggle, template_used, templates_for
from customer_service.models import AgentTemplate
from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import Message, Query, Team
from recontact.outbox import hsm_send, query_recontact
from recontact.refusals import SendRefused
from templates_app.models import Template
from tests.api_client import client_make
from tests.customer_service.agents import agent_make, browser, hsm_data, template_for
from tests.factories import VALUES

pytestmark = pytest.mark.django_db


@pytest.fixture
def templates(query: Query) -> dict[str, Template]:
    """Four templates of the query's account, by name."""
    return {name: template_for(query, name=name) for name in ("aviso", "bienvenida", "cierre", "demora")}


@pytest.fixture
def others(templates: dict[str, Template]) -> Team:
    """A team that keeps "cierre" for itself."""
    team = Team.objects.create(name="Cobranzas")
    team.templates.add(templates["cierre"])
    return team


def names(user: User, query: Query) -> list[str]:
    return [template.name for template in templates_for(user, query.sender_number.account)]


def offered(user: User, query: Query) -> list[str]:
    """What the recontact panel offers, in its order."""
    page = browser(user).get(f"/service/queries/{query.pk}/").content.decode()
    return re.findall(r'<option value="\d+"[^>]*>(\w+) ', page)


def test_favourites_come_first_then_what_was_sent_last_then_the_alphabet(
    ana: User, query: Query, templates: dict[str, Template]
) -> None:
    assert names(ana, query) == ["aviso", "bienvenida", "cierre", "demora"]
    for name in ("bienvenida", "cierre"):
        template_used(user=ana, template_id=templates[name].pk)
    favourite_toggle(user=ana, template=templates["demora"])
    assert names(ana, query) == ["demora", "cierre", "bienvenida", "aviso"]
    assert offered(ana, query) == ["demora", "cierre", "bienvenida", "aviso"]
    # They are hers alone.
    assert names(agent_make(first_name="Bruno"), query) == ["aviso", "bienvenida", "cierre", "demora"]


def test_sending_one_makes_it_the_last(ana: User, query: Query, templates: dict[str, Template]) -> None:
    browser(ana).post(f"/service/queries/{query.pk}/recontact/", hsm_data(templates["demora"]))
    assert Message.objects.get().template == templates["demora"]
    assert names(ana, query)[0] == "demora"


def test_the_star_keeps_one_and_lets_it_go_without_losing_what_was_typed(
    ana: User, query: Query, templates: dict[str, Template]
) -> None:
    star = f"/service/queries/{query.pk}/recontact/panel/?favourite={templates['demora'].pk}"
    part = browser(ana).post(star, hsm_data(templates["demora"], **{"var-body.3": "el lunes"})).content.decode()
    assert 'aria-pressed="true"' in part
    assert "el lunes" in part
    assert names(ana, query)[0] == "demora"
    part = browser(ana).post(star, hsm_data(templates["demora"])).content.decode()
    assert 'aria-pressed="false"' in part
    assert names(ana, query)[0] == "aviso"


def test_the_page_for_writing_first_has_the_same_order_and_star(
    ana: User, query: Query, templates: dict[str, Template], others: Team
) -> None:
    data = hsm_data(templates["demora"], number=query.sender_number_id, phone="+5491155550177", name="Luz")
    part = browser(ana).post(f"/service/hsm/panel/?favourite={templates['bienvenida'].pk}", data).content.decode()
    assert re.findall(r'<option value="\d+"[^>]*>(\w+) ', part) == ["bienvenida", "aviso", "demora"]
    assert browser(ana).post("/service/hsm/", data).status_code == 302
    assert names(ana, query) == ["bienvenida", "demora", "aviso"]


def test_a_template_of_other_teams_is_neither_offered_nor_starred(
    ana: User, query: Query, templates: dict[str, Template], others: Team
) -> None:
    assert "cierre" not in offered(ana, query)
    star = f"/service/queries/{query.pk}/recontact/panel/?favourite={templates['cierre'].pk}"
    browser(ana).post(star, hsm_data(templates["aviso"]))
    assert not AgentTemplate.objects.exists()
    assert names(agent_make(teams=(others,)), query) == ["aviso", "bienvenida", "cierre", "demora"]


def test_one_of_two_teams_that_keep_it_is_enough(query: Query, templates: dict[str, Template], others: Team) -> None:
    second = Team.objects.create(name="Ventas")
    second.templates.add(templates["cierre"])
    assert "cierre" in names(agent_make(teams=(second,)), query)


def test_it_is_not_sent_by_whoever_asks_for_it_all_the_same(
    ana: User, query: Query, templates: dict[str, Template], others: Team
) -> None:
    User.objects.filter(pk=ana.pk).update(language="en")
    response = browser(ana).post(f"/service/queries/{query.pk}/recontact/", hsm_data(templates["cierre"]))
    assert (response.status_code, Message.objects.count()) == (409, 0)
    assert "kept for other teams" in response.content.decode()
    with pytest.raises(SendRefused, match="template_other_team"):
        query_recontact(query_id=query.pk, template_id=templates["cierre"].pk, values=VALUES, user=ana, send_key=None)
    with pytest.raises(SendRefused, match="template_other_team"):
        hsm_send(
            phone="+5491155550177",
            sender_number_id=query.sender_number_id,
            template_id=templates["cierre"].pk,
            values=VALUES,
            user=ana,
            send_key=None,
            origin=Message.Origin.SERVICE,
            open_query=True,
        )
    assert Message.objects.count() == 0


def test_neither_through_the_api_with_an_agents_key(
    ana: User, query: Query, templates: dict[str, Template], others: Team
) -> None:
    body = {"template": templates["cierre"].pk, "values": VALUES}
    response = client_make(user=ana).send(f"queries/{query.pk}/recontact", body)
    assert (response.status_code, response.json()["code"], Message.objects.count()) == (409, "template_other_team", 0)


def test_a_managers_key_sends_it_whatever_its_scope(query: Query, templates: dict[str, Template], others: Team) -> None:
    body = {"template": templates["cierre"].pk, "values": VALUES}
    api = client_make(user=agent_make(role=Role.MANAGER), scopes=["queries:read", "queries:recontact"])
    assert api.send(f"queries/{query.pk}/recontact", body).status_code == 202


def test_a_coordinator_sends_all(query: Query, templates: dict[str, Template], others: Team) -> None:
    assert "cierre" in names(agent_make(role=Role.COORDINATOR), query)


def test_many_templates_take_as_many_queries_as_one(ana: User, query: Query, templates: dict[str, Template]) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            templates_for(ana, query.sender_number.account)
        return len(captured)

    count()
    few = count()
    for number in range(10):
        template_used(user=ana, template_id=template_for(query, name=f"otra{number}").pk)
    assert count() == few
