"""Logging in, where each role lands, preferences, and the frame of every page."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from hsm_portal.models import User
from hsm_portal.navigation import sidebar
from hsm_portal.roles import ROLE_PERMISSIONS, Role, _permissions_of
from hsm_portal.users import user_create, user_roles_set
from recontact.models import DispatchSwitch

pytestmark = pytest.mark.django_db

PASSWORD = "clave-segura-1"


def person(*roles: str, **fields: str) -> User:
    return user_create(username="ana", password=PASSWORD, roles=roles, **fields)


def logged_in(*roles: str, **fields: str) -> Client:
    client = Client()
    client.force_login(person(*roles, **fields), "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_it_finds_every_permission_that_a_role_names(role: Role) -> None:
    found = {f"{p.content_type.app_label}.{p.codename}" for p in _permissions_of(role)}

    assert found == ROLE_PERMISSIONS[role]


def test_it_gives_an_admin_every_permission_without_making_him_a_superuser() -> None:
    user = person(Role.ADMIN)

    assert user.has_perms(["hsm_portal.add_user", "recontact.stop_dispatch", "providers.change_provideraccount"])
    assert not user.is_superuser


def test_it_lets_no_agent_into_the_manager_and_takes_a_role_away_again() -> None:
    user = person(Role.COORDINATOR)
    assert User.objects.filter(pk=user.pk, is_staff=True).exists()

    user_roles_set(user=user, roles=[Role.AGENT])

    assert User.objects.filter(pk=user.pk, is_staff=False).exists()
    assert set(user.groups.values_list("name", flat=True)) == {"Agent"}


def test_it_refuses_a_role_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="Boss"):
        person("Boss")


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.AGENT, "/service/"),
        (Role.COORDINATOR, "/service/"),
        (Role.MANAGER, "/manager/"),
        (Role.ADMIN, "/manager/"),
        (Role.OPS, "/manager/"),
    ],
)
def test_it_lands_each_role_on_the_screen_of_its_work(role: Role, address: str) -> None:
    person(role)

    answer = Client().post("/login/", {"username": "ana", "password": PASSWORD}, follow=False)
    assert answer["Location"] == "/"

    client = Client()
    client.force_login(User.objects.get(), "django.contrib.auth.backends.ModelBackend")
    assert client.get("/")["Location"] == address


def test_it_tells_a_person_without_a_role_what_to_do() -> None:
    assert "You have no role yet" in logged_in().get("/").content.decode()


def test_it_sends_who_is_not_logged_in_to_the_one_login() -> None:
    answer = Client().get("/manager/recontact/message/", follow=True)

    assert answer.redirect_chain[-1][0] == "/login/?next=%2Fmanager%2Frecontact%2Fmessage%2F"


def test_it_says_no_to_an_agent_at_the_managers_door() -> None:
    answer = logged_in(Role.AGENT).get("/manager/", follow=True)

    assert answer.status_code == 403
    assert "This page is not for your role" in answer.content.decode()


def test_it_shows_the_sidebar_to_an_agent_on_a_plain_page() -> None:
    page = logged_in(Role.AGENT).get("/preferences/").content.decode()

    assert 'action="/logout/"' in page
    assert "permission to view or edit anything" not in page
    assert "Dispatch switch" not in page


def test_it_logs_an_agent_out() -> None:
    client = logged_in(Role.AGENT)

    assert client.post("/logout/")["Location"] == "/login/"
    assert "_auth_user_id" not in client.session


def test_it_keeps_language_and_time_zone_with_the_user() -> None:
    client = logged_in(Role.AGENT)

    client.post("/preferences/", {"language": "es", "time_zone": "Europe/Madrid"})

    user = User.objects.get()
    assert (user.language, user.time_zone) == ("es", "Europe/Madrid")


def test_it_refuses_a_time_zone_that_does_not_exist() -> None:
    client = logged_in(Role.AGENT)

    assert client.post("/preferences/", {"language": "es", "time_zone": "Mars/Base"}).status_code == 200
    assert User.objects.get().time_zone == ""


def test_it_changes_the_language_before_and_after_the_login() -> None:
    anonymous = Client().post("/language/", {"language": "es", "next": "/login/"})
    assert (anonymous["Location"], anonymous.cookies["django_language"].value) == ("/login/", "es")

    logged_in(Role.AGENT).post("/language/", {"language": "en", "next": "/preferences/"})
    assert User.objects.get().language == "en"


def test_it_never_leads_to_another_site_after_changing_the_language() -> None:
    assert Client().post("/language/", {"language": "es", "next": "https://evil.example/"})["Location"] == "/"


def test_it_warns_staff_on_every_page_while_all_sending_is_stopped() -> None:
    DispatchSwitch.objects.update_or_create(
        id=1, defaults={"halted": True, "reason": "person", "note": "factura dudosa", "changed_at": timezone.now()}
    )

    page = logged_in(Role.MANAGER).get("/preferences/").content.decode()

    assert "All sending is stopped." in page
    assert "factura dudosa" in page


def test_it_shows_an_unknown_address_in_the_shell() -> None:
    answer = logged_in(Role.AGENT).get("/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_it_shows_an_unknown_address_to_who_is_not_logged_in_without_the_sidebar() -> None:
    answer = Client().get("/nowhere/")

    assert answer.status_code == 404
    assert "nav-sidebar" not in answer.content.decode()


def test_it_locks_out_who_guesses_passwords(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    person(Role.AGENT)

    answers = [Client().post("/login/", {"username": "ana", "password": f"mal-{guess}"}) for guess in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many wrong passwords" in answers[-1].content.decode()


@pytest.mark.parametrize(("address", "line"), [("/service/", "Conversations"), ("/service/follow-up/", "Live board")])
def test_the_menu_marks_the_line_that_a_page_belongs_to(address: str, line: str) -> None:
    request = RequestFactory().get(address)
    request.user = person(Role.COORDINATOR)

    groups = sidebar(request)

    assert [item["title"] for group in groups for item in group["items"] if item["active"]] == [line]
