"""Browsers of people with a role, or with just some permissions, for tests of the Manager's pages."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hsm_portal.roles import Role
from tests.factories import user_make

BACKEND = "django.contrib.auth.backends.ModelBackend"


def client_of(role: Role) -> Client:
    """Somebody of staff with this role, who reads English."""
    user = user_make(is_staff=True, language="en")
    user.groups.add(Group.objects.get(name=role))
    return _logged_in(user)


def client_with(*permissions: str) -> Client:
    """Somebody of staff with exactly these permissions."""
    return _logged_in(user_make(is_staff=True, permissions=permissions, language="en"))


def text_of(answer: Any) -> str:
    """The page's text; it must have been shown."""
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def address(page: str, *args: Any) -> str:
    """The address of a page of the providers' part of the Manager."""
    return reverse(f"admin:providers_{page}", args=args)


def queries_of(client: Client, url: str) -> int:
    """How many queries the page takes when everything is warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def _logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client
