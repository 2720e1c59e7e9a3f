"""Users with their roles, and API keys whose secret is shown once."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from hsm_portal.api_keys import api_key_find
from hsm_portal.models import ApiKey, User
from hsm_portal.roles import Role
from hsm_portal.users import user_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return user_create(username="admin", password="clave-segura-1", roles=[Role.ADMIN])


@pytest.fixture
def client(admin: User) -> Client:
    browser = Client()
    browser.force_login(admin, "django.contrib.auth.backends.ModelBackend")
    return browser


def test_it_makes_a_user_with_a_role_that_works_in_the_manager(client: Client) -> None:
    fields = {
        "username": "mara",
        "first_name": "Mara",
        "password1": "clave-segura-1",
        "password2": "clave-segura-1",
        "usable_password": "true",
        "groups": [str(Group.objects.get(name="Coordinator").pk)],
    }

    client.post("/manager/hsm_portal/user/add/", fields)

    user = User.objects.get(username="mara")
    assert user.is_staff
    assert user.has_perm("recontact.refer_query")


def test_it_closes_the_manager_to_who_becomes_an_agent(client: Client) -> None:
    user = user_create(username="mara", password="clave-segura-1", roles=[Role.MANAGER])
    fields = {"username": "mara", "is_active": "on", "groups": [str(Group.objects.get(name="Agent").pk)]}

    client.post(f"/manager/hsm_portal/user/{user.pk}/change/", fields)

    user.refresh_from_db()
    assert not user.is_staff


def test_it_never_offers_to_delete_a_person(client: Client, admin: User) -> None:
    assert client.post(f"/manager/hsm_portal/user/{admin.pk}/delete/", {"post": "yes"}).status_code == 403


def test_it_shows_the_secret_of_a_key_once(client: Client, admin: User) -> None:
    fields = {"user": str(admin.pk), "name": "tienda", "scopes": ["messages:send"]}

    page = client.post("/manager/hsm_portal/apikey/add/", fields, follow=True).content.decode()

    found = re.search(r"hsm_[\w-]+", page.split("never shown again")[1])
    assert found is not None
    assert api_key_find(found[0]) == ApiKey.objects.get(name="tienda")
    assert found[0] not in client.get("/manager/hsm_portal/apikey/").content.decode()


def test_it_revokes_a_key(client: Client, admin: User) -> None:
    client.post("/manager/hsm_portal/apikey/add/", {"user": admin.pk, "name": "tienda", "scopes": ["messages:send"]})
    key = ApiKey.objects.get()

    client.post("/manager/hsm_portal/apikey/", {"action": "revoke_selected", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.revoked_at is not None
