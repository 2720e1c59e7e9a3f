"""A manager at work, and somebody with each other role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from hsm_portal.models import User
from hsm_portal.roles import Role
from hsm_portal.users import user_create


@pytest.fixture
def manager(db: None) -> User:
    return user_create(username="luis", password="clave-segura-1", roles=[Role.MANAGER], first_name="Luis")


@pytest.fixture
def client(manager: User) -> Client:
    """The manager's browser."""
    browser = Client()
    browser.force_login(manager, "django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def client_of(db: None) -> Callable[[Role], Client]:
    """A browser of somebody with the role."""

    def log_in(role: Role) -> Client:
        browser = Client()
        user = user_create(username=role.value.lower(), password="clave-segura-1", roles=[role])
        browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return browser

    return log_in
