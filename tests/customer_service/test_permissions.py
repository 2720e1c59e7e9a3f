"""What every page of Customer Service keeps to, whoever asks. Which role reaches which: tests/hsm_portal/test_reach.py."""

from __future__ import annotations

import pytest
from django.test import Client

from hsm_portal.roles import Role
from tests.factories import message_make
from tests.hsm_portal.test_reach import SERVICE, WORK, places_of, someone

pytestmark = pytest.mark.django_db

READS = sorted(route for method, route in SERVICE if method == "GET")
WRITES = sorted(route for method, route in SERVICE if method == "POST")


@pytest.mark.parametrize("role", sorted(WORK))
def test_it_shows_each_role_its_pages(role: Role) -> None:
    who, places = someone(role), places_of(message_make())
    own = [route for route in READS if role in SERVICE["GET", route]]

    found = {route: who.ask(("GET", route), "/service/", places).status_code for route in own}

    assert found == dict.fromkeys(own, 200)


def test_it_sends_a_stranger_to_the_login() -> None:
    places = places_of(message_make())

    for route in READS:
        address = "/service/" + route.format(**places)
        assert Client().get(address).headers["Location"].startswith("/login/")


def test_it_changes_nothing_by_following_a_link() -> None:
    who, places = someone(Role.ADMIN), places_of(message_make())
    written = [route for route in WRITES if route not in READS]

    found = {route: who.ask(("GET", route), "/service/", places).status_code for route in written}

    assert found == dict.fromkeys(written, 405)


def test_it_takes_no_form_of_another_site() -> None:
    client, places = Client(enforce_csrf_checks=True), places_of(message_make())
    client.force_login(someone(Role.ADMIN).user, "django.contrib.auth.backends.ModelBackend")

    found = {route: client.post("/service/" + route.format(**places)).status_code for route in WRITES}

    assert found == dict.fromkeys(WRITES, 403)
