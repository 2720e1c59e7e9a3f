"""POST queries/{id}/recontact: once per query, and each refusal by its code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from providers.errors import Reason
from providers.parking import park
from recontact.customers import opt_out_add
from recontact.ledger import settle
from recontact.models import Customer, Incident, Message, OptOut, Query, Recontact
from recontact.windows import window_extend
from templates_app.models import Template, TemplateStatus
from tests.api_client import KeyClient, client_make, kept
from tests.factories import VALUES, message_make, prices_end, query_make, template_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> KeyClient:
    return client_make()


@pytest.fixture
def query() -> Query:
    return query_make()


@pytest.fixture
def template(query: Query) -> Template:
    return template_make(account=query.sender_number.account)


def body_of(template: Template, **values: str) -> dict[str, Any]:
    return {"template": template.pk, "values": {**VALUES, **values}}


def refused(api: KeyClient, query: Query, body: Any) -> tuple[int, str, str]:
    """Status, code and field of a refusal that must leave nothing behind."""
    before = kept()
    response = api.send(f"queries/{query.pk}/recontact", body)
    assert kept() == before
    error = response.json()["errors"][0]
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"], error["field"]


def test_it_queues_the_recontact_and_answers_with_the_message(api: KeyClient, query: Query, template: Template) -> None:
    response = api.send(f"queries/{query.pk}/recontact", body_of(template))

    message = Message.objects.get()
    assert response.status_code == 202
    assert response["Location"] == f"/api/v1/messages/{message.pk}"
    assert response.json()["state"] == "queued"
    assert response.json()["estimate"] == {"amount": "0.026000", "currency": "USD"}
    assert (message.origin, message.created_by, message.query) == ("api", api.user, query)
    assert Recontact.objects.get().message == message


def test_it_takes_the_body_by_position_and_the_template_by_name(
    api: KeyClient, query: Query, template: Template
) -> None:
    named = {"template": {"name": template.name, "language": "es-AR"}, "parameters": list(VALUES.values())}

    response = api.send(f"queries/{query.pk}/recontact", named)

    assert response.json()["text"].startswith("Hola Carla, soy Ana de Clínica Sur.")


def test_it_says_who_recontacted_already_and_how_it_went(api: KeyClient, query: Query, template: Template) -> None:
    first = message_make(query=query, template=template, user=user_make(first_name="Beatriz"))

    response = api.send(f"queries/{query.pk}/recontact", body_of(template))

    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "already_recontacted")
    assert "Beatriz" in problem["detail"]
    assert problem["errors"][0]["params"]["message"] == first.pk


def test_it_refuses_a_resolved_query(api: KeyClient, query: Query, template: Template) -> None:
    Query.objects.filter(pk=query.pk).update(state=Query.State.RESOLVED)

    assert refused(api, query, body_of(template)) == (409, "query_closed", "")


def test_it_refuses_while_the_window_is_open(api: KeyClient, query: Query, template: Template) -> None:
    window_extend(
        customer_id=query.customer_id,
        sender_number_id=query.sender_number_id,
        inbound_at=timezone.now() - timedelta(hours=1),
    )

    assert refused(api, query, body_of(template)) == (409, "window_open", "")


@pytest.mark.parametrize(
    ("scope", "category", "code"),
    [
        (OptOut.Scope.ALL, Template.Category.UTILITY, "opted_out"),
        (OptOut.Scope.MARKETING, Template.Category.MARKETING, "opted_out_marketing"),
    ],
)
def test_it_refuses_an_opted_out_customer(api: KeyClient, query: Query, scope: str, category: str, code: str) -> None:
    template = template_make(account=query.sender_number.account, category=category)
    opt_out_add(customer=query.customer, scope=scope, source="BAJA")

    assert refused(api, query, body_of(template)) == (409, code, "")


def test_it_refuses_a_parked_number(api: KeyClient, query: Query, template: Template) -> None:
    park(query.sender_number, reason=Reason.NUMBER_BLOCKED)

    assert refused(api, query, body_of(template)) == (409, "number_parked", "")


def test_it_refuses_a_parked_account(api: KeyClient, query: Query, template: Template) -> None:
    park(query.sender_number.account, reason=Reason.CREDENTIALS)

    assert refused(api, query, body_of(template))[:2] == (409, "account_parked")


def test_it_refuses_a_number_that_is_switched_off(api: KeyClient, query: Query, template: Template) -> None:
    query.sender_number.is_active = False
    query.sender_number.save()

    assert refused(api, query, body_of(template)) == (409, "number_inactive", "")


def test_it_refuses_a_template_that_is_not_approved(api: KeyClient, query: Query) -> None:
    template = template_make(account=query.sender_number.account, status=TemplateStatus.PAUSED)

    assert refused(api, query, body_of(template)) == (409, "template_not_sendable", "template")


def test_it_refuses_a_template_of_another_account(api: KeyClient, query: Query) -> None:
    assert refused(api, query, body_of(template_make())) == (400, "template_other_account", "template")


@pytest.mark.parametrize("named", [10**12, {"name": "no_existe"}, {"name": "retomar_turno", "language": "pt_BR"}])
def test_it_refuses_a_template_that_does_not_exist(
    api: KeyClient, query: Query, template: Template, named: Any
) -> None:
    assert refused(api, query, {"template": named, "values": VALUES}) == (400, "template_unknown", "template")


@pytest.mark.parametrize("named", [10**30, True, "retomar_turno", None, [], -1])
def test_it_names_the_field_of_a_template_that_is_no_id_and_no_name(api: KeyClient, query: Query, named: Any) -> None:
    status, _code, field = refused(api, query, {"template": named})

    assert (status, field) == (400, "template")


def test_it_refuses_without_a_price(api: KeyClient, query: Query, template: Template) -> None:
    prices_end()

    assert refused(api, query, body_of(template)) == (409, "price_unknown", "")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body.1": ""}, "values.body.1"),
        ({"body.2": "dos\nlíneas"}, "values.body.2"),
        ({"body.9": "de más"}, "values.body.9"),
    ],
)
def test_it_names_each_unfit_value(
    api: KeyClient, query: Query, template: Template, values: dict[str, str], field: str
) -> None:
    assert refused(api, query, body_of(template, **values)) == (400, "invalid_variables", field)


def test_it_names_a_parameter_too_many(api: KeyClient, query: Query, template: Template) -> None:
    body = {"template": template.pk, "parameters": ["a", "b", "c", "d"]}

    assert refused(api, query, body) == (400, "invalid_variables", "parameters.4")


def test_it_refuses_a_value_given_twice(api: KeyClient, query: Query, template: Template) -> None:
    body = body_of(template) | {"parameters": ["Carla"]}

    assert refused(api, query, body) == (400, "value_given_twice", "parameters")


def test_it_refuses_an_erased_customer(api: KeyClient, query: Query, template: Template) -> None:
    Customer.objects.filter(pk=query.customer_id).update(phone=None, name="", erased_at=timezone.now())

    assert refused(api, query, body_of(template)) == (409, "customer_erased", "")


def test_it_refuses_while_an_earlier_recontact_may_have_arrived(
    api: KeyClient, query: Query, template: Template
) -> None:
    message = message_make(query=query, template=template)
    Message.objects.filter(pk=message.pk).update(state=Message.State.EXPIRED)
    settle([message.pk])
    Incident.objects.create(kind=Incident.Kind.PROOF_AGAINST_UNSENT, message=message)

    assert refused(api, query, body_of(template)) == (409, "recontact_incident", "")


def test_it_sends_again_after_a_recontact_that_never_left(api: KeyClient, query: Query, template: Template) -> None:
    message = message_make(query=query, template=template)
    Message.objects.filter(pk=message.pk).update(state=Message.State.EXPIRED)
    settle([message.pk])

    assert api.send(f"queries/{query.pk}/recontact", body_of(template)).status_code == 202


def test_it_refuses_a_query_of_another_agent(query: Query, template: Template) -> None:
    Query.objects.filter(pk=query.pk).update(assigned_to=user_make())
    agent = client_make(permissions=["recontact.view_query", "recontact.view_all_queries", "recontact.recontact_query"])

    assert refused(agent, query, body_of(template)) == (409, "query_foreign", "")


def test_it_lets_a_coordinators_key_recontact_an_agents_query(api: KeyClient, query: Query, template: Template) -> None:
    Query.objects.filter(pk=query.pk).update(assigned_to=user_make())

    assert api.send(f"queries/{query.pk}/recontact", body_of(template)).status_code == 202


def test_it_does_not_tell_of_a_query_out_of_reach(query: Query, template: Template) -> None:
    Query.objects.filter(pk=query.pk).update(assigned_to=user_make())
    agent = client_make(permissions=["recontact.view_query", "recontact.recontact_query"])

    assert refused(agent, query, body_of(template)) == (404, "not_found", "")


def test_it_refuses_a_key_without_the_scope_before_it_looks(query: Query, template: Template) -> None:
    reader = client_make(scopes=["queries:read", "messages:send"])

    assert refused(reader, query, body_of(template)) == (403, "permission_denied", "")
