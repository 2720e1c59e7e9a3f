"""The page of a customer: names, wishes, erasing."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Case, Value, When
from django.test import Client

from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import Customer, OptOut
from recontact.search import customer_countries
from tests.factories import customer_make

LIST = "/manager/recontact/customer/"


def act(client: Client, customer: Customer, action: str, **fields: str) -> str:
    return client.post(f"{LIST}{customer.pk}/do/{action}/", fields, follow=True).content.decode()


def test_it_finds_a_customer_by_name_without_accents(client: Client) -> None:
    wanted, other = customer_make(name="Lucía Fernández"), customer_make(name="Diego Ramos")

    page = client.get(LIST, {"q": "lucia"}).content.decode()

    assert f"{LIST}{wanted.pk}/change/" in page
    assert f"{LIST}{other.pk}/change/" not in page


def test_it_offers_the_countries_that_there_are(client: Client) -> None:
    for phone in ("+5491155550100", "+5491155550101", "+34600111222"):
        customer_make(phone=phone)
    Customer.objects.update(country=Case(When(phone__startswith="+34", then=Value("ES")), default=Value("AR")))

    page = client.get(LIST).content.decode()

    assert customer_countries() == ["AR", "ES"]
    assert "?country=AR" in page
    assert "?country=ES" in page


def test_it_renames_a_customer(client: Client) -> None:
    customer = customer_make()

    act(client, customer, "rename", name="Carla B.")

    customer.refresh_from_db()
    assert customer.name == "Carla B."


def test_it_notes_the_consent_once_with_its_source(client: Client) -> None:
    customer = customer_make()

    assert "a consent needs its source" in act(client, customer, "consent", source=" ")
    act(client, customer, "consent", source="En el mostrador")
    page = act(client, customer, "consent", source="Otra vez")

    customer.refresh_from_db()
    assert (customer.opt_in_source, customer.opted_in_at is not None) == ("En el mostrador", True)
    assert "/do/consent/" not in page


def test_it_tags_a_customer(client: Client) -> None:
    customer = customer_make(tags=["vieja"])

    shown = act(client, customer, "tag", tags="vip, mora  alta,, vip")

    customer.refresh_from_db()
    assert customer.tags == ["vip", "mora alta"]
    assert '<span class="badge">mora alta</span>' in shown


def test_it_opts_a_customer_out_and_in_again_with_the_source(client: Client, manager: User) -> None:
    customer = customer_make()

    act(client, customer, "opt-out", scope="marketing", source="por teléfono")
    opt_out = OptOut.objects.get()
    assert (opt_out.scope, opt_out.source, opt_out.created_by) == ("marketing", "por teléfono", manager)

    act(client, customer, "opt-in", scope="marketing", source="por correo")
    opt_out.refresh_from_db()
    assert opt_out.revoked_source == "por correo"


def test_it_notes_no_wish_without_its_source(client: Client) -> None:
    customer = customer_make()

    act(client, customer, "opt-out", scope="marketing", source=" ")
    act(client, customer, "opt-out", scope="everything", source="x")

    assert not OptOut.objects.exists()


def test_it_erases_only_when_sure(client_of: Callable[[Role], Client]) -> None:
    customer, admin = customer_make(), client_of(Role.ADMIN)

    act(admin, customer, "erase")
    customer.refresh_from_db()
    assert customer.erased_at is None

    act(admin, customer, "erase", sure="yes")
    customer.refresh_from_db()
    assert customer.erased_at is not None


def test_it_knows_no_other_action(client: Client) -> None:
    assert client.post(f"{LIST}{customer_make().pk}/do/sell/").status_code == 404
