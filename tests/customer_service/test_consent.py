"""What a customer says about being written to is noted from the ticket, with its source, and holds at once."""

from __future__ import annotations

from typing import Any

import pytest

from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.consent import Wish, wish_note
from recontact.customers import opt_out_add
from recontact.eligibility import customer_refusals
from recontact.models import Customer, OptOut, Query
from tests.customer_service.agents import agent_make, browser
from tests.factories import query_make

pytestmark = pytest.mark.django_db


def note(user: User, query: Query, wish: str, source: str = "Por teléfono") -> Any:
    return browser(user).post(f"/service/queries/{query.pk}/consent/", {"wish": wish, "source": source})


def page(user: User, query: Query) -> str:
    return browser(user).get(f"/service/queries/{query.pk}/").content.decode()


def customer_of(query: Query) -> Customer:
    return Customer.objects.get(pk=query.customer_id)


def refused(query: Query, category: str) -> bool:
    return bool(customer_refusals(customer_of(query), category=category))


def test_consent_is_kept_with_its_source_and_date_and_told_in_the_story(ana: User, query: Query) -> None:
    assert note(ana, query, "agrees", "En el mostrador").status_code == 302

    customer = customer_of(query)
    assert (customer.opt_in_source, customer.opted_in_at is not None) == ("En el mostrador", True)
    assert "noted that the customer agrees to get messages: En el mostrador" in page(ana, query)


@pytest.mark.parametrize(
    ("wish", "scope", "service_refused"), [("no_marketing", "marketing", False), ("no_messages", "all", True)]
)
def test_what_he_does_not_want_is_refused_from_then_on(
    ana: User, query: Query, wish: str, scope: str, service_refused: bool
) -> None:
    note(ana, query, wish)

    opt_out = OptOut.objects.get()
    assert (opt_out.customer_id, opt_out.scope, opt_out.source, opt_out.created_by) == (
        query.customer_id, scope, "Por teléfono", ana
    )  # fmt: skip
    assert refused(query, "marketing")
    assert refused(query, "service") is service_refused


def test_nothing_is_noted_without_a_source_and_the_form_stays_open(ana: User, query: Query) -> None:
    response = note(ana, query, "agrees", "  ")

    assert response.status_code == 400
    assert customer_of(query).opted_in_at is None
    assert not query.events.exists()


def test_noted_twice_it_stands_once(ana: User, query: Query) -> None:
    note(ana, query, "no_marketing")

    assert note(ana, query, "no_marketing").status_code == 400
    assert OptOut.objects.count() == query.events.count() == 1
    assert not wish_note(query_id=query.pk, wish=Wish.NO_MARKETING, source="Otra vez", user=ana)


def test_who_wants_no_messages_agrees_again_only_through_a_coordinator(ana: User, query: Query) -> None:
    opt_out_add(customer=query.customer, scope="all", source="word")
    opt_out_add(customer=query.customer, scope="marketing", source="word")
    assert note(ana, query, "agrees").status_code == 400
    assert refused(query, "service")

    note(agent_make(role=Role.COORDINATOR), query, "agrees", "Escribió de nuevo")

    assert not refused(query, "marketing")
    assert set(OptOut.objects.values_list("revoked_source", flat=True)) == {"Escribió de nuevo"}
    assert customer_of(query).opt_in_source == "Escribió de nuevo"


def test_only_what_can_be_noted_is_offered(ana: User, query: Query) -> None:
    assert [word in page(ana, query) for word in ('value="agrees"', 'value="no_messages"')] == [True, True]

    note(ana, query, "no_messages")

    assert "/consent/" not in page(ana, query)


def test_an_agent_notes_nothing_in_another_ones_query(ana: User) -> None:
    foreign = query_make(assigned_to=agent_make(), state=Query.State.IN_PROGRESS)

    assert note(ana, foreign, "no_messages").status_code == 404
    assert not OptOut.objects.exists()


def test_who_only_reaches_it_by_his_team_is_told_whose_it_is(ana: User, query: Query) -> None:
    luis = agent_make(first_name="Luis")
    query.team = luis.teams.create(name="Turnos")
    query.save()

    response = note(luis, query, "no_messages")

    assert response.status_code == 409
    assert not OptOut.objects.exists()
    assert "/consent/" not in page(luis, query)
