"""Users: created, given roles, and their own preferences."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction

from hsm_portal.models import User
from hsm_portal.roles import STAFF_ROLES, Role


@transaction.atomic
def user_create(
    *,
    username: str,
    password: str,
    roles: Iterable[str],
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    language: str = "",
) -> User:
    """A new person with these roles (names of `Role`). Raises ValueError for a role that does not exist."""
    user = User.objects.create_user(
        username, email, password, first_name=first_name, last_name=last_name, language=language
    )
    user_roles_set(user=user, roles=roles)
    return user


@transaction.atomic
def user_roles_set(*, user: User, roles: Iterable[str]) -> None:
    """Give the user exactly these roles; who has one that works in the Manager may enter it. Raises ValueError."""
    chosen = {Role(role) for role in roles}
    user.groups.set(Group.objects.filter(name__in=[role.value for role in chosen]))
    user.is_staff = user.is_superuser or bool(chosen & STAFF_ROLES)
    user.save(update_fields=["is_staff"])


def user_staff_sync(*, user: User) -> None:
    """Bring `is_staff` in line with the groups that the user has now."""
    names = set(user.groups.values_list("name", flat=True))
    user.is_staff = user.is_superuser or bool(names & {role.value for role in STAFF_ROLES})
    user.save(update_fields=["is_staff"])


def user_preferences_set(*, user: User, language: str, time_zone: str) -> None:
    """The user's own language and time zone; empty = the portal's default. Raises ValueError for an unknown zone."""
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise ValueError(f"unknown time zone: {time_zone}")
    user.language, user.time_zone = language, time_zone
    user.save(update_fields=["language", "time_zone"])
